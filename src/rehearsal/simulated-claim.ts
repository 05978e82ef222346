import type { Answer, Call, Claims, Stamp, StopMark } from '../engine/ports.ts'
import { compareFences, type Fence, type Json } from '../moves/goal.ts'
import { type Caller, look } from './simulated-calls.ts'
import type { SimulatedClock } from './simulated-clock.ts'

/** Whose environment it is, and which acts come too late for it. */
export type SimulatedClaim = {
  readonly portsFor: (caller: Caller) => Claims
  /** Why an act is refused; null: it may go on, and its fence is the newest of its move from now on. */
  readonly admit: (fence: Fence) => string | null
  /** Called when it is given free: what the release stamped is its own no more. */
  readonly whenFreed: (forget: () => void) => void
  readonly seen: () => { readonly release: string | null; readonly epoch: number; readonly stop: StopMark | null }
}

const ok = { kind: 'ok', value: null } as const

/**
 * The claim of an environment or a router. `keepsFences`: it refuses acts of other releases, of older epochs and of
 * older versions of a move, as a supervisor does; Kubernetes doesn't, and admits all.
 */
export const createSimulatedClaim = (options: {
  readonly name: string
  readonly clock: Pick<SimulatedClock, 'now'>
  readonly keepsFences: boolean
  readonly epoch?: number
  /** Gets every stop mark. */
  readonly stopped?: (name: string) => void
}): SimulatedClaim => {
  const { name, clock } = options
  let release: string | null = null
  let epoch = options.epoch ?? 0
  let stop: { readonly mark: StopMark; readonly upTo: number } | null = null
  const freed = new Map<string, number>()
  const fences = new Map<string, Fence>()
  const forgets: (() => void)[] = []

  const notYours = (whose: string, of: number): string | null => {
    if (release !== null && release !== whose) return `${name} belongs to release ${release}, not ${whose}`
    return of < epoch ? `epoch ${of} of ${whose} is older than ${epoch}, which ${name} has seen` : null
  }
  const claim = (whose: string, of: number): Answer<null> => {
    const because = notYours(whose, of)
    if (because !== null) return { kind: 'refused', because }
    release = whose
    epoch = of
    if ((freed.get(whose) ?? of) < of) freed.delete(whose)
    return ok
  }
  const free = (whose: string, of: number): Answer<null> => {
    if (release === null) return ok
    const because = notYours(whose, of)
    if (because !== null) return { kind: 'refused', because }
    release = null
    epoch = of
    freed.set(whose, of)
    for (const forget of forgets) forget()
    return ok
  }
  const leaveMark = (mark: StopMark, of: number): Answer<null> => {
    options.stopped?.(name)
    const again = stop !== null && stop.mark.at === mark.at && stop.mark.by === mark.by
    if (again && of === epoch) return ok
    stop = { mark, upTo: of > epoch ? of - 1 : epoch }
    epoch = Math.max(epoch, of)
    return ok
  }
  const admit = (fence: Fence): string | null => {
    if (!options.keepsFences) return null
    const because = notYours(fence.release, fence.epoch)
    if (because !== null) return because
    if (stop !== null && fence.epoch <= stop.upTo) return `${stop.mark.by} stopped ${name}: ${stop.mark.because}`
    if (release === null && fence.epoch <= (freed.get(fence.release) ?? 0))
      return `release ${fence.release} has given ${name} free`
    const key = `${fence.release} ${fence.move}`
    const newest = fences.get(key)
    if (newest !== undefined && compareFences(fence, newest) < 0)
      return `too late: ${fence.move} was already acted on by epoch ${newest.epoch}, version ${newest.version}`
    fences.set(key, fence)
    epoch = Math.max(epoch, fence.epoch)
    return null
  }

  return {
    admit,
    whenFreed: (forget) => void forgets.push(forget),
    seen: () => ({ release, epoch, stop: stop?.mark ?? null }),
    portsFor: (caller) => {
      const ask = <T>(method: string, signal: AbortSignal, see: () => Answer<T>) => look(caller, method, signal, see)
      return {
        name,
        read: (signal) =>
          ask('read claim', signal, () => ({
            kind: 'ok',
            value: { release, epoch, stop: stop?.mark ?? null, now: clock.now() },
          })),
        claim: (whose, of, signal) => ask('claim', signal, () => claim(whose, of)),
        free: (whose, of, signal) => ask('free', signal, () => free(whose, of)),
        stop: (mark, of, signal) => ask('stop', signal, () => leaveMark(mark, of)),
        clearStop: (signal) =>
          ask('clear stop', signal, () => {
            stop = null
            return ok
          }),
      }
    },
  }
}

/** The stamp that an act leaves. The first baseline stays: a later one would describe our own work. */
export const stampAfter = (before: Stamp | null, by: Call, baseline: Json): Stamp => ({
  fence: by.fence,
  intent: by.intent,
  baseline: before?.baseline ?? baseline,
})

/** Whether an object bears the stamp of this very call: then it was made before, and only its answer was lost. */
export const isStampOf = (stamp: Stamp | null, by: Call): boolean =>
  stamp !== null &&
  stamp.intent === by.intent &&
  stamp.fence.release === by.fence.release &&
  compareFences(stamp.fence, by.fence) === 0
