import { spawn } from 'node:child_process'
import { z } from 'zod'
import type { Answer } from '../../../engine/ports.ts'
import type { Millis } from '../../../moves/goal.ts'
import type { ClusterEntry } from './cluster-entry.ts'
import type { ExecKeys } from './kubeconfig-schema.ts'
import { mask } from './mask.ts'

/** What a credential helper (`aws eks get-token`, `kubelogin`, …) gave. */
export type ExecCredential = {
  readonly token: string | null
  readonly certificate: string | null
  readonly key: string | null
  /** null: it doesn't say; then it holds until the API server answers 401. */
  readonly until: Millis | null
}

const credentialSchema = z.object({
  kind: z.literal('ExecCredential'),
  status: z.object({
    token: z.string().nullish(),
    clientCertificateData: z.string().nullish(),
    clientKeyData: z.string().nullish(),
    expirationTimestamp: z.iso.datetime({ offset: true }).nullish(),
  }),
})

/** A helper may ask a server on the other side of the world; it may not wait for a person. */
const limitMs: Millis = 60_000
const mostOutput = 1_000_000

/** Runs the credential helper of an entry. Not kept here: the session keeps what comes of it. */
export const runCredentialHelper = async (
  entry: ClusterEntry,
  exec: ExecKeys,
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Answer<ExecCredential>> => {
  const unknown = (because: string): Answer<ExecCredential> => ({
    kind: 'unknown',
    because: `The credential helper ${exec.command} of context ${entry.context} ${because}`,
  })
  const ended = await run(
    exec,
    environmentFor(entry, exec, environment),
    AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
  )
  if (ended.kind === 'not started') {
    const hint = exec.installHint == null ? '' : ` ${mask(exec.installHint.trim(), [])}`
    return {
      kind: 'refused',
      because: `The credential helper ${exec.command} of context ${entry.context} could not be started (${ended.because}).${hint}`,
    }
  }
  if (ended.kind === 'gave up') return unknown(`did not end within ${limitMs / 1000} s.`)
  if (ended.code !== 0) {
    const last = mask(ended.errors, []).trim().split('\n').at(-1)?.slice(0, 300) ?? ''
    return unknown(`ended with code ${ended.code}${last === '' ? '.' : `: ${last}`}`)
  }
  const credential = credentialIn(ended.output)
  return credential === null
    ? unknown('printed no ExecCredential with a token or a certificate.')
    : { kind: 'ok', value: credential }
}

const credentialIn = (output: string): ExecCredential | null => {
  let read: unknown
  try {
    read = JSON.parse(output)
  } catch {
    return null
  }
  const parsed = credentialSchema.safeParse(read)
  if (!parsed.success) return null
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = parsed.data.status
  if (!token && !clientCertificateData) return null
  return {
    token: token || null,
    certificate: clientCertificateData || null,
    key: clientKeyData || null,
    until: expirationTimestamp == null ? null : Date.parse(expirationTimestamp),
  }
}

/** Helpers read in `KUBERNETES_EXEC_INFO` which version to answer in, and the cluster where the kubeconfig says so. */
const environmentFor = (
  { cluster }: ClusterEntry,
  exec: ExecKeys,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> => {
  const about = {
    server: cluster.server,
    'tls-server-name': cluster['tls-server-name'] ?? undefined,
    'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'] ?? undefined,
    'certificate-authority-data': cluster['certificate-authority-data'] ?? undefined,
    'proxy-url': cluster['proxy-url'] ?? undefined,
  }
  const spec = { interactive: false, ...(exec.provideClusterInfo === true ? { cluster: about } : {}) }
  const info = { apiVersion: exec.apiVersion, kind: 'ExecCredential', spec }
  const own = Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value]))
  return { ...environment, ...own, KUBERNETES_EXEC_INFO: JSON.stringify(info) }
}

type Ended =
  | { readonly kind: 'ended'; readonly code: number | null; readonly output: string; readonly errors: string }
  | { readonly kind: 'not started'; readonly because: string }
  | { readonly kind: 'gave up' }

const run = (exec: ExecKeys, env: Record<string, string | undefined>, signal: AbortSignal): Promise<Ended> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve({ kind: 'gave up' })
    const child = spawn(exec.command, exec.args ?? [], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const texts = { output: '', errors: '' }
    const collect = (into: 'output' | 'errors') => (chunk: Buffer) => {
      if (texts[into].length < mostOutput) texts[into] += chunk.toString('utf8')
    }
    child.stdout.on('data', collect('output'))
    child.stderr.on('data', collect('errors'))
    const giveUp = () => {
      child.kill('SIGKILL')
      resolve({ kind: 'gave up' })
    }
    signal.addEventListener('abort', giveUp, { once: true })
    child.once('error', (error) => {
      signal.removeEventListener('abort', giveUp)
      resolve({ kind: 'not started', because: 'code' in error ? String(error.code) : error.message })
    })
    child.once('close', (code) => {
      signal.removeEventListener('abort', giveUp)
      resolve({ kind: 'ended', code, ...texts })
    })
  })
