import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { z } from 'zod'
import type { Answer, WeightSeen } from '../../engine/ports.ts'
import {
  type Change,
  claimFor,
  claimSchema,
  claimSeen,
  clearStop,
  freeFrom,
  handWeightSchema,
  type RouterState,
  setWeight,
  setWeightByOperator,
  setWeightSchema,
  stopAt,
  stopSchema,
} from './router-state.ts'
import type { StateFile } from './state-file.ts'

/** What the admin API shows and changes. */
export type AdminWorld = {
  readonly state: StateFile
  readonly now: () => number
  readonly status: () => unknown
  readonly services: readonly string[]
  readonly weight: (service: string) => WeightSeen
  /** The weight of a service is another now. */
  readonly weightChanged: (service: string) => void
  /** Calls back at each change of what `weight` tells; returns how to stop. */
  readonly watch: (changed: (service: string | null) => void) => () => void
  readonly shutDown: () => void
}

/**
 * The router's API for engines and operators, on its UNIX socket: whoever may open that may do all of it. Every answer
 * is an `Answer` as JSON.
 */
export const createAdminServer = (world: AdminWorld): Server =>
  createServer((req, res) => {
    answer(world, req, res).catch((error: unknown) => {
      if (!res.headersSent) reply(res, { kind: 'unknown', because: `the router failed: ${String(error)}` })
    })
  })

const statusOf = { ok: 200, conflict: 409, refused: 403, unknown: 503 } as const

const reply = (res: ServerResponse, answer: Answer<unknown>): void => {
  const text = JSON.stringify(answer)
  res.writeHead(statusOf[answer.kind], {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  res.end(text)
}

const answer = async (world: AdminWorld, req: IncomingMessage, res: ServerResponse): Promise<void> => {
  const path = (req.url ?? '').split('?')[0] ?? ''
  const call = `${req.method} ${path}`
  if (call === 'GET /v1/watch') return watch(world, res)
  if (call === 'POST /v1/shutdown') {
    res.once('finish', world.shutDown)
    return reply(res, { kind: 'ok', value: null })
  }
  if (req.method === 'GET') return reply(res, read(world, path))
  const body = await readBody(req)
  if (body.kind === 'faulty') return reply(res, { kind: 'refused', because: body.because })
  reply(res, await act(world, call, body.value))
}

const ok = <T>(value: T): Answer<T> => ({ kind: 'ok', value })

const read = (world: AdminWorld, path: string): Answer<unknown> => {
  if (path === '/v1/status') return ok(world.status())
  if (path === '/v1/claim') return ok(claimSeen(world.state.current(), world.now()))
  if (path === '/v1/weights') return ok(world.services.map(world.weight))
  const service = serviceOf(path)
  if (service === null) return nothingThere(path)
  return world.services.includes(service) ? ok(world.weight(service)) : unknownService(world, service)
}

const act = async (world: AdminWorld, call: string, body: unknown): Promise<Answer<unknown>> => {
  const { state } = world
  switch (call) {
    case 'POST /v1/claim':
      return await change(state, claimSchema, body, (now, { release, epoch }) => claimFor(now, release, epoch))
    case 'POST /v1/free':
      return await change(state, claimSchema, body, (now, { release, epoch }) => freeFrom(now, release, epoch))
    case 'POST /v1/stop':
      return await change(state, stopSchema, body, (now, { mark, epoch }) => stopAt(now, mark, epoch))
    case 'POST /v1/clear-stop':
      return await state.change(clearStop)
  }
  const path = call.replace(/^PUT /, '')
  const service = serviceOf(path)
  if (service === null) return nothingThere(path)
  if (!world.services.includes(service)) return unknownService(world, service)
  // A call of an engine that lost a part on its way must not pass for an operator's.
  const byEngine = typeof body === 'object' && body !== null && ('fence' in body || 'intent' in body)
  const changed = byEngine
    ? await change(state, setWeightSchema, body, (now, written) => setWeight(now, service, written))
    : await change(state, handWeightSchema, body, (now, written) => setWeightByOperator(now, service, written))
  if (changed.kind === 'ok') world.weightChanged(service)
  return changed
}

const change = async <S extends z.ZodType, T>(
  state: StateFile,
  schema: S,
  body: unknown,
  decide: (state: RouterState, written: z.output<S>) => Change<T>,
): Promise<Answer<T>> => {
  const written = schema.safeParse(body)
  if (written.success) return await state.change((now) => decide(now, written.data))
  const faults = written.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`)
  return { kind: 'refused', because: `the call can't be understood: ${faults.join('; ')}` }
}

const serviceOf = (path: string): string | null => {
  const name = /^\/v1\/services\/([^/]+)\/weight$/.exec(path)?.[1]
  return name === undefined ? null : decodeURIComponent(name)
}

const nothingThere = (path: string): Answer<never> => ({ kind: 'refused', because: `there is nothing at ${path}` })
const unknownService = ({ services }: AdminWorld, service: string): Answer<never> => ({
  kind: 'refused',
  because: `the router has no service ${service}; it has ${services.join(', ') || 'none'}`,
})

/** One line at once, then one for each change: `{ "changed": "storefront" }`, or null for anything. */
const watch = ({ watch }: AdminWorld, res: ServerResponse): void => {
  res.writeHead(200, { 'content-type': 'application/jsonl' })
  const tell = (changed: string | null): void => {
    res.write(`${JSON.stringify({ changed })}\n`)
  }
  tell(null)
  res.once('close', watch(tell))
}

const largestBody = 1_000_000

type Body = { readonly kind: 'read'; readonly value: unknown } | { readonly kind: 'faulty'; readonly because: string }
const readBody = async (req: IncomingMessage): Promise<Body> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of req) {
    // Without an encoding set, a request gives buffers.
    const buffer = chunk as Buffer
    bytes += buffer.length
    if (bytes > largestBody) return { kind: 'faulty', because: `the body is larger than ${largestBody} bytes` }
    chunks.push(buffer)
  }
  if (bytes === 0) return { kind: 'read', value: null }
  try {
    return { kind: 'read', value: JSON.parse(Buffer.concat(chunks).toString('utf8')) }
  } catch {
    return { kind: 'faulty', because: 'the body is not JSON' }
  }
}
