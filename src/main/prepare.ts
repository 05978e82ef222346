import { basename } from 'node:path'
import type { Prepared } from '../cli/deps.ts'
import { faultsError } from '../config/format-fault.ts'
import { checkAgainstEstate, type ReleaseFile } from '../config/read-release.ts'
import { approversOf, policyFor, type ResolvedRelease, rulesFor } from '../config/release.ts'
import type { CheckResult, World } from '../engine/engine.ts'
import type { Estate, Finding } from '../inventory/estate.ts'
import { leaveFixed } from '../inventory/leave-fixed.ts'
import { takeInventory } from '../inventory/take-inventory.ts'
import type { Json, Millis } from '../moves/goal.ts'
import type { ParityReport } from '../parity/check-parity.ts'
import { makePlan } from '../plan/make-plan.ts'
import type { Gate, MovePlan, Plan, Step } from '../plan/plan.ts'
import type { ServiceRules } from '../plan/plan-input.ts'
import { lookAtSides, required } from './look-at-sides.ts'
import { probesIn, unprobed } from './probe-rules.ts'
import { readReleaseKey } from './release-key.ts'
import { clustersOf, gatewayOf } from './world.ts'

const readTimeoutMs = 10_000
const rightsTimeoutMs = 60_000
const dayMs: Millis = 86_400_000

/** Looked at in this order: a schedule of seconds has tens of thousands of ticks a day, and asking for them all takes its time. */
const spans: readonly Millis[] = [300_000, 3_600_000, dayMs]
/** From this many ticks in a span on, the day is reckoned from it. */
const manyTicks = 10

/** How many ticks each schedule of blue has in the next 24 hours. */
const runsPerDay = async (
  { services }: Estate,
  world: World,
  now: Millis,
): Promise<Readonly<Record<string, number>>> => {
  const count = async (name: string, forMs: Millis): Promise<number> => {
    const ticks = await world.sides.blue.schedules.ticks(name, now, now + forMs, AbortSignal.timeout(readTimeoutMs))
    return required(ticks, `the schedule of ${name}`).length
  }
  const jobs = services.filter(({ blue }) => blue.schedule !== null)
  const counts = await Promise.all(
    jobs.map(async ({ name }) => {
      let ticks = 0
      for (const span of spans) {
        ticks = ((await count(name, span)) * dayMs) / span
        if (ticks >= (manyTicks * dayMs) / span) break
      }
      return [name, Math.round(ticks)] as const
    }),
  )
  return Object.fromEntries(counts)
}

/** The people that the release file names for an approval, written into the plan's gates. */
const withApprovers = (plan: Plan, release: ResolvedRelease): Plan => {
  const gate = (service: string, one: Gate): Gate => {
    const by = one.kind === 'approval' ? approversOf(release, service, one.name) : null
    return by === null ? one : { ...one, ...(one.kind === 'approval' ? { by } : {}) }
  }
  const step = (service: string, one: Step): Step => ({
    ...one,
    before: one.before.map((each) => gate(service, each)),
    after: one.after.map((each) => gate(service, each)),
  })
  const moves = Object.entries(plan.moves).map(([service, move]): [string, MovePlan] => [
    service,
    { ...move, steps: move.steps.map((each) => step(service, each)) },
  ])
  return { ...plan, moves: Object.fromEntries(moves) }
}

/**
 * Looks at both environments, compares them, and plans. Changes nothing. Throws when one can't be read, and
 * RELEASE_FILE where the file names a service that neither has.
 */
export const prepareReleaseFile = (file: ReleaseFile, world: World, now: Millis): Promise<Prepared> =>
  prepare(file.release, world, now, (services) => {
    const faults = checkAgainstEstate(file, services)
    if (faults.length > 0) throw faultsError(faults)
  })

/** The same for a release that began, whose file was read and checked long before. */
export const prepareRelease = (release: ResolvedRelease, world: World, now: Millis): Promise<Prepared> =>
  prepare(release, world, now, () => undefined)

const prepare = async (
  release: ResolvedRelease,
  world: World,
  now: Millis,
  checkNames: (services: readonly string[]) => void,
): Promise<Prepared> => {
  const key = await readReleaseKey(release)
  const timeout = (): AbortSignal => AbortSignal.timeout(readTimeoutMs)
  const { seen, overrides, compare } = await lookAtSides(release, world, key, now)
  checkNames([...seen.blue.services, ...seen.green.services].map(({ name }) => name))
  const estate = leaveFixed(takeInventory({ ...seen, overrides }))
  const skipped = Object.fromEntries(
    Object.entries(release.services).flatMap(([service, { skipParity }]) =>
      skipParity === null ? [] : [[service, skipParity]],
    ),
  )
  const { parity, findings: found } = await compare(estate, { ...release.parity, skipped })
  const routed = world.router === null ? [] : required(await world.router.traffic.list(timeout()), 'the router')
  const gateway = gatewayOf(world)
  const probing = { probe: release.probe, crossesClusters: gateway?.crossesClusters === true }
  const probesFor = probesIn(probing, estate)
  const rulesOf = (service: string): ServiceRules => ({ ...rulesFor(release, service), probes: probesFor(service) })
  const planned = makePlan({
    release: release.name,
    blue: seen.blue.name,
    green: seen.green.name,
    estate,
    policy: release.policy,
    policyOf: (service, judged) => policyFor(release, service, judged),
    rulesOf,
    files: release.files,
    runsPerDay: await runsPerDay(estate, world, now),
    routerServices: routed.map(({ service }) => service),
    ...(clustersOf(world) === null ? {} : { howToRoute: howToRoute(release) }),
  })
  const rights = await rightsFindings(world, estate, release)
  const routes = await routeFindings(world, estate)
  // What can't be carried out is no plan.
  const isPossible = [...rights, ...routes].every(({ severity }) => severity !== 'blocks')
  const plan = planned.kind === 'ok' && isPossible ? withApprovers(planned.plan, release) : null
  const weights = routed
    .filter(({ green: weight }) => weight > 0)
    .map(
      ({ service, green: weight }): Finding => ({
        severity: 'blocks',
        service,
        message: `The router sends ${weight} % of ${service}'s traffic to green already. Set it to 0 before the release begins.`,
        declare: null,
      }),
    )
  // The plan's notes and findings hold the inventory's already.
  const fromPlan = planned.kind === 'ok' ? planned.notes : planned.findings
  const findings = [
    ...rights,
    ...found,
    ...fromPlan,
    ...parity.findings,
    ...weights,
    ...routes,
    ...(clustersOf(world) === null ? [] : unprobed(probing, estate)),
    ...metricsFinding(world, estate),
  ]
  return { estate, parity, plan, findings, check: await checkOf(findings, estate, parity, world) }
}

/** What Titrate's identity may not do on the clusters, and would have to; and what that means for schedules. */
const rightsFindings = async (world: World, estate: Estate, release: ResolvedRelease): Promise<readonly Finding[]> => {
  const pair = clustersOf(world)
  if (pair === null) return []
  const [{ policiesServedBy, reviewRelease }, { missingRights }, { guardFindings }] = await Promise.all([
    import('./release-rights.ts'),
    import('../access/missing-rights.ts'),
    import('../access/guard-findings.ts'),
  ])
  const signal = AbortSignal.timeout(rightsTimeoutMs)
  const { missing, guards } = required(await reviewRelease(pair, estate, release, signal), 'the review of rights')
  const served = await policiesServedBy(pair.clusters.blue, signal)
  const file = basename(release.file)
  return [...missingRights(missing, file), ...guardFindings(guards, served, file)]
}

/** On a cluster, users come by objects of its own. */
const howToRoute =
  ({ router }: ResolvedRelease) =>
  (service: string) => {
    const message = `${service} is exposed, but nothing divides its users between the sides`
    return router === null
      ? {
          message: `${message}: the release file names no router. HTTPRoutes of the Gateway API on blue's cluster do.`,
          declare: 'router:\n  gateway: {}\n',
        }
      : {
          message: `${message}: no HTTPRoute in the namespaces of the router sends them to a Service that leads to it alone. Route them by one first; an Ingress, a LoadBalancer or a NodePort knows no weights.`,
          declare: null,
        }
  }

const routeFindings = async (world: World, { services }: Estate): Promise<readonly Finding[]> => {
  const exposed = services.filter(({ kinds }) => kinds.includes('exposed'))
  // Nothing is copied into a namespace that both sides share.
  const isShared = clustersOf(world)?.split !== null
  const copied = new Set(exposed.flatMap(({ name, green }) => (isShared || green !== null ? [] : [name])))
  const names = exposed.map(({ name }) => name)
  const found = (await gatewayOf(world)?.examine(names, copied, AbortSignal.timeout(readTimeoutMs))) ?? []
  return found.map(({ severity, service, message }) => ({ severity, service, message, declare: null }))
}

/** No metrics, no progress: what the judge must see can't cross without them. */
const metricsFinding = (world: World, estate: Estate): readonly Finding[] => {
  const judged = estate.services.filter(({ kinds }) => kinds.includes('exposed') || kinds.includes('worker'))
  if (world.metrics !== null || judged.length === 0) return []
  const names = judged.map(({ name }) => name).join(', ')
  const what =
    clustersOf(world) === null
      ? 'Start the router and both environments, or give "metrics" in the release file.'
      : 'Give "metrics" in the release file: addresses that serve Prometheus\' text format, such as the /federate of a Prometheus.'
  const message = `No metrics are read, and ${names} can't be judged without them. ${what}`
  return [{ severity: 'blocks', service: null, message, declare: null }]
}

const checkOf = async (
  findings: readonly Finding[],
  estate: Estate,
  parity: ParityReport,
  world: World,
): Promise<CheckResult> => {
  const metrics = world.metrics === null ? null : await world.metrics.read(AbortSignal.timeout(readTimeoutMs))
  const silent = metrics !== null && metrics.kind !== 'ok' ? [`metrics can't be read: ${metrics.because}`] : []
  const missing =
    metrics?.kind === 'ok'
      ? metrics.value.missing.map(({ source, because }) => `metrics of ${source} can't be read: ${because}`)
      : []
  const text = (finding: Finding): string =>
    finding.service === null || finding.message.startsWith(finding.service)
      ? finding.message
      : `${finding.service}: ${finding.message}`
  return {
    blocking: [...findings.filter(({ severity }) => severity === 'blocks').map(text), ...silent],
    notes: [...findings.filter(({ severity }) => severity !== 'blocks').map(text), ...missing],
    // Both are plain data without secrets: parity never holds values of secrets.
    findings: {
      services: estate.services.map(({ name, kinds }) => ({ name, kinds })),
      parity: parity as unknown as Json,
    },
  }
}
