import type { ScheduleDefinition, ServiceDefinition } from '../../inventory/estate.ts'
import { addressOf, anEstate, aSchedule, aService, listening, published } from '../../inventory/testing/build-estate.ts'
import { quickPolicy } from '../../moves/testing/small-world.ts'
import { makePlan } from '../../plan/make-plan.ts'
import type { Plan } from '../../plan/plan.ts'
import type { ServiceRules } from '../../plan/plan-input.ts'
import type { Policy, ReleasePolicy } from '../../plan/policy.ts'
import { aPlanInput, aReleasePolicy } from '../../plan/testing/build-plan.ts'
import { timetableOf } from '../../providers/timetable.ts'
import type { Answering } from '../simulated-users.ts'
import type { ServiceBehaviour, SimulatedService } from '../simulated-world.ts'
import { byCalendar, every, type Timetable } from '../timetable.ts'

/** An estate to be moved, with what a release file says of it. Plain data: it can be printed, and services left out. */
export type SimulatedEstate = {
  readonly services: readonly SimulatedService[]
  readonly rules: Readonly<Record<string, ServiceRules>>
  readonly policy: Policy
  readonly release: ReleasePolicy
}

const wellAnswering: Answering = { errorRatio: 0.001, latencyMs: 40, latencySpread: 0.6 }

export const behaviourOf = (
  definition: ServiceDefinition,
  parts: Partial<ServiceBehaviour> = {},
): ServiceBehaviour => ({
  startMs: 500,
  drainMs: 300,
  neverReady: { blue: false, green: false },
  absentOnGreen: false,
  users:
    definition.port?.published === true
      ? { requestsPerSecond: 400, answering: { blue: wellAnswering, green: wellAnswering } }
      : null,
  queue:
    definition.takesFrom.length > 0
      ? { itemsPerSecond: 4, itemMs: 250, failRatio: { blue: 0.001, green: 0.001 } }
      : null,
  runs: definition.schedule === null ? null : { runMs: 400, failRatio: { blue: 0, green: 0 } },
  logs: [],
  ...parts,
})

/** Policies by which a whole release takes a minute or two of simulated time. */
export const fastPolicy: Policy = { ...quickPolicy, shares: [50, 100], goodRuns: 2 }

/** Five services, one of each kind and one more: what "small" means in figures. */
export const smallEstate = (): SimulatedEstate => {
  const definitions = [
    aService('catalogue', { port: listening, replicas: 2 }),
    aService('mailer', { takesFrom: ['orders'], replicas: 2 }),
    aService('invoices', { schedule: aSchedule({ cron: '@every 5s', concurrency: 'Allow' }) }),
    aService('storefront', {
      port: published,
      replicas: 2,
      variables: { CATALOGUE_URL: addressOf('catalogue', 9001) },
    }),
    aService('checkout', { port: published, replicas: 3, variables: { CATALOGUE_URL: addressOf('catalogue', 9001) } }),
  ]
  return {
    services: definitions.map((definition) => ({ definition, behaviour: behaviourOf(definition) })),
    rules: {},
    policy: fastPolicy,
    release: aReleasePolicy({ parallelMs: 2_000 }),
  }
}

const plans = new WeakMap<SimulatedEstate, Plan | null>()

/** null: the planner refuses this estate. Made once for each. */
export const planOf = (estate: SimulatedEstate): Plan | null => {
  const known = plans.get(estate)
  if (known !== undefined) return known
  const plan = makePlanOf(estate)
  plans.set(estate, plan)
  return plan
}

const makePlanOf = ({ services, rules, policy, release }: SimulatedEstate): Plan | null => {
  const planned = makePlan(
    aPlanInput(anEstate(services.map(({ definition }) => definition)), {
      policy: release,
      policyOf: () => policy,
      rulesOf: (service) => rules[service] ?? {},
    }),
  )
  return planned.kind === 'ok' ? planned.plan : null
}

const everySeconds = /^@every (\d+)s$/

export const timetableFor = ({ cron, zone }: ScheduleDefinition): Timetable => {
  const seconds = everySeconds.exec(cron)?.[1]
  return seconds === undefined
    ? byCalendar(cron, zone, timetableOf(cron, zone, 0).next)
    : every(Number(seconds) * 1_000)
}
