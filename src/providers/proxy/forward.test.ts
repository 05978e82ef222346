import { once } from 'node:events'
import { Agent, request, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createRouterWorld, get, type RouterWorld, type RunningRouter, until } from './testing/router-world.ts'

let world: RouterWorld
afterEach(async () => await world.close())

/** The metrics lines of a name, without their common part, over all replicas. */
const counted = async (router: RunningRouter, name: string): Promise<Record<string, number>> => {
  const text = await (await fetch(router.metricsAddress() ?? '')).text()
  const lines = [
    ...text.matchAll(
      new RegExp(
        `^${name}\\{service="shop",environment="(\\w+)"(?:,replica="[^"]+")?(?:,code="(\\w+)")?\\} (\\d+)$`,
        'gm',
      ),
    ),
  ]
  const sums: Record<string, number> = {}
  for (const [, side = '', code, value] of lines) {
    const key = code === undefined ? side : `${side} ${code}`
    if (Number(value) > 0) sums[key] = (sums[key] ?? 0) + Number(value)
  }
  return sums
}
const requests = async (router: RunningRouter) => await counted(router, 'titrate_requests_total')

const raw = async (port: string, text: string): Promise<string> => {
  const socket = connect(Number(port), '127.0.0.1')
  let got = ''
  socket.on('data', (chunk) => {
    got += chunk.toString('latin1')
  })
  socket.write(text)
  await once(socket, 'close')
  return got
}

test('headers pass as they were written, those of one hop do not, and the way is noted', async () => {
  world = await createRouterWorld()
  await world.backend('blue', (req, res) => {
    res.writeHead(201, 'Made', [
      'X-Case',
      'Kept',
      'Set-Cookie',
      'a=1',
      'Set-Cookie',
      'b=2',
      'X-Hop',
      'no',
      'Connection',
      'x-hop',
      'Keep-Alive',
      'timeout=9',
    ])
    res.end(JSON.stringify(req.headers))
  })
  const router = await world.run()
  const { text, response } = await get(router.url, {
    headers: {
      connection: 'x-private, content-length',
      'x-private': 'no',
      te: 'trailers',
      'x-forwarded-for': '10.0.0.1',
      host: 'shop.example',
      'x-titrate-side': 'blue',
      'proxy-authorization': 'no',
    },
  })
  expect(response.statusMessage).toBe('Made')
  expect(response.rawHeaders).toContain('X-Case')
  expect(response.headers['set-cookie']).toEqual(['a=1', 'b=2'])
  expect(response.headers['x-hop']).toBe(undefined)
  expect(response.headers['x-titrate-side']).toBe('blue')
  const seen = JSON.parse(text)
  expect(seen).toMatchObject({
    host: 'shop.example',
    'x-forwarded-for': '10.0.0.1, 127.0.0.1',
    'x-forwarded-host': 'shop.example',
    'x-forwarded-proto': 'http',
  })
  for (const name of ['x-private', 'te', 'proxy-authorization']) expect(seen[name]).toBe(undefined)
})

test('bodies pass whole, whatever their size and framing, and so do trailers', async () => {
  world = await createRouterWorld()
  await world.backend('blue', (req, res) => {
    res.writeHead(200, {
      'x-framing': req.headers['transfer-encoding'] ?? req.headers['content-length'] ?? 'none',
      Trailer: 'X-End',
    })
    req.pipe(res, { end: false })
    req.on('end', () => {
      res.addTrailers({ 'X-End': 'here', 'X-Was': req.trailers['x-sent'] ?? '' })
      res.end()
    })
  })
  const router = await world.run()
  const big = Buffer.alloc(5_000_000, 'abcdefg')
  const sized = await get(router.url, { method: 'POST', body: big, headers: { 'content-length': String(big.length) } })
  expect(sized.response.headers['x-framing']).toBe(String(big.length))
  expect(sized.text.length).toBe(big.length)
  const asked = request(router.url, {
    method: 'PUT',
    agent: false,
    headers: { 'transfer-encoding': 'chunked', trailer: 'x-sent' },
  })
  asked.write('one ')
  asked.addTrailers({ 'x-sent': 'too' })
  asked.end('two')
  const [response] = await once(asked, 'response')
  expect(response.headers['x-framing']).toBe('chunked')
  let text = ''
  for await (const chunk of response) text += chunk
  expect(text).toBe('one two')
  expect(response.trailers).toEqual({ 'x-end': 'here', 'x-was': 'too' })
  expect((await get(router.url, { method: 'POST' })).response.headers['x-framing']).toBe('0')
  expect((await get(router.url)).response.headers['x-framing']).toBe('none')
})

test('HEAD, 204, 304 and HTTP/1.0 keep their shape', async () => {
  world = await createRouterWorld()
  await world.backend('blue', (req, res) => {
    if (req.url === '/204') res.writeHead(204).end()
    else if (req.url === '/304') res.writeHead(304, { etag: '"x"' }).end()
    else if (req.method === 'HEAD') res.writeHead(200, { 'content-length': '1234' }).end()
    else {
      res.write('stre')
      res.end('amed')
    }
  })
  const router = await world.run()
  expect((await get(router.url, { method: 'HEAD' })).response.headers['content-length']).toBe('1234')
  expect(await get(router.url, { path: '/204' })).toMatchObject({ status: 204, text: '' })
  expect((await get(router.url, { path: '/304' })).response.headers.etag).toBe('"x"')
  const old = await raw(router.url.split(':')[2] ?? '', 'GET / HTTP/1.0\r\n\r\n')
  expect(old).toContain('\r\n\r\nstreamed')
  expect(old.toLowerCase()).not.toContain('transfer-encoding')
})

test('an event stream comes piece by piece, its head first, and ends at the source when the user leaves', async () => {
  world = await createRouterWorld()
  let stream: ServerResponse | undefined
  await world.backend('blue', (_, res) => {
    stream = res
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.flushHeaders()
  })
  const router = await world.run()
  const asked = request(router.url, { agent: false }).end()
  asked.on('error', () => undefined)
  const [response] = await once(asked, 'response')
  for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
    stream?.write(event)
    expect(String((await once(response, 'data'))[0])).toBe(event)
  }
  const gone = once(stream ?? response, 'close')
  response.on('error', () => undefined)
  asked.destroy()
  await gone
  await until(async () => (await requests(router))['blue abort'] === 1 || null)
})

test('100-continue: the body is sent when the replica wants it, and not when it refuses', async () => {
  world = await createRouterWorld()
  const { server } = await world.backend('blue', (req, res) => req.pipe(res))
  server.on('checkContinue', (req, res) => {
    if (req.url === '/no') {
      res.writeHead(417).end()
      return
    }
    res.writeContinue()
    req.pipe(res)
  })
  const router = await world.run()
  const ask = (path: string) =>
    request(`${router.url}${path}`, {
      method: 'POST',
      agent: false,
      headers: { expect: '100-continue', 'content-length': '4' },
    })
  const yes = ask('/')
  yes.flushHeaders()
  await once(yes, 'continue')
  yes.end('body')
  const [answer] = await once(yes, 'response')
  expect(String((await once(answer, 'data'))[0])).toBe('body')
  const no = ask('/no')
  no.on('error', () => undefined)
  no.flushHeaders()
  const [refusal] = await once(no, 'response')
  expect(refusal.statusCode).toBe(417)
  expect(refusal.headers.connection).toBe('close')
  no.destroy()
})

test('a replica that answers before it heard everything is passed on', async () => {
  world = await createRouterWorld()
  await world.backend('blue', (req, res) => {
    res.writeHead(413).end('too large')
    setTimeout(() => req.resume(), 20)
  })
  const router = await world.run()
  const { status, text } = await get(router.url, { method: 'POST', body: Buffer.alloc(300_000) })
  expect([status, text]).toEqual([413, 'too large'])
})

test('a replica that hangs is 504 after the limit, assigned at once, and counted as hung', async () => {
  world = await createRouterWorld('{ timeout: 100ms }')
  let aborted = false
  await world.backend('blue', (_, res) => {
    res.on('close', () => {
      aborted = true
    })
  })
  const router = await world.run()
  const answer = get(router.url)
  await until(async () => (await counted(router, 'titrate_assigned_total')).blue === 1 || null)
  expect(await requests(router)).toEqual({})
  expect((await answer).status).toBe(504)
  expect(await requests(router)).toEqual({ 'blue hang': 1 })
  await until(() => aborted || null)
})

test('an answer that flows may take longer than the limit', async () => {
  world = await createRouterWorld('{ timeout: 100ms }')
  await world.backend('blue', (_, res) => {
    res.write('a')
    setTimeout(() => res.end('b'), 250)
  })
  const router = await world.run()
  expect(await get(router.url)).toMatchObject({ status: 200, text: 'ab' })
})

test('an answer that breaks off in the middle breaks off for the user, and counts as failed', async () => {
  world = await createRouterWorld()
  await world.backend('blue', (_, res) => {
    res.write('half')
    setTimeout(() => res.destroy(), 20)
  })
  const router = await world.run()
  await expect(get(router.url)).rejects.toThrow('aborted')
  expect(await requests(router)).toEqual({ 'blue 502': 1 })
})

test('a failing side is never helped out by the other', async () => {
  world = await createRouterWorld()
  let onBlue = 0
  await world.backend('blue', (_, res) => {
    onBlue++
    res.end('blue')
  })
  await world.backend('green', (req) => req.socket.destroy())
  const router = await world.run()
  const { status } = await get(router.url, { headers: { 'x-titrate-side': 'green' } })
  expect(status).toBe(502)
  expect(onBlue).toBe(0)
  expect(await requests(router)).toEqual({})
  expect(await counted(router, 'titrate_test_requests_total')).toEqual({ 'green 502': 1 })
  expect(await counted(router, 'titrate_assigned_total')).toEqual({})
})

test('a refused connection goes to another replica of the side, also with a body, and that replica is left out', async () => {
  world = await createRouterWorld()
  const gone = await world.backend('blue')
  await world.backend('blue', (req, res) => req.pipe(res))
  await gone.close()
  const router = await world.run()
  for (let n = 0; n < 4; n++) {
    expect(await get(router.url, { method: 'POST', body: `order ${n}` })).toMatchObject({
      status: 200,
      text: `order ${n}`,
    })
  }
  expect(await requests(router)).toEqual({ 'blue 200': 4 })
})

test('no replica at all is 503', async () => {
  world = await createRouterWorld()
  const router = await world.run()
  expect((await get(router.url)).status).toBe(503)
  expect(await requests(router)).toEqual({ 'blue 503': 1 })
})

test('a kept connection that the replica closed meanwhile is no failure for what may be repeated', async () => {
  world = await createRouterWorld()
  const hits: string[] = []
  await world.backend('blue', (req, res) => {
    hits.push(`${req.method} ${req.url}`)
    // Closed just when the next request came over it: as far as the router can see, it was never heard.
    const closed = req.url !== '/first' && hits.filter((hit) => hit.endsWith(req.url ?? '')).length === 1
    if (closed) req.socket.destroy()
    else res.end('ok')
  })
  const router = await world.run()
  const agent = new Agent({ keepAlive: true })
  const ask = async (method: string, path: string) => (await get(router.url, { method, path, agent })).status
  expect(await ask('GET', '/first')).toBe(200)
  expect(await ask('GET', '/again')).toBe(200)
  expect(hits).toEqual(['GET /first', 'GET /again', 'GET /again'])
  expect(await ask('GET', '/first')).toBe(200)
  expect(await ask('POST', '/post')).toBe(502)
  expect(hits.filter((hit) => hit === 'POST /post')).toHaveLength(1)
  agent.destroy()
})

test('a replica that leaves finishes what it has, gets nothing new, and no connection to it is kept', async () => {
  world = await createRouterWorld()
  let answer: ServerResponse | undefined
  const leaving = await world.backend('blue', (req, res) => {
    if (req.url === '/slow') answer = res
    else res.end('old')
  })
  const router = await world.run()
  const slow = get(router.url, { path: '/slow' })
  await until(() => answer ?? null)
  await get(router.url)
  const next = await world.backend('blue', (_, res) => res.end('new'))
  world.supervisors.blue.set('shop', [{ ...leaving.endpoint, draining: true }, next.endpoint])
  await until(async () => (await get(router.url)).text === 'new' || null)
  for (let n = 0; n < 5; n++) expect((await get(router.url)).text).toBe('new')
  const connections = async (): Promise<number> =>
    await new Promise((resolve) => leaving.server.getConnections((_, count) => resolve(count)))
  // Sooner than an idle connection would be given up anyway.
  await until(async () => (await connections()) === 1 || null, 1_500)
  answer?.end('finished')
  expect((await slow).text).toBe('finished')
  await until(async () => (await connections()) === 0 || null, 1_500)
})

test('a user who leaves while uploading ends it at the replica', async () => {
  world = await createRouterWorld()
  let ended = false
  await world.backend('blue', (req) => {
    req.resume()
    req.on('error', () => undefined)
    req.on('close', () => {
      ended = !req.complete
    })
  })
  const router = await world.run()
  const asked = request(router.url, { method: 'POST', agent: false, headers: { 'content-length': '1000000' } })
  asked.on('error', () => undefined)
  asked.write('some')
  await until(async () => (await counted(router, 'titrate_assigned_total')).blue === 1 || null)
  asked.destroy()
  await until(() => ended || null)
  expect(await requests(router)).toEqual({ 'blue abort': 1 })
})
