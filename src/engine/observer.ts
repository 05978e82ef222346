import type { Millis, Side } from '../moves/goal.ts'
import { sides } from '../moves/goal.ts'
import { limited } from './asked.ts'
import type { Clock } from './clock.ts'
import type { FactBoard } from './fact-board.ts'
import type { Answer, Schedules, Traffic, Workloads } from './ports.ts'
import { restUntil } from './rest-until.ts'

export type SideReads = { readonly workloads: Workloads; readonly schedules: Schedules }

/** Reads what a source has of these services; null: of all that it has. */
type Read = (
  reading: { readonly at: Millis; readonly after: number },
  services: readonly string[] | null,
  signal: AbortSignal,
) => Promise<Answer<unknown>>

export type ObserverOptions = {
  readonly sides: Readonly<Record<Side, SideReads>>
  readonly traffic: Traffic | null
  readonly clock: Clock
  readonly board: FactBoard
  readonly services: ReadonlySet<string>
  /** Jobs whose schedules are of interest now: those that have begun to move. */
  readonly watchedJobs: () => readonly string[]
  /** The journal position that everything read from now on has seen. */
  readonly position: () => number
  /** Something may have changed: time for a turn. */
  readonly nudge: () => void
  readonly unreachable: (what: string, because: string) => void
  readonly reached: (what: string) => void
  readonly pollMs: Millis
}

/** A burst of hints becomes one read. */
const settleMs = 20
const readTimeoutMs = 5_000
/** How often a source is read whole that tells of every change by itself. */
const toldPollMs: Millis = 600_000
/** Hints about so many services at once are read one by one; about more, the whole source is. */
const mostByName = 16

export type Observing = {
  /** Everything was read once, or could not be. */
  readonly first: Promise<void>
  /** Something was done to this service: what was read before that can't show what came of it. */
  look(service: string): void
}

/**
 * Keeps the fact board fresh: reads an environment when it hints at a change or something was done to it, and now and then
 * in any case. Each source is read by a loop of its own, so that one that hangs keeps nobody waiting.
 */
export const observe = (options: ObserverOptions, signal: AbortSignal): Observing => {
  const pollOf = (side: Side): Millis =>
    options.sides[side].workloads.tellsAll === true ? Math.max(toldPollMs, options.pollMs) : options.pollMs
  const loops = sides.flatMap((side) => [
    follow(
      { ...options, pollMs: pollOf(side) },
      `${side}'s workloads`,
      signal,
      (changed) => options.sides[side].workloads.watch(changed, signal),
      (...reading) => readWorkloads(options, side, ...reading),
    ),
    follow(
      { ...options, pollMs: pollOf(side) },
      `${side}'s schedules`,
      signal,
      (changed) => options.sides[side].workloads.watch(changed, signal),
      (...reading) => readSchedules(options, side, ...reading),
    ),
  ])
  if (options.traffic !== null) {
    const { traffic } = options
    loops.push(
      follow(
        options,
        'the router',
        signal,
        (changed) => traffic.watch(changed, signal),
        (...reading) => readWeights(options, traffic, ...reading),
      ),
    )
  }
  return {
    first: Promise.all(loops.map((loop) => loop.first)).then(() => undefined),
    look: (service) => {
      for (const { hint } of loops) hint(service)
    },
  }
}

const follow = (
  options: ObserverOptions,
  what: string,
  signal: AbortSignal,
  watch: (changed: (service: string | null) => void) => void,
  read: Read,
) => {
  let wake: (() => void) | null = null
  /** What is to be read again: by name, or everything. */
  const names = new Set<string>()
  let isAll = false
  const hint = (service: string | null): void => {
    if (service === null) isAll = true
    else if (options.services.has(service)) names.add(service)
    else return
    wake?.()
  }
  const isHinted = (): boolean => isAll || names.size > 0
  const once = async (services: readonly string[] | null): Promise<void> => {
    const reading = { at: options.clock.now(), after: options.position() }
    // Each call has its limit; schedules are read one after the other, and all of them have this one together.
    const answer = await limited(
      (limit) => read(reading, services, limit),
      { clock: options.clock, signal },
      2 * readTimeoutMs,
    )
    if (signal.aborted) return
    if (answer.kind === 'ok') options.reached(what)
    else options.unreachable(what, answer.because)
    // A read that shows what was known is no reason for a turn.
    if (options.board.hasNews()) options.nudge()
  }
  const pause = (): Promise<void> =>
    restUntil(options.clock, allAt, signal, (end) => {
      wake = end
    })
  /** When everything is read again, whatever was hinted in the meantime. */
  let allAt = options.clock.now() + options.pollMs
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      if (!isHinted()) await pause()
      if (isHinted()) await options.clock.sleep(options.clock.now() + settleMs, signal)
      const byName = !isAll && names.size > 0 && names.size <= mostByName && options.clock.now() < allAt
      const services = byName ? [...names] : null
      isAll = false
      names.clear()
      if (signal.aborted) return
      await once(services)
      if (services === null) allAt = options.clock.now() + options.pollMs
    }
  }
  const first = once(null)
  watch(hint)
  void first.then(loop)
  return { first, hint }
}

/** A source that can be read whole or by names: what is found of our services is put on the board. */
const readSource = async <T extends { readonly service: string }>(
  options: ObserverOptions,
  source: {
    list(signal: AbortSignal): Promise<Answer<readonly T[]>>
    read(service: string, signal: AbortSignal): Promise<Answer<T>>
  },
  put: (found: T) => void,
  services: readonly string[] | null,
  signal: AbortSignal,
): Promise<Answer<unknown>> => {
  const asking = { clock: options.clock, signal }
  const found = async (): Promise<Answer<readonly T[]>> => {
    if (services === null) return limited((limit) => source.list(limit), asking, readTimeoutMs)
    const one = (service: string) => limited((limit) => source.read(service, limit), asking, readTimeoutMs)
    const values: T[] = []
    for (const answer of await Promise.all(services.map(one))) {
      if (answer.kind === 'ok') values.push(answer.value)
      // A service that it does not have is no fault of it.
      else if (answer.kind !== 'refused') return answer
    }
    return { kind: 'ok', value: values }
  }
  const answer = await found()
  if (answer.kind !== 'ok') return answer
  for (const each of answer.value) if (options.services.has(each.service)) put(each)
  return answer
}

const readWorkloads = (
  options: ObserverOptions,
  side: Side,
  ...[reading, services, signal]: Parameters<Read>
): Promise<Answer<unknown>> =>
  readSource(
    options,
    options.sides[side].workloads,
    ({ service, version, desired, autoscaled, ready, running, restarts, problem }) => {
      const fact = { version, desired, ready, running, restarts, problem }
      options.board.workload(side, service, autoscaled === undefined ? fact : { ...fact, autoscaled }, reading)
    },
    services,
    signal,
  )

const readWeights = (
  options: ObserverOptions,
  traffic: Traffic,
  ...[reading, services, signal]: Parameters<Read>
): Promise<Answer<unknown>> =>
  readSource(
    options,
    traffic,
    ({ service, green, effectiveGreen, ready }) =>
      options.board.weights(service, { green, effectiveGreen, ready }, reading),
    services,
    signal,
  )

const readSchedules = async (
  options: ObserverOptions,
  side: Side,
  ...[reading, services, signal]: Parameters<Read>
): Promise<Answer<unknown>> => {
  const asking = { clock: options.clock, signal }
  let failed: Answer<unknown> | null = null
  const watched = options.watchedJobs()
  for (const service of services === null ? watched : services.filter((name) => watched.includes(name))) {
    const answer = await limited((limit) => options.sides[side].schedules.read(service, limit), asking, readTimeoutMs)
    if (answer.kind === 'ok')
      options.board.schedule(
        side,
        service,
        { suspended: answer.value.suspended, active: answer.value.active.length },
        reading,
      )
    // A schedule that green does not have yet is no fault of the environment.
    else if (answer.kind !== 'refused') failed = answer
  }
  return failed ?? { kind: 'ok', value: null }
}
