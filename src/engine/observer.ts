import type { Millis, Side } from '../moves/goal.ts'
import { sides } from '../moves/goal.ts'
import type { Clock } from './clock.ts'
import type { FactBoard } from './fact-board.ts'
import type { Answer, Schedules, Traffic, Workloads } from './ports.ts'

export type SideReads = { readonly workloads: Workloads; readonly schedules: Schedules }

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

/**
 * Keeps the fact board fresh: reads an environment when it hints at a change, and now and then in any case. Each
 * source is read by a loop of its own, so that one that hangs keeps nobody waiting.
 */
export const observe = (options: ObserverOptions, signal: AbortSignal): { readonly first: Promise<void> } => {
  const loops = sides.flatMap((side) => [
    follow(
      options,
      `${side}'s workloads`,
      signal,
      (changed) => options.sides[side].workloads.watch(changed, signal),
      (at) => readWorkloads(options, side, at, signal),
    ),
    follow(
      options,
      `${side}'s schedules`,
      signal,
      (changed) => options.sides[side].workloads.watch(changed, signal),
      (at) => readSchedules(options, side, at, signal),
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
        (at) => readWeights(options, traffic, at, signal),
      ),
    )
  }
  return { first: Promise.all(loops.map((loop) => loop.first)).then(() => undefined) }
}

type Read = (reading: { readonly at: Millis; readonly after: number }) => Promise<Answer<unknown>>

const follow = (
  options: ObserverOptions,
  what: string,
  signal: AbortSignal,
  watch: (changed: () => void) => void,
  read: Read,
) => {
  let wake = (): void => undefined
  let hinted = false
  const hint = (): void => {
    hinted = true
    wake()
  }
  const once = async (): Promise<void> => {
    const answer = await read({ at: options.clock.now(), after: options.position() })
    if (signal.aborted) return
    if (answer.kind === 'ok') options.reached(what)
    else options.unreachable(what, answer.because)
    options.nudge()
  }
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      const pause = new AbortController()
      wake = () => pause.abort()
      if (!hinted)
        await options.clock.sleep(options.clock.now() + options.pollMs, AbortSignal.any([signal, pause.signal]))
      if (hinted) await options.clock.sleep(options.clock.now() + settleMs, signal)
      hinted = false
      if (!signal.aborted) await once()
    }
  }
  const first = once()
  watch(hint)
  void first.then(loop)
  return { first }
}

const bounded = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(readTimeoutMs)])

const readWorkloads = async (
  options: ObserverOptions,
  side: Side,
  reading: Parameters<Read>[0],
  signal: AbortSignal,
): Promise<Answer<unknown>> => {
  const answer = await options.sides[side].workloads.list(bounded(signal))
  if (answer.kind !== 'ok') return answer
  for (const { service, version, desired, ready, running, restarts, problem } of answer.value)
    if (options.services.has(service))
      options.board.workload(side, service, { version, desired, ready, running, restarts, problem }, reading)
  return answer
}

const readSchedules = async (
  options: ObserverOptions,
  side: Side,
  reading: Parameters<Read>[0],
  signal: AbortSignal,
): Promise<Answer<unknown>> => {
  let failed: Answer<unknown> | null = null
  for (const service of options.watchedJobs()) {
    const answer = await options.sides[side].schedules.read(service, bounded(signal))
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

const readWeights = async (
  options: ObserverOptions,
  traffic: Traffic,
  reading: Parameters<Read>[0],
  signal: AbortSignal,
): Promise<Answer<unknown>> => {
  const answer = await traffic.list(bounded(signal))
  if (answer.kind !== 'ok') return answer
  for (const { service, green, effectiveGreen, ready } of answer.value)
    if (options.services.has(service)) options.board.weights(service, { green, effectiveGreen, ready }, reading)
  return answer
}
