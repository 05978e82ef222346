import type { Millis } from '../../moves/goal.ts'

/** Longer than this between two signs of life, and nobody was watching. */
const unwatchedAfterMs = 10_000

/**
 * When engines really watched, from what is seen of them at the beginning and the end of each turn. It never counts less
 * than an engine that counts right.
 */
export const createWatchedMarks = () => {
  const last = new Map<string, Millis>()
  const watched: { readonly engine: string; readonly from: Millis; until: Millis }[] = []

  const mark = (engine: string, at: Millis): void => {
    const before = last.get(engine)
    last.set(engine, at)
    if (before === undefined || at - before > unwatchedAfterMs) {
      watched.push({ engine, from: at, until: at })
      return
    }
    const open = watched.findLast((each) => each.engine === engine)
    if (open !== undefined) open.until = Math.max(open.until, at)
  }
  return {
    mark,
    /** At most so long was watched between the two instants. */
    between: (from: Millis, until: Millis): Millis =>
      watched.reduce((sum, own) => sum + Math.max(0, Math.min(own.until, until) - Math.max(own.from, from)), 0),
  }
}
