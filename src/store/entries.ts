import { bug, TitrateError } from '../errors.ts'
import { canonicalJson } from '../journal/canonical-json.ts'
import { chainHash } from '../journal/chain.ts'
import type { JournalEvent, Recorded } from '../journal/events.ts'
import type { Json } from '../moves/goal.ts'
import type { Append, AppendAnswer, Head, Observation, StoredObservation } from './store.ts'

/** What to do about a store that was damaged. */
const restore = 'Keep the store aside, and put a copy from before in its place.'

/** The format of events in the journal. Raised when an older version could no longer read what is written. */
export const eventFormat = 1

/** An append whose events are already text. Made before the store is locked, so that a fault in an event locks nothing. */
export type PreparedAppend = Omit<Append, 'batches'> & {
  readonly batches: readonly {
    readonly stream: string
    readonly expected: number | 'any'
    readonly events: readonly string[]
  }[]
}

export const prepareAppend = ({ at, epoch, observation, batches }: Append): PreparedAppend => {
  for (const [name, value] of Object.entries({ at, epoch, observation })) checkWhole(name, value)
  return {
    at,
    epoch,
    observation,
    batches: batches.map(({ stream, expected, events }) => {
      checkName('stream', stream)
      return { stream, expected, events: events.map((event) => jsonOf(event)) }
    }),
  }
}

/** What a release's store holds at the moment of an append, under its lock. */
export type Current = { readonly head: Head; readonly epoch: number; versionOf(stream: string): number }

/** A row to be stored: the entry, and its event as canonical JSON. */
export type Written = { readonly entry: Recorded; readonly json: string }

export type AppendPlan =
  | { readonly kind: 'write'; readonly written: readonly Written[]; readonly head: Head; readonly epoch: number }
  | Extract<AppendAnswer, { kind: 'conflict' | 'fenced' }>

/** What an append comes to; the same for every store. Fencing goes first: whoever is fenced need not read again. */
export const planAppend = (append: PreparedAppend, current: Current): AppendPlan => {
  if (append.epoch !== 0 && append.epoch < current.epoch) return { kind: 'fenced', epoch: current.epoch }
  const versions = new Map<string, number>()
  const written: Written[] = []
  let head = current.head
  for (const { stream, expected, events } of append.batches) {
    let version = versions.get(stream) ?? current.versionOf(stream)
    if (expected !== 'any' && expected !== version) return { kind: 'conflict', stream, version }
    for (const json of events) {
      version += 1
      const entry = writeEntry(append, { stream, version, json, head })
      written.push({ entry, json })
      head = { position: entry.position, hash: entry.hash }
    }
    versions.set(stream, version)
  }
  return { kind: 'write', written, head, epoch: Math.max(append.epoch, current.epoch) }
}

const writeEntry = (
  { at, epoch, observation }: PreparedAppend,
  { stream, version, json, head }: { stream: string; version: number; json: string; head: Head },
): Recorded => {
  const fields = { position: head.position + 1, stream, version, at, epoch, observation }
  // Parsed again, so that whoever appends holds exactly what everybody else will read. It was a JournalEvent before.
  return { ...fields, event: JSON.parse(json) as JournalEvent, hash: chainHash(head.hash, fields, json) }
}

/** A row of the journal as both databases give it. */
export type EventRow = Omit<Recorded, 'event'> & { readonly format: number; readonly body: string }

type RowShape = { readonly whole: readonly string[]; readonly text: readonly string[] }
const eventShape: RowShape = {
  whole: ['position', 'version', 'at', 'epoch', 'observation', 'format'],
  text: ['stream', 'hash', 'body'],
}
const observationShape: RowShape = { whole: ['id', 'at'], text: ['kind', 'subject', 'body'] }

/**
 * Whether a row has values of the types of its columns. A database checks types when it writes; a flipped bit in its
 * file makes a text bytes, or a number another.
 */
export const isRowSound = (row: object, { whole, text }: RowShape): boolean => {
  const value = (column: string): unknown => Reflect.get(row, column)
  return (
    whole.every((column) => Number.isSafeInteger(value(column))) &&
    text.every((column) => typeof value(column) === 'string')
  )
}

/**
 * Only the form is checked: what an event means was checked when it was appended, and the chain says whether it was
 * changed since.
 */
export const readEntry = (row: EventRow): Recorded => {
  const { position, stream, version, at, epoch, observation, hash, format, body } = row
  if (format > eventFormat) {
    throw new TitrateError(
      'STORE_NEWER',
      `Entry ${position} of the journal has format ${format}; this version of Titrate reads up to ${eventFormat}. Use the version that wrote it, or a newer one.`,
      { details: { position, format } },
    )
  }
  const event = isRowSound(row, eventShape) ? parseEvent(body) : null
  if (event === null) {
    throw new TitrateError(
      'JOURNAL_BROKEN',
      `Entry ${position} of the journal (stream ${stream}) can't be read: it isn't an event. It was changed or damaged after it was written. ${restore}`,
      { details: { position } },
    )
  }
  return { position, stream, version, at, epoch, observation, event, hash }
}

const parseEvent = (body: string): JournalEvent | null => {
  try {
    const event: unknown = JSON.parse(body)
    const isEvent = typeof event === 'object' && event !== null && 'kind' in event && typeof event.kind === 'string'
    return isEvent ? (event as JournalEvent) : null // By its format's number, see above.
  } catch {
    return null
  }
}

/** An observation whose body is still text, as both databases give it. */
export type ObservationRow = Omit<StoredObservation, 'body'> & { readonly body: string }

export const readObservation = ({ body, ...row }: ObservationRow): StoredObservation => {
  checkObservation({ body, ...row })
  try {
    return { ...row, body: JSON.parse(body) as Json } // Written by `prepareObservation`.
  } catch (error) {
    throw brokenObservation(row, "it isn't JSON", error)
  }
}

const checkObservation = (row: ObservationRow): void => {
  if (!isRowSound(row, observationShape)) throw brokenObservation(row, 'a value in it has another type than it should')
}

const brokenObservation = ({ id, subject }: Pick<ObservationRow, 'id' | 'subject'>, what: string, cause?: unknown) =>
  new TitrateError(
    'STORE_UNAVAILABLE',
    `Observation ${id} of the store (${subject}) can't be read: ${what}. It was changed or damaged after it was written. ${restore}`,
    { details: { observation: Number(id) }, cause },
  )

/** An observation as text; see `jsonOf`. */
export const prepareObservation = ({ kind, subject, at, body }: Observation) => {
  checkName('subject', subject)
  checkWhole('at', at)
  return { kind, subject, at, body: jsonOf(body) }
}

/** A line of what a prune's hash runs over; the same in every store. */
export const prunedLine = (row: ObservationRow): string => {
  checkObservation(row)
  return `{"at":${row.at},"body":${row.body},"id":${row.id},"kind":"${row.kind}","subject":${canonicalJson(row.subject)}}\n`
}

/**
 * Canonical JSON of something to be stored. Text that was cut in the middle of a character (a log line, a message from
 * outside) gets the replacement character there: a journal that refuses it would stop a release for a smiley.
 */
const jsonOf = (value: unknown): string => {
  try {
    return canonicalJson(value)
  } catch (error) {
    if (!(error instanceof TitrateError) || error.details['fault'] !== 'surrogate') throw error
    return canonicalJson(makeWellFormed(value))
  }
}

const makeWellFormed = (value: unknown): unknown => {
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(makeWellFormed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key.toWellFormed(), makeWellFormed(member)]))
}

const checkWhole = (name: string, value: number): void => {
  if (!Number.isSafeInteger(value)) throw bug(`${name} is ${value}, but the store holds whole numbers`)
}

/** Names are compared and indexed as they are, so what one of the databases would refuse or change is refused here. */
export const checkName = (what: string, name: string): void => {
  if (name === '' || name.length > 400 || !name.isWellFormed() || /[\u0000-\u001f]/.test(name)) {
    throw bug(`the ${what} ${JSON.stringify(name.slice(0, 100))} isn't a name of 1 to 400 characters`)
  }
}
