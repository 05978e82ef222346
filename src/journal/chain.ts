import { hash } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'
import type { Recorded } from './events.ts'

/** The last entry of a journal, or of a part of it. */
export type ChainHead = { readonly position: number; readonly hash: string }

/** The head of an empty journal. */
export const genesis: ChainHead = { position: 0, hash: '0'.repeat(64) }

type Hashed = Omit<Recorded<unknown>, 'hash'>

/**
 * The canonical JSON of an entry without its hash. `event` is the event's own canonical JSON, written once and then
 * both hashed and stored; members stand in the order of RFC 8785.
 */
const entryJson = (entry: Omit<Hashed, 'event'>, event: string): string =>
  `{"at":${entry.at},"epoch":${entry.epoch},"event":${event},"observation":${entry.observation},` +
  `"position":${entry.position},"stream":${canonicalJson(entry.stream)},"version":${entry.version}}`

/** Links an entry to the one before it: SHA-256, in hex, over the previous hash and the entry's canonical JSON. */
export const chainHash = (previous: string, entry: Omit<Hashed, 'event'>, event: string): string =>
  hash('sha256', previous + entryJson(entry, event), 'hex')

const hashOf = (previous: string, entry: Hashed): string => chainHash(previous, entry, canonicalJson(entry.event))

/**
 * - `changed`: this entry, or its hash, isn't what was written. `missing`: no entry stands at this position.
 * - `order`: an entry stands where a later one belongs.
 * - `cut off`: the journal ends before a position that is known to have been written.
 */
export type ChainAnswer =
  | { readonly kind: 'whole'; readonly head: ChainHead }
  | {
      readonly kind: 'broken'
      /** The first position that is wrong. */
      readonly position: number
      readonly how: 'changed' | 'missing' | 'order' | 'cut off'
      readonly because: string
    }

/**
 * Follows the chain over entries in their order and says where it first breaks. For a journal read in parts, pass the
 * `head` of the part before as `from`. A tail that was cut off leaves a whole chain: see `verifyAgainstHead`.
 */
export const verifyChain = (entries: readonly Recorded[], from: ChainHead = genesis): ChainAnswer => {
  let head = from
  for (const entry of entries) {
    const expected = head.position + 1
    if (entry.position > expected) {
      return broken(expected, 'missing', `entry ${expected} is missing: after ${head.position} comes ${entry.position}`)
    }
    if (entry.position < expected) {
      return broken(expected, 'order', `entry ${entry.position} stands where ${expected} belongs`)
    }
    const found = hashOf(head.hash, entry)
    if (found !== entry.hash) {
      const seen = `its hash is ${shorten(entry.hash)}, its content and the entries before it give ${shorten(found)}`
      return broken(expected, 'changed', `entry ${expected} (${entry.stream}) was changed: ${seen}`)
    }
    head = { position: expected, hash: found }
  }
  return { kind: 'whole', head }
}

/**
 * Compares a journal whose chain is whole with a head that was seen earlier (in a report or a heartbeat): finds a tail
 * that was cut off, and a journal that was rewritten with hashes to match. `entries` must reach from at most
 * `known.position` to the journal's end; earlier ones aren't needed.
 */
export const verifyAgainstHead = (entries: readonly Recorded[], known: ChainHead): ChainAnswer => {
  const last = entries.at(-1)
  const head: ChainHead = last === undefined ? genesis : { position: last.position, hash: last.hash }
  if (known.position === 0) return { kind: 'whole', head }
  if (head.position < known.position) {
    const lost = known.position - head.position
    return broken(
      head.position + 1,
      'cut off',
      `the journal ends at ${head.position}, but ${known.position} was written: ${lost} entries are gone`,
    )
  }
  const same = entries.find((entry) => entry.position === known.position)
  if (same === undefined) return broken(known.position, 'missing', `entry ${known.position} is missing`)
  if (same.hash !== known.hash) {
    const seen = `its hash is ${shorten(same.hash)}, it was seen as ${shorten(known.hash)}`
    return broken(known.position, 'changed', `entry ${known.position}, or one before it, was rewritten: ${seen}`)
  }
  return { kind: 'whole', head }
}

const broken = (
  position: number,
  how: Extract<ChainAnswer, { kind: 'broken' }>['how'],
  because: string,
): ChainAnswer => ({ kind: 'broken', position, how, because })

/** Enough of a hash for a person to compare. */
const shorten = (hash: string): string => `${hash.slice(0, 12)}…`
