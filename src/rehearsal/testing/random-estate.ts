import type { ServiceDefinition } from '../../inventory/estate.ts'
import {
  addressOf,
  aSchedule,
  aService,
  listening,
  plain,
  published,
  secret,
} from '../../inventory/testing/build-estate.ts'
import type { Millis } from '../../moves/goal.ts'
import type { ServiceRules } from '../../plan/plan-input.ts'
import { afterRollbackChoices, type Policy, type ReleasePolicy } from '../../plan/policy.ts'
import { aReleasePolicy } from '../../plan/testing/build-plan.ts'
import { createRandom, type Random } from '../simulated-clock.ts'
import { kubernetesLike, type SimulatedScheduler, supervisorLike } from '../simulated-schedules.ts'
import type { ServiceBehaviour, SimulatedService } from '../simulated-world.ts'
import { below, chance, pick } from './chance.ts'
import { behaviourOf, fastPolicy, planOf, type SimulatedEstate } from './estate.ts'

/** What nobody may ever see in a journal, an observation or a notice. */
export const plantedSecret = 'hunter2-correct-horse-battery'

const kinds = ['job', 'worker', 'internal', 'exposed'] as const
const names = ['auth', 'basket', 'cart', 'desk', 'edge', 'feed', 'gate'] as const

const definitionOf = (
  random: Random,
  name: string,
  others: readonly string[],
  periods: readonly string[],
): ServiceDefinition => {
  const kind = pick(random, kinds)
  const needs = others.filter((other) => other !== name && chance(random, 0.25))
  const variables = {
    ...Object.fromEntries(
      needs.map((other) => [`${other.toUpperCase()}_URL`, addressOf(other, 9000 + others.indexOf(other))]),
    ),
    PASSWORD: secret('vault:password', 'digest'),
  }
  const concurrency = pick(random, ['Allow', 'Allow', 'Forbid', 'Replace'] as const)
  const schedule = { cron: pick(random, periods), concurrency, suspended: chance(random, 0.1) }
  const parts = {
    job: { schedule: aSchedule({ ...schedule, deadlineMs: chance(random, 0.15) ? 8_000 : null }) },
    worker: { takesFrom: ['orders'], replicas: pick(random, [1, 2, 3]) },
    internal: { port: listening, replicas: pick(random, [1, 2]) },
    exposed: { port: published, replicas: pick(random, [1, 2, 3]) },
  } as const
  const isAlsoWorker = kind === 'exposed' && chance(random, 0.1)
  return aService(name, {
    ...parts[kind],
    variables: isAlsoWorker ? { ...variables, QUEUE: plain('orders') } : variables,
    declaredKinds: isAlsoWorker ? [kind, 'worker'] : [kind],
    lease: kind !== 'job' && chance(random, 0.12) ? 'leader' : null,
    actsAtStart: chance(random, 0.08) ? ['migrations'] : [],
  })
}

/** Some runs take longer than it is to the next tick: that is what `Forbid` and `Replace` are for. */
const runMsFor = (random: Random, { schedule }: ServiceDefinition): Millis => {
  const periodMs = 1_000 * Number(/\d+/.exec(schedule?.cron ?? '')?.[0] ?? 2)
  return chance(random, 0.2) ? 1.3 * periodMs : pick(random, [30, 400, 1_500])
}

const behaviourFor = (random: Random, definition: ServiceDefinition): ServiceBehaviour => {
  const base = behaviourOf(definition)
  const errorRatio = pick(random, [0, 0.0005, 0.001, 0.01])
  const latencyMs = pick(random, [15, 40, 90])
  const answering = { errorRatio, latencyMs, latencySpread: 0.6 }
  return behaviourOf(definition, {
    startMs: pick(random, [50, 200, 800]),
    drainMs: pick(random, [20, 200, 800]),
    absentOnGreen: chance(random, 0.4),
    users:
      base.users === null
        ? null
        : {
            requestsPerSecond: pick(random, [20, 200, 800]),
            answering: { blue: answering, green: answering },
          },
    queue: base.queue === null ? null : { ...base.queue, itemsPerSecond: pick(random, [1, 3]) },
    runs: base.runs === null ? null : { ...base.runs, runMs: runMsFor(random, definition) },
    logs: [`connecting with ${plantedSecret}`],
  })
}

const rulesFor = (random: Random, { declaredKinds }: ServiceDefinition): ServiceRules => ({
  ...(chance(random, 0.1) ? { approvals: [{ name: 'sign off', before: 'crossing' }] } : {}),
  ...(chance(random, 0.08) ? { conditions: [{ name: 'quiet', cel: 'true', before: 'crossing' }] } : {}),
  ...(chance(random, 0.1) ? { windows: ['office'] } : {}),
  ...(chance(random, 0.2) && !declaredKinds?.includes('job')
    ? {
        tests: { smoke: { test: { kind: 'command' as const, command: ['true'], timeoutMs: 1_000 }, maxAgeMs: 60_000 } },
      }
    : {}),
})

const policyFor = (random: Random): Policy => ({
  ...fastPolicy,
  weights: pick(random, [[5, 50, 100], [50, 100], [1, 10, 100], [100]]),
  shares: pick(random, [
    [50, 100],
    [25, 50, 100],
  ]),
  dwell: { minMs: 500, maxMs: pick(random, [1_500, 3_000]) },
  soakMs: pick(random, [300, 900]),
  bakeMs: pick(random, [500, 1_500]),
  judge: { ...fastPolicy.judge, warmUpMs: 500 },
  goodRuns: pick(random, [1, 1, 2]),
  trialRun: chance(random, 0.2),
  missed: pick(random, ['latest', 'latest', 'all', 'skip'] as const),
  holdLimit: { afterMs: 6_000, then: pick(random, ['call', 'roll back'] as const) },
})

export type DrawnEstate = {
  readonly estate: SimulatedEstate
  readonly scheduler: 'supervisor' | 'kubernetes'
}

export const schedulers: Readonly<Record<DrawnEstate['scheduler'], SimulatedScheduler>> = {
  supervisor: supervisorLike,
  kubernetes: kubernetesLike,
}

/** At most so many services. */
const most = 5

/** What is asked of an estate beside chance: whether it is of use, and what its policy has to say. */
type Asked = {
  readonly suits: (drawn: DrawnEstate) => boolean
  /** How often jobs run; absent: as often as their scheduler can bear. */
  readonly periods?: readonly string[] | undefined
  readonly policy: Partial<Policy>
  readonly release: Partial<ReleasePolicy>
}
const anything: Asked = { suits: () => true, policy: {}, release: {} }

/** An estate of one to so many services, with whatever a release file may say of them. The planner takes it. */
export const drawEstate = (seed: number, { suits, policy, release, periods: asked }: Asked = anything): DrawnEstate => {
  for (let attempt = 0; ; attempt += 1) {
    const random = createRandom((Math.imul(seed, 0x9e3779b1) + attempt) >>> 0)
    const scheduler = chance(random, 0.2) ? 'kubernetes' : 'supervisor'
    // A Kubernetes scheduler that stands still for longer than a period loses ticks by itself.
    const periods =
      asked ?? (scheduler === 'kubernetes' ? ['@every 10s'] : ['@every 2s', '@every 2s', '@every 3s', '@every 5s'])
    const count = chance(random, 0.5) ? most : 1 + below(random, most)
    const own = names.slice(0, count)
    const services: readonly SimulatedService[] = own.map((name) => {
      const definition = definitionOf(random, name, own, periods)
      return { definition, behaviour: behaviourFor(random, definition) }
    })
    const estate: SimulatedEstate = {
      services,
      rules: Object.fromEntries(services.map(({ definition }) => [definition.name, rulesFor(random, definition)])),
      policy: { ...policyFor(random), ...policy },
      release: aReleasePolicy({
        parallelMs: pick(random, [0, 500]),
        maxPerWave: 1 + below(random, 4),
        afterRollback: pick(random, afterRollbackChoices),
        approvals: { beforeUserTraffic: chance(random, 0.1), beforeRelease: chance(random, 0.1) },
        ...release,
      }),
    }
    if (suits({ estate, scheduler }) && planOf(estate) !== null) return { estate, scheduler }
  }
}
