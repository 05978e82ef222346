import type { Millis, Side } from '../../moves/goal.ts'
import { sides } from '../../moves/goal.ts'
import type { SimulatedClock } from '../simulated-clock.ts'
import type { SimulatedWorld } from '../simulated-world.ts'
import type { SimulatedEstate } from './estate.ts'
import type { Happening } from './trouble.ts'

/** What a person changed by hand, as `<service> <lane>`: what we then say of it is up to them. */
export type ByHand = Set<string>

/** The conditions around the release that are no part of the world. */
export type Surroundings = { isOpen: boolean; holds: boolean; testsPass: boolean }

/**
 * Lets things happen to the world, and all of it heal. `byHand` gets what people changed past Titrate.
 */
export const createHappenings = (options: {
  readonly clock: SimulatedClock
  readonly world: SimulatedWorld
  readonly estate: SimulatedEstate
  readonly around: Surroundings
  readonly byHand: ByHand
}) => {
  const { clock, world, estate, around, byHand } = options
  const behaviours = new Map(estate.services.map(({ definition, behaviour }) => [definition.name, behaviour]))
  const definitions = new Map(estate.services.map(({ definition }) => [definition.name, definition]))
  const versions = new Map<string, number>()

  const later = (ms: Millis, heal: () => void): void => {
    clock.at(clock.now() + ms, () => {
      heal()
      return true
    })
  }
  const answering = (service: string, side: Side, change: { errorRatio?: number; factor?: number }): void => {
    const users = behaviours.get(service)?.users
    if (users == null) return
    const { errorRatio, latencyMs, latencySpread } = users.answering[side]
    world.users.setAnswering(service, side, {
      errorRatio: change.errorRatio ?? errorRatio,
      latencyMs: latencyMs * (change.factor ?? 1),
      latencySpread,
    })
  }
  const cutOff = (part: Side | 'router', cut: boolean): void => {
    if (part === 'router') world.router.cutOff(cut)
    else {
      world[part].workloads.cutOff(cut)
      world[part].schedules.cutOff(cut)
    }
  }
  const deploy = (service: string, deployed: readonly Side[], version: number): void => {
    versions.set(service, version)
    for (const side of deployed) world[side].workloads.deploy(service, `1.0.${version}`)
  }
  const isJob = (service: string): boolean => definitions.get(service)?.schedule !== null
  const isPublished = (service: string): boolean => definitions.get(service)?.port?.published === true

  const heal = (): void => {
    Object.assign(around, { isOpen: true, holds: true, testsPass: true })
    world.metrics.cutOff(false)
    for (const part of [...sides, 'router'] as const) cutOff(part, false)
    for (const [service, { users, queue }] of behaviours) {
      world.metrics.trouble(service, null)
      for (const side of sides) {
        world[side].workloads.setSick(service, false)
        answering(service, side, {})
        if (queue !== null) world.queues.setFailRatio(service, side, queue.failRatio[side])
      }
      if (users !== null) world.users.setRate(service, users.requestsPerSecond)
      const version = versions.get(service)
      if (version !== undefined) deploy(service, sides, version)
    }
  }

  const happen = (what: Happening): void => {
    switch (what.kind) {
      case 'sick':
        world[what.side].workloads.setSick(what.service, true)
        return later(what.forMs, () => world[what.side].workloads.setSick(what.service, false))
      case 'crash':
        for (let count = 0; count < what.times; count += 1) {
          world[what.side].workloads.crash(what.service)
          if (behaviours.get(what.service)?.queue !== null) world.queues.crash(what.service, what.side)
        }
        return
      case 'errors':
        answering(what.service, 'green', { errorRatio: what.ratio })
        return later(what.forMs, () => answering(what.service, 'green', {}))
      case 'slow':
        answering(what.service, 'green', { factor: what.factor })
        return later(what.forMs, () => answering(what.service, 'green', {}))
      case 'failing work': {
        const queue = behaviours.get(what.service)?.queue
        if (queue == null) return
        world.queues.setFailRatio(what.service, 'green', what.ratio)
        return later(what.forMs, () => world.queues.setFailRatio(what.service, 'green', queue.failRatio.green))
      }
      case 'burst': {
        const users = behaviours.get(what.service)?.users
        if (users == null) return
        world.users.setRate(what.service, users.requestsPerSecond * what.factor)
        return later(what.forMs, () => world.users.setRate(what.service, users.requestsPerSecond))
      }
      case 'metrics':
        world.metrics.trouble(what.service, what.trouble)
        return later(what.forMs, () => world.metrics.trouble(what.service, null))
      case 'no metrics':
        world.metrics.cutOff(true)
        return later(what.forMs, () => world.metrics.cutOff(false))
      case 'counter reset':
        if (isPublished(what.service)) world.users.reset(what.service)
        return
      case 'cut off':
        cutOff(what.part, true)
        return later(what.forMs, () => cutOff(what.part, false))
      case 'deploy': {
        const version = (versions.get(what.service) ?? 0) + 1
        return deploy(what.service, what.side === 'both' ? sides : [what.side], version)
      }
      case 'hand weight':
        if (!isPublished(what.service)) return
        byHand.add(`${what.service} weights`)
        return world.router.setByHand(what.service, what.green)
      case 'hand replicas':
        if (isJob(what.service)) return
        byHand.add(`${what.service} workload`)
        return world[what.side].workloads.scaleByHand(what.service, what.replicas)
      case 'hand schedule':
        if (!isJob(what.service)) return
        byHand.add(`${what.service} schedule`)
        return world[what.side].schedules.suspendByHand(what.service, what.suspended)
      case 'standing scheduler':
        return world[what.side].schedules.standStill(what.forMs)
      case 'closed':
        if (what.what === 'window') around.isOpen = false
        else around.holds = false
        return later(what.forMs, () => Object.assign(around, { isOpen: true, holds: true }))
      case 'failing test':
        around.testsPass = false
        return later(what.forMs, () => {
          around.testsPass = true
        })
      // These happen to engines and people, not to the world.
      case 'kill':
      case 'freeze':
      case 'second engine':
      case 'leave':
      case 'break glass':
      case 'ask':
        return
      default:
        return what satisfies never
    }
  }
  return { happen, heal }
}
