import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from './canonical-json.ts'
import { type ChainHead, chainHash, genesis, verifyAgainstHead, verifyChain } from './chain.ts'
import type { JournalEvent, Recorded } from './events.ts'

const chainOf = (notes: readonly string[], from: ChainHead = genesis): Recorded[] => {
  let previous = from.hash
  return notes.map((because, index) => {
    const event: JournalEvent = { kind: 'asked to go back', because }
    const position = from.position + index + 1
    const entry = { position, stream: 'move/shop', version: position, at: 1_000 + position, epoch: 1, observation: 7 }
    previous = chainHash(previous, entry, canonicalJson(event))
    return { ...entry, event, hash: previous }
  })
}

const change = (entries: readonly Recorded[], index: number, by: Partial<Recorded>): Recorded[] =>
  entries.map((entry, at) => (at === index ? { ...entry, ...by } : entry))

const headOf = (entries: readonly Recorded[]): ChainHead => entries.at(-1) ?? genesis

describe('the hash chain', () => {
  it('hashes the previous hash and the canonical JSON of the entry, so that anyone can check it', () => {
    const [entry] = chainOf(['a'])
    const text = `{"at":1001,"epoch":1,"event":{"because":"a","kind":"asked to go back"},"observation":7,"position":1,"stream":"move/shop","version":1}`
    expect(entry?.hash).toBe(
      createHash('sha256')
        .update('0'.repeat(64) + text)
        .digest('hex'),
    )
  })

  it('is whole for an untouched journal, read at once or in parts', () => {
    const entries = chainOf(['a', 'b', 'c', 'd'])
    const { position, hash } = headOf(entries)
    expect(verifyChain(entries)).toEqual({ kind: 'whole', head: { position, hash } })
    expect(verifyChain(entries.slice(2), headOf(entries.slice(0, 2)))).toMatchObject({ kind: 'whole' })
    expect(verifyChain([])).toEqual({ kind: 'whole', head: genesis })
  })

  it.each<[string, Partial<Recorded>]>([
    ['event', { event: { kind: 'asked to go back', because: 'B' } }],
    ['time', { at: 5 }],
    ['epoch', { epoch: 2 }],
    ['observation', { observation: 8 }],
    ['stream', { stream: 'move/shop2' }],
    ['version', { version: 9 }],
    ['hash', { hash: 'f'.repeat(64) }],
  ])('finds an entry whose %s was changed', (_, by) => {
    expect(verifyChain(change(chainOf(['a', 'b', 'c']), 1, by))).toMatchObject({
      kind: 'broken',
      position: 2,
      how: 'changed',
    })
  })

  it('finds the first broken entry, whichever it is and whatever is done to it', () => {
    const damage = fc.constantFrom('changed' as const, 'missing' as const, 'order' as const)
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.nat(), damage, (length, at, how) => {
        const entries = chainOf(Array.from({ length }, (_, index) => `note ${index}`))
        const index = at % (length - 1) // The last one may be missing without a trace: see below.
        const damaged = {
          changed: () => change(entries, index, { event: { kind: 'asked to go back', because: 'other' } }),
          missing: () => entries.toSpliced(index, 1),
          order: () => entries.toSpliced(index + 1, 0, ...entries.slice(index, index + 1)),
        }[how]()
        const position = how === 'order' ? index + 2 : index + 1
        expect(verifyChain(damaged)).toMatchObject({ kind: 'broken', position, how })
      }),
    )
  })

  it('finds a tail that was cut off by a head that was seen before', () => {
    const entries = chainOf(['a', 'b', 'c', 'd'])
    const cut = entries.slice(0, 2)
    expect(verifyChain(cut)).toMatchObject({ kind: 'whole' })
    expect(verifyAgainstHead(cut, headOf(entries))).toMatchObject({ kind: 'broken', position: 3, how: 'cut off' })
    expect(verifyAgainstHead([], headOf(entries))).toMatchObject({ kind: 'broken', position: 1, how: 'cut off' })
  })

  it('finds a journal that was rewritten with hashes to match', () => {
    const seen = headOf(chainOf(['a', 'b']))
    const rewritten = chainOf(['a', 'B', 'c'])
    expect(verifyChain(rewritten)).toMatchObject({ kind: 'whole' })
    expect(verifyAgainstHead(rewritten, seen)).toMatchObject({ kind: 'broken', position: 2, how: 'changed' })
  })

  it('agrees with every head that was really seen', () => {
    const entries = chainOf(['a', 'b', 'c'])
    for (const known of [genesis, ...entries]) expect(verifyAgainstHead(entries, known).kind).toBe('whole')
    expect(verifyAgainstHead(entries.slice(2), headOf(entries)).kind).toBe('whole')
  })
})
