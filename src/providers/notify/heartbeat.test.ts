import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import { startHeartbeat } from './heartbeat.ts'
import { retryDelay } from './retry.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanUp.splice(0)) await each()
})

const clock = {
  now: Date.now,
  sleep: (until: number, signal: AbortSignal) =>
    wait(Math.max(0, until - Date.now()), undefined, { signal }).catch(() => undefined),
}

const beating = async (answer: (res: ServerResponse, count: number) => void, everyMs = 100) => {
  const bodies: unknown[] = []
  const logged: [string, Readonly<Record<string, unknown>>][] = []
  const server = createServer((req, res) => void take(req, res)).listen(0, '127.0.0.1')
  const take = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    let text = ''
    for await (const chunk of req) text += chunk
    bodies.push(JSON.parse(text))
    answer(res, bodies.length)
    server.emit('beat')
  }
  await once(server, 'listening')
  const stop = new AbortController()
  let position = 0
  const ended = startHeartbeat(
    {
      url: { kind: 'variable', name: 'ALIVE' },
      everyMs,
      body: () => ({ release: 'shop', epoch: 3, position: ++position, head: 'abc' }),
      resolveSecret: async () => ({
        kind: 'ok',
        value: `http://127.0.0.1:${(server.address() as AddressInfo).port}/s3cret`,
      }),
      clock,
      log: (...line) => logged.push(line),
    },
    stop.signal,
  )
  cleanUp.push(async () => {
    stop.abort()
    await ended
    server.closeAllConnections()
    server.close()
  })
  const come = async (count: number) => {
    while (bodies.length < count) await once(server, 'beat')
  }
  return { bodies, logged, come, stop, ended }
}

it('beats at once and then at each interval, with the head of the journal as it is then', async () => {
  const { bodies, logged, come, stop, ended } = await beating((res) => res.end())
  await come(3)
  expect(bodies).toEqual(
    [1, 2, 3].map((position) => ({ release: 'shop', epoch: 3, position, head: 'abc', at: expect.any(Number) })),
  )
  stop.abort()
  await ended
  expect(logged).toEqual([])
})

it('tries again within the interval, logs the first miss of a row and its end, and shows no secret', async () => {
  const { logged, come } = await beating((res, count) => res.writeHead(count <= 6 ? 500 : 200).end())
  await come(8)
  expect(logged).toEqual([
    ['a heartbeat was not taken', { target: 'the URL in the variable ALIVE', because: 'it answered 500' }],
    ['heartbeats are taken again', { target: 'the URL in the variable ALIVE', missed: 2 }],
  ])
})

it('goes on when the address never answers', async () => {
  const { come } = await beating(() => undefined, 60)
  await come(3)
})

it('waits at least half and at most the whole of a delay that doubles up to its bound', () => {
  const policy = { tries: 9, firstMs: 100, maxMs: 1_000 }
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (failed, chance) => {
      const whole = Math.min(1_000, 100 * 2 ** (failed - 1))
      const delay = retryDelay(policy, failed, () => chance)
      expect(delay).toBeGreaterThanOrEqual(whole / 2)
      expect(delay).toBeLessThanOrEqual(whole)
    }),
  )
})
