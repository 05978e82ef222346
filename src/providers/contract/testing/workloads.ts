import { afterEach, describe, expect, it, vi } from 'vitest'
import { type ContractHarness, type ContractWorld, callFor, soon } from './harness.ts'

const within = { timeout: 15_000, interval: 50 }

/** What every provider of workloads promises. */
export const workloadsContract = (harness: ContractHarness): void => {
  describe(`workloads of ${harness.name}`, () => {
    let world: ContractWorld
    afterEach(() => world.end())

    const seen = async (service: string) => {
      const answer = await world.workloads.read(service, soon())
      if (answer.kind !== 'ok') throw new Error(answer.because)
      return answer.value
    }
    const readyAt = (service: string, replicas: number) =>
      vi.waitFor(async () => expect(await seen(service)).toMatchObject({ ready: replicas, running: replicas }), within)

    it('lists the same as it reads, and refuses a service that is not there', async () => {
      world = await harness.open({ asleep: true })
      const list = await world.workloads.list(soon())
      if (list.kind !== 'ok') throw new Error(list.because)
      expect(list.value.map((each) => each.service).toSorted()).toEqual(['failing', 'long', 'often', 'web', 'worker'])
      expect(await seen('web')).toEqual(list.value.find((each) => each.service === 'web'))
      expect((await world.workloads.read('nobody', soon())).kind).toBe('refused')
      expect((await world.workloads.scale(callFor('nobody'), 'nobody', 1, null)).kind).toBe('refused')
    })

    it('is born asleep where asked: nothing runs until it is scaled, provisioned or not', async () => {
      world = await harness.open({ asleep: true })
      expect((await world.workloads.provision(callFor('web'), 'web', { replicas: 0 })).kind).toBe('ok')
      expect(await seen('web')).toMatchObject({ desired: 0, ready: 0, running: 0, youngestReadyAt: null })
      expect((await world.workloads.scale(callFor('web'), 'web', 2, { replicas: 0 })).kind).toBe('ok')
      await readyAt('web', 2)
      expect((await seen('web')).youngestReadyAt).toBeGreaterThan(1_600_000_000_000)
      expect((await world.workloads.scale(callFor('web'), 'web', 0, null)).kind).toBe('ok')
      await readyAt('web', 0)
    })

    it.skipIf(harness.without.includes('inventory'))(
      'gives the definitions of all services, and equal secrets equal digests under one key only',
      async () => {
        world = await harness.open({ asleep: true })
        const read = async (key: string) => {
          const answer = await world.workloads.inventory(Buffer.from(key), soon())
          if (answer.kind !== 'ok') throw new Error(answer.because)
          return answer.value.services
        }
        const [one, again, other] = [await read('one'), await read('one'), await read('other')]
        expect(one).toEqual(again)
        expect(one.map((each) => each.name).toSorted()).toEqual(['failing', 'long', 'often', 'web', 'worker'])
        const secrets = (services: typeof one) =>
          services.flatMap((each) => Object.values(each.variables)).filter((each) => each.kind === 'secret')
        if (secrets(one).length > 0) expect(secrets(one)).not.toEqual(secrets(other))
      },
    )

    it('leaves a stamp with the first baseline, until the environment is given free', async () => {
      world = await harness.open({ asleep: true })
      await world.claims.claim('shop', 1, soon())
      const first = callFor('web')
      await world.workloads.provision(first, 'web', { replicas: 0 })
      expect((await seen('web')).stamp).toEqual({ fence: first.fence, intent: first.intent, baseline: { replicas: 0 } })
      const second = callFor('web')
      await world.workloads.scale(second, 'web', 1, { replicas: 7 })
      expect((await seen('web')).stamp).toEqual({
        fence: second.fence,
        intent: second.intent,
        baseline: { replicas: 0 },
      })
      await world.claims.free('shop', 1, soon())
      expect((await seen('web')).stamp).toBeNull()
    })

    it('answers conflict to a revision that is old, and ok to the same call made twice', async () => {
      world = await harness.open({ asleep: true })
      const { revision } = await seen('worker')
      const call = callFor('worker', { revision })
      const done = await world.workloads.scale(call, 'worker', 1, null)
      expect(done.kind).toBe('ok')
      expect(await world.workloads.scale(call, 'worker', 1, null)).toEqual(done)
      expect((await world.workloads.scale(callFor('worker', { revision }), 'worker', 0, null)).kind).toBe('conflict')
      expect((await seen('worker')).desired).toBe(1)
    })

    it.skipIf(harness.without.includes('network'))(
      'says where a copy is reached, once one is ready, and gives its last lines',
      async () => {
        world = await harness.open({ asleep: false })
        await readyAt('web', 1)
        const address = await world.workloads.address('web', soon())
        if (address.kind !== 'ok' || address.value === null) throw new Error('no address')
        expect((await fetch(address.value)).status).toBe(200)
        expect(await world.workloads.address('worker', soon())).toEqual({ kind: 'ok', value: null })
        await vi.waitFor(async () => {
          const logs = await world.workloads.logs('worker', 10, soon())
          expect(logs.kind === 'ok' && logs.value.length).toBeGreaterThan(0)
        }, within)
      },
    )

    it('calls back when something changes', async () => {
      world = await harness.open({ asleep: true })
      const stop = new AbortController()
      const changed = vi.fn<(service: string | null) => void>()
      world.workloads.watch(changed, stop.signal)
      await vi.waitFor(() => expect(changed).toHaveBeenCalled(), within)
      changed.mockClear()
      await world.workloads.scale(callFor('worker'), 'worker', 1, null)
      await vi.waitFor(() => expect(changed.mock.calls.flat()).toContain('worker'), within)
      stop.abort()
    })

    it('answers unknown, without throwing, when the caller gives up', async () => {
      world = await harness.open({ asleep: true })
      expect((await world.workloads.list(AbortSignal.abort())).kind).toBe('unknown')
    })
  })
}
