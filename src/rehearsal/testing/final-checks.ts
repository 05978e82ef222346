import type { Recorded } from '../../journal/events.ts'
import type { JournalState } from '../../journal/fold.ts'
import type { MoveState } from '../../journal/move-state.ts'
import { type Millis, sides } from '../../moves/goal.ts'
import type { MovePlan, Plan } from '../../plan/plan.ts'
import type { SimulatedScheduler } from '../simulated-schedules.ts'
import type { SimulatedWorld } from '../simulated-world.ts'
import { countTicks, schedulerLag } from '../tick-count.ts'
import { type SimulatedEstate, timetableFor } from './estate.ts'
import type { ByHand } from './happen.ts'
import { ticksTakenForNothing } from './taken-ticks.ts'

export type Ending = {
  readonly plan: Plan
  readonly estate: SimulatedEstate
  readonly scheduler: SimulatedScheduler
  readonly world: SimulatedWorld
  readonly entries: readonly Recorded[]
  readonly journal: JournalState
  readonly byHand: ByHand
  readonly begun: Millis
  readonly now: Millis
  /** Something landed late, or a scheduler without fences was killed beside it: it may lose a tick, and says so. */
  readonly mayMiss: boolean
  /** Break-glass began right before the end: the engine could not hear of it, and the world is between both. */
  readonly isBeingBroken: boolean
}

/** What has to hold of the world when a release has ended, whichever way. */
export const checkEnding = (ending: Ending): readonly string[] => [
  ...Object.values(ending.plan.moves).flatMap((move) => (ending.isBeingBroken ? [] : checkPlace(ending, move))),
  ...ending.estate.services.flatMap(({ definition }) =>
    definition.schedule === null ? [] : checkTicks(ending, definition.name),
  ),
  ...checkQueues(ending),
  ...checkClaims(ending),
]

/** Blue stands by until it is retired: until then nobody else may have the environments. */
const checkClaims = ({ world, plan, journal }: Ending): readonly string[] => {
  if (journal.release.ended?.outcome !== 'done' || journal.release.retired !== null) return []
  const claims = { blue: world.blue.claim, green: world.green.claim, 'the router': world.routerClaim }
  return Object.entries(claims).flatMap(([name, claim]) => {
    const { release } = claim.seen()
    return release === plan.release
      ? []
      : [`done, but ${name} belongs to ${release ?? 'nobody'} although blue stands by`]
  })
}

const touched = (state: MoveState | undefined, lane: 'weights' | 'workload' | 'schedule'): boolean =>
  state?.lanes[lane] !== undefined

const checkPlace = (ending: Ending, move: MovePlan): readonly string[] => {
  const { journal } = ending
  const state = journal.moves.get(move.service)
  if (state === undefined || state.intents === 0) return []
  if (journal.release.ended?.outcome === 'rolled back') return checkOnBlue(ending, move, state)
  return journal.release.ended?.outcome === 'done' && state.skipped === null ? checkOnGreen(ending, move) : []
}

const checkOnBlue = ({ world, byHand, journal }: Ending, move: MovePlan, state: MoveState): readonly string[] => {
  const { service } = move
  const problems: string[] = []
  if (state.settled?.on !== 'blue') problems.push(`rolled back, but ${service} is not settled on blue`)
  if (touched(state, 'weights') && !byHand.has(`${service} weights`) && world.router.set(service) !== 0)
    problems.push(`${service} is back, but green has ${world.router.set(service)} %`)
  if (touched(state, 'schedule') && !byHand.has(`${service} schedule`)) {
    if (world.green.schedules.truth.isActive(service)) problems.push(`${service} is back, but green runs its ticks`)
    const isActive = world.blue.schedules.truth.isActive(service)
    if (isActive === move.suspended)
      problems.push(`${service} is back, but blue's schedule is ${isActive ? 'active' : 'suspended'}`)
  }
  if (touched(state, 'workload') && move.kind !== 'job' && !byHand.has(`${service} workload`)) {
    const [blue, green] = [world.blue.workloads.desired(service), world.green.workloads.desired(service)]
    const differs = Object.values(state.lanes).some((lane) =>
      JSON.stringify(lane.outcome).includes('was not scaled down'),
    )
    if (blue !== move.replicas) problems.push(`${service} is back, but blue has ${blue} replicas, not ${move.replicas}`)
    if (green !== 0 && !differs) problems.push(`${service} is back, but green still has ${green} replicas`)
  }
  if (journal.release.back.length === 0) problems.push('rolled back, and nothing went back')
  return problems
}

const checkOnGreen = ({ world, byHand }: Ending, move: MovePlan): readonly string[] => {
  const { service } = move
  const problems: string[] = []
  if (move.kind === 'exposed' && !byHand.has(`${service} weights`) && world.router.set(service) !== 100)
    problems.push(`done, but ${service} has ${world.router.set(service)} % on green`)
  if (move.kind === 'worker' && !byHand.has(`${service} workload`)) {
    const [blue, green] = [world.blue.workloads.desired(service), world.green.workloads.desired(service)]
    if (blue !== 0 || green !== move.replicas)
      problems.push(`done, but ${service} has ${blue} on blue, ${green} on green`)
  }
  if (move.kind === 'job' && !byHand.has(`${service} schedule`)) {
    const [blue, green] = [world.blue.schedules.truth.isActive(service), world.green.schedules.truth.isActive(service)]
    if (blue || green === move.suspended)
      problems.push(`done, but ${service} is active on blue: ${blue}, green: ${green}`)
  }
  return problems
}

const checkTicks = (ending: Ending, service: string): readonly string[] => {
  const { world, plan, estate, scheduler, byHand, begun, now, mayMiss, journal } = ending
  const schedule = estate.services.find(({ definition }) => definition.name === service)?.definition.schedule
  if (schedule == null || schedule.suspended || byHand.has(`${service} schedule`)) return []
  const timetable = timetableFor(schedule)
  const truths = { blue: world.blue.schedules.truth, green: world.green.schedules.truth }
  const missed = plan.moves[service]?.policy.missed ?? 'latest'
  const { concurrency, deadlineMs } = schedule
  const last = [...timetable.between(begun, now)].at(-3) ?? begun
  const lagMs = schedulerLag(scheduler)
  const { duplicates, misses, overlaps } = countTicks(
    { service, truths, timetable, missed, concurrency, deadlineMs, lagMs },
    begun,
    last,
  )
  const shown = (ticks: readonly Millis[]): string => ticks.map((tick) => new Date(tick).toISOString()).join(', ')
  const runs = sides.flatMap((side) => truths[side].runs().filter((run) => run.service === service))
  const lies = journal.release.oddTicks.flatMap((odd) => {
    const [whose, tick, fate] = odd.split(' ')
    if (whose !== service) return []
    const times = runs.filter((run) => run.tick === Number(tick)).length
    const isSo = fate === 'duplicate' ? times > 1 : times === 0
    return isSo
      ? []
      : [`the journal calls tick ${shown([Number(tick)])} of ${service} ${fate}, but it ran ${times} times`]
  })
  const taken = ticksTakenForNothing(service, ending.entries, new Set(runs.map(({ tick }) => tick)))
  return [
    ...(taken.length > 0 ? [`ticks of ${service} were taken from their owner, and never ran: ${shown(taken)}`] : []),
    ...(duplicates.length > 0 ? [`ticks of ${service} ran twice: ${shown(duplicates)}`] : []),
    ...(misses.length > 0 && !mayMiss ? [`ticks of ${service} never ran: ${shown(misses)}`] : []),
    ...(overlaps > 0 ? [`${overlaps} runs of ${service} on both sides at once, under ${concurrency}`] : []),
    ...lies,
  ]
}

const checkQueues = ({ world, estate }: Ending): readonly string[] =>
  estate.services.flatMap(({ definition: { name }, behaviour }) => {
    if (behaviour.queue === null) return []
    const { lost, added, done, waiting } = world.queues.truth(name)
    return lost === 0 ? [] : [`${lost} items of ${name} are lost (${added} added, ${done} done, ${waiting} waiting)`]
  })
