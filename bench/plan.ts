/**
 * What inventory, parity and plan cost for 1,000 and for 10,000 services: `npx node bench/plan.ts`. Each service needs
 * three others; one in five is a job, one a worker, two are internal, one is exposed.
 */
import type { EnvironmentSeen, Estate, ServiceDefinition } from '../src/inventory/estate.ts'
import { takeInventory } from '../src/inventory/take-inventory.ts'
import { checkParity } from '../src/parity/check-parity.ts'
import { findDependents, goingBack } from '../src/plan/dependents.ts'
import { makePlan } from '../src/plan/make-plan.ts'
import type { Plan } from '../src/plan/plan.ts'
import type { PlanInput } from '../src/plan/plan-input.ts'
import { aPolicy } from '../src/plan/testing/build-plan.ts'

const LIMIT_MS = 1_000
const LIMIT_RATIO = 12
const repetitions = 9
const policy = aPolicy()
const rules = {}

// A fixed generator: the bench must cost the same each time it is run.
let seed = 4711
const random = (below: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed % below
}

const serviceAt = (index: number): ServiceDefinition => {
  const sort = index % 5
  const needs = index === 0 ? [] : [random(index), random(index), random(index)]
  return {
    name: `service-${index}`,
    version: '1.4.0',
    command: ['node', 'service.js', '--port', '8080'],
    workingDirectory: '.',
    variables: {
      REGION: { kind: 'plain', value: 'eu' },
      DATABASE_URL: { kind: 'plain', value: 'postgres://db.example.com:5432/shop' },
      ...Object.fromEntries(
        needs.map(
          (need) =>
            [
              `URL_${need}`,
              { kind: 'address', service: `service-${need}`, value: `http://127.0.0.1:${need + 1}` },
            ] as const,
        ),
      ),
    },
    files: [{ path: 'config.json', sha256: 'f00d' }],
    replicas: sort === 0 ? 0 : 1 + (index % 7),
    port: sort >= 2 ? { published: sort === 4, healthPath: '/healthz', metricsPath: '/metrics' } : null,
    schedule:
      sort === 0
        ? { cron: '*/5 * * * *', zone: 'UTC', concurrency: 'Forbid', deadlineMs: null, suspended: false }
        : null,
    takesFrom: sort === 1 ? ['orders'] : [],
    strategy: 'RollingUpdate',
    lease: null,
    actsAtStart: [],
    declaredKinds: null,
  }
}

const inputOf = (estate: Estate): PlanInput => ({
  release: 'bench',
  blue: 'blue',
  green: 'green',
  estate,
  policy: {
    parallelMs: 86_400_000,
    maxPerWave: 5,
    afterRollback: 'hold',
    approvals: { beforeUserTraffic: false, beforeRelease: false },
  },
  policyOf: () => policy,
  rulesOf: () => rules,
  files: {},
  runsPerDay: Object.fromEntries(estate.services.map(({ name }) => [name, 288])),
  routerServices: estate.services.map(({ name }) => name),
})

const seen = (count: number): { readonly blue: EnvironmentSeen; readonly green: EnvironmentSeen } => {
  const services = Array.from({ length: count }, (_, index) => serviceAt(index))
  const environment = (name: string): EnvironmentSeen => ({ name, provider: 'local', readAt: 0, services })
  return { blue: environment('blue'), green: environment('green') }
}

const planOf = (input: PlanInput): Plan => {
  const made = makePlan(input)
  if (made.kind === 'refused') throw new Error(made.findings[0]?.message)
  return made.plan
}

const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0

/** Milliseconds of this thread's CPU: what else runs on the machine does not count. */
const time = (work: () => unknown): number => {
  const before = process.threadCpuUsage()
  work()
  const used = process.threadCpuUsage(before)
  return (used.user + used.system) / 1_000
}

/**
 * Milliseconds of CPU for 1,000 and 10,000. In turns, ten estates of 1,000 (each its own, as a program that plans once
 * finds nothing in its caches either) to one of 10,000, so that other load and collecting garbage hit both alike; the
 * median of the rounds.
 */
const compare = <T>(name: string, small: readonly T[], large: T, work: (input: T) => unknown): readonly number[] => {
  // Results are kept, as a program keeps its plan: garbage that is collected before anybody uses it costs nothing.
  let kept: readonly unknown[] = []
  const rounds = Array.from({ length: repetitions }, () => {
    const all = time(() => {
      kept = small.map(work)
    })
    return [all / small.length, time(() => (kept = [work(large)]))] as const
  })
  const [one, ten] = [median(rounds.map(([ms]) => ms)), median(rounds.map(([, ms]) => ms))]
  const text = (ms: number): string => `${ms.toFixed(1).padStart(7)} ms`
  if (kept.length === 0) throw new Error('nothing was made')
  console.log(`${name.padEnd(14)} 1,000: ${text(one)}   10,000: ${text(ten)}   ratio ${(ten / one).toFixed(1)}`)
  return [one, ten]
}

type Environments = ReturnType<typeof seen>
const take = (environments: Environments): Estate => takeInventory({ ...environments, overrides: {} })

const [small, large] = [Array.from({ length: 10 }, () => seen(1_000)), seen(10_000)]
compare('inventory', small, large, take)
const [estates, estate] = [small.map(take), take(large)]
compare('parity', estates, estate, (each) => checkParity(each, { rewrites: [], waivers: [] }, 0))
const [inputs, input] = [estates.map(inputOf), inputOf(estate)]
const [one = 0, ten = 0] = compare('plan', inputs, input, planOf)
compare('who goes back', inputs.map(planOf), planOf(input), (plan) =>
  goingBack(plan, { kind: 'service', service: 'service-2' }, findDependents(plan)),
)
const good = ten <= LIMIT_MS && ten / one <= LIMIT_RATIO
console.log(`limit: ${LIMIT_MS} ms for 10,000, and ${LIMIT_RATIO} × the time of 1,000: ${good ? 'kept' : 'EXCEEDED'}`)
process.exitCode = good ? 0 : 1
