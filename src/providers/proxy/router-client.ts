import { z } from 'zod'
import type { Answer, Claims, Traffic, WeightSeen } from '../../engine/ports.ts'
import { callJson, followWatch, type JsonCall } from './json-over-socket.ts'
import { addressText } from './listen.ts'
import { type RouterFile, requireRouterFile } from './router-file.ts'
import { type RouterPaths, routerPathsOf } from './router-paths.ts'
import { claimSeenSchema, stampSchema } from './router-state.ts'
import { addressesSchema, readKept } from './router-status.ts'

/** A router as an engine uses it. Nothing is held open but what `watch` holds; a router that is away answers `unknown`. */
export type RouterClient = {
  readonly traffic: Traffic
  readonly claims: Claims
  /** The URL of its metrics; null: a free port, and the router was never started. */
  metricsAddress(): string | null
  /** Ends every `watch`. */
  close(): void
}

/** How long an answer may take where the caller's own signal allows more. */
const answerLimitMs = 5_000

const weightSeenSchema = z.object({
  service: z.string(),
  green: z.number(),
  effectiveGreen: z.number(),
  ready: z.object({ blue: z.boolean().nullable(), green: z.boolean().nullable() }),
  revision: z.string(),
  stamp: stampSchema.nullable(),
})
const revisionSchema = z.object({ revision: z.string() })

/** Throws RELEASE_FILE for a router file with faults; that the router runs is not needed. */
export const connectRouter = (file: string): RouterClient => {
  const router = requireRouterFile(file)
  const paths = routerPathsOf(router)
  const life = new AbortController()
  return {
    traffic: trafficOf(router, paths, life.signal),
    claims: claimsOf(router, paths),
    metricsAddress: () => {
      const address = addressOf(router.metrics, readKept(paths.addresses, addressesSchema)?.metrics)
      return address === null ? null : `http://${address}/metrics`
    },
    close: () => life.abort(),
  }
}

/** The written address; for a free port the one that the last start took; null: there was none. */
const addressOf = (written: RouterFile['metrics'], last: string | undefined): string | null =>
  written.port === 0 ? (last ?? null) : addressText(written)

const trafficOf = (router: RouterFile, { socket, addresses }: RouterPaths, life: AbortSignal): Traffic => ({
  supports: { testRoute: true, fences: true, probes: true },
  list: async (signal) =>
    await askRouter({ socket, method: 'GET', path: '/v1/weights', signal }, z.array(weightSeenSchema)),
  read: async (service, signal): Promise<Answer<WeightSeen>> =>
    await askRouter({ socket, method: 'GET', path: weightPath(service), signal }, weightSeenSchema),
  watch: (changed, signal) => {
    const both = AbortSignal.any([signal, life])
    void followWatch(socket, { hint: changed, lost: () => changed(null) }, both)
  },
  setWeight: async ({ fence, intent, revision, signal }, service, green, baseline) => {
    const body = { green, fence, intent, baseline, ...(revision === undefined ? {} : { revision }) }
    return await askRouter({ socket, method: 'PUT', path: weightPath(service), body, signal }, revisionSchema)
  },
  testRoute: (service) => {
    const written = router.services[service]
    if (written === undefined) return null
    const address = addressOf(written.listen, readKept(addresses, addressesSchema)?.services[service])
    return address === null ? null : { url: `http://${address}`, header: router.test.header, value: 'green' }
  },
})

const claimsOf = (router: RouterFile, { socket }: RouterPaths): Claims => {
  const act = async (path: string, body: unknown, signal: AbortSignal): Promise<Answer<null>> =>
    await askRouter({ socket, method: 'POST', path, body, signal }, z.null())
  return {
    name: `router ${router.name}`,
    read: async (signal) => await askRouter({ socket, method: 'GET', path: '/v1/claim', signal }, claimSeenSchema),
    claim: async (release, epoch, signal) => await act('/v1/claim', { release, epoch }, signal),
    free: async (release, epoch, signal) => await act('/v1/free', { release, epoch }, signal),
    stop: async (mark, epoch, signal) => await act('/v1/stop', { mark, epoch }, signal),
    clearStop: async (signal) => await act('/v1/clear-stop', {}, signal),
  }
}

export const weightPath = (service: string): string => `/v1/services/${encodeURIComponent(service)}/weight`

const answerSchema = z.union([
  z.object({ kind: z.literal('ok'), value: z.unknown() }),
  z.object({ kind: z.enum(['conflict', 'refused', 'unknown']), because: z.string() }),
])

/** One call of the admin API. No answer, a broken one, or one too late: `unknown`, because it may have acted. */
export const askRouter = async <S extends z.ZodType>(call: JsonCall, schema: S): Promise<Answer<z.output<S>>> => {
  try {
    const signal = AbortSignal.any([call.signal, AbortSignal.timeout(answerLimitMs)])
    const { body } = await callJson({ ...call, signal })
    const answer = answerSchema.parse(body)
    return answer.kind === 'ok' ? { kind: 'ok', value: schema.parse(answer.value) } : answer
  } catch (error) {
    return { kind: 'unknown', because: `the router at ${call.socket} gave no answer: ${String(error)}` }
  }
}
