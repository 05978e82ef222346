import { type TickFate, tickFates } from '../journal/events.ts'
import type { Json, Millis } from '../moves/goal.ts'
import type { StoredObservation } from '../store/store.ts'

export const ledgerPrefix = 'ledger/'

export type TickView = { readonly tick: Millis; readonly blue: number; readonly green: number; readonly fate: TickFate }

export type LedgerTotals = { readonly expected: number } & Readonly<Record<TickFate, number>>

export type LedgerService = {
  readonly service: string
  readonly totals: LedgerTotals
  readonly ticks: readonly TickView[]
}

export type LedgerView = { readonly totals: LedgerTotals; readonly services: readonly LedgerService[] }

const noTicks: LedgerTotals = { expected: 0, ran: 0, duplicate: 0, missed: 0, skipped: 0, unseen: 0 }

const readTick = (body: Json): TickView | null => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return null
  const { tick, blue, green, fate } = body as { readonly [key: string]: Json } // an object, as just seen
  const known = tickFates.find((one) => one === fate)
  if (typeof tick !== 'number' || typeof blue !== 'number' || typeof green !== 'number' || known === undefined)
    return null
  return { tick, blue, green, fate: known }
}

const add = (a: LedgerTotals, b: LedgerTotals): LedgerTotals => ({
  expected: a.expected + b.expected,
  ran: a.ran + b.ran,
  duplicate: a.duplicate + b.duplicate,
  missed: a.missed + b.missed,
  skipped: a.skipped + b.skipped,
  unseen: a.unseen + b.unseen,
})

const totalsOf = (ticks: readonly TickView[]): LedgerTotals =>
  ticks.reduce((sum, { fate }) => ({ ...sum, expected: sum.expected + 1, [fate]: sum[fate] + 1 }), noTicks)

/** Every tick with where it ran. A later row of a tick takes the place of an earlier one. */
export const viewLedger = (samples: readonly StoredObservation[], service: string | null): LedgerView => {
  const found = new Map<string, Map<Millis, TickView>>()
  for (const { subject, body } of samples) {
    if (!subject.startsWith(ledgerPrefix)) continue
    const name = subject.slice(ledgerPrefix.length)
    if (service !== null && name !== service) continue
    const tick = readTick(body)
    if (tick === null) continue
    const ticks = found.get(name) ?? new Map<Millis, TickView>()
    found.set(name, ticks.set(tick.tick, tick))
  }
  const services = [...found]
    .map(([name, byTick]): LedgerService => {
      const ticks = [...byTick.values()].toSorted((a, b) => a.tick - b.tick)
      return { service: name, ticks, totals: totalsOf(ticks) }
    })
    .toSorted((a, b) => (a.service < b.service ? -1 : 1))
  return { services, totals: services.reduce((sum, { totals }) => add(sum, totals), noTicks) }
}
