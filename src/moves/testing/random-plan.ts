import type { ServiceDefinition } from '../../inventory/estate.ts'
import {
  addressOf,
  anEstate,
  aSchedule,
  aService,
  listening,
  plain,
  published,
} from '../../inventory/testing/build-estate.ts'
import { makePlan } from '../../plan/make-plan.ts'
import type { Plan } from '../../plan/plan.ts'
import type { ServiceRules } from '../../plan/plan-input.ts'
import { afterRollbackChoices, type Policy } from '../../plan/policy.ts'
import { aPlanInput, aReleasePolicy } from '../../plan/testing/build-plan.ts'
import { quickPolicy } from './small-world.ts'

/** Numbers that look random and are the same for the same seed (mulberry32). */
export const createRandom = (seed: number) => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    chance: (probability: number): boolean => next() < probability,
    /** A whole number from 0 up to, and without, `below`. */
    below: (below: number): number => Math.floor(next() * below),
    pick: <T>(of: readonly T[]): T => {
      const found = of[Math.floor(next() * of.length)]
      if (found === undefined) throw new Error('nothing to pick from')
      return found
    },
  }
}
export type Random = ReturnType<typeof createRandom>

const kinds = ['job', 'worker', 'internal', 'exposed'] as const

const definition = (random: Random, name: string, others: readonly string[]): ServiceDefinition => {
  const kind = random.pick(kinds)
  const needs = others.filter((other) => other !== name && random.chance(0.3))
  const variables = Object.fromEntries(
    needs.map((other) => [`${other.toUpperCase()}_URL`, addressOf(other, 9000 + others.indexOf(other))]),
  )
  const parts = {
    job: { schedule: aSchedule({ suspended: random.chance(0.15) }) },
    worker: { takesFrom: ['orders'], replicas: random.pick([0, 1, 3, 4]) },
    internal: { port: listening, replicas: random.pick([1, 2]) },
    exposed: { port: published, replicas: random.pick([1, 2, 3]) },
  } as const
  const also = kind === 'exposed' && random.chance(0.15) ? (['worker'] as const) : []
  return aService(name, {
    ...parts[kind],
    variables: kind === 'exposed' && also.length > 0 ? { ...variables, QUEUE: plain('orders') } : variables,
    declaredKinds: [kind, ...also],
    lease: kind !== 'job' && random.chance(0.15) ? 'leader' : null,
    actsAtStart: random.chance(0.15) ? ['migrations'] : [],
  })
}

const rulesFor = (random: Random, { declaredKinds }: ServiceDefinition): ServiceRules => ({
  ...(random.chance(0.15) ? { approvals: [{ name: 'sign off', before: 'crossing' }] } : {}),
  ...(random.chance(0.1) ? { conditions: [{ name: 'quiet', cel: 'true', before: 'crossing' }] } : {}),
  ...(random.chance(0.15) ? { windows: ['office'] } : {}),
  ...(random.chance(0.2) && !declaredKinds?.includes('job')
    ? { tests: { smoke: { test: { kind: 'command' as const, command: ['true'], timeoutMs: 1000 }, maxAgeMs: 60_000 } } }
    : {}),
})

/** A plan of one to six services with whatever a release file may say of them; null: the planner refuses this one. */
export const randomPlan = (random: Random): Plan | null => {
  const names = ['auth', 'basket', 'cart', 'desk', 'edge', 'feed'].slice(0, 1 + random.below(6))
  const blue = names.map((name) => definition(random, name, names))
  const rules = new Map(blue.map((each) => [each.name, rulesFor(random, each)]))
  const policy: Policy = {
    ...quickPolicy,
    goodRuns: 2,
    trialRun: random.chance(0.3),
    holdLimit: { afterMs: 10_000, then: random.pick(['call', 'roll back']) },
  }
  const planned = makePlan(
    aPlanInput(anEstate(blue), {
      policy: aReleasePolicy({
        parallelMs: random.pick([0, 4000]),
        maxPerWave: 1 + random.below(3),
        afterRollback: random.pick(afterRollbackChoices),
        approvals: { beforeUserTraffic: random.chance(0.2), beforeRelease: random.chance(0.2) },
      }),
      policyOf: () => policy,
      rulesOf: (service) => rules.get(service) ?? {},
    }),
  )
  return planned.kind === 'ok' ? planned.plan : null
}
