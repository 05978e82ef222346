import type { ConcurrencyPolicy } from '../inventory/estate.ts'
import type { TickFate } from '../journal/events.ts'
import type { Millis, Side } from '../moves/goal.ts'

/** A run as the ledger needs it; the ports' `Run` is one. Runs outside the schedule (`tick` null) don't count. */
export type LedgerRun = {
  readonly name: string
  readonly side: Side
  readonly tick: Millis | null
  readonly startedAt: Millis
  readonly endedAt: Millis | null
}

/** How often a tick ran on each side. `due`: nothing can be said yet. */
export type TickRow = {
  readonly tick: Millis
  readonly blue: number
  readonly green: number
  readonly fate: TickFate | 'due'
}

export type LedgerTotals = { readonly expected: number } & Readonly<Record<TickFate, number>>

/** What was seen since the last time. Anything may come again: it counts once. */
export type LedgerNews = {
  readonly expected: readonly Millis[]
  readonly runs: readonly LedgerRun[]
  /** Ticks that the missed-run policy let go. */
  readonly skipped: readonly Millis[]
  /** From which tick on each side's records of runs are complete; null: it did not answer, so nothing is proven. */
  readonly recordsSince: Readonly<Record<Side, Millis | null>>
  /**
   * Since when the schedule is not being handed over; null: it is, and what nobody has run meanwhile may yet be run, or
   * be let go.
   */
  readonly ownedSince: Millis | null
  readonly now: Millis
}

export type Ledger = {
  /** Takes the news in and gives back the ticks whose fate is new or has changed, ascending. */
  readonly take: (news: LedgerNews) => readonly TickRow[]
  /** Whether the fate of a tick is still open, and may be decided by time alone. */
  readonly waits: () => boolean
  /** The newest ticks, as many as are kept, ascending; ticks still due too. */
  readonly rows: () => readonly TickRow[]
  /** Of all ticks ever expected, also of those no longer kept. */
  readonly totals: () => LedgerTotals
}

type Entry = {
  readonly tick: Millis
  expected: boolean
  skipped: boolean
  fate: TickFate | 'due'
  readonly names: Record<Side, Set<string>>
}

export type LedgerOptions = {
  readonly concurrency: ConcurrencyPolicy
  /** A tick without a run is missed when it is overdue by so much. */
  readonly graceMs: Millis
  /** How many ticks stay open to late evidence (a second run turns `ran` into `duplicate`). */
  readonly keep: number
}

/** Enough for a day of a schedule of every minute, and some. */
export const defaultLedgerOptions = { graceMs: 30_000, keep: 2_000 } as const

/**
 * Counts, for one schedule, where each expected tick ran: exactly once is `ran`; nothing is assumed to have run
 * without a record of it. Costs what is new, not what was; give it the whole release's news or batches, the same.
 */
export const createLedger = ({ concurrency, graceMs, keep }: LedgerOptions): Ledger => {
  const entries = new Map<Millis, Entry>()
  /** Ticks whose fate may change by time alone. */
  const open = new Set<Millis>()
  /** Runs by name, for what `Forbid` held back; only those that may still cover an open tick. */
  const runs = new Map<string, LedgerRun>()
  const counts: Record<TickFate, number> = { ran: 0, duplicate: 0, missed: 0, skipped: 0, unseen: 0 }
  let expected = 0
  /** Everything up to here is no longer kept; evidence for it comes too late. */
  let closedUntil = Number.NEGATIVE_INFINITY

  const entryOf = (tick: Millis): Entry => {
    const known = entries.get(tick)
    if (known !== undefined) return known
    const names = { blue: new Set<string>(), green: new Set<string>() }
    const entry: Entry = { tick, expected: false, skipped: false, fate: 'due', names }
    entries.set(tick, entry)
    return entry
  }

  /** The run that was going on when the tick was due, because of which `Forbid` let the tick wait or go. */
  const heldBy = (tick: Millis): LedgerRun | null => {
    if (concurrency !== 'Forbid') return null
    for (const run of runs.values()) {
      if (run.startedAt <= tick && (run.endedAt === null || run.endedAt >= tick)) return run
    }
    return null
  }

  const fateWithoutRun = (entry: Entry, news: LedgerNews): TickFate | 'due' => {
    if (entry.skipped) return 'skipped'
    const holder = heldBy(entry.tick)
    if (holder !== null) return holder.endedAt !== null && news.now > holder.endedAt + graceMs ? 'skipped' : 'due'
    if (news.ownedSince === null || news.now <= Math.max(entry.tick, news.ownedSince) + graceMs) return 'due'
    const { blue, green } = news.recordsSince
    return blue !== null && green !== null && blue <= entry.tick && green <= entry.tick ? 'missed' : 'unseen'
  }

  const fateOf = (entry: Entry, news: LedgerNews): TickFate | 'due' => {
    const times = entry.names.blue.size + entry.names.green.size
    if (times > 0) return times === 1 ? 'ran' : 'duplicate'
    // Missed was said on complete records; records that have gone since don't take that back.
    return entry.fate === 'missed' && !entry.skipped ? 'missed' : fateWithoutRun(entry, news)
  }

  const decide = (entry: Entry, news: LedgerNews): boolean => {
    const fate = fateOf(entry, news)
    const isFinal = fate === 'ran' || fate === 'duplicate' || fate === 'skipped' || fate === 'missed'
    if (isFinal) open.delete(entry.tick)
    else open.add(entry.tick)
    if (fate === entry.fate) return false
    if (entry.fate !== 'due') counts[entry.fate] -= 1
    if (fate !== 'due') counts[fate] += 1
    entry.fate = fate
    return true
  }

  const rowOf = ({ tick, names, fate }: Entry): TickRow => ({
    tick,
    blue: names.blue.size,
    green: names.green.size,
    fate,
  })

  /** Drops the oldest decided ticks once there are twice as many as are kept, so that this costs little on average. */
  const forget = () => {
    if (entries.size <= 2 * keep) return
    const ticks = [...entries.keys()].sort((a, b) => a - b)
    for (const tick of ticks.slice(0, ticks.length - keep)) {
      entries.delete(tick)
      open.delete(tick)
      closedUntil = tick
    }
    for (const [name, run] of runs) if (run.endedAt !== null && run.endedAt < closedUntil) runs.delete(name)
  }

  return {
    take: (news) => {
      const touched = new Set<Millis>(open)
      for (const tick of news.expected) {
        if (tick <= closedUntil) continue
        const entry = entryOf(tick)
        if (!entry.expected) expected += 1
        entry.expected = true
        touched.add(tick)
      }
      for (const run of news.runs) {
        if (run.tick === null || run.tick <= closedUntil) continue
        if (concurrency === 'Forbid') runs.set(run.name, run)
        entryOf(run.tick).names[run.side].add(run.name)
        touched.add(run.tick)
      }
      for (const tick of news.skipped) {
        if (tick <= closedUntil) continue
        entryOf(tick).skipped = true
        touched.add(tick)
      }
      const changed: TickRow[] = []
      for (const tick of [...touched].sort((a, b) => a - b)) {
        const entry = entries.get(tick)
        if (entry?.expected && decide(entry, news)) changed.push(rowOf(entry))
      }
      forget()
      return changed
    },
    waits: () => [...open].some((tick) => entries.get(tick)?.fate === 'due'),
    rows: () =>
      [...entries.values()]
        .filter((entry) => entry.expected)
        .map(rowOf)
        .sort((a, b) => a.tick - b.tick),
    totals: () => ({ expected, ...counts }),
  }
}
