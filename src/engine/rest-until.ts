import type { Millis } from '../moves/goal.ts'
import type { Clock } from './clock.ts'
import { whenAborted } from './when-aborted.ts'

/**
 * Rests until an instant, the end of the signal, or until somebody calls what `wakes` was given; at the end that is taken
 * back with null.
 */
export const restUntil = async (
  clock: Pick<Clock, 'rest'>,
  until: Millis,
  signal: AbortSignal,
  wakes: (end: (() => void) | null) => void,
): Promise<void> => {
  if (signal.aborted) return
  const { over, end } = clock.rest(until)
  wakes(end)
  const isOver = whenAborted(signal, end)
  await over
  wakes(null)
  isOver()
}
