import type { Millis } from '../moves/goal.ts'
import { type EntryOf, entriesOf, type Material } from './material.ts'

export type Moment = { readonly at: Millis; readonly entry: number; readonly text: string }

/** One rollback, from the first sign to the last service back. null: it did not come to that, or nothing says so. */
export type Rollback = {
  readonly because: string
  readonly by: string
  readonly everything: boolean
  readonly services: readonly string[]
  /** The first of the unbroken series of signs against green that led to it. */
  readonly firstSign: Moment | null
  readonly ordered: Moment
  /** When no user was on green any more. */
  readonly trafficBack: Moment | null
  readonly back: readonly {
    readonly service: string
    readonly at: Millis
    readonly afterMs: Millis
    readonly entry: number
  }[]
  readonly missing: readonly string[]
  readonly lastBack: Moment | null
  readonly detectionMs: Millis | null
  readonly recoveryMs: Millis | null
}

type Order = EntryOf<'rollback ordered'>

export const readRollbacks = (material: Material): readonly Rollback[] => {
  const orders = entriesOf(material.entries, 'rollback ordered')
  return orders.map((order, index) =>
    readRollback(material, order, orders[index + 1]?.position ?? Number.POSITIVE_INFINITY),
  )
}

const readRollback = (material: Material, order: Order, before: number): Rollback => {
  const { because, by, everything, services } = order.event
  const after = material.entries.filter(({ position }) => position > order.position && position < before)
  const settled = entriesOf(after, 'settled')
  const back = services.flatMap((service) => {
    const one = settled.find((entry) => entry.service === service && entry.event.on === 'blue')
    return one === undefined ? [] : [{ service, at: one.at, afterMs: one.at - order.at, entry: one.position }]
  })
  const last = back.reduce<(typeof back)[number] | null>((a, b) => (a === null || b.at > a.at ? b : a), null)
  const missing = services.filter((service) => !back.some((one) => one.service === service))
  const firstSign = findSign(material, order)
  const lastBack = last !== null && missing.length === 0 ? { at: last.at, entry: last.entry, text: last.service } : null
  return {
    because,
    by,
    everything,
    services,
    firstSign,
    ordered: { at: order.at, entry: order.position, text: `ordered by ${by}` },
    trafficBack: findTrafficBack(material, firstSign?.entry ?? order.position, before),
    back,
    missing,
    lastBack,
    detectionMs: firstSign === null ? null : order.at - firstSign.at,
    recoveryMs: lastBack === null ? null : lastBack.at - order.at,
  }
}

/** Per service: a word against green opens the series, a good one closes it, and so does a new attempt. */
const findSign = ({ entries }: Material, order: Order): Moment | null => {
  const open = new Map<string, Moment>()
  const kinds = [
    'ordered',
    'judged',
    'run ended',
    'rejected',
    'asked to go back',
    'requested',
    'drifted',
    'stuck',
  ] as const
  const earlier = entriesOf(entries, ...kinds).filter(({ position }) => position < order.position)
  for (const { service, event, at, position: entry } of earlier) {
    const key = service ?? '*'
    if (event.kind === 'ordered' && event.order !== 'hold' && event.order !== 'back') open.delete(key)
    if (event.kind === 'judged' && !event.against) open.delete(key)
    const text = signOf(event)
    if (text !== null && !open.has(key))
      open.set(key, { at, entry, text: service === null ? text : `${service}: ${text}` })
  }
  const known = [...order.event.services, '*'].flatMap((service) => open.get(service) ?? [])
  const signs = known.filter(({ text }) => order.event.by === 'titrate' || !text.startsWith('asked for'))
  return (signs.length > 0 ? signs : known).toSorted((a, b) => a.at - b.at || a.entry - b.entry)[0] ?? null
}

type Sign = EntryOf<
  'ordered' | 'judged' | 'run ended' | 'rejected' | 'asked to go back' | 'requested' | 'drifted' | 'stuck'
>

const signOf = (event: Sign['event']): string | null => {
  switch (event.kind) {
    case 'judged':
      return event.against ? event.because : null
    case 'run ended':
      return event.side === 'green' && !event.good ? `the run ${event.run} failed: ${event.because}` : null
    case 'rejected':
      return `${event.by} rejected "${event.gate}": ${event.because}`
    case 'asked to go back':
    case 'stuck':
      return event.because
    case 'drifted':
      return event.towards === 'blue' ? `its ${event.lane} was changed towards blue: ${event.found}` : null
    case 'requested':
      return event.request.kind === 'roll back' ? `asked for: ${event.request.because}` : null
    case 'ordered':
      return null
    default:
      return event satisfies never
  }
}

/** A service that fails takes its own users back at once, before the order: so it counts from the first sign. */
const findTrafficBack = ({ entries }: Material, after: number, before: number): Moment | null => {
  const zero = new Map(
    entriesOf(entries, 'intended').flatMap(({ event, service, position }) =>
      position > after && position < before && event.goal.kind === 'weights' && event.goal.green === 0
        ? [[event.intent, service]]
        : [],
    ),
  )
  const done = entriesOf(entries, 'came out').filter(
    ({ event, position }) => position < before && zero.has(event.intent) && event.outcome.kind === 'done',
  )
  const last = done.at(-1)
  return last === undefined || done.length < zero.size
    ? null
    : { at: last.at, entry: last.position, text: [...new Set(zero.values())].join(', ') }
}
