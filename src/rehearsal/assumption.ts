import type { Millis } from '../moves/goal.ts'

/**
 * What a rehearsal must know of the world and the plan does not say. Each has a default, may have been measured, and can
 * be set: `rate=200/s` for every service, `rate.checkout=20/s` for one.
 */
export const assumptionKinds = {
  rate: { unit: 'per second', each: true, about: 'requests of users, or items of a worker' },
  errors: { unit: 'share', each: true, about: 'what fails on blue, and on a good green' },
  latency: { unit: 'time', each: true, about: 'the time that half of the answers take at most' },
  tail: { unit: 'time', each: true, about: 'the time that 99 % of the answers take at most' },
  start: { unit: 'time', each: true, about: 'from the start of a copy until it is ready' },
  drain: { unit: 'time', each: true, about: 'from the end of a copy being wanted until it is gone' },
  run: { unit: 'time', each: true, about: 'how long a run of a schedule takes' },
  dispersion: {
    unit: 'factor',
    each: true,
    about: 'how much noisier than chance blue is, where the policy says "auto"',
  },
  answer: { unit: 'time', each: false, about: 'until a person who is asked or called answers' },
  probe: { unit: 'time', each: false, about: 'until the router notices that a copy has died' },
  begin: { unit: 'instant', each: false, about: 'when the release begins' },
  patience: { unit: 'time', each: false, about: 'without anything happening, until it counts as unable to end' },
} as const

export type AssumptionKey = keyof typeof assumptionKinds
export const assumptionKeys = Object.keys(assumptionKinds) as readonly AssumptionKey[] // its own keys

/** What holds where nothing was set or measured. Times are milliseconds, rates per second. */
export const assumptionDefaults: Readonly<Record<Exclude<AssumptionKey, 'begin'>, number>> = {
  rate: 50,
  errors: 0.001,
  latency: 40,
  tail: 160,
  start: 5_000,
  drain: 1_000,
  run: 20_000,
  dispersion: 2,
  answer: 900_000,
  probe: 1_000,
  patience: 8 * 86_400_000,
}

/** `set`: by the person who asks. `measured`: read from what runs now. `recorded`: from this release's own journal. */
export type AssumptionSource = 'set' | 'measured' | 'recorded' | 'assumed'

export type Assumption = {
  readonly key: AssumptionKey
  /** null: of every service of which nothing better is known, or of the release. */
  readonly service: string | null
  readonly value: number
  readonly source: AssumptionSource
  /** Where it comes from, in words; null: its source says it all. */
  readonly note: string | null
}

/** What people set: by key, or by key and service as `rate.checkout`. */
export type SetAssumptions = ReadonlyMap<string, number>

export type Known = { readonly value: number; readonly source: AssumptionSource; readonly note: string | null }

/** What was found out about one service; what is not known is absent. */
export type Finding = Readonly<
  Partial<Record<AssumptionKey, Omit<Known, 'source'> & { readonly source: 'measured' | 'recorded' }>>
> & {
  /** Bounds of its latency histogram, in seconds. */
  readonly bounds?: readonly number[]
}

export type Assumptions = {
  readonly of: (key: Exclude<AssumptionKey, 'begin'>, service: string | null) => number
  readonly begin: Millis
  /** All that were asked for, in order of keys, then services. */
  readonly used: () => readonly Assumption[]
}

/** What was set for the service, else for all, else what was found, else the default. Remembers what was asked. */
export const createAssumptions = (options: {
  readonly set: SetAssumptions
  readonly found: ReadonlyMap<string, Finding>
  readonly now: Millis
}): Assumptions => {
  const used = new Map<string, Assumption>()
  const note = (assumption: Assumption): number => {
    used.set(`${assumption.key} ${assumption.service ?? ''}`, assumption)
    return assumption.value
  }
  const of: Assumptions['of'] = (key, service) => {
    const own = service === null ? undefined : options.set.get(`${key}.${service}`)
    if (own !== undefined) return note({ key, service, value: own, source: 'set', note: null })
    const all = options.set.get(key)
    if (all !== undefined) return note({ key, service: null, value: all, source: 'set', note: null })
    const found = service === null ? undefined : options.found.get(service)?.[key]
    if (found !== undefined) return note({ key, service, ...found })
    return note({ key, service: null, value: assumptionDefaults[key], source: 'assumed', note: null })
  }
  const set = options.set.get('begin')
  const begin = note({
    ...{ key: 'begin', service: null, value: set ?? Math.floor(options.now / 1_000) * 1_000 },
    ...{ source: set === undefined ? 'assumed' : 'set', note: set === undefined ? 'now' : null },
  })
  const order = (one: Assumption): string =>
    `${String(assumptionKeys.indexOf(one.key)).padStart(2, '0')} ${one.service ?? ''}`
  return {
    of,
    begin,
    used: () => [...used.values()].toSorted((a, b) => (order(a) < order(b) ? -1 : 1)),
  }
}
