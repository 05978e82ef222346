import type { Millis } from '../../moves/goal.ts'

/** A replica as the decision sees it. */
export type Member = {
  readonly name: string
  /** Made from what the environment file says now. */
  readonly current: boolean
  readonly ready: boolean
  readonly draining: boolean
  readonly createdAt: Millis
}

export type FleetDecision = { readonly start: number; readonly drain: readonly string[] }

/**
 * What to start and drain so that `desired` current replicas run. `RollingUpdate` starts one new replica at a time
 * beside the old, and drains an old one only when enough others are ready; `Recreate` starts nothing in the
 * place of one that still runs, draining or not.
 */
export const decideFleet = (
  members: readonly Member[],
  desired: number,
  strategy: 'RollingUpdate' | 'Recreate',
): FleetDecision => {
  const live = members.filter((member) => !member.draining)
  const current = live.filter((member) => member.current)
  const old = live.filter((member) => !member.current)
  const surplus = leastUseful(current).slice(0, Math.max(0, current.length - desired))

  if (strategy === 'Recreate') {
    const oldRuns = members.some((member) => !member.current)
    const start = oldRuns ? 0 : Math.max(0, desired - members.length)
    return { start, drain: [...old, ...surplus].map((member) => member.name) }
  }
  const readyCurrent = current.filter((member) => member.ready).length
  // Those that can go: unready old ones cost nothing; ready ones as far as ready others stand in for them.
  const readyOld = old.filter((member) => member.ready)
  const needed = Math.max(0, Math.min(desired, readyCurrent + readyOld.length) - readyCurrent)
  const keep = new Set(readyOld.toSorted((a, b) => b.createdAt - a.createdAt).slice(0, needed))
  const leaving = old.filter((member) => !keep.has(member))
  // With old ones still serving, one more than wanted may run.
  const room = keep.size === 0 ? desired : desired + 1 - keep.size
  const start = Math.max(0, Math.min(desired, room) - current.length)
  return { start, drain: [...leaving, ...surplus].map((member) => member.name) }
}

/** Unready ones first, then the youngest. */
const leastUseful = (members: readonly Member[]): Member[] =>
  members.toSorted((a, b) => Number(a.ready) - Number(b.ready) || b.createdAt - a.createdAt)
