import { describe, expect, it } from 'vitest'
import type { Answer, ClaimSeen, Claims } from '../../engine/ports.ts'
import {
  admits,
  type ClaimChange,
  type ClaimRecord,
  claimedBy,
  emptyClaim,
  freedBy,
  stoppedBy,
  unstopped,
} from './claim-record.ts'
import { joinClaims } from './join-claims.ts'

const signal = AbortSignal.timeout(60_000)

/** A namespace's claim as it is kept, without a cluster. `answers` false: nobody does. */
const claimOf = (name: string, before: Partial<ClaimRecord> = {}) => {
  const kept = { record: { ...emptyClaim, ...before }, answers: true }
  const done = async (change: ClaimChange): Promise<Answer<null>> => {
    if (!kept.answers) return { kind: 'unknown', because: `${name} does not answer` }
    if (change.kind === 'refused') return change
    if (change.kind === 'change') kept.record = change.record
    return { kind: 'ok', value: null }
  }
  const claims: Claims = {
    name,
    read: async (): Promise<Answer<ClaimSeen>> => {
      const { release, epoch, stop } = kept.record
      if (!kept.answers) return { kind: 'unknown', because: `${name} does not answer` }
      return { kind: 'ok', value: { release, epoch, stop: stop?.mark ?? null, now: 7 } }
    },
    claim: (release, epoch) => done(claimedBy(kept.record, name, release, epoch)),
    free: (release, epoch) => done(freedBy(kept.record, name, release, epoch)),
    stop: (mark, epoch) => done(stoppedBy(kept.record, mark, epoch)),
    clearStop: () => done(unstopped(kept.record)),
  }
  return { claims, kept }
}

const mark = { at: 1, by: 'ada', because: 'trouble' }

describe('the claims of several namespaces', () => {
  it('are one claim: taken, raised, stopped and given free together', async () => {
    const [shop, stock] = [claimOf('a/shop'), claimOf('a/stock')]
    const both = joinClaims('a/shop+stock', [shop.claims, stock.claims])
    expect(await both.claim('r', 3, signal)).toEqual({ kind: 'ok', value: null })
    expect(await both.read(signal)).toEqual({ kind: 'ok', value: { release: 'r', epoch: 3, stop: null, now: 7 } })
    await both.stop(mark, 4, signal)
    expect([shop, stock].map(({ kept }) => kept.record.stop?.mark)).toEqual([mark, mark])
    await both.clearStop(signal)
    await both.free('r', 4, signal)
    expect([shop, stock].map(({ kept }) => kept.record.release)).toEqual([null, null])
  })

  it('take nothing when one of them belongs to another release', async () => {
    const [shop, stock] = [claimOf('a/shop'), claimOf('a/stock', { release: 'other', epoch: 9 })]
    const both = joinClaims('a/shop+stock', [shop.claims, stock.claims])
    expect(await both.claim('r', 3, signal)).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('other'),
    })
    expect(shop.kept.record.release).toBe(null)
    // A later try of the same release may act there all the same.
    const fence = { release: 'r', epoch: 10, move: 'web', version: 1 }
    await shop.claims.claim('r', 10, signal)
    expect(admits(shop.kept.record, 'a/shop', fence).kind).toBe('holds')
  })

  it('say whose the environment is, and that it is stopped, when one of them says so', async () => {
    const stopped = claimOf('a/stock', { release: 'other', epoch: 9, stop: { mark, epoch: 8 } })
    const both = joinClaims('a/shop+stock', [claimOf('a/shop').claims, stopped.claims])
    expect(await both.read(signal)).toMatchObject({ value: { release: 'other', epoch: 9, stop: mark } })
  })

  it('leave a stop mark wherever somebody answers, and say who does not', async () => {
    const [shop, stock] = [claimOf('a/shop'), claimOf('a/stock')]
    shop.kept.answers = false
    const both = joinClaims('a/shop+stock', [shop.claims, stock.claims])
    expect(await both.stop(mark, 4, signal)).toEqual({ kind: 'unknown', because: 'a/shop does not answer' })
    expect(stock.kept.record.stop?.mark).toEqual(mark)
    expect(await both.read(signal)).toMatchObject({ kind: 'unknown' })
  })
})
