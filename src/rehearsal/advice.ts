import type { Millis } from '../moves/goal.ts'
import type { MovePlan, Plan } from '../plan/plan.ts'
import type { Advice, FaultPlayed, TimePlayed } from './rehearsal.ts'
import type { SimulatedService } from './simulated-world.ts'
import { noticeMs, proofMs, toleratedOf, trafficOf } from './would-notice.ts'

type Material = {
  readonly plan: Plan
  readonly services: readonly SimulatedService[]
  readonly time: TimePlayed
  readonly faults: readonly FaultPlayed[]
}
type Rule = (material: Material) => readonly Advice[]

const hourMs: Millis = 3_600_000
const minuteMs: Millis = 60_000

/** In the largest unit that keeps two figures, rounded up: as people write it in the file. */
const written = (ms: Millis): string => {
  if (ms <= 120_000) return `${Math.ceil(ms / 1_000)}s`
  if (ms <= 2 * hourMs) return `${Math.ceil(ms / minuteMs)}m`
  return `${Math.ceil(ms / hourMs)}h`
}
const spoken = (ms: Millis): string =>
  ms < 2 * minuteMs
    ? `${Math.round(ms / 1_000)} s`
    : ms < 2 * hourMs
      ? `${Math.round(ms / minuteMs)} min`
      : `${Math.round(ms / hourMs)} h`

/** Nobody waits longer than this at one step for a proof. */
const longestDwellMs: Millis = 4 * hourMs
/** An expected time is exceeded in half of all cases: with this much more it is in few. */
const reserve = 2

const ofService = (service: string, lines: readonly string[]): string =>
  [`services:`, `  ${service}:`, `    policy:`, ...lines.map((line) => `      ${line}`)].join('\n')
const ofRelease = (lines: readonly string[]): string => ['policy:', ...lines.map((line) => `  ${line}`)].join('\n')

/** Steps whose longest dwell passed without a proof in the play whose time is the middle one. */
const timedSteps = ({ waves }: TimePlayed) =>
  waves.flatMap(({ moves }) =>
    moves.flatMap(({ service, steps }) => {
      const timed = steps.filter(({ verdict, green }) => verdict === 'timed' && green !== null)
      return timed.length === 0 ? [] : [{ service, steps: timed }]
    }),
  )

/** The least tolerated share of extra failures at which the proof is expected within `withinMs`; null: none up to 5 %. */
const toleratedFor = (
  move: MovePlan,
  traffic: { readonly rate: number; readonly base: number },
  green: number,
  withinMs: Millis,
): number | null => {
  const steps = [0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05]
  return (
    steps.find((tolerated) => {
      if (tolerated <= toleratedOf(move, traffic.rate)) return false
      const ms = proofMs(move, traffic, green, tolerated)
      return ms !== null && reserve * ms <= withinMs
    }) ?? null
  )
}

const proveSteps: Rule = ({ plan, services, time }) =>
  timedSteps(time).flatMap(({ service, steps }): readonly Advice[] => {
    const move = plan.moves[service]
    const model = services.find(({ definition }) => definition.name === service)
    const traffic = model === undefined ? null : trafficOf(model)
    if (move === undefined || traffic === null) return []
    const { maxMs } = move.policy.dwell
    const names = steps.map(({ name }) => name).join(', ')
    const slowest = Math.max(
      ...steps.map(({ green }) => proofMs(move, traffic, green ?? 100) ?? Number.POSITIVE_INFINITY),
    )
    const because = `${service} goes on unproven at ${names}: at ${Number(traffic.rate.toPrecision(2))} a second the proof is not there after ${spoken(maxMs)}`
    if (reserve * slowest <= longestDwellMs)
      return [{ service, because, yaml: ofService(service, [`dwell: { max: ${written(reserve * slowest)} }`]) }]
    const worst = Math.min(...steps.map(({ green }) => green ?? 100))
    const tolerated = toleratedFor(move, traffic, worst, maxMs)
    if (tolerated === null) return []
    const share = Number((100 * tolerated).toPrecision(3))
    return [
      {
        service,
        because: `${because}. A proof would need ${Number.isFinite(slowest) ? spoken(reserve * slowest) : 'for ever'}; tolerating that ${share} % of all traffic fails in addition, it is there in time`,
        yaml: ofService(service, [`judge: { toleratedExtra: ${tolerated} }`]),
      },
    ]
  })

/** Faults that nobody noticed although the judge would see them if it watched longer at 100 %. */
const bakeLonger: Rule = ({ plan, services, faults }) => {
  const longest = new Map<string, { ms: Millis; fault: string }>()
  for (const { fault, service, noticed, would } of faults) {
    if (noticed['not noticed'] === 0 || would?.ms == null || reserve * would.ms > 24 * hourMs) continue
    const known = longest.get(service)
    if (known === undefined || would.ms > known.ms) longest.set(service, { ms: would.ms, fault })
  }
  return [...longest].flatMap(([service, { ms, fault }]): readonly Advice[] => {
    const move = plan.moves[service]
    if (move === undefined || move.kind !== 'exposed' || move.policy.bakeMs >= reserve * ms) return []
    const known = services.some(({ definition }) => definition.name === service)
    if (!known) return []
    return [
      {
        service,
        because: `${fault} of ${service} was not noticed before it had settled: at 100 % the judge is expected to need ${spoken(ms)}, and the bake is ${spoken(move.policy.bakeMs)}`,
        yaml: ofService(service, [`bake: ${written(reserve * ms)}`]),
      },
    ]
  })
}

/** A first step that costs so many requests could have cost less. */
const muchLost = 100

const beginSmaller: Rule = ({ plan, faults }) => {
  const seen = new Set<string>()
  return faults.flatMap(({ service, step, cost, fault }): readonly Advice[] => {
    const move = plan.moves[service]
    const first = move?.policy.weights[0]
    if (move === undefined || first === undefined || move.kind !== 'exposed' || seen.has(service)) return []
    if (cost.of !== 'requests failed' || cost.p50 < muchLost || step !== `weight ${first}` || first <= 1) return []
    seen.add(service)
    const less = Math.max(1, Math.round((first * muchLost) / cost.p50 / 2))
    if (less >= first) return []
    return [
      {
        service,
        because: `${fault} of ${service} costs about ${cost.p50} requests at ${first} %, its first step; at ${less} % it would be about ${Math.round((cost.p50 * less) / first)}`,
        yaml: ofService(service, [`weights: [${[less, ...move.policy.weights].join(', ')}]`]),
      },
    ]
  })
}

const most = 0.6

const shorterParallel: Rule = ({ plan, time }) => {
  const parallel = time.phases.find(({ phase }) => phase === 'parallel')
  const { parallelMs } = plan.policy
  if (parallel === undefined || parallel.share < most || parallelMs <= 4 * hourMs) return []
  const jobs = Object.values(plan.moves).filter(({ kind, suspended }) => kind === 'job' && !suspended)
  const shorter = Math.max(4 * hourMs, ...jobs.map(({ expectedMs }) => expectedMs))
  if (shorter >= parallelMs) return []
  return [
    {
      service: null,
      because: `${Math.round(100 * parallel.share)} % of the time is parallel operation (${spoken(parallelMs)}), in which nothing moves. It is there for what shows only after a day; where ${spoken(shorter)} are enough, it is that much shorter`,
      yaml: ofRelease([`parallel: { for: ${written(shorter)} }`]),
    },
  ]
}

/** Jobs that take most of the time before the parallel operation, because they run so rarely. */
const rareJobs: Rule = ({ plan, time }) =>
  time.waves.flatMap(({ moves }) =>
    moves.flatMap(({ service, kind, steps }): readonly Advice[] => {
      const goodRuns = plan.moves[service]?.steps
        .flatMap(({ after }) => after)
        .find((gate) => gate.kind === 'good runs')
      const watched = steps.find(({ name }) => name === 'watch')?.tookMs ?? 0
      if (kind !== 'job' || goodRuns?.kind !== 'good runs' || goodRuns.count <= 1 || watched < 12 * hourMs) return []
      const each = watched / goodRuns.count
      return [
        {
          service,
          because: `${service} is watched for ${spoken(watched)}, until ${goodRuns.count} of its runs were good; with one good run it is about ${spoken(each)}`,
          yaml: ofService(service, ['goodRuns: 1']),
        },
      ]
    }),
  )

const slowStarts: Rule = ({ plan, faults }) =>
  faults.flatMap(({ fault, service, because, noticed }): readonly Advice[] => {
    const move = plan.moves[service]
    if (!fault.startsWith('slow-start') || move === undefined || noticed['called a person'] === 0) return []
    if (because?.includes('took longer') !== true) return []
    return [
      {
        service,
        because: `with ${fault}, ${service} reaches the limit of a step, and a person is called: ${because}`,
        yaml: ofService(service, [`stepLimit: ${written(2 * move.policy.stepLimitMs)}`]),
      },
    ]
  })

const rules: readonly Rule[] = [proveSteps, bakeLonger, beginSmaller, slowStarts, rareJobs, shorterParallel]

/** What the policy could do better for this release, as far as the rehearsal shows it; empty: nothing. */
export const adviseOn = (material: Material): readonly Advice[] => rules.flatMap((rule) => rule(material))

/** The least share of additional errors that the judge is expected to notice within a time at 100 %; null: not even all. */
export const leastNoticed = (move: MovePlan, service: SimulatedService, withinMs: Millis): number | null => {
  const traffic = trafficOf(service)
  if (traffic === null) return null
  const isSeen = (share: number): boolean =>
    (noticeMs(move, traffic, share, 100) ?? Number.POSITIVE_INFINITY) <= withinMs
  if (!isSeen(1)) return null
  let [low, high] = [1e-6, 1]
  for (let round = 0; round < 40; round += 1) {
    const middle = Math.sqrt(low * high)
    if (isSeen(middle)) high = middle
    else low = middle
  }
  return high
}
