import { type Fault, faultWords } from '../streams/fault.ts'
import { HOUR, type Shape, shapeWords } from '../streams/shape.ts'
import {
  badRatios,
  type Cell,
  otherFaults,
  otherRates,
  otherShapes,
  ownRatios,
  rates,
  shapedRates,
  shapedRatios,
  shapesWithErrors,
  type TableName,
} from './cells.ts'
import { comparedRules, literalRules, type RuleSetName, rampingRules, ruleSets } from './rule-sets.ts'
import type { Study } from './study.ts'
import { addTallies, median, noRuns, type Tally } from './tally.ts'

type Find = (
  table: TableName,
  which: { readonly shape?: Shape; readonly perSecond?: number; readonly fault?: Fault },
  rules: RuleSetName,
) => Tally

/** The tables as Markdown. Words about what they show are not here: people write those. */
export const tablesOf = (study: Study): string => {
  const find: Find = (table, which, rules) =>
    study.cells
      .filter(({ cell }) => isOf(cell, table, which))
      .reduce((sum, { result }) => addTallies(sum, result[rules] ?? noRuns), noRuns)
  return [
    heading(study),
    compared(),
    healthy(find),
    holds(find),
    literal(find),
    shaped(find),
    steadyErrors(find),
    shapedErrors(find),
    others(find),
    ownHealthy(find),
    ownErrors(find),
  ].join('\n\n')
}

const isOf = (cell: Cell, table: TableName, { shape, perSecond, fault }: Parameters<Find>[1]): boolean =>
  cell.table === table &&
  (shape === undefined || cell.shape === shape) &&
  (perSecond === undefined || cell.perSecond === perSecond) &&
  (fault === undefined || faultWords(cell.fault) === faultWords(fault))

const heading = ({ seed, hours, cells }: Study): string => {
  const releases = cells.reduce((sum, { cell }) => sum + cell.runs, 0)
  const simulated = cells.reduce((sum, { cell }) => sum + (cell.runs * cell.length) / HOUR, 0)
  return `Seed ${seed}, ${number(hours)} healthy hours of steady traffic; in all ${number(releases)} releases, ${number(simulated)} hours at most.`
}

const compared = (): string =>
  section(
    'The rules',
    ['', 'goes back', 'documented'],
    comparedRules.map((name) => {
      const { words, source } = ruleSets[name]
      return [name, words, `[${source.replace(/^https:\/\/([^/]+).*/, '$1')}](${source})`]
    }),
  )

const healthy = (find: Find): string => {
  const cells = (rules: RuleSetName) => [
    ...rates.map((perSecond) => rolledBack(find('healthy, steady', { perSecond }, rules))),
    `**${rolledBack(find('healthy, steady', {}, rules))}**`,
  ]
  const runs = rates.map((perSecond) => number(find('healthy, steady', { perSecond }, 'Titrate').runs))
  const all = number(find('healthy, steady', {}, 'Titrate').runs)
  return section(
    'False rollbacks: healthy green, steady traffic',
    ['', ...rates.map((rate) => `${number(rate)}/s`), 'all'],
    [['releases of 60 minutes', ...runs, all], ...comparedRules.map((rules) => [rules, ...cells(rules)])],
  )
}

const holds = (find: Find): string =>
  section(
    'Holds: healthy releases that were kept waiting at least once, and minutes per such release',
    ['', ...rates.map((rate) => `${number(rate)}/s`)],
    (['Titrate', 'Flagger tutorial', 'Flagger chart'] as const).map((rules) => [
      rules,
      ...rates.map((perSecond) => {
        const { held, heldSeconds, runs } = find('healthy, steady', { perSecond }, rules)
        return held === 0 ? '0' : `${percent(held, runs)}, ${(heldSeconds / held / 60).toFixed(1)} min`
      }),
    ]),
  )

const literal = (find: Find): string =>
  section(
    'The same releases, documented rules read to the letter',
    ['', ...rates.map((rate) => `${number(rate)}/s`), 'all'],
    literalRules.map((rules) => [
      rules,
      ...rates.map((perSecond) => rolledBack(find('healthy, steady', { perSecond }, rules))),
      rolledBack(find('healthy, steady', {}, rules)),
    ]),
  )

const shaped = (find: Find): string => {
  const rows = otherShapes.flatMap((shape) =>
    rates.map((perSecond) => [
      perSecond === rates[0] ? shape : '',
      `${number(perSecond)}/s`,
      ...comparedRules.map((rules) => {
        const tally = find('healthy, other shapes', { shape, perSecond }, rules)
        return tally.rolledBack === 0 ? '0' : percent(tally.rolledBack, tally.runs)
      }),
    ]),
  )
  const { runs } = find('healthy, other shapes', { shape: 'bursts', perSecond: 1 }, 'Titrate')
  const words = otherShapes.map((shape) => `- **${shape}**: ${shapeWords[shape]}.`).join('\n')
  return `${section(
    `False rollbacks: healthy green, other traffic (${number(runs)} releases each)`,
    ['traffic', 'requests', ...comparedRules],
    rows,
  )}\n\n${words}`
}

const steadyErrors = (find: Find): string => {
  const { runs } = find('errors, steady', { perSecond: 1, fault: errors(0.05) }, 'Titrate')
  return section(
    `Errors on green from the start, 0.1 % on blue, steady traffic (${number(runs)} releases each)`,
    ['requests', 'errors', ...comparedRules],
    rates.flatMap((perSecond) =>
      badRatios.map((ratio, i) => [
        i === 0 ? `${number(perSecond)}/s` : '',
        errorWords(ratio),
        ...comparedRules.map((rules) => caught(find('errors, steady', { perSecond, fault: errors(ratio) }, rules))),
      ]),
    ),
  )
}

const shapedErrors = (find: Find): string => {
  const { runs } = find('errors, other shapes', { shape: 'bursts', perSecond: 10, fault: errors(0.05) }, 'Titrate')
  return section(
    `Errors on green, other traffic (${number(runs)} releases each)`,
    ['traffic', 'errors', 'requests', ...comparedRules],
    shapesWithErrors.flatMap((shape) =>
      shapedRatios.flatMap((ratio, r) =>
        shapedRates.map((perSecond, i) => [
          i + r === 0 ? shape : '',
          i === 0 ? errorWords(ratio) : '',
          `${number(perSecond)}/s`,
          ...comparedRules.map((rules) =>
            caught(find('errors, other shapes', { shape, perSecond, fault: errors(ratio) }, rules)),
          ),
        ]),
      ),
    ),
  )
}

const others = (find: Find): string => {
  const { runs } = find('other faults', { perSecond: 10, fault: otherFaults[0] ?? errors(1) }, 'Titrate')
  return section(
    `Other faults of green, steady traffic (${number(runs)} releases each)`,
    ['green is', 'requests', ...comparedRules],
    otherFaults.flatMap((fault) =>
      otherRates.map((perSecond, i) => [
        i === 0 ? faultWords(fault) : '',
        `${number(perSecond)}/s`,
        ...comparedRules.map((rules) =>
          caught(find('other faults', { perSecond, fault }, rules), fault.kind !== 'slow'),
        ),
      ]),
    ),
  )
}

const ownHealthy = (find: Find): string => {
  const { runs } = find('own ramps, healthy', { perSecond: 10 }, 'Titrate')
  return section(
    `Ramps of their own, healthy green: rolled back, and median time until green had everything (${number(runs)} releases each)`,
    ['', ...rates.map((rate) => `${number(rate)}/s`)],
    [
      ...rampingRules.map((rules) => [
        rules,
        ...rates.map((perSecond) => {
          const tally = find('own ramps, healthy', { perSecond }, rules)
          const reached = median(tally.secondsToAll)
          return `${rolledBack(tally)}; ${reached === null ? 'never' : time(reached)}`
        }),
      ]),
      [
        'Titrate: steps proven, timed',
        ...rates.map((perSecond) => {
          const { proven, timed } = find('own ramps, healthy', { perSecond }, 'Titrate')
          return `${number(proven)}, ${number(timed)}`
        }),
      ],
    ],
  )
}

const ownErrors = (find: Find): string => {
  const { runs } = find('own ramps, errors', { perSecond: 10, fault: errors(0.05) }, 'Titrate')
  return section(
    `Ramps of their own, errors on green from the start (${number(runs)} releases each)`,
    ['requests', 'errors', ...rampingRules],
    rates.flatMap((perSecond) =>
      ownRatios.map((ratio, i) => [
        i === 0 ? `${number(perSecond)}/s` : '',
        errorWords(ratio),
        ...rampingRules.map((rules) => caught(find('own ramps, errors', { perSecond, fault: errors(ratio) }, rules))),
      ]),
    ),
  )
}

const errors = (ratio: number): Fault => ({ kind: 'errors', ratio, from: 0 })
const errorWords = (ratio: number): string => `${Number((ratio * 100).toPrecision(3))} %`

const rolledBack = ({ rolledBack: count }: Tally): string => number(count)

/**
 * Extra failed requests of users per release, in the hour or until it was taken back; the median time to that; and how many
 * were only held until the hour was over, or neither. Of a slow green only the times: nothing fails.
 */
const caught = (
  { runs, rolledBack: count, extraFailed, secondsToRollback, heldAtEnd }: Tally,
  costs = true,
): string => {
  if (runs === 0) return ''
  const part = (what: string, of: number) => (of === 0 ? [] : [of === runs ? what : `${what} ${percent(of, runs)}`])
  const after = median(secondsToRollback)
  const back = [costs ? amount(extraFailed / runs) : '', after === null ? '' : `in ${time(after)}`].filter(Boolean)
  return [
    ...(back.length === 0 ? [] : [back.join(' ')]),
    ...part('held', heldAtEnd),
    ...part('missed', runs - count - heldAtEnd),
  ].join('; ')
}

const percent = (part: number, of: number): string => {
  const value = (100 * part) / of
  return `${value > 0 && value < 1 ? value.toPrecision(1) : Math.round(value)} %`
}
const time = (seconds: number): string =>
  seconds < 120 ? `${Math.round(seconds)} s` : `${Number((seconds / 60).toPrecision(2))} min`
const amount = (value: number): string =>
  value >= 100 ? number(Math.round(value)) : value === 0 ? '0' : value.toFixed(1)
const number = (value: number): string => Math.round(value).toLocaleString('en')

const section = (title: string, head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [`### ${title}`, '', row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
