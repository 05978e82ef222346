import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ClusterEntry } from './cluster-entry.ts'
import { createCredentialReader } from './credentials.ts'
import type { UserKeys } from './kubeconfig-schema.ts'
import { createAuthority } from './testing/certificates.ts'

const entryOf = (user: UserKeys): ClusterEntry => ({
  context: 'blue',
  namespace: null,
  cluster: { server: 'https://one.example' },
  user,
})
const soon = () => AbortSignal.timeout(10_000)
const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const execOf = (script: string, more: object = {}): UserKeys => ({
  exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['-c', script], ...more },
})

describe('credentials', () => {
  let folder = ''
  let now = Date.parse('2026-01-01T00:00:00Z')
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'titrate-credentials-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))
  const reader = () => createCredentialReader({ now: () => now, environment: { PATH: process.env['PATH'] } })
  const read = (user: UserKeys) => reader().read(entryOf(user), false, soon())

  it('reads a token that is replaced in its file, a password, and whom to act for', async () => {
    const tokenFile = join(folder, 'token')
    await writeFile(tokenFile, 'first\n')
    const found = await read({ tokenFile })
    expect(found).toMatchObject({
      kind: 'ok',
      value: { headers: { authorization: 'Bearer first' }, until: now + 60_000 },
    })
    const basic = `Basic ${Buffer.from('ada:pw').toString('base64')}`
    expect(await read({ username: 'ada', password: 'pw', as: 'bert' })).toMatchObject({
      value: { headers: { authorization: basic, 'impersonate-user': 'bert' } },
    })
    expect(await read({ tokenFile: join(folder, 'gone') })).toMatchObject({
      kind: 'unknown',
      because: expect.stringContaining('ENOENT'),
    })
  })

  it('runs a credential helper with what it has to know, and minds the expiry that it names', async () => {
    const script = `test "$(printf %s "$KUBERNETES_EXEC_INFO" | grep -c '"interactive":false.*one.example')" = 1 || exit 9
      echo '{"kind":"ExecCredential","status":{"token":"'$PLACE'","expirationTimestamp":"2026-01-01T00:15:00Z"}}'`
    const found = await read(execOf(script, { env: [{ name: 'PLACE', value: 'here' }], provideClusterInfo: true }))
    expect(found).toMatchObject({
      kind: 'ok',
      value: { headers: { authorization: 'Bearer here' }, until: now + 15 * 60_000 - 10_000 },
    })
  })

  it('says how a credential helper failed, and shows no token that it wrote', async () => {
    const token = `${base64({ alg: 'none' })}.${base64({ sub: 'ada' })}.sig`
    expect(await read(execOf(`echo "first line" >&2; echo "no session for ${token}" >&2; exit 3`))).toEqual({
      kind: 'unknown',
      because: 'The credential helper sh of context blue ended with code 3: no session for …',
    })
    expect(await read(execOf('echo nothing'))).toMatchObject({
      because: expect.stringContaining('printed no ExecCredential'),
    })
    const missing = execOf('', { command: '/nowhere/aws', installHint: 'Install it first.' })
    expect(await read(missing)).toMatchObject({
      kind: 'refused',
      because: expect.stringMatching(/could not be started \(ENOENT\)\. Install it first\./),
    })
  })

  it('gets a new token from an OIDC provider when the old one has expired or was refused', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const authority = createAuthority('oidc authority')
    const tls = authority.issue({ commonName: 'oidc', hosts: ['127.0.0.1', 'localhost'] })
    let issuer = ''
    let issued = 0
    const tokenUntil = (until: number) => {
      issued += 1
      const body = `${base64({ alg: 'RS256' })}.${base64({ iss: issuer, aud: 'titrate', sub: 'ada', iat: Math.floor(Date.now() / 1000), exp: until, n: issued })}`
      return `${body}.${sign('sha256', Buffer.from(body), privateKey).toString('base64url')}`
    }
    const refreshed: string[] = []
    const provider = createServer({ cert: tls.certificate, key: tls.key }, (request, response) => {
      response.setHeader('content-type', 'application/json')
      if (request.url?.includes('openid-configuration')) {
        response.end(
          JSON.stringify({
            issuer,
            token_endpoint: `${issuer}/token`,
            jwks_uri: `${issuer}/keys`,
            response_types_supported: ['code'],
            subject_types_supported: ['public'],
            id_token_signing_alg_values_supported: ['RS256'],
          }),
        )
      } else if (request.url === '/keys') {
        response.end(JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' }] }))
      } else {
        let body = ''
        request.on('data', (chunk: Buffer) => {
          body += chunk.toString()
        })
        request.on('end', () => {
          refreshed.push(new URLSearchParams(body).get('refresh_token') ?? '')
          const until = Math.floor(Date.now() / 1000) + 3600
          response.end(
            JSON.stringify({
              access_token: 'x',
              token_type: 'bearer',
              id_token: tokenUntil(until),
              refresh_token: `refresh-${refreshed.length + 1}`,
              expires_in: 3600,
            }),
          )
        })
      }
    })
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
    // A server that listens on a port has an address with one.
    issuer = `https://127.0.0.1:${(provider.address() as AddressInfo).port}`
    now = Date.now()
    const config = {
      'client-id': 'titrate',
      'idp-issuer-url': issuer,
      'idp-certificate-authority-data': Buffer.from(authority.certificate).toString('base64'),
      'id-token': tokenUntil(1),
      'refresh-token': 'refresh-1',
    }
    const entry = entryOf({ 'auth-provider': { name: 'oidc', config } })
    const credentials = reader()
    const first = await credentials.read(entry, false, soon())
    const kept = await credentials.read(entry, false, soon())
    const renewed = await credentials.read(entry, true, soon())
    provider.closeAllConnections()
    provider.close()
    if (first.kind !== 'ok' || kept.kind !== 'ok' || renewed.kind !== 'ok')
      throw new Error(JSON.stringify([first, kept, renewed]))
    expect(kept.value.headers).toEqual(first.value.headers)
    expect(renewed.value.headers).not.toEqual(first.value.headers)
    expect(refreshed).toEqual(['refresh-1', 'refresh-2'])
    expect(first.value.until).toBeGreaterThan(now + 3_000_000)
  })
})
