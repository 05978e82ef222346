import type { ServiceDefinition } from '../../inventory/estate.ts'
import type { PersonRequest } from '../../journal/events.ts'
import type { Millis } from '../../moves/goal.ts'
import type { Policy, ReleasePolicy } from '../../plan/policy.ts'
import { type CallFault, callFaults } from '../simulated-calls.ts'
import type { Random } from '../simulated-clock.ts'
import { below, pick } from './chance.ts'
import { type AppendFault, appendFaults, crashPoints, protocolSteps } from './points.ts'
import type { Happening, Trouble } from './trouble.ts'

type FaultAim =
  | { readonly on: 'call'; readonly step: string; readonly fault: CallFault }
  | { readonly on: 'append'; readonly event: (typeof crashPoints)[number]; readonly fault: AppendFault }

/**
 * What is to be met at least once: a fault of a call of a step of a protocol, one of an append that holds such an event,
 * or a situation that some bug needs to be seen. `isFirst`: to the very first of its kind, as there may be no other.
 */
export type Aim =
  | (FaultAim & { readonly isFirst: boolean })
  | { readonly on: 'situation'; readonly situation: Situation }

/** One seed in so many is aimed, at each of all faults in turn. */
const aimedEvery = 8

const faultAims: readonly FaultAim[] = [
  ...protocolSteps.flatMap((step) => callFaults.map((fault): FaultAim => ({ on: 'call', step, fault }))),
  ...crashPoints.flatMap((event) => appendFaults.map((fault): FaultAim => ({ on: 'append', event, fault }))),
]
const aims: readonly Aim[] = faultAims.map((aim) => ({ ...aim, isFirst: false }))

/** As many more are aimed at what is rare even so, and one in so many of these at a situation. */
const rareOffset = 3
const situationEvery = 8

const turn = <T>(of: readonly T[], number: number): T | null => of[number % of.length] ?? null

/** null: this seed is as chance will have it. */
export const aimOf = (seed: number): Aim | null => {
  const number = Math.floor(seed / aimedEvery)
  if (seed % aimedEvery === aimedEvery - 1) return turn(aims, number)
  if (seed % aimedEvery !== rareOffset) return null
  const among = Math.floor(number / situationEvery)
  return number % situationEvery === 0 ? turn(situationAims, among) : turn(rareAims, number - among - 1)
}

/** What brings a release to the point that is aimed at. */
export type Occasion = {
  /** The services that it is about; an estate without any is of no use. */
  readonly concerns: (service: ServiceDefinition) => boolean
  /** What else has to go wrong for it. */
  readonly troubles: (random: Random, services: readonly string[]) => readonly Trouble[]
  readonly policy?: Partial<Policy>
  readonly release?: Partial<ReleasePolicy>
  /** Absent: as often as the scheduler can bear. */
  readonly periods?: readonly string[]
  /** Absent: whichever. */
  readonly scheduler?: 'supervisor' | 'kubernetes'
  /** How long an engine that was killed stays dead. */
  readonly restartMs?: Millis
}

const isJob = ({ schedule }: ServiceDefinition): boolean => schedule !== null && !schedule.suspended
const isOften = ({ schedule }: ServiceDefinition): boolean =>
  schedule !== null && !schedule.suspended && ['@every 2s', '@every 3s'].includes(schedule.cron)
const hasUsers = ({ port }: ServiceDefinition): boolean => port?.published === true
const isJudged = ({ port, takesFrom }: ServiceDefinition): boolean => port?.published === true || takesFrom.length > 0
const hasReplicas = ({ schedule }: ServiceDefinition): boolean => schedule === null
const any = (): boolean => true
const none = (): readonly Trouble[] => []

const because = 'a person said so'
const at = (when: Millis, what: Happening): Trouble => ({ on: 'time', at: when, what })
const asks = (when: Millis, request: PersonRequest): Trouble => at(when, { kind: 'ask', request })
const rollBack = (when: Millis, service: string): Trouble =>
  asks(when, { kind: 'roll back', scope: { kind: 'service', service }, because, assumeDead: null })
const everythingBack = (when: Millis): Trouble =>
  asks(when, { kind: 'roll back', scope: { kind: 'everything' }, because, assumeDead: null })
const goesBack: Occasion['troubles'] = (random, services) => [
  rollBack(3_000 + below(random, 6_000), pick(random, services)),
  everythingBack(13_000 + below(random, 7_000)),
]
const thereAndBack: Occasion['troubles'] = (random, services) => {
  const service = pick(random, services)
  const back = 3_000 + below(random, 6_000)
  const retries = [1_000, 3_000, 6_000, 10_000]
  return [
    rollBack(back, service),
    ...retries.map((after) => asks(back + after + below(random, 800), { kind: 'retry', service, because })),
  ]
}
const killedAfter = (step: string): Trouble => ({ on: 'call', step, number: 0, fault: 'killed after' })
/** An engine that stands still for longer than a pause may last hands back, and tries again later. */
const isHandedBack: Occasion = {
  concerns: isOften,
  troubles: () =>
    [0, 1].map((number) => ({ on: 'call', step: 'handoff to green: blue fence', number, fault: 'frozen' })),
}
const failsFromTheStart: Occasion['troubles'] = (_random, services) =>
  services.flatMap((service) => [
    at(0, { kind: 'errors', service, ratio: 1, forMs: 25_000 }),
    at(0, { kind: 'failing work', service, ratio: 1, forMs: 25_000 }),
  ])
/** So long that several ticks pass. */
const longDeadMs: Millis = 7_000

const ofStep: Readonly<Record<string, Occasion>> = {
  'handoff to green: green unfence': isHandedBack,
  'handoff to blue: green stamp': isHandedBack,
  'handoff to blue: blue stamp': isHandedBack,
  'handoff to blue: blue unfence': isHandedBack,
  'handoff to blue: blue resume': isHandedBack,
  'handoff to green: green run now': {
    ...{ concerns: isOften, policy: { missed: 'all' }, restartMs: longDeadMs },
    troubles: () => [killedAfter('handoff to green: blue pause')],
  },
  'handoff to blue: blue run now': {
    ...{ concerns: isOften, policy: { missed: 'all' }, restartMs: longDeadMs },
    troubles: (random, services) => [...goesBack(random, services), killedAfter('handoff to blue: green pause')],
  },
  'provision: green scale': {
    ...{ concerns: hasReplicas, restartMs: longDeadMs },
    troubles: (_random, services) => [
      killedAfter('provision: green provision'),
      ...services.map((service) => at(1_000, { kind: 'hand replicas', service, side: 'green', replicas: 2 })),
    ],
  },
  'weights up: set weight': { concerns: hasUsers, troubles: none },
  // Only where it can't be told whether a scheduler has looked, something has to tell.
  'handoff to green: blue barrier': { concerns: isJob, scheduler: 'kubernetes', troubles: none },
  'handoff to blue: green barrier': { concerns: isJob, scheduler: 'kubernetes', troubles: goesBack },
  'weights to 0: set weight': { concerns: hasUsers, troubles: failsFromTheStart },
  'trial run: green run now': { concerns: isJob, policy: { trialRun: true }, troubles: none },
}

const isStuck: Occasion = {
  concerns: hasReplicas,
  troubles: (_random, services) =>
    services.map((service) => at(0, { kind: 'hand replicas', service, side: 'green', replicas: 2 })),
}
const changesVersion: Occasion = {
  concerns: hasReplicas,
  troubles: (random, services) =>
    services.flatMap((service) => {
      const when = 300 + below(random, 4_000)
      return [
        at(when, { kind: 'deploy', service, side: 'green' }),
        at(when + 2_000, { kind: 'deploy', service, side: 'both' }),
      ]
    }),
}

/** So it ends early. */
const skipsAll: Occasion = {
  concerns: any,
  troubles: (random, services) =>
    services.map((service) => asks(below(random, 2_000), { kind: 'skip', service, because })),
}

const isDrifting = (replicas: readonly number[]): Occasion => ({
  concerns: hasReplicas,
  troubles: (random, services) =>
    services.map((service) =>
      at(1_500 + below(random, 4_000), {
        ...{ kind: 'hand replicas', service, side: 'green', replicas: pick(random, replicas) },
      }),
    ),
})
const happens = (what: Happening): Occasion => ({
  concerns: any,
  troubles: (random) => [at(1_000 + below(random, 7_000), what)],
})

const ofEvent: Readonly<Partial<Record<(typeof crashPoints)[number], Occasion>>> = {
  left: happens({ kind: 'leave' }),
  'not watched': happens({ kind: 'freeze', forMs: 15_000 }),
  'stop seen': happens({ kind: 'break glass' }),
  'stop cleared': happens({ kind: 'break glass' }),
  held: happens({ kind: 'ask', request: { kind: 'hold', service: null, because } }),
  resumed: happens({ kind: 'ask', request: { kind: 'hold', service: null, because } }),
  approved: {
    concerns: hasUsers,
    troubles: none,
    release: { approvals: { beforeUserTraffic: true, beforeRelease: true } },
  },
  skipped: skipsAll,
  ended: skipsAll,
  'run ended': { concerns: isOften, troubles: none },
  retried: { concerns: any, troubles: thereAndBack },
  'drift ended': isDrifting([5]),
  'asked to go back': { concerns: isJudged, troubles: failsFromTheStart },
  stuck: isStuck,
  'called a person': isStuck,
  'call ended': isStuck,
  paused: changesVersion,
  'went on': changesVersion,
  drifted: isDrifting([0, 5]),
  'rollback ordered': { concerns: any, troubles: goesBack },
  answered: {
    concerns: any,
    troubles: (random, services) => [
      asks(below(random, 6_000), { kind: 'hold', service: pick(random, services), because }),
    ],
  },
}

const situations = {
  /** Break-glass that green does not hear of undoes nothing there: what was about to go on could. */
  'break-glass without green': {
    concerns: any,
    troubles: (random) => {
      const when = 200 + below(random, 6_000)
      return [
        at(when, { kind: 'cut off', part: 'green', forMs: 11_000 + below(random, 3_000) }),
        at(when + below(random, 100), { kind: 'break glass' }),
      ]
    },
  },
  /** Somebody holds the release just when time alone would take it on. */
  'held in parallel operation': {
    ...{ concerns: hasUsers, release: { parallelMs: 2_000 } },
    troubles: (random) =>
      [300, 2_300, 4_300, 6_300, 8_300, 10_300, 12_300].map((when) =>
        asks(when + below(random, 2_000), { kind: 'hold', service: null, because }),
      ),
  },
  /** The old scheduler runs a tick, on what it saw before the pause, between our tombstones of an earlier and that one. */
  'tick taken for nothing': {
    ...{ concerns: isOften, scheduler: 'kubernetes', periods: ['@every 2s'], restartMs: 3_000 },
    troubles: (random) => [
      // The engine that did so is gone, so that nothing limits the pause; the next one finds ticks that have passed.
      killedAfter('handoff to green: blue pause'),
      { on: 'call', step: 'handoff to green: blue fence', number: 1, fault: 'frozen' },
      at(400, { kind: 'standing scheduler', side: 'blue', forMs: 4_000 + below(random, 1_000) }),
    ],
  },
} as const satisfies Readonly<Record<string, Occasion>>
type Situation = keyof typeof situations

const situationAims: readonly Aim[] = (
  ['break-glass without green', 'tick taken for nothing', 'held in parallel operation'] as const
).map((situation) => ({ on: 'situation', situation }))

const isOnTheWayBack = (step: string): boolean => step.includes('to blue: ')

/** What takes more than an estate that has it. */
const isRare = (aim: FaultAim): boolean =>
  aim.on === 'call' ? ofStep[aim.step] !== undefined || isOnTheWayBack(aim.step) : ofEvent[aim.event] !== undefined
const rareAims: readonly Aim[] = faultAims.filter(isRare).map((aim) => ({ ...aim, isFirst: true }))

/** What makes it likely that a release comes to the point that is aimed at. */
export const occasionOf = (aim: Aim): Occasion => {
  if (aim.on === 'situation') return situations[aim.situation]
  if (aim.on === 'append') return ofEvent[aim.event] ?? { concerns: any, troubles: none }
  const own = ofStep[aim.step]
  if (own !== undefined) return own
  const concerns = aim.step.startsWith('handoff') ? isJob : aim.step.startsWith('shift') ? hasReplicas : any
  return { concerns, troubles: isOnTheWayBack(aim.step) ? goesBack : none }
}

/** The fault itself; a situation is its occasion. */
export const troubleOf = (random: Random, aim: Aim): readonly Trouble[] => {
  if (aim.on === 'situation') return []
  const { isFirst, ...fault } = aim
  return [{ ...fault, number: isFirst ? 0 : pick(random, [0, 0, 1]) }]
}
