import type { Call } from '../../engine/ports.ts'
import type { MoveEvent, Recorded } from '../../journal/events.ts'
import { type Millis, type Side, sides } from '../../moves/goal.ts'
import type { MovePlan, Plan } from '../../plan/plan.ts'
import type { SimulatedWorld } from '../simulated-world.ts'
import type { Trouble } from './trouble.ts'

/** Whether an engine sees what is there at once: no read is late, and no call lands later than it was made. */
const seesAtOnce = (troubles: readonly Trouble[]): boolean =>
  troubles.every(
    (trouble) =>
      trouble.on !== 'read' &&
      (trouble.on !== 'call' || !['late', 'twice', 'frozen'].includes(trouble.fault)) &&
      (trouble.on !== 'time' || !['cut off', 'freeze'].includes(trouble.what.kind)),
  )

/** An engine looks again after 5 s at the latest. */
const seenAfterMs: Millis = 7_000
/** From a look at green to what is done about it. */
const raisedWithinMs: Millis = 500
/** So many requests, all of green's failed, are evidence for anybody; workers do less. */
const enoughRequests = { exposed: 100, worker: 5 }

/** `isShared`: blue has users beside green. */
type Entered = {
  readonly at: Millis
  readonly isShared: boolean
  readonly requests: Readonly<Record<Side, number>>
}

/**
 * Whether an engine goes on although the world is not as it has to be for that: nothing was measured, every request of
 * green failed, the versions differ, a side is not ready. Told from the truth of the world; where the scenario keeps
 * the engine from seeing it in time, nothing is said.
 */
export const createTruthChecks = (options: {
  readonly plan: Plan
  readonly world: SimulatedWorld
  readonly troubles: readonly Trouble[]
  readonly now: () => Millis
  readonly broken: (what: string) => void
}) => {
  const { plan, world, now, broken } = options
  if (!seesAtOnce(options.troubles)) return null
  const entered = new Map<string, Entered>()
  const unready = new Map<string, Millis>()
  const differ = new Map<string, Millis>()
  const weights = new Map<string, number>()
  /** By the attempt in which a person saw what was wrong, and let it go on: what they accepted counts for all of it. */
  const letGo = new Map<string, number>()
  const attempts = new Map<string, number>()

  const since = (known: Map<string, Millis>, key: string, isSo: boolean): void => {
    if (!isSo) known.delete(key)
    else if (!known.has(key)) known.set(key, now())
  }
  const look = (service: string): void => {
    for (const side of sides) since(unready, `${service} ${side}`, world[side].workloads.ready(service) === 0)
    const [blue, green] = [world.blue.workloads.version(service), world.green.workloads.version(service)]
    since(differ, service, blue !== null && green !== null && blue !== green)
  }
  const never = new AbortController().signal
  for (const side of sides) world[side].workloads.watch((service) => void (service !== null && look(service)), never)
  for (const service of Object.keys(plan.moves)) look(service)

  const unreadyFor = (service: string, side: Side): Millis => now() - (unready.get(`${service} ${side}`) ?? now())
  const counted = (service: string): 'users' | 'queues' | null => {
    const kind = plan.moves[service]?.kind
    return kind === 'exposed' ? 'users' : kind === 'worker' ? 'queues' : null
  }
  const requests = (service: string): Readonly<Record<Side, number>> => {
    const by = counted(service)
    const of = (side: Side): number => (by === null ? 0 : world[by].counts(service, side).requests)
    return { blue: of('blue'), green: of('green') }
  }

  const goesOn = (move: MovePlan, how: string): void => {
    const { service } = move
    if (now() - (differ.get(service) ?? now()) > seenAfterMs)
      broken(`${service} ${how} although blue and green run different versions`)
  }
  const judgedWell = ({ service, kind }: MovePlan, how: string): void => {
    const step = entered.get(service)
    if (step === undefined) return
    const blindSince = world.metrics.blindSince(service)
    if (blindSince !== null && blindSince < step.at)
      broken(`${service} ${how} although nothing of it was measured since before that step`)
    const by = counted(service)
    const failingSince = by === null ? null : world[by].failingSince(service)
    const wasMeasured = (world.metrics.wrongUntil(service) ?? 0) < step.at
    const [before, after] = [step.requests, requests(service)]
    const enough = kind === 'worker' ? enoughRequests.worker : enoughRequests.exposed
    const isEnough = (step.isShared ? sides : (['green'] as const)).every((side) => after[side] - before[side] > enough)
    if (
      failingSince !== null &&
      failingSince < step.at &&
      wasMeasured &&
      isEnough &&
      letGo.get(service) !== attempts.get(service)
    )
      broken(`${service} ${how} although everything failed on green`)
  }

  const takeMove = (move: MovePlan, { event, at }: Recorded<MoveEvent>): void => {
    const { service } = move
    switch (event.kind) {
      case 'entered': {
        const step = move.steps[event.step]
        const isShared = step?.goal?.kind === 'weights' && step.goal.green < 100
        entered.set(service, { at, isShared, requests: requests(service) })
        if (step?.crossing === true) goesOn(move, `crosses by "${event.name}"`)
        return
      }
      // The judge looks from when the step's goal is reached on.
      case 'came out': {
        const own = entered.get(service)
        if (own !== undefined) entered.set(service, { ...own, requests: requests(service) })
        return
      }
      case 'ordered':
        attempts.set(service, event.attempt)
        return
      case 'resumed':
        letGo.set(service, attempts.get(service) ?? 0)
        return
      case 'gate passed':
        if (!event.gate.endsWith(' verdict')) return
        goesOn(move, 'passed a verdict')
        return judgedWell(move, 'passed a verdict')
      default:
        return
    }
  }

  return {
    take: (entry: Recorded): void => {
      if (entry.stream === 'release' || entry.at !== now()) return
      const move = plan.moves[entry.stream.slice('move/'.length)]
      if (move !== undefined) takeMove(move, entry as Recorded<MoveEvent>) // the stream says whose event it is
    },
    weightSet: (service: string, green: number, by: Call | null): void => {
      const before = weights.get(service) ?? 0
      weights.set(service, green)
      if (by === null || green <= before) return
      if (unreadyFor(service, 'green') > raisedWithinMs)
        broken(`${service} gets ${green} % on green, which has not been ready for ${unreadyFor(service, 'green')} ms`)
      if (plan.moves[service]?.exclusive === false && unreadyFor(service, 'blue') > seenAfterMs)
        broken(
          `${service} gets ${green} % on green although blue has not been ready for ${unreadyFor(service, 'blue')} ms`,
        )
    },
  }
}
