import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Call, Claims, Traffic, WeightSeen } from '../../../engine/ports.ts'
import type { Side } from '../../../moves/goal.ts'

/** A provider of Traffic with a world around it: one service with a copy on each side, weight 0, never claimed. */
export type TrafficHarness = {
  readonly traffic: Traffic
  /** null: whose it is, is kept elsewhere. */
  readonly claims: Claims | null
  readonly service: string
  /** Changes the weight past Titrate, as a person would. */
  setByHand(green: number): Promise<void>
  /** Makes a side's copy ready or unready, and returns when that is so. null: not possible here. */
  readonly setReady: ((side: Side, ready: boolean) => Promise<void>) | null
  /** Sends a user's request and says which side answered. null: nothing can be sent here. */
  readonly send: ((headers: Readonly<Record<string, string>>) => Promise<Side>) | null
  /** Kills what holds the weights, and starts it anew. null: not possible here. */
  readonly crash: (() => Promise<void>) | null
  close(): Promise<void>
}

/** What every provider of Traffic keeps. What one does not support is skipped by name. */
export const testTraffic = (name: string, create: () => Promise<TrafficHarness>, has: TrafficAbilities): void => {
  describe(`${name} keeps the contract of Traffic`, () => {
    let harness: TrafficHarness
    beforeEach(async () => {
      harness = await create()
    })
    afterEach(async () => await harness.close())

    const signal = () => AbortSignal.timeout(5_000)
    const call = (epoch: number, version: number, revision?: string): Call => ({
      fence: { release: 'shop', epoch, move: harness.service, version },
      intent: `${harness.service}/weights/${version}`,
      signal: signal(),
      ...(revision === undefined ? {} : { revision }),
    })
    const set = async (green: number, by: Call) =>
      await harness.traffic.setWeight(by, harness.service, green, { green: 0 })
    const read = async (): Promise<WeightSeen> => {
      const answer = await harness.traffic.read(harness.service, signal())
      if (answer.kind !== 'ok') throw new Error(answer.because)
      return answer.value
    }

    test('a weight that was set is read, with the stamp of who set it', async () => {
      const before = await read()
      expect(before).toMatchObject({ green: 0, stamp: null })
      const done = await set(25, call(1, 1))
      const after = await read()
      expect(after).toMatchObject({ green: 25, stamp: { fence: call(1, 1).fence, baseline: { green: 0 } } })
      expect(done).toEqual({ kind: 'ok', value: { revision: after.revision } })
      expect(after.revision).not.toBe(before.revision)
    })

    test('the list has the same as a single read', async () => {
      await set(5, call(1, 1))
      expect(await harness.traffic.list(signal())).toMatchObject({ kind: 'ok', value: [await read()] })
    })

    test('the same call again is ok, also with the revision it began from', async () => {
      const { revision } = await read()
      const first = await set(25, call(1, 1, revision))
      expect(await set(25, call(1, 1, revision))).toEqual(first)
    })

    test('an old revision is a conflict and changes nothing', async () => {
      const { revision } = await read()
      await set(25, call(1, 1))
      expect(await set(50, call(1, 2, revision))).toMatchObject({ kind: 'conflict' })
      expect(await read()).toMatchObject({ green: 25 })
    })

    test('a service that is not there is refused', async () => {
      const because = expect.stringContaining('nowhere')
      expect(await harness.traffic.read('nowhere', signal())).toEqual({ kind: 'refused', because })
      expect(await harness.traffic.setWeight(call(1, 1), 'nowhere', 1, null)).toEqual({ kind: 'refused', because })
    })

    test('a weight below 0 or above 100 is refused', async () => {
      expect((await set(-1, call(1, 1))).kind).toBe('refused')
      expect((await set(101, call(1, 1))).kind).toBe('refused')
      expect(await read()).toMatchObject({ green: 0 })
    })

    test('a change by hand is seen: another weight and revision, and the last stamp', async () => {
      await set(25, call(1, 1))
      const ours = await read()
      await harness.setByHand(5)
      const seen = await read()
      expect(seen).toMatchObject({ green: 5, stamp: ours.stamp })
      expect(seen.revision).not.toBe(ours.revision)
    })

    test('who watches is told of a change', async () => {
      const end = new AbortController()
      const told: (string | null)[] = []
      const wake: (() => void)[] = []
      harness.traffic.watch((service) => {
        told.push(service)
        for (const go of wake.splice(0)) go()
      }, end.signal)
      if (told.length === 0) await new Promise<void>((resolve) => wake.push(resolve))
      const changed = new Promise<void>((resolve) => wake.push(resolve))
      await set(25, call(1, 1))
      await changed
      end.abort()
      expect(told.at(-1) ?? harness.service).toBe(harness.service)
    })

    test('a call that is given up is unknown, and never throws', async () => {
      const answer = await set(25, { ...call(1, 1), signal: AbortSignal.abort() })
      expect(answer.kind).toBe('unknown')
    })

    test.skipIf(!has.fences)('an older fence is refused and changes nothing', async () => {
      await set(25, call(2, 5))
      for (const older of [call(1, 9), call(2, 4)]) expect((await set(50, older)).kind).toBe('refused')
      expect(await read()).toMatchObject({ green: 25 })
      expect((await set(50, call(3, 1))).kind).toBe('ok')
    })

    test.skipIf(!has.claims)('who claimed it, and a stop mark, decide who acts', async () => {
      const { claims } = harness
      if (claims === null) throw new Error('the harness has no claims')
      expect((await claims.claim('shop', 2, signal())).kind).toBe('ok')
      expect((await claims.claim('other', 3, signal())).kind).toBe('refused')
      expect((await claims.claim('shop', 1, signal())).kind).toBe('refused')
      const foreign = { ...call(9, 1), fence: { ...call(9, 1).fence, release: 'other' } }
      expect((await set(25, foreign)).kind).toBe('refused')
      const mark = { at: 1_700_000_000_000, by: 'ann', because: 'checkout is down' }
      expect((await claims.stop(mark, 2, signal())).kind).toBe('ok')
      expect(await claims.read(signal())).toMatchObject({
        kind: 'ok',
        value: { release: 'shop', epoch: 2, stop: mark },
      })
      expect((await set(25, call(2, 1))).kind).toBe('refused')
      expect((await set(0, call(3, 1))).kind).toBe('ok')
      // Break-glass takes the next epoch, and acts by it.
      expect((await claims.stop(mark, 4, signal())).kind).toBe('ok')
      expect((await set(25, call(3, 2))).kind).toBe('refused')
      expect((await set(0, call(4, 1))).kind).toBe('ok')
      expect((await claims.clearStop(signal())).kind).toBe('ok')
      expect((await set(25, call(4, 2))).kind).toBe('ok')
      expect((await claims.free('shop', 4, signal())).kind).toBe('ok')
      expect(await claims.read(signal())).toMatchObject({ kind: 'ok', value: { release: null, stop: null } })
      expect((await set(50, call(4, 3))).kind).toBe('refused')
      expect((await claims.claim('other', 5, signal())).kind).toBe('ok')
    })

    test.skipIf(!has.crash)('what was answered is there after a crash', async () => {
      await set(25, call(2, 5))
      await harness.claims?.claim('shop', 2, signal())
      const before = await read()
      await harness.crash?.()
      const { green, revision, stamp } = await read()
      expect({ green, revision, stamp }).toEqual({ green: 25, revision: before.revision, stamp: before.stamp })
      expect((await set(50, call(2, 4))).kind).toBe('refused')
    })

    test.skipIf(!has.send)('all or nothing goes where the weight says', async () => {
      const sent = async () =>
        new Set(await Promise.all(Array.from({ length: 20 }, async () => await harness.send?.({}))))
      expect(await sent()).toEqual(new Set(['blue']))
      await set(100, call(1, 1))
      expect(await sent()).toEqual(new Set(['green']))
      await set(0, call(1, 2))
      expect(await sent()).toEqual(new Set(['blue']))
    })

    test.skipIf(!has.send)('a share goes to green', async () => {
      await set(50, call(1, 1))
      const sent = await Promise.all(Array.from({ length: 200 }, async () => await harness.send?.({})))
      const green = sent.filter((side) => side === 'green').length
      // Outside with a probability below 1e-9.
      expect(green).toBeGreaterThan(57)
      expect(green).toBeLessThan(143)
    })

    test.skipIf(!has.send || !has.testRoute)('the test route reaches green at weight 0', async () => {
      const route = harness.traffic.testRoute(harness.service)
      if (route === null) throw new Error('there is no test route')
      expect(await harness.send?.({ [route.header]: route.value })).toBe('green')
      expect(harness.traffic.testRoute('nowhere')).toBe(null)
    })

    test.skipIf(!has.setReady)('an unready green gets 0 while blue is ready, and only then', async () => {
      await set(100, call(1, 1))
      expect(await read()).toMatchObject({ effectiveGreen: 100, ready: { blue: true, green: true } })
      await harness.setReady?.('green', false)
      expect(await read()).toMatchObject({ green: 100, effectiveGreen: 0, ready: { blue: true, green: false } })
      await harness.setReady?.('blue', false)
      expect(await read()).toMatchObject({ green: 100, effectiveGreen: 100 })
      await harness.setReady?.('green', true)
      await set(5, call(1, 2))
      expect(await read()).toMatchObject({ effectiveGreen: 5, ready: { blue: false, green: true } })
    })
  })
}

export type TrafficAbilities = {
  readonly fences: boolean
  readonly claims: boolean
  readonly crash: boolean
  readonly send: boolean
  readonly testRoute: boolean
  readonly setReady: boolean
}
