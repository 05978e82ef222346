import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ContractHarness, type ContractWorld, callFor, soon } from './harness.ts'

/** What every environment promises about whose it is, and about acts that come too late. */
export const claimsContract = (harness: ContractHarness): void => {
  describe(`claims of ${harness.name}`, () => {
    let world: ContractWorld
    beforeEach(async () => {
      world = await harness.open({ asleep: true })
    })
    afterEach(() => world.end())

    const read = async () => {
      const answer = await world.claims.read(soon())
      if (answer.kind !== 'ok') throw new Error(answer.because)
      return answer.value
    }

    it('is free at first, belongs to one release at a time, and can be given free', async () => {
      expect(await read()).toMatchObject({ release: null, epoch: 0, stop: null })
      expect((await world.claims.claim('shop', 1, soon())).kind).toBe('ok')
      expect((await world.claims.claim('shop', 1, soon())).kind).toBe('ok')
      expect((await world.claims.claim('other', 2, soon())).kind).toBe('refused')
      expect((await world.claims.free('other', 2, soon())).kind).toBe('refused')
      expect(await read()).toMatchObject({ release: 'shop', epoch: 1 })
      expect((await world.claims.free('shop', 1, soon())).kind).toBe('ok')
      expect((await world.claims.free('shop', 1, soon())).kind).toBe('ok')
      expect((await world.claims.claim('other', 2, soon())).kind).toBe('ok')
    })

    it('raises the epoch, and refuses an older one from then on', async () => {
      await world.claims.claim('shop', 1, soon())
      expect((await world.claims.claim('shop', 3, soon())).kind).toBe('ok')
      expect((await world.claims.claim('shop', 2, soon())).kind).toBe('refused')
      expect((await world.workloads.scale(callFor('web', { epoch: 2 }), 'web', 1, null)).kind).toBe('refused')
      expect((await world.workloads.scale(callFor('web', { epoch: 4 }), 'web', 1, null)).kind).toBe('ok')
      expect((await read()).epoch).toBe(4)
    })

    it('refuses acts of another release, and late ones of a release that gave it free', async () => {
      await world.claims.claim('shop', 1, soon())
      expect((await world.workloads.scale(callFor('web', { release: 'other' }), 'web', 1, null)).kind).toBe('refused')
      await world.claims.free('shop', 1, soon())
      expect((await world.schedules.resume(callFor('often'), 'often')).kind).toBe('refused')
    })

    it('refuses an older version of the same move, not of another', async () => {
      expect((await world.workloads.scale(callFor('web', { version: 1_000_010 }), 'web', 1, null)).kind).toBe('ok')
      expect((await world.workloads.scale(callFor('web', { version: 1_000_009 }), 'web', 2, null)).kind).toBe('refused')
      expect((await world.workloads.scale(callFor('web', { version: 1_000_010 }), 'web', 1, null)).kind).toBe('ok')
      expect((await world.workloads.scale(callFor('worker', { version: 5 }), 'worker', 1, null)).kind).toBe('ok')
      const seen = await world.workloads.read('web', soon())
      expect(seen).toMatchObject({ kind: 'ok', value: { desired: 1 } })
    })

    it('lets break-glass act with the epoch of its stop, when that is newer than all seen', async () => {
      await world.claims.claim('shop', 1, soon())
      const mark = { at: 1_700_000_000_000, by: 'ada', because: 'break-glass' }
      expect((await world.claims.stop(mark, 2, soon())).kind).toBe('ok')
      expect((await world.claims.stop(mark, 2, soon())).kind).toBe('ok')
      expect((await world.workloads.scale(callFor('web', { epoch: 1 }), 'web', 1, null)).kind).toBe('refused')
      expect((await world.workloads.scale(callFor('web', { epoch: 2 }), 'web', 1, null)).kind).toBe('ok')
    })

    it('stops every engine up to an epoch until the mark is cleared', async () => {
      await world.claims.claim('shop', 1, soon())
      const mark = { at: 1_700_000_000_000, by: 'ada', because: 'break-glass' }
      expect((await world.claims.stop(mark, 1, soon())).kind).toBe('ok')
      expect((await read()).stop).toEqual(mark)
      const late = await world.workloads.scale(callFor('web', { epoch: 1 }), 'web', 1, null)
      expect(late.kind).toBe('refused')
      expect(late.kind === 'refused' && late.because).toContain('ada')
      expect((await world.workloads.scale(callFor('web', { epoch: 2 }), 'web', 1, null)).kind).toBe('ok')
      expect((await world.claims.clearStop(soon())).kind).toBe('ok')
      expect((await read()).stop).toBeNull()
      expect((await world.workloads.scale(callFor('web', { epoch: 2 }), 'web', 1, null)).kind).toBe('ok')
    })
  })
}
