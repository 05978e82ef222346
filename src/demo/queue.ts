import type { Millis } from '../moves/goal.ts'

export type QueueTotals = {
  readonly added: number
  /** Items whose work was reported done, each once. */
  readonly done: number
  /** Items whose work was reported done more than once. */
  readonly twice: number
  /** Neither done nor leased. */
  readonly waiting: number
  readonly leased: number
}

export type Leased = { readonly id: string; readonly lease: string }

type Item = { lease: string | null; until: Millis; done: number }

/**
 * Work that is handed out by lease: what is not reported done in time is handed out again. Every report of done work
 * counts, also one that comes after its lease has passed on, because that work was done twice.
 */
export const createQueue = (leaseMs: Millis) => {
  const items = new Map<string, Item>()
  const waiting: string[] = []
  const leased = new Map<string, Item>()
  let leases = 0

  const giveBackLate = (now: Millis): void => {
    for (const [id, item] of leased) {
      if (item.until > now) continue
      item.lease = null
      leased.delete(id)
      waiting.push(id)
    }
  }

  return {
    add: (): string => {
      const id = `mail-${items.size + 1}`
      items.set(id, { lease: null, until: 0, done: 0 })
      waiting.push(id)
      return id
    },
    /** null: there is nothing to do. */
    take: (now: Millis): Leased | null => {
      giveBackLate(now)
      for (;;) {
        const id = waiting.shift()
        const item = id === undefined ? undefined : items.get(id)
        if (id === undefined || item === undefined) return null
        // Done after all, by whoever had it before.
        if (item.done > 0) continue
        leases += 1
        const lease = `lease-${leases}`
        item.lease = lease
        item.until = now + leaseMs
        leased.set(id, item)
        return { id, lease }
      }
    },
    /** False: there is no such item. */
    done: ({ id, lease }: Leased): boolean => {
      const item = items.get(id)
      if (item === undefined) return false
      item.done += 1
      if (item.lease === lease) leased.delete(id)
      return true
    },
    totals: (): QueueTotals => {
      const all = [...items.values()]
      return {
        added: all.length,
        done: all.filter((item) => item.done > 0).length,
        twice: all.filter((item) => item.done > 1).length,
        waiting: all.filter((item) => item.done === 0 && item.lease === null).length,
        leased: all.filter((item) => item.done === 0 && item.lease !== null).length,
      }
    },
  }
}
