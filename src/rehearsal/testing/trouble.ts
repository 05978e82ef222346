import type { PersonRequest } from '../../journal/events.ts'
import { type Millis, type Side, sides } from '../../moves/goal.ts'
import { type CallFault, callFaults, type ReadFault, readFaults } from '../simulated-calls.ts'
import { createRandom, type Random } from '../simulated-clock.ts'
import { type MetricsTrouble, metricsTroubles } from '../simulated-metrics.ts'
import { below, chance, pick } from './chance.ts'
import type { SimulatedEstate } from './estate.ts'
import { type AppendFault, appendFaults, crashPoints, protocolSteps } from './points.ts'

/** Something that happens to a release. Plain data, so that a scenario can be printed, and things left out of it. */
export type Trouble =
  // To one of all acting calls, or of those of one step of a protocol, counted from 0 over all engines.
  | { readonly on: 'call'; readonly step: string | null; readonly number: number; readonly fault: CallFault }
  | { readonly on: 'read'; readonly number: number; readonly fault: ReadFault }
  // To one of all appends, or of those that hold such an event.
  | { readonly on: 'append'; readonly event: string | null; readonly number: number; readonly fault: AppendFault }
  // At a moment, counted from the beginning.
  | { readonly on: 'time'; readonly at: Millis; readonly what: Happening }

export type Happening =
  | { readonly kind: 'sick'; readonly service: string; readonly side: Side; readonly forMs: Millis }
  | { readonly kind: 'crash'; readonly service: string; readonly side: Side; readonly times: number }
  | { readonly kind: 'errors'; readonly service: string; readonly ratio: number; readonly forMs: Millis }
  | { readonly kind: 'slow'; readonly service: string; readonly factor: number; readonly forMs: Millis }
  | { readonly kind: 'failing work'; readonly service: string; readonly ratio: number; readonly forMs: Millis }
  | { readonly kind: 'burst'; readonly service: string; readonly factor: number; readonly forMs: Millis }
  | {
      readonly kind: 'metrics'
      readonly service: string
      readonly trouble: MetricsTrouble
      readonly forMs: Millis
    }
  | { readonly kind: 'no metrics'; readonly forMs: Millis }
  | { readonly kind: 'counter reset'; readonly service: string }
  | { readonly kind: 'cut off'; readonly part: Side | 'router'; readonly forMs: Millis }
  | { readonly kind: 'deploy'; readonly service: string; readonly side: Side | 'both' }
  | { readonly kind: 'hand weight'; readonly service: string; readonly green: number }
  | { readonly kind: 'hand replicas'; readonly service: string; readonly side: Side; readonly replicas: number }
  | { readonly kind: 'hand schedule'; readonly service: string; readonly side: Side; readonly suspended: boolean }
  | { readonly kind: 'standing scheduler'; readonly side: Side; readonly forMs: Millis }
  | { readonly kind: 'closed'; readonly what: 'window' | 'condition'; readonly forMs: Millis }
  | { readonly kind: 'failing test'; readonly forMs: Millis }
  | { readonly kind: 'kill'; readonly againAfterMs: Millis }
  | { readonly kind: 'freeze'; readonly forMs: Millis }
  | { readonly kind: 'second engine' }
  | { readonly kind: 'leave' }
  | { readonly kind: 'break glass' }
  | { readonly kind: 'ask'; readonly request: PersonRequest }

/** A whole release to be played: the same scenario is the same release, event by event. */
export type Scenario = {
  readonly seed: number
  readonly scheduler: 'supervisor' | 'kubernetes'
  readonly estate: SimulatedEstate
  readonly troubles: readonly Trouble[]
  /** How long the trouble lasts; then all heals, and people answer. */
  readonly stormMs: Millis
  /** When it is done, a person takes everything back. */
  readonly backAgain: boolean
  /** The checks before anything moves find something that blocks. */
  readonly blocked: boolean
  /** The store is one that keeps text, as a database does, and not what it was given. */
  readonly strictStore: boolean
  /** How long an engine stays dead that was killed at a call or an append. */
  readonly restartMs: Millis
}

type Draw = (random: Random, service: string, estate: SimulatedEstate) => Happening

const lasting = (random: Random): Millis => pick(random, [300, 2_000, 8_000, 15_000])
const because = 'a person said so'

const happenings: readonly { readonly often: number; readonly draw: Draw }[] = [
  {
    often: 4,
    draw: (random, service) => ({
      kind: 'sick',
      service,
      side: pick(random, ['green', 'green', 'blue']),
      forMs: lasting(random),
    }),
  },
  {
    often: 3,
    draw: (random, service) => ({ kind: 'crash', service, side: pick(random, sides), times: pick(random, [1, 1, 4]) }),
  },
  {
    often: 3,
    draw: (random, service) => ({
      kind: 'errors',
      service,
      ratio: pick(random, [0.01, 0.1, 1]),
      forMs: lasting(random),
    }),
  },
  {
    often: 2,
    draw: (random, service) => ({ kind: 'slow', service, factor: pick(random, [1.1, 1.5, 5]), forMs: lasting(random) }),
  },
  {
    often: 2,
    draw: (random, service) => ({
      ...{ kind: 'failing work', service, ratio: pick(random, [0.3, 1]), forMs: lasting(random) },
    }),
  },
  {
    often: 1,
    draw: (random, service) => ({ kind: 'burst', service, factor: pick(random, [0, 0.1, 5]), forMs: lasting(random) }),
  },
  {
    often: 3,
    draw: (random, service) => ({
      ...{ kind: 'metrics', service, trouble: pick(random, metricsTroubles), forMs: lasting(random) },
    }),
  },
  { often: 2, draw: (random) => ({ kind: 'no metrics', forMs: lasting(random) }) },
  { often: 1, draw: (_random, service) => ({ kind: 'counter reset', service }) },
  {
    often: 3,
    draw: (random) => ({
      kind: 'cut off',
      part: pick(random, ['blue', 'green', 'green', 'router']),
      forMs: lasting(random),
    }),
  },
  {
    often: 2,
    draw: (random, service) => ({ kind: 'deploy', service, side: pick(random, ['blue', 'green', 'both']) }),
  },
  { often: 3, draw: (random, service) => ({ kind: 'hand weight', service, green: pick(random, [0, 5, 30, 100]) }) },
  {
    often: 2,
    draw: (random, service) => ({
      kind: 'hand replicas',
      service,
      side: pick(random, sides),
      replicas: below(random, 4),
    }),
  },
  {
    often: 1,
    draw: (random, service) => ({
      kind: 'hand schedule',
      service,
      side: pick(random, sides),
      suspended: chance(random, 0.5),
    }),
  },
  {
    often: 2,
    draw: (random) => ({ kind: 'closed', what: pick(random, ['window', 'condition']), forMs: lasting(random) }),
  },
  { often: 1, draw: (random) => ({ kind: 'failing test', forMs: lasting(random) }) },
  { often: 3, draw: (random) => ({ kind: 'kill', againAfterMs: pick(random, [0, 500, 5_000, 20_000]) }) },
  { often: 3, draw: (random) => ({ kind: 'freeze', forMs: pick(random, [200, 3_000, 15_000]) }) },
  { often: 2, draw: () => ({ kind: 'second engine' }) },
  { often: 1, draw: () => ({ kind: 'leave' }) },
  { often: 1, draw: () => ({ kind: 'break glass' }) },
  { often: 8, draw: (random, service, estate) => ({ kind: 'ask', request: drawRequest(random, service, estate) }) },
]
const weightOfAll = happenings.reduce((sum, { often }) => sum + often, 0)

const drawRequest = (random: Random, service: string, { services }: SimulatedEstate): PersonRequest => {
  const gates = ['user traffic', 'release', 'sign off', 'acts at start', 'both sides take work', 'interruption']
  const gate = pick(random, gates)
  const maybe = chance(random, 0.3) ? null : service
  return pick<PersonRequest>(random, [
    { kind: 'approve', service: maybe, gate, evidence: null, note: null },
    { kind: 'approve', service: null, gate, evidence: null, note: null },
    { kind: 'reject', service: maybe, gate, evidence: null, note: null },
    { kind: 'hold', service: maybe, because },
    { kind: 'resume', service: maybe, because },
    { kind: 'retry', service: maybe, because },
    { kind: 'skip', service, because },
    { kind: 'roll back', scope: { kind: 'service', service }, because, assumeDead: null },
    chance(random, 0.3)
      ? { kind: 'roll back', scope: { kind: 'everything' }, because, assumeDead: null }
      : {
          kind: 'roll back',
          scope: { kind: 'wave', wave: 1 + below(random, services.length) },
          because,
          assumeDead: null,
        },
    chance(random, 0.2) ? { kind: 'retire', because } : { kind: 'hold', service, because },
  ])
}

const drawHappening: Draw = (random, service, estate) => {
  let left = below(random, weightOfAll)
  for (const { often, draw } of happenings) {
    left -= often
    if (left < 0) return draw(random, service, estate)
  }
  throw new Error('nothing happens')
}

/** So many releases have no trouble at all, or only that of one kind; others have everything at once. */
const drawCounts = (random: Random) =>
  pick(random, [
    { calls: 0, reads: 0, appends: 0, happenings: 0 },
    { calls: 3, reads: 0, appends: 0, happenings: 0 },
    { calls: 1, reads: 1, appends: 1, happenings: 1 },
    { calls: 0, reads: 4, appends: 0, happenings: 1 },
    { calls: 0, reads: 0, appends: 2, happenings: 1 },
    { calls: 0, reads: 0, appends: 0, happenings: 3 },
    { calls: 2, reads: 2, appends: 1, happenings: 3 },
    { calls: 4, reads: 6, appends: 2, happenings: 6 },
  ])

/** Acting calls, reads and appends that a release has about: faults beyond them never happen. */
const about = { calls: 40, reads: 900, appends: 60 }

export const drawTroubles = (seed: number, estate: SimulatedEstate, stormMs: Millis): readonly Trouble[] => {
  const random = createRandom((Math.imul(seed, 0x85ebca6b) + 17) >>> 0)
  const counts = drawCounts(random)
  const times = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index)
  const names = estate.services.map(({ definition }) => definition.name)
  return [
    ...times(counts.calls).flatMap(() => drawCallFault(random, stormMs)),
    ...times(counts.reads).map(
      (): Trouble => ({ on: 'read', number: below(random, about.reads), fault: pick(random, readFaults) }),
    ),
    ...times(counts.appends).map(() => drawAppendFault(random)),
    ...times(counts.happenings).map((): Trouble => {
      const at = below(random, stormMs)
      return { on: 'time', at, what: drawHappening(random, pick(random, names), estate) }
    }),
  ]
}

/** What makes it likely that a release comes to a step at all: somebody takes it back, or nobody runs its ticks for a while. */
const occasionOf = (random: Random, step: string | null, stormMs: Millis): readonly Trouble[] => {
  const at = below(random, stormMs)
  const scope = { kind: 'everything' } as const
  const goesBack: Trouble = {
    ...{ on: 'time', at },
    what: { kind: 'ask', request: { kind: 'roll back', scope, because, assumeDead: null } },
  }
  if (step === null) return []
  if (step.endsWith('run now') || step.endsWith('unfence'))
    return [
      {
        on: 'call',
        step: `handoff to ${step.startsWith('handoff to blue') ? 'blue' : 'green'}: ${step.startsWith('handoff to blue') ? 'green' : 'blue'} fence`,
        number: 0,
        fault: 'killed after',
      },
      ...(step.startsWith('handoff to blue') ? [goesBack] : []),
    ]
  return /to (blue|0): /.test(step) ? [goesBack] : []
}

/** Half of them at a step of a protocol, so that rare ones have their share. */
const drawCallFault = (random: Random, stormMs: Millis): readonly Trouble[] => {
  const step = chance(random, 0.6) ? pick(random, protocolSteps) : null
  const number = below(random, step === null ? about.calls : 2)
  const fault: Trouble = { on: 'call', step, number, fault: pick(random, callFaults) }
  return [fault, ...occasionOf(random, step, stormMs)]
}

const drawAppendFault = (random: Random): Trouble => {
  const event = chance(random, 0.6) ? pick(random, crashPoints) : null
  const number = below(random, event === null ? about.appends : 3)
  return { on: 'append', event, number, fault: pick(random, appendFaults) }
}
