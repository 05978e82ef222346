import { environmentService } from '../parity/rules.ts'
import { calendarRules } from './calendar-rules.ts'
import { compileCondition } from './conditions.ts'
import { environmentRules } from './environment-rules.ts'
import { nearestWord } from './nearest.ts'
import { effectivePolicy, filled } from './normalise.ts'
import type { Fault, FaultPath, PositionedYaml } from './positioned-yaml.ts'
import type { WrittenRelease } from './release-schema.ts'
import type { Rule } from './rule.ts'
import { urlRules } from './url-rules.ts'

/** Every rule, over the whole file: people see all faults at once. */
export const checkRules = (written: WrittenRelease, yaml: PositionedYaml): readonly Fault[] =>
  rules.flatMap((rule) => rule(written, yaml))

const serviceNames = (written: WrittenRelease): readonly string[] => Object.keys(written.services ?? {})

/** Where a policy may stand: for the release, and for each service. */
const policyPlaces = (
  written: WrittenRelease,
): readonly { readonly service: string | null; readonly path: FaultPath }[] => [
  { service: null, path: ['policy'] },
  ...serviceNames(written)
    .filter((name) => written.services?.[name]?.policy !== undefined)
    .map((name) => ({ service: name, path: ['services', name, 'policy'] })),
]

const policyAt = (written: WrittenRelease, service: string | null) =>
  service === null ? written.policy : written.services?.[service]?.policy

/** Weights and shares rise, and end at 100. */
const stepsRise: Rule = (written, yaml) =>
  policyPlaces(written).flatMap(({ service, path }) =>
    (['weights', 'shares'] as const).flatMap((key) => {
      const steps = policyAt(written, service)?.[key] ?? []
      const suggestion = `[${risingTo100(steps).join(', ')}]`
      const faults = steps.flatMap((step, index) => {
        const before = steps[index - 1]
        if (before === undefined || before < step) return []
        const expected = `more than ${before}, which comes before it`
        return [yaml.fault([...path, key, index], expected, { suggestion: `write ${suggestion}` })]
      })
      const last = steps.at(-1)
      if (last === undefined || last === 100 || faults.length > 0) return faults
      return [yaml.fault([...path, key, steps.length - 1], '100 as the last', { suggestion: `write ${suggestion}` })]
    }),
  )

const risingTo100 = (steps: readonly number[]): readonly number[] =>
  [...new Set([...steps, 100])].toSorted((a, b) => a - b)

/** A minimum is not above its maximum, nor the margin that holds above the one that rolls back; defaults count too. */
const boundsAgree: Rule = (written, yaml) =>
  policyPlaces(written).flatMap(({ service, path }) => {
    const own = policyAt(written, service)
    const { dwell, judge } = filled(effectivePolicy(written, service))
    const faults: Fault[] = []
    if (dwell.min > dwell.max && own?.dwell !== undefined) {
      const which = own.dwell.min === undefined ? 'max' : 'min'
      const expected =
        which === 'min' ? `at most the maximum, ${inWords(dwell.max)}` : `at least the minimum, ${inWords(dwell.min)}`
      faults.push(yaml.fault([...path, 'dwell', which], expected))
    }
    const { margin, rollbackMargin } = judge.latency
    if (margin > rollbackMargin && own?.judge?.latency !== undefined) {
      const which = own.judge.latency.margin === undefined ? 'rollbackMargin' : 'margin'
      const expected = which === 'margin' ? `at most rollbackMargin, ${rollbackMargin}` : `at least margin, ${margin}`
      faults.push(yaml.fault([...path, 'judge', 'latency', which], expected))
    }
    return faults
  })

/** What is zero here would make a loop without a pause, or a limit that is always over. */
const durationsCount: Rule = (written, yaml) => [
  ...policyPlaces(written).flatMap(({ service, path }) => {
    const policy = policyAt(written, service)
    return tooShort(yaml, [
      [[...path, 'judge', 'interval'], policy?.judge?.interval, 100],
      [[...path, 'stepLimit'], policy?.stepLimit, 1_000],
      [[...path, 'dwell', 'max'], policy?.dwell?.max, 1],
    ])
  }),
  ...tooShort(yaml, [[['heartbeat', 'every'], written.heartbeat?.every, 1_000]]),
]

const tooShort = (
  yaml: PositionedYaml,
  durations: readonly (readonly [path: FaultPath, value: number | undefined, least: number])[],
): readonly Fault[] =>
  durations.flatMap(([path, value, least]) =>
    value === undefined || value >= least ? [] : [yaml.fault(path, `at least ${inWords(least)}`)],
  )

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const

/** The same words as in the file: `90s` is `1m30s`. */
export const inWords = (millis: number): string => {
  let rest = millis
  let words = ''
  for (const [unit, length] of units) {
    const count = Math.floor(rest / length)
    if (count > 0) words += `${count}${unit}`
    rest -= count * length
  }
  return words === '' ? '0s' : words
}

const needsOf = (written: WrittenRelease, service: string): readonly string[] => {
  const needs = written.services?.[service]?.needs
  return Array.isArray(needs) ? needs : (needs?.also ?? [])
}

export const needsPath = (written: WrittenRelease, service: string, index: number): FaultPath => {
  const plain = Array.isArray(written.services?.[service]?.needs)
  return ['services', service, 'needs', ...(plain ? [] : ['also']), index]
}

/** Declared needs have no cycle: one that is only inferred moves as one wave, but one that is declared is a mistake. */
const noDeclaredCycle: Rule = (written, yaml) => {
  const done = new Set<string>()
  const faults: Fault[] = []
  const visit = (service: string, trail: readonly string[]): void => {
    if (done.has(service)) return
    needsOf(written, service).forEach((need, index) => {
      const chain = [...trail, service]
      const start = chain.indexOf(need)
      if (start < 0) return visit(need, chain)
      const cycle = [...chain.slice(start), need].join(' → ')
      const expected = need === service ? 'another service' : 'services that don’t need each other in a circle'
      const suggestion = need === service ? 'remove it' : `${cycle}: remove one of these needs`
      faults.push(yaml.fault(needsPath(written, service, index), expected, { suggestion }))
    })
    done.add(service)
  }
  for (const service of serviceNames(written)) visit(service, [])
  return faults
}

/** A test is a command, a URL, or a path of green; a rate and a duration belong to a path. */
const testsAreOne: Rule = (written, yaml) =>
  serviceNames(written).flatMap((service) =>
    Object.entries(written.services?.[service]?.tests ?? {}).flatMap(([name, test]) => {
      const path: FaultPath = ['services', service, 'tests', name]
      const given = (['command', 'url', 'path'] as const).filter((key) => test[key] !== undefined)
      if (given.length !== 1) return [yaml.fault(path, 'exactly one of command, url and path')]
      const [form] = given
      const misplaced =
        form === 'path' ? [] : (['rate', 'for', 'compare'] as const).filter((key) => test[key] !== undefined)
      const stress = test.rate !== undefined || test.for !== undefined || test.compare === true
      const useless = [
        ...misplaced,
        ...(test.expectStatus !== undefined && (form === 'command' || stress) ? (['expectStatus'] as const) : []),
        ...(test.timeout !== undefined && form === 'path' && stress ? (['timeout'] as const) : []),
      ]
      return useless.map((key) =>
        yaml.fault([...path, key], `only what a test by ${stress && form === 'path' ? 'rate' : form} has`, {
          at: 'key',
          suggestion: 'remove it',
        }),
      )
    }),
  )

const conditionsCompile: Rule = (written, yaml) =>
  serviceNames(written).flatMap((service) =>
    (written.services?.[service]?.conditions ?? []).flatMap(({ when }, index) => {
      const compiled = compileCondition(when)
      if (compiled.kind === 'ok') return []
      const { expected, suggestion } = compiled
      return [yaml.fault(['services', service, 'conditions', index, 'when'], expected, { suggestion })]
    }),
  )

const namesAreUnique: Rule = (written, yaml) =>
  serviceNames(written).flatMap((service) =>
    (['approvals', 'conditions'] as const).flatMap((list) =>
      (written.services?.[service]?.[list] ?? []).flatMap(({ name }, index, all) =>
        all.findIndex((other) => other.name === name) === index
          ? []
          : [yaml.fault(['services', service, list, index, 'name'], 'a name that is not taken in this list')],
      ),
    ),
  )

const rules: readonly Rule[] = [
  ...environmentRules,
  stepsRise,
  boundsAgree,
  durationsCount,
  noDeclaredCycle,
  testsAreOne,
  conditionsCompile,
  namesAreUnique,
  ...calendarRules,
  ...urlRules,
]

/** Every service that the file names is one of the estate's. `known`: the names in both environments' files. */
export const checkServiceNames = (
  written: WrittenRelease,
  yaml: PositionedYaml,
  known: readonly string[],
): readonly Fault[] => {
  const have = new Set(known)
  const shown = known.length > 12 ? `${known.slice(0, 12).join(', ')}, … (${known.length})` : known.join(', ')
  const unknown = (service: string, path: FaultPath, at: 'key' | 'value'): readonly Fault[] => {
    if (have.has(service)) return []
    const meant = nearestWord(service, known)
    const expected = known.length === 0 ? 'a service; neither environment has any' : `one of ${shown}`
    return [yaml.fault(path, expected, { at, suggestion: meant === null ? null : `did you mean ${meant}?` })]
  }
  const listed = (list: readonly string[] | undefined, path: FaultPath): readonly Fault[] =>
    (list ?? []).flatMap((service, index) => unknown(service, [...path, index], 'value'))
  return [
    ...serviceNames(written).flatMap((service) => [
      ...unknown(service, ['services', service], 'key'),
      ...needsOf(written, service).flatMap((need, index) => unknown(need, needsPath(written, service, index), 'value')),
    ]),
    ...(written.parity?.waivers ?? []).flatMap(({ service }, index) =>
      service === environmentService ? [] : unknown(service, ['parity', 'waivers', index, 'service'], 'value'),
    ),
    ...(written.parity?.rewrites ?? []).flatMap(({ services }, index) =>
      listed(services, ['parity', 'rewrites', index, 'services']),
    ),
    ...(written.calendar?.freezes ?? []).flatMap(({ services }, index) =>
      listed(services, ['calendar', 'freezes', index, 'services']),
    ),
  ]
}
