import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { kinds } from './kinds.ts'
import { createAuthority } from './testing/certificates.ts'
import {
  type Answering,
  objectOf,
  type ScriptedServer,
  sendJson,
  sendStatus,
  startScriptedServer,
} from './testing/scripted-server.ts'

const web = { namespace: 'shop', name: 'web' }
const soon = () => AbortSignal.timeout(5_000)

describe('requests to an API server', () => {
  let server: ScriptedServer | null = null
  let folder: string | null = null
  afterEach(async () => {
    await server?.close()
    if (folder !== null) await rm(folder, { recursive: true, force: true })
    server = null
    folder = null
  })
  const start = async (answer: Answering) => {
    server = await startScriptedServer(answer)
    return server
  }

  it('waits as long as a 429 asks, then asks again', async () => {
    let count = 0
    const { connect, asked } = await start((_, response) => {
      count += 1
      if (count === 1) sendStatus(response, 429, { reason: 'TooManyRequests' }, { 'retry-after': '1' })
      else sendJson(response, 200, objectOf('web', 7))
    })
    const { client } = await connect()
    const startedAt = performance.now()
    const answer = await client.patch(
      kinds.deployments,
      web,
      { kind: 'merge', body: { spec: { replicas: 2 } } },
      { signal: soon() },
    )
    expect(answer).toMatchObject({ kind: 'ok', value: { metadata: { resourceVersion: '7' } } })
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1_000)
    expect(asked).toHaveLength(2)
  })

  it('answers unknown when the API server stays too busy for the time there is', async () => {
    const { connect } = await start((_, response) => sendStatus(response, 429, {}, { 'retry-after': '30' }))
    const { client } = await connect()
    const answer = await client.get(kinds.deployments, web, { signal: AbortSignal.timeout(200) })
    expect(answer.kind).toBe('unknown')
  })

  it('asks a credential helper for another token after a 401, once for all who wait', async () => {
    folder = await mkdtemp(join(tmpdir(), 'titrate-helper-'))
    const helper = join(folder, 'helper.sh')
    writeFileSync(
      helper,
      `echo x >> ${folder}/runs; n=$(wc -l < ${folder}/runs)
       echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"token-'$n'"}}'`,
    )
    const { connect, asked } = await start((one, response) => {
      if (one.headers.authorization === 'Bearer token-1') sendStatus(response, 401, { reason: 'Unauthorized' })
      else sendJson(response, 200, objectOf('web', 7))
    })
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: [helper] }
    const { client } = await connect({ user: { exec } })
    const answers = await Promise.all([1, 2, 3].map(() => client.get(kinds.deployments, web, { signal: soon() })))
    expect(answers.map((each) => each.kind)).toEqual(['ok', 'ok', 'ok'])
    const shown = asked.map((each) => each.headers.authorization)
    expect(new Set(shown)).toEqual(new Set(['Bearer token-1', 'Bearer token-2']))
    // Three more with the token that is good by now.
    await client.get(kinds.deployments, web, { signal: soon() })
    expect(asked.at(-1)?.headers.authorization).toBe('Bearer token-2')
  })

  it('says that the credentials are not accepted, and shows none of them', async () => {
    const { connect, asked } = await start((_, response) => sendStatus(response, 401, { message: 'Unauthorized' }))
    const { client } = await connect({ user: { token: 'very-secret-token' } })
    const answer = await client.get(kinds.deployments, web, { signal: soon() })
    expect(answer).toMatchObject({
      kind: 'unknown',
      because: expect.stringContaining('does not accept the credentials'),
    })
    expect(JSON.stringify(answer)).not.toContain('very-secret')
    expect(asked.length).toBeLessThanOrEqual(3)
  })

  it('takes the token of somebody who logged in anew, and stays with its cluster', async () => {
    const { connect, asked } = await start((one, response) => {
      if (one.headers.authorization === 'Bearer new') sendJson(response, 200, objectOf('web', 7))
      else sendStatus(response, 401, { reason: 'Unauthorized' })
    })
    const { client } = await connect({ user: { token: 'old' } })
    // Writes the same file again, with another server in it.
    await connect({ user: { token: 'new' }, cluster: { server: 'http://127.0.0.1:1' } })
    expect((await client.get(kinds.deployments, web, { signal: soon() })).kind).toBe('ok')
    expect(asked.map((each) => each.headers.authorization)).toEqual(['Bearer old', 'Bearer new'])
  })

  it('asks a read again when the connection breaks, and never a write', async () => {
    const { connect, asked } = await start((one, response) => {
      const isFirst = server?.asked.filter((each) => each.method === one.method).length === 1
      if (isFirst) response.destroy()
      else sendJson(response, 200, objectOf('web', 7))
    })
    const { client } = await connect()
    expect((await client.get(kinds.deployments, web, { signal: soon() })).kind).toBe('ok')
    const write = await client.create(kinds.deployments, { metadata: web }, { signal: soon() })
    expect(write).toMatchObject({ kind: 'unknown', because: expect.stringContaining('closed before the answer') })
    expect(asked.map((each) => each.method)).toEqual(['GET', 'GET', 'POST'])
  })

  it('answers unknown to a 500, conflict to a 409, and refused to what trying again cannot help', async () => {
    const codes = [500, 503, 409, 403, 422]
    const { connect } = await start((one, response) => {
      const code = codes[(server?.asked.length ?? 1) - 1] ?? 200
      sendStatus(response, code, { message: `no, said ${one.method}`, details: { name: 'web' } })
    })
    const { client } = await connect()
    const found = []
    for (const _ of codes) {
      found.push((await client.patch(kinds.deployments, web, { kind: 'merge', body: {} }, { signal: soon() })).kind)
    }
    expect(found).toEqual(['unknown', 'unknown', 'conflict', 'refused', 'refused'])
  })

  it('lets urgent requests go before all that wait for their turn', async () => {
    const { connect, asked } = await start((_, response) => sendJson(response, 200, objectOf('web', 7)))
    const { client } = await connect({ requestsPerSecond: 10 })
    const normal = Array.from({ length: 15 }, () => client.get(kinds.deployments, web, { signal: soon() }))
    const urgent = client.patch(
      kinds.deployments,
      web,
      { kind: 'merge', body: {} },
      { signal: soon(), urgency: 'urgent' },
    )
    await Promise.all([...normal, urgent])
    expect(asked.findIndex((each) => each.method === 'PATCH')).toBeLessThanOrEqual(10)
  })

  it('says what is the matter with a certificate', async () => {
    const authority = createAuthority('test authority')
    const trusted = { 'certificate-authority-data': Buffer.from(authority.certificate).toString('base64') }
    const stranger = {
      'certificate-authority-data': Buffer.from(createAuthority('stranger').certificate).toString('base64'),
    }
    const good = authority.issue({ commonName: 'server', hosts: ['127.0.0.1'] })
    const expired = authority.issue({
      commonName: 'server',
      hosts: ['127.0.0.1'],
      until: new Date(Date.now() - 60_000),
    })
    const elsewhere = authority.issue({ commonName: 'server', hosts: ['api.internal'] })
    const ask = async (tls: typeof good, cluster: object) => {
      const here = await startScriptedServer((_, response) => sendJson(response, 200, objectOf('web', 7)), tls)
      const { client } = await here.connect({ cluster })
      const answer = await client.get(kinds.deployments, web, { signal: soon() })
      await here.close()
      return answer.kind === 'ok' ? 'ok' : `${answer.kind}: ${answer.kind === 'unknown' ? answer.because : ''}`
    }
    expect(await ask(good, trusted)).toBe('ok')
    expect(await ask(expired, trusted)).toMatch(/^unknown: .*has expired/)
    expect(await ask(elsewhere, trusted)).toMatch(/^unknown: .*is for other names/)
    expect(await ask(elsewhere, { ...trusted, 'tls-server-name': 'api.internal' })).toBe('ok')
    expect(await ask(good, stranger)).toMatch(/^unknown: .*not signed by the authority/)
    expect(await ask(expired, { 'insecure-skip-tls-verify': true })).toBe('ok')
  })

  it('says that a client certificate has expired, when that is why it is not known', async () => {
    const authority = createAuthority('test authority')
    const client = authority.issue({ commonName: 'ada', until: new Date(Date.now() - 60_000) })
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    const tls = authority.issue({ commonName: 'server', hosts: ['127.0.0.1'] })
    server = await startScriptedServer((_, response) => sendStatus(response, 401, {}), tls)
    const connected = await server.connect({
      cluster: { 'certificate-authority-data': base64(authority.certificate) },
      user: { 'client-certificate-data': base64(client.certificate), 'client-key-data': base64(client.key) },
    })
    const answer = await connected.client.get(kinds.deployments, web, { signal: soon() })
    expect(answer).toMatchObject({ kind: 'unknown', because: expect.stringContaining('client certificate expired on') })
  })

  it('says that nothing listens, or that no answer came in time', async () => {
    const gone = await start(() => undefined)
    const { client } = await gone.connect()
    const late = await client.get(kinds.deployments, web, { signal: AbortSignal.timeout(100) })
    expect(late).toMatchObject({ kind: 'unknown', because: expect.stringContaining('did not answer in time') })
    await gone.close()
    const again = await startScriptedServer(() => undefined)
    const dead = await again.connect({ cluster: { server: gone.url } })
    const answer = await dead.client.get(kinds.deployments, web, { signal: soon() })
    expect(answer).toMatchObject({ kind: 'unknown', because: expect.stringContaining('nothing listens on 127.0.0.1') })
    await again.close()
    server = null
  })

  it('goes through the proxy of the kubeconfig', async () => {
    const proxied: string[] = []
    const { createServer } = await import('node:http')
    const { connect: connectTcp } = await import('node:net')
    const proxy = createServer()
    proxy.on('connect', (request, socket) => {
      proxied.push(request.url ?? '')
      const [host, port] = (request.url ?? '').split(':')
      const onward = connectTcp(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        onward.pipe(socket).pipe(onward)
      })
      onward.on('error', () => socket.destroy())
      socket.on('error', () => onward.destroy())
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const address = proxy.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const authority = createAuthority('test authority')
    const tls = authority.issue({ commonName: 'server', hosts: ['127.0.0.1'] })
    server = await startScriptedServer((_, response) => sendJson(response, 200, objectOf('web', 7)), tls)
    const cluster = {
      'certificate-authority-data': Buffer.from(authority.certificate).toString('base64'),
      'proxy-url': `http://127.0.0.1:${port}`,
    }
    const { client } = await server.connect({ cluster })
    expect((await client.get(kinds.deployments, web, { signal: soon() })).kind).toBe('ok')
    expect(proxied).toEqual([new URL(server.url).host])
    await server.close()
    proxy.closeAllConnections()
    proxy.close()
    server = null
  })
})
