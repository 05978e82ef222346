import type { TickFate } from '../journal/events.ts'
import type { Millis, Side } from '../moves/goal.ts'
import { type LedgerTotals, viewLedger } from '../views/ledger-view.ts'
import { entriesOf, type Material } from './material.ts'

export type TickDot = {
  readonly tick: Millis
  readonly fate: TickFate
  /** Where it ran; null: nowhere, or in both. */
  readonly side: Side | null
  readonly blue: number
  readonly green: number
}

export type TickRow = {
  readonly service: string
  readonly totals: LedgerTotals
  readonly onBlue: number
  readonly onGreen: number
  /** The newest ticks, as many as are shown, ascending; `earlier` counts those left out. */
  readonly dots: readonly TickDot[]
  readonly earlier: number
  /** All that did not run exactly once, whether shown as dots or not; `entry`: where the journal says so. */
  readonly odd: readonly (TickDot & { readonly entry: number | null })[]
}

export type Ticks = { readonly totals: LedgerTotals; readonly rows: readonly TickRow[] }

/** Dots in the whole report: it stays readable, and small. */
const dotsInAll = 6_000
const leastDots = 60
const oddShown = 200

export const readTicks = (material: Material): Ticks => {
  const ledger = viewLedger(material.samples, null)
  const told = new Map(
    entriesOf(material.entries, 'tick').map(({ event, position }) => [`${event.service} ${event.tick}`, position]),
  )
  const shown = Math.max(leastDots, Math.floor(dotsInAll / Math.max(1, ledger.services.length)))
  return {
    totals: ledger.totals,
    rows: ledger.services.map(({ service, totals, ticks }) => {
      const dots = ticks.map(({ tick, fate, blue, green }): TickDot => {
        const side = fate === 'duplicate' ? null : green > 0 ? 'green' : blue > 0 ? 'blue' : null
        return { tick, fate, side, blue, green }
      })
      return {
        service,
        totals,
        onBlue: dots.filter(({ side }) => side === 'blue').length,
        onGreen: dots.filter(({ side }) => side === 'green').length,
        dots: dots.slice(-shown),
        earlier: Math.max(0, dots.length - shown),
        odd: dots
          .filter(({ fate }) => fate !== 'ran')
          .slice(0, oddShown)
          .map((dot) => ({ ...dot, entry: told.get(`${service} ${dot.tick}`) ?? null })),
      }
    }),
  }
}
