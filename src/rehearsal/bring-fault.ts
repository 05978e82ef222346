import type { Recorded } from '../journal/events.ts'
import type { Millis } from '../moves/goal.ts'
import type { MovePlan } from '../plan/plan.ts'
import type { Fault } from './fault.ts'
import type { SimulatedClock } from './simulated-clock.ts'
import type { SimulatedService, SimulatedWorld } from './simulated-world.ts'

/** A copy in a crash loop serves for so long before it dies. */
const servesMs: Millis = 20_000

const both = (share: number, more: number): number => Math.min(1, share + more * (1 - share))

/** The service as its green is from the beginning. */
export const withFault = (service: SimulatedService, fault: Fault): SimulatedService => {
  const { behaviour } = service
  const { users, queue, runs } = behaviour
  switch (fault.kind) {
    case 'errors': {
      const worse =
        users === null
          ? null
          : { ...users.answering.green, errorRatio: both(users.answering.green.errorRatio, fault.share) }
      return {
        ...service,
        behaviour: {
          ...behaviour,
          users:
            users === null || worse === null ? null : { ...users, answering: { ...users.answering, green: worse } },
          queue:
            queue === null
              ? null
              : { ...queue, failRatio: { ...queue.failRatio, green: both(queue.failRatio.green, fault.share) } },
        },
      }
    }
    case 'latency': {
      if (users === null) return service
      const { green } = users.answering
      const slower = { ...green, latencyMs: green.latencyMs * fault.factor }
      return {
        ...service,
        behaviour: { ...behaviour, users: { ...users, answering: { ...users.answering, green: slower } } },
      }
    }
    case 'job failures':
      return runs === null
        ? service
        : { ...service, behaviour: { ...behaviour, runs: { ...runs, failRatio: { blue: 0, green: 1 } } } }
    case 'slow start':
      return { ...service, behaviour: { ...behaviour, greenStartMs: behaviour.startMs * fault.factor } }
    case 'crash loop':
    case 'blind metrics':
      return service
    default:
      return fault satisfies never
  }
}

/** Whether users, work or ticks of the service begin to go to green with this entry; an internal one's copies begin to start. */
export const isFirstCrossing = ({ service, kind }: MovePlan, { stream, event }: Recorded): boolean => {
  if (stream !== `move/${service}` || event.kind !== 'intended') return false
  const { goal } = event
  if (kind === 'exposed') return goal.kind === 'weights' && goal.green > 0
  return (goal.kind === 'schedule' && goal.owner === 'green') || (goal.kind === 'workload' && goal.green > 0)
}

/**
 * Each time that a copy has served for a while it dies: until the router notices, all that it is asked fails; until it is
 * ready again nothing comes to it.
 */
const crashLoop = (service: SimulatedService, world: SimulatedWorld, clock: SimulatedClock, probeMs: Millis): void => {
  const { definition, behaviour } = service
  const { workloads } = world.green
  const answering = behaviour.users?.answering.green ?? null
  const at = (afterMs: Millis, act: () => void): void =>
    void clock.at(clock.now() + afterMs, () => {
      act()
      return true
    })
  const answer = (errorRatio: number): void => {
    if (answering !== null) world.users.setAnswering(definition.name, 'green', { ...answering, errorRatio })
  }
  const die = (): void => {
    if (workloads.desired(definition.name) === 0) return
    if (workloads.ready(definition.name) === 0) return at(servesMs, die)
    answer(1)
    if (behaviour.queue !== null) world.queues.crash(definition.name, 'green')
    at(probeMs, () => {
      answer(answering?.errorRatio ?? 0)
      for (let copy = 0; copy < workloads.desired(definition.name); copy += 1) workloads.crash(definition.name)
      workloads.setSick(definition.name, true)
      at(behaviour.startMs, () => {
        workloads.setSick(definition.name, false)
        at(servesMs, die)
      })
    })
  }
  at(servesMs, die)
}

/** Brings what goes wrong later into the world, as soon as the service begins to cross. */
export const bringFault =
  (fault: Fault, move: MovePlan, service: SimulatedService, probeMs: Millis) =>
  (world: SimulatedWorld, clock: SimulatedClock): ((entries: readonly Recorded[]) => void) => {
    const { name } = service.definition
    let isThere = false
    return (entries) => {
      if (isThere || !entries.some((entry) => isFirstCrossing(move, entry))) return
      isThere = true
      if (fault.kind === 'blind metrics') world.metrics.trouble(name, 'absent')
      if (fault.kind === 'crash loop') crashLoop(service, world, clock, probeMs)
    }
  }
