/** By signal, what is to happen when it aborts. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Calls back once when the signal aborts; what it gives takes that back. The signal itself gets one listener, however
 * often this is used: an engine asks hundreds of times a second under one signal, and to add and remove a listener costs
 * more than many an answer. A signal that has aborted before never calls back.
 */
export const whenAborted = (signal: AbortSignal, act: () => void): (() => void) => {
  const acts = waiting.get(signal) ?? begin(signal)
  const own = (): void => act()
  acts.add(own)
  return () => acts.delete(own)
}

const begin = (signal: AbortSignal): Set<() => void> => {
  const acts = new Set<() => void>()
  waiting.set(signal, acts)
  const end = (): void => {
    const all = [...acts]
    acts.clear()
    for (const act of all) act()
  }
  signal.addEventListener('abort', end, { once: true })
  return acts
}
