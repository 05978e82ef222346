import type { Clock } from '../clock.ts'

/** Time that passes when the test says so. Who sleeps is woken in order, and has done what it does before the next is. */
export const createHandClock = (start: number) => {
  let now = start
  let sleepers: { readonly until: number; readonly wake: () => void }[] = []
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
  const sleep = (
    until: number,
    signal: AbortSignal | null,
  ): { readonly over: Promise<void>; readonly end: () => void } => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const sleeper = { until, wake: resolve }
    sleepers.push(sleeper)
    const end = (): void => {
      sleepers = sleepers.filter((each) => each !== sleeper)
      resolve()
    }
    signal?.addEventListener('abort', end, { once: true })
    return { over: promise, end }
  }
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    sleep: (until, signal) => (until <= now || signal.aborted ? Promise.resolve() : sleep(until, signal).over),
    rest: (until) => sleep(until, null),
    // Nothing here takes too long.
    after: () => () => undefined,
  }
  const pass = async (ms: number): Promise<void> => {
    const until = now + ms
    await settled()
    for (;;) {
      const [next] = sleepers.filter((each) => each.until <= until).toSorted((a, b) => a.until - b.until)
      if (next === undefined) break
      sleepers = sleepers.filter((each) => each !== next)
      now = Math.max(now, next.until)
      next.wake()
      await settled()
    }
    now = until
  }
  return { clock, pass }
}
