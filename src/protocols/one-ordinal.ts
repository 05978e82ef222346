import { otherSide, type Side, sides } from '../moves/goal.ts'

/** A side's numbered replicas. `held`: numbers that still belong to a process, draining ones included. */
export type Numbered = { readonly desired: number; readonly held: number; readonly isUp: boolean }

export type OrdinalStep =
  | { readonly kind: 'scale'; readonly side: Side; readonly replicas: number }
  | { readonly kind: 'wait'; readonly because: string }

/**
 * The next step towards so many numbered replicas on each side, when no number may run on both at once: the side that has
 * too many gives one up, the other takes it once its process is gone, and so on, one at a time. null: each side wants what
 * it should.
 */
export const nextOrdinal = (
  now: Readonly<Record<Side, Numbered>>,
  goal: Readonly<Record<Side, number>>,
): OrdinalStep | null => {
  const total = goal.blue + goal.green
  const giver = sides.find((side) => now[side].desired > goal[side])
  const takers = giver === undefined ? sides : [otherSide(giver)]
  for (const side of takers) {
    const { desired } = now[side]
    const free = Math.min(goal[side], total - now[otherSide(side)].held)
    if (free > desired) return { kind: 'scale', side, replicas: free }
    if (desired > 0 && !now[side].isUp)
      return { kind: 'wait', because: `the replica that ${side} took over is not ready` }
  }
  if (giver === undefined) {
    const short = sides.find((side) => now[side].desired < goal[side])
    return short === undefined
      ? null
      : { kind: 'wait', because: `${otherSide(short)} still runs what ${short} is to take over` }
  }
  const { desired, held } = now[giver]
  if (held > desired) return { kind: 'wait', because: `a replica of ${giver} still finishes its work` }
  return { kind: 'scale', side: giver, replicas: desired - 1 }
}
