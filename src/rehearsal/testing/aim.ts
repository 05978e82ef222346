import type { ServiceDefinition } from '../../inventory/estate.ts'
import type { PersonRequest } from '../../journal/events.ts'
import type { Millis } from '../../moves/goal.ts'
import type { Policy, ReleasePolicy } from '../../plan/policy.ts'
import { type CallFault, callFaults } from '../simulated-calls.ts'
import type { Random } from '../simulated-clock.ts'
import { below, pick } from './chance.ts'
import { type AppendFault, appendFaults, crashPoints, protocolSteps } from './points.ts'
import type { Happening, Trouble } from './trouble.ts'

/** What is to go wrong at least once: a call of a step of a protocol, or an append that holds such an event. */
export type Aim =
  | { readonly on: 'call'; readonly step: string; readonly fault: CallFault }
  | { readonly on: 'append'; readonly event: (typeof crashPoints)[number]; readonly fault: AppendFault }

/** One seed in so many is aimed, at each of all aims in turn. */
const aimedEvery = 8

const aims: readonly Aim[] = [
  ...protocolSteps.flatMap((step) => callFaults.map((fault): Aim => ({ on: 'call', step, fault }))),
  ...crashPoints.flatMap((event) => appendFaults.map((fault): Aim => ({ on: 'append', event, fault }))),
]

/** null: this seed is as chance will have it. */
export const aimOf = (seed: number): Aim | null =>
  seed % aimedEvery === aimedEvery - 1 ? (aims[Math.floor(seed / aimedEvery) % aims.length] ?? null) : null

/** What brings a release to the point that is aimed at. */
export type Occasion = {
  /** The services that it is about; an estate without any is of no use. */
  readonly concerns: (service: ServiceDefinition) => boolean
  /** What else has to go wrong for it. */
  readonly troubles: (random: Random, services: readonly string[]) => readonly Trouble[]
  readonly policy?: Partial<Policy>
  readonly release?: Partial<ReleasePolicy>
  /** Absent: whichever. */
  readonly scheduler?: 'supervisor' | 'kubernetes'
  /** How long an engine that was killed stays dead. */
  readonly restartMs?: Millis
}

const isJob = ({ schedule }: ServiceDefinition): boolean => schedule !== null && !schedule.suspended
const isOften = ({ schedule }: ServiceDefinition): boolean =>
  schedule !== null && !schedule.suspended && ['@every 2s', '@every 3s'].includes(schedule.cron)
const hasUsers = ({ port }: ServiceDefinition): boolean => port?.published === true
const hasReplicas = ({ schedule }: ServiceDefinition): boolean => schedule === null
const any = (): boolean => true
const none = (): readonly Trouble[] => []

const because = 'a person said so'
const at = (when: Millis, what: Happening): Trouble => ({ on: 'time', at: when, what })
const asks = (when: Millis, request: PersonRequest): Trouble => at(when, { kind: 'ask', request })
const rollBack = (when: Millis, service: string): Trouble =>
  asks(when, { kind: 'roll back', scope: { kind: 'service', service }, because, assumeDead: null })
const goesBack: Occasion['troubles'] = (random, services) => [
  rollBack(3_000 + below(random, 9_000), pick(random, services)),
]
const thereAndBack: Occasion['troubles'] = (random, services) => {
  const service = pick(random, services)
  const back = 3_000 + below(random, 6_000)
  return [rollBack(back, service), asks(back + 800 + below(random, 3_000), { kind: 'retry', service, because })]
}
const killedAfter = (step: string): Trouble => ({ on: 'call', step, number: 0, fault: 'killed after' })
const failsFromTheStart: Occasion['troubles'] = (_random, services) =>
  services.map((service) => at(0, { kind: 'errors', service, ratio: 1, forMs: 25_000 }))
/** So long that several ticks pass. */
const longDeadMs: Millis = 7_000

const ofStep: Readonly<Record<string, Occasion>> = {
  'handoff to green: green unfence': { concerns: isJob, troubles: thereAndBack },
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
  troubles: (random, services) => [
    at(0, { kind: 'hand replicas', service: pick(random, services), side: 'green', replicas: 2 }),
  ],
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
  skipped: {
    concerns: any,
    troubles: (random, services) =>
      services.map((service) => asks(below(random, 2_000), { kind: 'skip', service, because })),
  },
  retried: { concerns: any, troubles: thereAndBack },
  'drift ended': isDrifting([5]),
  'asked to go back': {
    concerns: hasUsers,
    troubles: failsFromTheStart,
  },
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

/** What makes it likely that a release comes to the point that is aimed at. */
export const occasionOf = (aim: Aim): Occasion => {
  if (aim.on === 'append') return ofEvent[aim.event] ?? { concerns: any, troubles: none }
  const own = ofStep[aim.step]
  if (own !== undefined) return own
  const concerns = aim.step.startsWith('handoff') ? isJob : aim.step.startsWith('shift') ? hasReplicas : any
  return { concerns, troubles: aim.step.includes('to blue: ') ? goesBack : none }
}

export const troubleOf = (random: Random, aim: Aim): Trouble => ({ ...aim, number: pick(random, [0, 0, 1]) })
