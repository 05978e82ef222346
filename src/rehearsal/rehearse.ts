import type { Estate } from '../inventory/estate.ts'
import type { MovePlan, Plan } from '../plan/plan.ts'
import { adviseOn, leastNoticed } from './advice.ts'
import { type Assumptions, createAssumptions, type Finding, type SetAssumptions } from './assumption.ts'
import { modelServices } from './model-services.ts'
import { phasesOf, rehearsedPhases } from './phases.ts'
import { type Play, playRelease, type Stage } from './play-release.ts'
import type { Rehearsal, Sight, TimePlayed } from './rehearsal.ts'
import { rehearseFaults } from './rehearse-faults.ts'
import type { SimulatedService } from './simulated-world.ts'
import { spreadOf } from './spread.ts'
import { timelineOf } from './timeline.ts'
import { noticeMs, trafficOf } from './would-notice.ts'

export type RehearsalOptions = {
  readonly stage: Stage
  readonly plan: Plan
  readonly estate: Estate
  readonly found: ReadonlyMap<string, Finding>
  /** Why what is not known could not be found out. */
  readonly notFound: readonly string[]
  readonly set: SetAssumptions
  readonly now: number
  readonly seed: number
  /** Of the release with a good green. */
  readonly runs: number
  readonly faults: readonly string[]
  /** Whose green is bad; empty: the busiest and the quietest of each kind that a fault can have. */
  readonly targets: readonly string[]
  /** Of each fault of each service. */
  readonly faultRuns: number
  readonly tell: (what: string) => void
  readonly signal: AbortSignal
}

/** Blue's noise is measured in a real release; here it is what is assumed, where the policy does not say it. */
const withDispersion = (plan: Plan, assumed: Assumptions): Plan => ({
  ...plan,
  moves: Object.fromEntries(
    Object.entries(plan.moves).map(([service, move]): [string, MovePlan] => {
      const { judge } = move.policy
      if (judge.dispersion !== null || (move.kind !== 'exposed' && move.kind !== 'worker')) return [service, move]
      return [
        service,
        { ...move, policy: { ...move.policy, judge: { ...judge, dispersion: assumed.of('dispersion', service) } } },
      ]
    }),
  ),
})

/** Plays the release as often as asked, and says what came of it. The same options give the same answer. */
export const rehearse = async (options: RehearsalOptions): Promise<Rehearsal> => {
  const assumed = createAssumptions(options)
  const plan = withDispersion(options.plan, assumed)
  const services = modelServices(plan, options.estate, assumed, options.found)
  const plays = await playGood(options, plan, services, assumed)
  const stuck = plays.find((play) => play.stuck.length > 0)?.stuck ?? []
  const common = {
    ...{ release: plan.release, blue: plan.blue, green: plan.green, services: Object.keys(plan.moves).length },
    ...{ seed: options.seed, begin: assumed.begin, stuck, notes: notesOf(options, services) },
  }
  if (stuck.length > 0)
    return {
      ...common,
      outcome: 'cannot end',
      time: null,
      faults: [],
      sight: [],
      advice: [],
      assumptions: assumed.used(),
    }
  const time = timeOf(plan, plays, assumed.begin)
  const faults = await rehearseFaults({ ...options, plan, services, assumed, runs: options.faultRuns })
  const advice = adviseOn({ plan, services, time, faults })
  const sight = sightOf(plan, services)
  return { ...common, outcome: 'ends', time, faults, sight, advice, assumptions: assumed.used() }
}

/** With a green as good as blue. The first that can't end is the last. */
const playGood = async (
  options: RehearsalOptions,
  plan: Plan,
  services: readonly SimulatedService[],
  assumed: Assumptions,
): Promise<readonly Play[]> => {
  const plays: Play[] = []
  for (let run = 0; run < options.runs && plays.every(({ stuck }) => stuck.length === 0); run += 1) {
    options.tell(`the release, ${run + 1} of ${options.runs}`)
    plays.push(
      await playRelease({
        ...{ plan, services, stage: options.stage, seed: options.seed + run, signal: options.signal },
        ...{ begin: assumed.begin, answerMs: assumed.of('answer', null), inTrouble: 'goes on' },
        patienceMs: assumed.of('patience', null),
      }),
    )
  }
  return plays
}

/** Services with users or work whose rate is neither known nor set, with all reasons for it. */
const notesOf = (
  { found, set, notFound }: RehearsalOptions,
  services: readonly SimulatedService[],
): readonly string[] => {
  const guessed = services.flatMap(({ definition: { name }, behaviour: { users, queue } }) => {
    const isKnown = found.get(name)?.rate !== undefined || set.has('rate') || set.has(`rate.${name}`)
    return (users === null && queue === null) || isKnown ? [] : [name]
  })
  if (guessed.length === 0) return []
  const why = notFound.length === 0 ? 'nothing is known of them' : notFound.join('; ')
  return [
    `Not measured, so assumed: how much ${guessed.join(', ')} ${guessed.length === 1 ? 'has' : 'have'} to do (${why})`,
  ]
}

/** A worker is watched for its soak after its last share, an exposed service while it bakes. */
const sightOf = (plan: Plan, services: readonly SimulatedService[]): readonly Sight[] =>
  services.flatMap((service): readonly Sight[] => {
    const move = plan.moves[service.definition.name]
    const traffic = trafficOf(service)
    if (move === undefined || traffic === null) return []
    const withinMs = move.policy.dwell.minMs + (move.kind === 'exposed' ? move.policy.bakeMs : move.policy.soakMs)
    return [
      {
        ...{ service: move.service, ...traffic, withinMs },
        leastNoticed: leastNoticed(move, service, withinMs),
        doubledMs: noticeMs(move, traffic, traffic.base / (1 - traffic.base), 100),
      },
    ]
  })

const timeOf = (plan: Plan, plays: readonly Play[], begin: number): TimePlayed => {
  const took = plays.map((play) => play.until - begin)
  const total = spreadOf(took)
  const divided = plays.map((play) => phasesOf(plan, play.entries, play.until, play.waited))
  const all = took.reduce((sum, ms) => sum + ms, 0)
  const middle = plays[took.indexOf(total.p50)]
  return {
    runs: plays.length,
    total,
    phases: rehearsedPhases.map((phase) => {
      const own = divided.map((sums) => sums[phase])
      return { phase, p50: spreadOf(own).p50, share: own.reduce((sum, ms) => sum + ms, 0) / Math.max(1, all) }
    }),
    waves: middle === undefined ? [] : timelineOf(plan, middle.entries, begin),
    falseAlarms: plays.flatMap(({ entries }) =>
      entries.flatMap(({ stream, event }) => (event.kind === 'asked to go back' ? [stream.slice('move/'.length)] : [])),
    ),
  }
}
