import { once } from 'node:events'
import { request } from 'node:http'
import type { Duplex } from 'node:stream'
import { afterEach, expect, test } from 'vitest'
import { createRouterWorld, get, type RouterWorld, until } from './testing/router-world.ts'

let world: RouterWorld
afterEach(async () => await world.close())

const upgrade = (url: string, headers: Record<string, string> = {}) => {
  const asked = request(url, { agent: false, headers: { connection: 'Upgrade', upgrade: 'websocket', ...headers } })
  asked.on('error', () => undefined)
  return asked.end()
}

test('a WebSocket passes both ways, also what came along with the switch, and stays while weights change', async () => {
  world = await createRouterWorld()
  const { server } = await world.backend('blue')
  let seen: Record<string, unknown> = {}
  server.on('upgrade', (req, socket: Duplex) => {
    seen = req.headers
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Key: 1\r\n\r\nhello',
    )
    socket.on('data', (chunk) => socket.write(`echo ${chunk}`))
    socket.on('error', () => undefined)
  })
  await world.backend('green')
  const router = await world.run()
  const [response, socket, head] = await once(upgrade(router.url), 'upgrade')
  expect(response.headers).toMatchObject({ upgrade: 'websocket', connection: 'Upgrade', 'x-key': '1' })
  expect(seen).toMatchObject({ upgrade: 'websocket', connection: 'Upgrade', 'x-forwarded-for': '127.0.0.1' })
  expect(String(head.length > 0 ? head : (await once(socket, 'data'))[0])).toBe('hello')
  const fence = { release: 'r', epoch: 1, move: 'shop', version: 1 }
  const call = { fence, intent: 'shop/weights/1', signal: AbortSignal.timeout(5_000) }
  expect((await router.traffic.setWeight(call, 'shop', 100, null)).kind).toBe('ok')
  await until(async () => (await get(router.url)).text === 'green' || null)
  socket.write('still here')
  expect(String((await once(socket, 'data'))[0])).toBe('echo still here')
  socket.destroy()
  const text = await (await fetch(router.metricsAddress() ?? '')).text()
  expect(text).toContain('titrate_requests_total{service="shop",environment="blue",replica="shop-0",code="101"} 1')
})

test('the end of either end ends the other', async () => {
  world = await createRouterWorld()
  const { server } = await world.backend('blue')
  const sockets: Duplex[] = []
  server.on('upgrade', (_, socket: Duplex) => {
    sockets.push(socket.resume())
    socket.on('error', () => undefined)
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
  })
  const router = await world.run()
  const [, first] = await once(upgrade(router.url), 'upgrade')
  first.destroy()
  await until(() => sockets[0]?.readableEnded || null)
  const [, second] = await once(upgrade(router.url), 'upgrade')
  second.on('error', () => undefined)
  sockets[1]?.destroy()
  if (!second.destroyed) await once(second, 'close')
})

test('a replica that does not switch is answered for like any other', async () => {
  world = await createRouterWorld()
  const { server } = await world.backend('blue')
  server.on('upgrade', (_, socket: Duplex) => {
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno')
  })
  const router = await world.run()
  const [response] = await once(upgrade(router.url), 'response')
  expect(response.statusCode).toBe(403)
  expect(String((await once(response, 'data'))[0])).toBe('no')
})

test('an offer of HTTP/2 is an ordinary request', async () => {
  world = await createRouterWorld()
  await world.backend('blue')
  const router = await world.run()
  const [response] = await once(upgrade(router.url, { upgrade: 'h2c' }), 'response')
  expect(response.statusCode).toBe(200)
  response.resume()
})

test('without a replica a switch is 503', async () => {
  world = await createRouterWorld()
  const router = await world.run()
  const [response] = await once(upgrade(router.url), 'response')
  expect(response.statusCode).toBe(503)
  response.resume()
})
