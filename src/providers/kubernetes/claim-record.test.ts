import { describe, expect, it } from 'vitest'
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

const after = (record: ClaimRecord, change: ClaimChange): ClaimRecord =>
  change.kind === 'change' ? change.record : record
const fence = (epoch: number, release = 'shop') => ({ release, epoch, move: 'web', version: 1 })
const mark = { at: 1_700_000_000_000, by: 'ada', because: 'break-glass' }
const claimed = after(emptyClaim, claimedBy(emptyClaim, 'blue/shop', 'shop', 3))

describe('the claim of an environment', () => {
  it('belongs to one release, by the newest epoch seen', () => {
    expect(claimedBy(claimed, 'blue/shop', 'shop', 3)).toEqual({ kind: 'holds' })
    expect(claimedBy(claimed, 'blue/shop', 'other', 4)).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('belongs to release shop'),
    })
    expect(claimedBy(claimed, 'blue/shop', 'shop', 2).kind).toBe('refused')
    expect(admits(claimed, 'blue/shop', fence(3))).toEqual({ kind: 'holds' })
    expect(after(claimed, admits(claimed, 'blue/shop', fence(5))).epoch).toBe(5)
    expect(admits(claimed, 'blue/shop', fence(2)).kind).toBe('refused')
  })

  it('refuses late acts of a release that gave it free, until that claims it anew', () => {
    const free = after(claimed, freedBy(claimed, 'blue/shop', 'shop', 3))
    expect(free).toMatchObject({ release: null, epoch: 3, freed: { shop: 3 } })
    expect(admits(free, 'blue/shop', fence(3))).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('has given environment'),
    })
    expect(freedBy(free, 'blue/shop', 'other', 1)).toEqual({ kind: 'holds' })
    const again = after(free, claimedBy(free, 'blue/shop', 'shop', 4))
    expect(admits(again, 'blue/shop', fence(4))).toEqual({ kind: 'holds' })
  })

  it('is stopped up to an epoch; made twice, it is one stop, and the next engine goes on after it was cleared', () => {
    const stopped = after(claimed, stoppedBy(claimed, mark, 3))
    expect(stopped.stop).toEqual({ mark, epoch: 3 })
    expect(stoppedBy(stopped, mark, 3)).toEqual({ kind: 'holds' })
    expect(admits(stopped, 'blue/shop', fence(3))).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('ada stopped'),
    })
    const byBreakGlass = after(claimed, stoppedBy(claimed, mark, 4))
    expect(byBreakGlass).toMatchObject({ epoch: 4, stop: { epoch: 3 } })
    expect(admits(byBreakGlass, 'blue/shop', fence(4))).toEqual({ kind: 'holds' })
    expect(after(stopped, unstopped(stopped)).stop).toBeNull()
  })
})
