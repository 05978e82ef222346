import { cronFault } from './calendar.ts'
import { nearestWord } from './nearest.ts'
import type { Fault, FaultPath, PositionedYaml } from './positioned-yaml.ts'
import type { WrittenPeriod, WrittenRelease } from './release-schema.ts'
import type { Rule } from './rule.ts'
import { isZone, parseInstant } from './zoned-time.ts'

type Place = readonly [period: WrittenPeriod, path: FaultPath]

const periodsOf = (written: WrittenRelease): readonly Place[] =>
  Object.entries(written.calendar?.windows ?? {}).flatMap(([name, periods]): readonly Place[] => {
    const path: FaultPath = ['calendar', 'windows', name]
    return Array.isArray(periods)
      ? periods.map((period, index) => [period, [...path, index]] as const)
      : [[periods, path]]
  })

const zonesExist: Rule = (written, yaml) => {
  const zones: (readonly [zone: string | undefined, path: FaultPath])[] = [
    [written.calendar?.zone, ['calendar', 'zone']],
    ...periodsOf(written).map(([{ zone }, path]) => [zone, [...path, 'zone']] as const),
    ...(written.calendar?.freezes ?? []).map(
      ({ zone }, index) => [zone, ['calendar', 'freezes', index, 'zone']] as const,
    ),
  ]
  return zones.flatMap(([zone, path]) => {
    if (zone === undefined || isZone(zone)) return []
    const meant = nearestWord(zone, ['UTC', ...Intl.supportedValuesOf('timeZone')])
    const suggestion = meant === null ? null : `did you mean ${meant}?`
    return [yaml.fault(path, 'an IANA time zone such as Europe/Paris', { suggestion })]
  })
}

/** A window is days and hours, or a cron expression and for how long. */
const periodsAreWhole: Rule = (written, yaml) =>
  periodsOf(written).flatMap(([period, path]) => periodFaults(period, path, yaml))

const periodFaults = (period: WrittenPeriod, path: FaultPath, yaml: PositionedYaml): readonly Fault[] => {
  if (period.cron === undefined) {
    if (period.for === undefined) return []
    return [
      yaml.fault([...path, 'for'], 'a cron expression beside it', { at: 'key', suggestion: 'add cron, or remove for' }),
    ]
  }
  const faults: Fault[] = []
  const why = cronFault(period.cron)
  if (why !== null) faults.push(yaml.fault([...path, 'cron'], `a cron expression of five or six fields: ${why}`))
  if (period.for === undefined || period.for === 0) {
    faults.push(yaml.fault([...path, 'for'], 'how long it stays open', { suggestion: 'for instance for: 6h' }))
  }
  for (const key of ['days', 'hours'] as const) {
    if (period[key] === undefined) continue
    faults.push(yaml.fault([...path, key], 'no days and hours beside cron', { at: 'key', suggestion: 'remove it' }))
  }
  return faults
}

const freezesAreWhole: Rule = (written, yaml) =>
  (written.calendar?.freezes ?? []).flatMap((freeze, index) => {
    const zone = freeze.zone ?? written.calendar?.zone ?? 'UTC'
    if (!isZone(zone)) return []
    const path: FaultPath = ['calendar', 'freezes', index]
    const from = parseInstant(freeze.from, zone, false)
    const until = parseInstant(freeze.until, zone, true)
    const unread = (['from', 'until'] as const).filter((key) => (key === 'from' ? from : until) === null)
    if (unread.length > 0) return unread.map((key) => yaml.fault([...path, key], dateExpected))
    // Both were read, as just seen.
    return (from ?? 0) < (until ?? 0) ? [] : [yaml.fault([...path, 'until'], `later than ${freeze.from}`)]
  })

const dateExpected = 'a day such as 2026-11-26, or an instant such as 2026-11-26T08:00'

type Waivers = readonly { readonly until?: string | undefined }[]

const waiversEnd: Rule = (written, yaml) => [
  ...unreadEnds(written.parity?.waivers ?? [], ['parity', 'waivers'], yaml),
  ...unreadEnds(written.platform?.waivers ?? [], ['platform', 'waivers'], yaml),
]

/** Waivers whose last day is none. */
export const unreadEnds = (waivers: Waivers, path: FaultPath, yaml: PositionedYaml): readonly Fault[] =>
  waivers.flatMap(({ until }, index) =>
    until === undefined || parseInstant(until, 'UTC', true) !== null
      ? []
      : [yaml.fault([...path, index, 'until'], dateExpected)],
  )

/** Gates know windows and freezes by name, and don't tell them apart. */
const calendarNamesAreUnique: Rule = (written, yaml) => {
  const taken = new Set(Object.keys(written.calendar?.windows ?? {}))
  return (written.calendar?.freezes ?? []).flatMap(({ name }, index) => {
    if (!taken.has(name)) {
      taken.add(name)
      return []
    }
    return [yaml.fault(['calendar', 'freezes', index, 'name'], 'a name that no other window or freeze has')]
  })
}

const windowsAreKnown: Rule = (written, yaml) => {
  const known = Object.keys(written.calendar?.windows ?? {})
  const lists: (readonly [names: readonly string[] | undefined, path: FaultPath])[] = [
    [written.policy?.windows, ['policy', 'windows']],
    ...Object.entries(written.services ?? {}).map(
      ([service, { windows }]) => [windows, ['services', service, 'windows']] as const,
    ),
  ]
  return lists.flatMap(([names, path]) =>
    (names ?? []).flatMap((name, index) => {
      if (known.includes(name)) return []
      const meant = nearestWord(name, known)
      const expected =
        known.length === 0 ? 'a window of calendar.windows, which has none' : `one of ${known.join(', ')}`
      return [yaml.fault([...path, index], expected, { suggestion: meant === null ? null : `did you mean ${meant}?` })]
    }),
  )
}

export const calendarRules: readonly Rule[] = [
  zonesExist,
  periodsAreWhole,
  freezesAreWhole,
  waiversEnd,
  calendarNamesAreUnique,
  windowsAreKnown,
]
