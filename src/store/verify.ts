import { type ChainAnswer, genesis, verifyAgainstHead, verifyChain } from '../journal/chain.ts'
import type { Recorded } from '../journal/events.ts'
import type { Head, Store } from './store.ts'

const entriesAtOnce = 5_000

/**
 * Reads the whole journal and follows its chain; then compares it with the head that the store itself noted, and with
 * those that were `seen` elsewhere (reports, heartbeats). Answers with the first position that is broken.
 */
export const verifyJournal = async (store: Store, seen: readonly Head[] = []): Promise<ChainAnswer> => {
  // Noted before reading: what is appended meanwhile only makes the journal longer.
  const known = [await store.head(), ...seen].toSorted((a, b) => a.position - b.position)
  const wanted = new Set(known.map((head) => head.position))
  const found: Recorded[] = []
  let last: Recorded | undefined
  let head: Head = genesis
  for (;;) {
    const entries = await store.read(head.position, entriesAtOnce)
    const answer = verifyChain(entries, head)
    if (answer.kind === 'broken') return answer
    found.push(...entries.filter((entry) => wanted.has(entry.position)))
    head = answer.head
    last = entries.at(-1) ?? last
    if (entries.length < entriesAtOnce) break
  }
  const ends = last === undefined ? [] : [...found, last]
  const compared = known.map((one) => verifyAgainstHead(ends, one))
  return compared.find((answer) => answer.kind === 'broken') ?? { kind: 'whole', head }
}
