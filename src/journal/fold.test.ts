import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from './canonical-json.ts'
import type { Recorded } from './events.ts'
import { emptyJournal, foldJournal, type JournalState } from './fold.ts'
import { frozen } from './testing/frozen.ts'
import { randomEntries } from './testing/random-events.ts'

const runs = { numRuns: 300 }

const whole = (entries: readonly Recorded[]): JournalState => foldJournal(emptyJournal('r'), entries)

describe('folding any journal', () => {
  it('gives the same state in pieces of any size, one by one, and as a whole', () => {
    fc.assert(
      fc.property(randomEntries, fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 }), (entries, sizes) => {
        let pieces = emptyJournal('r')
        let from = 0
        for (const size of [...sizes, entries.length]) {
          pieces = foldJournal(pieces, entries.slice(from, from + size))
          from += size
        }
        expect(pieces).toEqual(whole(entries))
        expect(entries.reduce((state, entry) => foldJournal(state, [entry]), emptyJournal('r'))).toEqual(whole(entries))
      }),
      runs,
    )
  })

  it('changes neither the entries nor any state before', () => {
    fc.assert(
      fc.property(randomEntries, (entries) => {
        let state = frozen(emptyJournal('r'))
        for (const entry of frozen(entries)) {
          const before = JSON.stringify([...state.moves])
          const next = foldJournal(state, [entry])
          expect(JSON.stringify([...state.moves])).toBe(before)
          for (const move of next.moves.values()) frozen(move)
          frozen(next.release)
          state = next
        }
      }),
      runs,
    )
  })

  it('gives the same state of events as a store gives them back', () => {
    fc.assert(
      fc.property(randomEntries, (entries) => {
        const stored = entries.map((entry): Recorded => ({ ...entry, event: JSON.parse(canonicalJson(entry.event)) }))
        expect(whole(stored)).toEqual(whole(entries))
      }),
      runs,
    )
  })

  it('knows the last entry, and how far each stream has come', () => {
    fc.assert(
      fc.property(randomEntries, (entries) => {
        const { position, hash, lastAt, release, moves } = whole(entries)
        const last = entries.at(-1)
        expect([position, hash, lastAt]).toEqual(last === undefined ? [0, '', 0] : [last.position, last.hash, last.at])
        const inStream = (stream: string): number => entries.filter((entry) => entry.stream === stream).length
        expect(release.version).toBe(inStream('release'))
        for (const [service, move] of moves) expect(move.version).toBe(inStream(`move/${service}`))
      }),
      runs,
    )
  })

  it('counts each good run on green once in an attempt, however often it is told', () => {
    fc.assert(
      fc.property(randomEntries, (entries) => {
        for (const [service, move] of whole(entries).moves) {
          const own = entries.flatMap(({ stream, event }) => (stream === `move/${service}` ? [event] : []))
          const runs = own.flatMap((event) => (event.kind === 'run ended' && event.side === 'green' ? [event.run] : []))
          expect(move.goodRuns + move.badRuns.length).toBeLessThanOrEqual(new Set(runs).size)
          expect(new Set(move.runs).size).toBe(move.runs.length)
        }
      }),
      runs,
    )
  })

  it('keeps a lane open until its newest intent came out, and authorises no more than was entered or intended', () => {
    fc.assert(
      fc.property(randomEntries, (entries) => {
        for (const [service, move] of whole(entries).moves) {
          const own = entries.flatMap(({ stream, event }) => (stream === `move/${service}` ? [event] : []))
          for (const lane of Object.values(move.lanes)) {
            const intended = own.findLastIndex((event) => event.kind === 'intended' && event.intent === lane.intent)
            const after = own.slice(intended).find((event) => event.kind === 'came out' && event.intent === lane.intent)
            expect(lane.outcome !== null).toBe(after !== undefined)
          }
          const most = own.reduce(
            (weight, event) =>
              event.kind === 'intended' && event.goal.kind === 'weights' ? Math.max(weight, event.goal.green) : weight,
            0,
          )
          expect(move.authorised).toBeLessThanOrEqual(most)
        }
      }),
      runs,
    )
  })
})

describe('gaps in which nobody watched', () => {
  const span = fc.tuple(fc.nat(40), fc.nat(15)).map(([from, long]) => ({ from, until: from + long }))

  it('never overlap, and together are just what was told of', () => {
    fc.assert(
      fc.property(fc.array(span, { maxLength: 12 }), (told) => {
        const entries = told.map((gap, index): Recorded => {
          const fields = {
            position: index + 1,
            stream: 'release',
            version: index + 1,
            at: index,
            epoch: 1,
            observation: 0,
          }
          return { ...fields, event: { kind: 'not watched', ...gap, because: 'it slept' }, hash: `${index}` }
        })
        const { gaps } = whole(entries).release
        for (let at = 0; at <= 60; at += 0.5) {
          const within = (gap: { readonly from: number; readonly until: number }) => gap.from <= at && at <= gap.until
          expect(gaps.filter(within).length).toBe(told.some(within) ? 1 : 0)
        }
      }),
      runs,
    )
  })
})
