import type { Fence, Json, Lane, Millis, Side } from '../moves/goal.ts'
import type { Reached } from '../protocols/reached.ts'
import { type Asking, asked, limited } from './asked.ts'
import { type CarryOut, carryOut, type ProtocolGoal, type SidePorts } from './carry-out.ts'
import type { Clock } from './clock.ts'
import type { ClaimSeen, Claims, ScheduleSeen, Stamp, Traffic } from './ports.ts'

export type BreakGlass = {
  readonly release: string
  /** Who does it and why: it stands in the stop marks. */
  readonly by: string
  readonly because: string
  /** The services of the release file. */
  readonly services: readonly { readonly name: string; readonly exclusive: boolean; readonly hasSchedule: boolean }[]
  readonly blue: SidePorts & { readonly claims: Claims }
  readonly green: SidePorts & { readonly claims: Claims }
  readonly router: { readonly traffic: Traffic; readonly claims: Claims }
  /** A side that a person declared dead; its schedules then run on the other, and some ticks may run twice. */
  readonly assumeDead: Side | null
  /** How long each lane of a service is tried. */
  readonly limitMs: Millis
  readonly clock: Pick<Clock, 'now' | 'sleep' | 'after'>
  readonly signal: AbortSignal
}

/** What was done about one lane of one service. `untouched`: this release has never changed it. */
export type BrokenGlass = {
  readonly service: string
  readonly lane: Extract<Lane, 'weights' | 'schedule' | 'workload'>
  readonly outcome: 'done' | 'not done' | 'untouched'
  /** What was done, or why not, for people. */
  readonly because: string
  readonly result: Json
}

export type BreakGlassReport = {
  readonly epoch: number
  /** Where a stop mark was left, and where not and why. */
  readonly marks: readonly { readonly where: string; readonly left: boolean; readonly because: string }[]
  readonly services: readonly BrokenGlass[]
}

/** How long it waits before it tries something again. */
const retryMs: Millis = 500

/** The fields that a stamp's baseline may hold; whatever is absent was not changed. */
const fieldOf = (stamp: Stamp | null, field: string): Json | undefined => {
  const baseline = stamp?.baseline ?? null
  if (typeof baseline !== 'object' || baseline === null || Array.isArray(baseline)) return undefined
  // An object that is no array has string keys; `Array.isArray` can't narrow readonly arrays away.
  return (baseline as { readonly [key: string]: Json })[field]
}

const numberOf = (stamp: Stamp | null, field: string): number | null => {
  const value = fieldOf(stamp, field)
  return typeof value === 'number' ? value : null
}

/** The highest epoch of all fences that answer, and one more: every engine's calls are older from now on. */
const nextEpoch = async (claims: readonly Claims[], asking: Asking): Promise<number> => {
  const seen = await Promise.all(claims.map((claim) => asked<ClaimSeen>((limit) => claim.read(limit), asking)))
  return 1 + Math.max(0, ...seen.map((claim) => (claim.kind === 'seen' ? claim.value.epoch : 0)))
}

const leaveMarks = (options: BreakGlass, claims: readonly Claims[], epoch: number) => {
  const mark = { at: options.clock.now(), by: options.by, because: options.because }
  return Promise.all(
    claims.map(async (claim) => {
      const answer = await limited((limit) => claim.stop(mark, epoch, limit), options)
      return {
        where: claim.name,
        left: answer.kind === 'ok',
        because: answer.kind === 'ok' ? 'marked' : answer.because,
      }
    }),
  )
}

type Service = BreakGlass['services'][number]
type Stamped<L extends BrokenGlass['lane']> = (service: Service) => Promise<BrokenGlass & { readonly lane: L }>

const untouched = <L extends BrokenGlass['lane']>(service: string, lane: L) =>
  ({ service, lane, outcome: 'untouched', because: 'this release has not changed it', result: null }) as const

/**
 * Takes everything back to blue with nothing but the environments: no journal, no metrics, no server. Stop marks
 * first, so that no engine acts beside it; then traffic, then schedules, then workloads, by the same protocols as
 * ever; what the release changed is read from the stamps on the objects themselves. A side that doesn't answer never
 * stops the rest. Schedules that green can't confirm as stopped stay stopped, unless green is assumed dead.
 */
export const breakGlass = async (options: BreakGlass): Promise<BreakGlassReport> => {
  const { blue, green, router, signal, release } = options
  const claims = [blue.claims, green.claims, router.claims]
  const epoch = await nextEpoch(claims, options)
  const marks = await leaveMarks(options, claims, epoch)
  const isOurs = (stamp: Stamp | null): boolean => stamp !== null && stamp.fence.release === release

  const finish = async <L extends BrokenGlass['lane']>(
    { name, hasSchedule }: Service,
    lane: L,
    goal: ProtocolGoal,
    /** As they stand on the objects: what was so before the release is never lost, however often this is done. */
    stamps: Readonly<Record<Side, Stamp | null>>,
    suspended = false,
  ): Promise<BrokenGlass & { readonly lane: L }> => {
    const fence: Fence = { release, epoch, move: name, version: 1 }
    const until = options.clock.now() + options.limitMs
    const context: CarryOut = {
      service: name,
      blue,
      green,
      traffic: router.traffic,
      intent: `${name}/${lane}/break-glass-${epoch}`,
      fence,
      actUntil: until,
      urgent: true,
      facts: {
        hasSchedule,
        suspended,
        missed: 'latest',
        assumeDead: options.assumeDead,
        knownRun: null,
        baseline: { blue: stamps.blue?.baseline ?? null, green: stamps.green?.baseline ?? null },
      },
      clock: options.clock,
      signal,
    }
    for (;;) {
      const attempt = await carryOut(goal, context)
      if (attempt.kind === 'done')
        return { service: name, lane, outcome: 'done', because: 'back on blue', result: attempt.result }
      const because = attempt.kind === 'aborted' ? 'it was interrupted' : attempt.because
      const again = attempt.kind === 'waiting' ? attempt.until : options.clock.now() + retryMs
      const isOver = attempt.kind === 'refused' || attempt.kind === 'aborted' || again >= until
      if (isOver) return { service: name, lane, outcome: 'not done', because, result: null }
      await options.clock.sleep(again, signal)
    }
  }

  const traffic: Stamped<'weights'> = async (service) => {
    const route = await asked((limit) => router.traffic.read(service.name, limit), options)
    if (route.kind === 'absent') return untouched(service.name, 'weights')
    const stamp = route.kind === 'seen' ? route.value.stamp : null
    if (route.kind === 'seen' && !isOurs(stamp) && route.value.green === 0) return untouched(service.name, 'weights')
    const goal = { kind: 'weights', green: numberOf(stamp, 'green') ?? 0 } as const
    return finish(service, 'weights', goal, { blue: stamp, green: null })
  }

  /** Only blue tells whether its schedule was suspended: what does not answer yet may have to stay so. */
  const readOnBlue = async (service: string): Promise<Reached<ScheduleSeen>> => {
    const until = options.clock.now() + options.limitMs
    for (;;) {
      const seen = await asked((limit) => blue.schedules.read(service, limit), options)
      if (seen.kind !== 'unreachable' || signal.aborted || options.clock.now() + retryMs >= until) return seen
      await options.clock.sleep(options.clock.now() + retryMs, signal)
    }
  }

  const schedule: Stamped<'schedule'> = async (service) => {
    if (!service.hasSchedule) return untouched(service.name, 'schedule')
    const [onBlue, onGreen] = await Promise.all([
      readOnBlue(service.name),
      asked((limit) => green.schedules.read(service.name, limit), options),
    ])
    const stampOf = (side: typeof onBlue) =>
      side.kind === 'seen' && isOurs(side.value.stamp) ? side.value.stamp : null
    const stamps = { blue: stampOf(onBlue), green: stampOf(onGreen) }
    const changed = stamps.blue !== null || stamps.green !== null
    if (onBlue.kind === 'unreachable')
      return { service: service.name, lane: 'schedule', outcome: 'not done', because: onBlue.because, result: null }
    const answered = onGreen.kind !== 'unreachable'
    if (!changed && (answered || (onBlue.kind === 'seen' && !onBlue.value.suspended))) {
      return untouched(service.name, 'schedule')
    }
    // Only blue tells how it was: green's copy was made asleep, and its stamp says so.
    const suspended =
      stamps.blue === null
        ? onBlue.kind === 'seen' && onBlue.value.suspended
        : fieldOf(stamps.blue, 'suspended') === true
    return finish(service, 'schedule', { kind: 'schedule', owner: 'blue' }, stamps, suspended)
  }

  /** Green keeps its replicas where traffic could not be taken from it. */
  const workload = async (service: Service, isTrafficBack: boolean): Promise<BrokenGlass> => {
    // A job has no replicas; where its schedule and its workload are one object, that bears the schedule's stamp.
    if (service.hasSchedule) return untouched(service.name, 'workload')
    const [onBlue, onGreen] = await Promise.all([
      asked((limit) => blue.workloads.read(service.name, limit), options),
      asked((limit) => green.workloads.read(service.name, limit), options),
    ])
    const stampOf = (side: typeof onBlue) =>
      side.kind === 'seen' && isOurs(side.value.stamp) ? side.value.stamp : null
    const stamps = { blue: stampOf(onBlue), green: stampOf(onGreen) }
    if (stamps.blue === null && stamps.green === null) return untouched(service.name, 'workload')
    if (onBlue.kind !== 'seen') {
      const because = onBlue.kind === 'not asked' ? 'blue was not asked' : onBlue.because
      return { service: service.name, lane: 'workload', outcome: 'not done', because, result: null }
    }
    const keeps = !isTrafficBack && onGreen.kind === 'seen' ? onGreen.value.desired : 0
    const replicas = numberOf(stamps.blue, 'replicas') ?? onBlue.value.desired
    const goal = { kind: 'workload', blue: replicas, green: keeps, exclusive: service.exclusive } as const
    return finish(service, 'workload', goal, stamps)
  }

  const weights = await Promise.all(options.services.map(traffic))
  const stillOnGreen = new Set(weights.filter(({ outcome }) => outcome === 'not done').map(({ service }) => service))
  // Schedules begin first, but one that waits for an answer of green keeps no worker from coming back.
  const [schedules, workloads] = await Promise.all([
    Promise.all(options.services.map(schedule)),
    Promise.all(options.services.map((service) => workload(service, !stillOnGreen.has(service.name)))),
  ])
  return { epoch, marks, services: [...weights, ...schedules, ...workloads] }
}
