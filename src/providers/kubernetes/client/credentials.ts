import { readFile } from 'node:fs/promises'
import type { Answer } from '../../../engine/ports.ts'
import type { Millis } from '../../../moves/goal.ts'
import type { ClusterEntry } from './cluster-entry.ts'
import { runCredentialHelper } from './exec-credential.ts'
import { createOidcToken, type OidcToken } from './oidc-token.ts'
import { pemOf } from './pem.ts'

/** A list is sent as a header for each of its values. */
export type Headers = Readonly<Record<string, string | string[]>>

/** Who we are for one cluster. All of it is secret. */
export type Credentials = {
  readonly headers: Headers
  /** A client certificate and its key, PEM; null: none. */
  readonly certificate: string | null
  readonly key: string | null
  /** From then on others are to be read; null: when they are refused. */
  readonly until: Millis | null
}

export type CredentialReader = {
  /** `renew`: the last ones were refused, so none that were kept will do. */
  read(entry: ClusterEntry, renew: boolean, signal: AbortSignal): Promise<Answer<Credentials>>
}

/** A token in a file is replaced there before it expires. */
const rereadFileMs: Millis = 60_000
/** Renewed that long before the end, as a request takes time to arrive. */
const earlyMs: Millis = 10_000

type Deps = {
  readonly now: () => Millis
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Reads the credentials of an entry, in whichever of the ways of a kubeconfig they are given. */
export const createCredentialReader = ({ now, environment }: Deps): CredentialReader => {
  let provider: { readonly configuredAs: string; readonly use: OidcToken } | null = null

  const isExpired = (token: string): boolean => (expiryOf(token) ?? Number.POSITIVE_INFINITY) <= now()
  const tokenOf = async (
    entry: ClusterEntry,
    renew: boolean,
    signal: AbortSignal,
  ): Promise<Answer<BearerToken | null>> => {
    const { user } = entry
    if (user['auth-provider'] != null) {
      const configuredAs = JSON.stringify(user['auth-provider'])
      // Somebody logged in anew: what was kept in memory is older than the file.
      if (provider?.configuredAs !== configuredAs) {
        provider = { configuredAs, use: createOidcToken(entry.context, user['auth-provider'], isExpired) }
      }
      const answer = await provider.use.read(renew, signal)
      return answer.kind === 'ok' ? ok({ token: answer.value, until: expiryOf(answer.value) }) : answer
    }
    if (user.token) return ok({ token: user.token, until: null })
    if (!user.tokenFile) return ok(null)
    const token = (await readFile(user.tokenFile, 'utf8')).trim()
    return ok({ token, until: now() + rereadFileMs })
  }

  return {
    read: async (entry, renew, signal) => {
      try {
        if (entry.user.exec != null) return await fromHelper(entry, environment, signal)
        const bearer = await tokenOf(entry, renew, signal)
        if (bearer.kind !== 'ok') return bearer
        const { until = null, token = null } = bearer.value ?? {}
        return ok({ ...(await certificateOf(entry)), headers: headersOf(entry, token), until })
      } catch (error) {
        return { kind: 'unknown', because: fileTrouble(entry, error) }
      }
    },
  }
}

type BearerToken = { readonly token: string; readonly until: Millis | null }

const ok = <T>(value: T): Answer<T> => ({ kind: 'ok', value })

const fromHelper = async (
  entry: ClusterEntry,
  environment: Deps['environment'],
  signal: AbortSignal,
): Promise<Answer<Credentials>> => {
  const { exec } = entry.user
  if (exec == null) return ok({ headers: {}, certificate: null, key: null, until: null })
  const answer = await runCredentialHelper(entry, exec, environment, signal)
  if (answer.kind !== 'ok') return answer
  const { token, certificate, key, until } = answer.value
  return ok({ headers: headersOf(entry, token), certificate, key, until: until === null ? null : until - earlyMs })
}

const headersOf = ({ user }: ClusterEntry, token: string | null): Headers => ({
  ...(user.username
    ? { authorization: `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}` }
    : {}),
  ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  ...(user.as ? { 'impersonate-user': user.as } : {}),
  ...(user.as && user['as-groups'] ? { 'impersonate-group': user['as-groups'] } : {}),
})

const certificateOf = async ({ user }: ClusterEntry): Promise<Pick<Credentials, 'certificate' | 'key'>> => ({
  certificate: await pemOf(user['client-certificate-data'], user['client-certificate']),
  key: await pemOf(user['client-key-data'], user['client-key']),
})

/** The expiry that a JSON web token names; null: it names none, or is none. Its signature is the API server's to check. */
const expiryOf = (token: string): Millis | null => {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
    const hasExpiry = typeof claims === 'object' && claims !== null && 'exp' in claims && typeof claims.exp === 'number'
    return hasExpiry ? Number(claims.exp) * 1000 - earlyMs : null
  } catch {
    return null
  }
}

const fileTrouble = (entry: ClusterEntry, error: unknown): string => {
  const [code, path] = error instanceof Error ? [Reflect.get(error, 'code'), Reflect.get(error, 'path')] : []
  return `The credentials of context ${entry.context} cannot be read: ${String(path ?? 'a file')} (${String(code ?? 'unknown')}).`
}
