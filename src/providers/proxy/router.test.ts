import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { type TrafficHarness, testTraffic } from '../contract/testing/traffic.ts'
import { runRouter } from './daemon.ts'
import { connectRouter } from './router-client.ts'
import { routerStatus, setWeightByHand, startRouter, stopRouter } from './router-control.ts'
import { createRouterWorld, get, type RouterWorld, type RunningRouter, until } from './testing/router-world.ts'

let world: RouterWorld
afterEach(async () => await world.close())

const entry = fileURLToPath(new URL('./testing/router-entry.ts', import.meta.url))
const seen = async ({ traffic }: RunningRouter) => {
  const answer = await traffic.read('shop', AbortSignal.timeout(2_000))
  if (answer.kind !== 'ok') throw new Error(answer.because)
  return answer.value
}
const untilSeen = async (router: RunningRouter, ready: { blue: boolean; green: boolean }) =>
  await until(async () => {
    const now = (await seen(router)).ready
    return (now.blue === ready.blue && now.green === ready.green) || null
  })

const createHarness = async (): Promise<TrafficHarness> => {
  world = await createRouterWorld()
  const backends = { blue: await world.backend('blue'), green: await world.backend('green') }
  const client = await world.run()
  return {
    ...client,
    service: 'shop',
    setByHand: async (green) => {
      await setWeightByHand(world.file, 'shop', green)
    },
    setReady: async (side, ready) => {
      world.supervisors[side].update('shop', backends[side].name, { ready })
      await until(async () => {
        const answer = await client.traffic.read('shop', AbortSignal.timeout(2_000))
        return (answer.kind === 'ok' && answer.value.ready[side] === ready) || null
      })
    },
    send: async (headers) => {
      const url = client.traffic.testRoute('shop')?.url ?? ''
      const { text } = await get(url, { headers })
      return text === 'green' ? 'green' : 'blue'
    },
    // In this process there is nothing to kill; see the test of kill -9 below.
    crash: null,
    close: async () => undefined,
  }
}
testTraffic('the embedded router', createHarness, {
  fences: true,
  claims: true,
  crash: false,
  send: true,
  testRoute: true,
  setReady: true,
})

test('when blue flaps, users of blue do not land on green, and blue is tried all the same', async () => {
  world = await createRouterWorld()
  const blue = await world.backend('blue')
  await world.backend('green')
  const router = await world.run()
  await setWeightByHand(world.file, 'shop', 5)
  blue.well = false
  await untilSeen(router, { blue: false, green: true })
  const texts = await Promise.all(Array.from({ length: 100 }, async () => (await get(router.url)).text))
  expect(texts.filter((text) => text === 'green').length).toBeLessThan(30)
  expect(texts.filter((text) => text === 'blue').length).toBeGreaterThan(70)
  blue.well = true
  await untilSeen(router, { blue: true, green: true })
})

test('its own probes find a green that its supervisor still calls ready, and all users go to blue', async () => {
  world = await createRouterWorld()
  await world.backend('blue')
  const green = await world.backend('green')
  const router = await world.run()
  await setWeightByHand(world.file, 'shop', 100)
  green.well = false
  await untilSeen(router, { blue: true, green: false })
  expect((await get(router.url)).text).toBe('blue')
  expect((await get(router.url, { headers: { 'x-titrate-side': 'green' } })).text).toBe('green')
  green.well = true
  await untilSeen(router, { blue: true, green: true })
  expect((await get(router.url)).text).toBe('green')
})

test('a replica that refuses connections makes its side unready at once, before any probe', async () => {
  world = await createRouterWorld('{}', '1h')
  await world.backend('blue')
  const green = await world.backend('green')
  const router = await world.run()
  await setWeightByHand(world.file, 'shop', 100)
  await green.close()
  expect((await get(router.url)).status).toBe(502)
  expect((await get(router.url)).text).toBe('blue')
})

test('without blue replicas its share is 503, and green gets no more than its own', async () => {
  world = await createRouterWorld()
  await world.backend('green')
  const router = await world.run()
  await setWeightByHand(world.file, 'shop', 50)
  const statuses = await Promise.all(Array.from({ length: 100 }, async () => (await get(router.url)).status))
  expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(20)
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(20)
})

test('when a supervisor dies the last replicas are served and probed; when it is back, its list holds', async () => {
  world = await createRouterWorld()
  const blue = await world.backend('blue')
  const router = await world.run()
  await world.supervisors.blue.kill()
  await until(async () => {
    const status = await routerStatus(world.file)
    return (status.kind === 'ok' && !status.value.environments.blue.connected) || null
  })
  expect((await get(router.url)).text).toBe('blue')
  blue.well = false
  await untilSeen(router, { blue: false, green: false })
  blue.well = true
  await untilSeen(router, { blue: true, green: false })
  // A router that starts now has only what the one before it has kept.
  await router.stop()
  const next = await world.run()
  expect((await get(next.url)).text).toBe('blue')
  expect(next.url).toBe(router.url)
  world.supervisors.blue.set('shop', [])
  await world.supervisors.blue.start()
  await until(async () => (await get(next.url)).status === 503 || null)
})

test('replicas of one side share the requests', async () => {
  world = await createRouterWorld()
  const hits = [0, 0, 0]
  for (const n of hits.keys()) {
    await world.backend('blue', (_, res) => {
      hits[n] = (hits[n] ?? 0) + 1
      res.end()
    })
  }
  const router = await world.run()
  for (let n = 0; n < 30; n++) await get(router.url)
  for (const count of hits) expect(count).toBeGreaterThanOrEqual(8)
})

test('a user with a cookie stays while weights rise and fall, and goes back at weight 0', async () => {
  world = await createRouterWorld()
  await world.backend('blue')
  await world.backend('green')
  const router = await world.run()
  await setWeightByHand(world.file, 'shop', 50)
  const users = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const { text, response } = await get(router.url)
      return { side: text, cookie: response.headers['set-cookie']?.[0]?.split(';')[0] ?? '' }
    }),
  )
  const where = async () =>
    await Promise.all(users.map(async ({ cookie }) => (await get(router.url, { headers: { cookie } })).text))
  const at50 = users.map(({ side }) => side)
  expect(await where()).toEqual(at50)
  await setWeightByHand(world.file, 'shop', 80)
  const at80 = await where()
  for (const [n, side] of at50.entries()) if (side === 'green') expect(at80[n]).toBe('green')
  await setWeightByHand(world.file, 'shop', 50)
  expect(await where()).toEqual(at50)
  await setWeightByHand(world.file, 'shop', 0)
  expect(new Set(await where())).toEqual(new Set(['blue']))
})

test('weights, claim and fences are there after kill -9, at the same address', async () => {
  world = await createRouterWorld()
  await world.backend('blue')
  await world.backend('green')
  const options = { file: world.file, entry: [entry, world.file] }
  const first = await startRouter(options)
  const { traffic, claims } = connectRouter(world.file)
  const signal = AbortSignal.timeout(15_000)
  const call = (version: number) => ({
    fence: { release: 'shop', epoch: 2, move: 'shop', version },
    intent: `shop/weights/${version}`,
    signal,
  })
  await claims.claim('shop', 2, signal)
  expect((await traffic.setWeight(call(5), 'shop', 100, { green: 0 })).kind).toBe('ok')
  const before = await traffic.read('shop', signal)
  process.kill(first.pid, 'SIGKILL')
  await until(async () => (await traffic.read('shop', signal)).kind === 'unknown' || null)
  const second = await startRouter(options)
  expect(second.services).toEqual(first.services)
  expect(await traffic.read('shop', signal)).toEqual(before)
  expect(await claims.read(signal)).toMatchObject({ value: { release: 'shop', epoch: 2 } })
  expect((await traffic.setWeight(call(4), 'shop', 0, null)).kind).toBe('refused')
  expect((await get(`http://${second.services.shop}`)).text).toBe('green')
  await stopRouter(world.file)
})

test('it starts as a process of its own, once, and stops when told', async () => {
  world = await createRouterWorld()
  await world.backend('blue')
  const options = { file: world.file, entry: [entry, world.file] }
  const started = await startRouter(options)
  expect(started.pid).not.toBe(process.pid)
  expect((await startRouter(options)).pid).toBe(started.pid)
  expect((await get(`http://${started.services.shop}`)).text).toBe('blue')
  expect(statSync(join(world.directory, 'router', 'router.sock')).mode & 0o777).toBe(0o600)
  await expect(runRouter(world.file, new AbortController().signal, () => undefined)).rejects.toMatchObject({
    code: 'ROUTER_RUNNING',
  })
  expect(await stopRouter(world.file)).toBe(true)
  expect(await stopRouter(world.file)).toBe(false)
})

test('a port that is taken is told by who starts it', async () => {
  world = await createRouterWorld()
  const taken = await world.backend('blue')
  await world.close()
  world = await createRouterWorld(`{ listen: "127.0.0.1:${taken.port}" }`)
  taken.server.listen(taken.port, '127.0.0.1')
  await once(taken.server, 'listening')
  const failing = startRouter({ file: world.file, entry: [entry, world.file] })
  await expect(failing).rejects.toMatchObject({
    code: 'ROUTER_UNAVAILABLE',
    message: expect.stringContaining(`can't listen on 127.0.0.1:${taken.port} for shop`),
  })
  await taken.close()
})

test('answers under way are finished when it stops', async () => {
  world = await createRouterWorld()
  let asked = false
  await world.backend('blue', (_, res) => {
    asked = true
    setTimeout(() => res.end('finished'), 150)
  })
  const router = await world.run()
  const answer = get(router.url)
  await until(() => asked || null)
  await router.stop()
  expect((await answer).text).toBe('finished')
})

test('a call that lost its fence on the way does not pass for one made by hand', async () => {
  world = await createRouterWorld()
  const router = await world.run()
  const call = {
    fence: { release: 'r', epoch: 1, move: 'shop', version: -1 },
    intent: 'i',
    signal: AbortSignal.timeout(2_000),
  }
  expect(await router.traffic.setWeight(call, 'shop', 10, null)).toMatchObject({ kind: 'refused' })
  expect((await seen(router)).green).toBe(0)
})

test('a state that cannot be understood stops the start, and users are not sent by a guess', async () => {
  world = await createRouterWorld()
  const router = await world.run()
  await router.stop()
  writeFileSync(join(world.directory, 'router', 'state.json'), '{')
  await expect(world.run()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
})
