import type { Millis } from '../../moves/goal.ts'

/** A time as Kubernetes writes it; null: there is none, or it can't be read. */
export const instant = (time: string | undefined): Millis | null => {
  const at = Date.parse(time ?? '')
  return Number.isNaN(at) ? null : at
}
