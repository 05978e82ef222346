import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { z } from 'zod'
import { describeFault } from '../../config/positioned-yaml.ts'
import type { Answer } from '../../engine/ports.ts'
import { TitrateError } from '../../errors.ts'
import type { Json, Millis } from '../../moves/goal.ts'
import { ticksBetween } from '../timetable.ts'
import { type LocalService, readEnvironmentFile } from './environment-file.ts'
import { timetableOfRow } from './schedule-loop.ts'
import { createMetricsPage, endpointsSeen, scheduleSeen, workloadSeen } from './seen.ts'
import type { Supervisor } from './supervisor.ts'

/**
 * The supervisor's API: HTTP over its UNIX socket. Reads are GET, acts are POST with a JSON body; every body that
 * comes back is an `Answer`, but for endpoints and the watch, whose shapes are their own.
 */

const millis = z.int().min(0)
const fence = z.strictObject({ release: z.string(), epoch: z.int(), move: z.string(), version: z.int() })
const call = z.strictObject({ fence, intent: z.string(), revision: z.string().optional() })
/** Any JSON: it came out of JSON.parse. */
const json = z.unknown().transform((value) => (value ?? null) as Json)

const bodies = {
  claim: z.strictObject({ release: z.string().min(1), epoch: z.int().min(0) }),
  stop: z.strictObject({
    mark: z.strictObject({ at: millis, by: z.string(), because: z.string() }),
    epoch: z.int().min(0),
  }),
  provision: z.strictObject({ call, baseline: json }),
  scale: z.strictObject({ call, baseline: json, replicas: z.int().min(0).max(1_000) }),
  stamp: z.strictObject({ call, baseline: json }),
  act: z.strictObject({ call }),
  fence: z.strictObject({ call, tick: millis }),
  unfence: z.strictObject({ call, after: millis }),
  cursor: z.strictObject({ call, cursor: millis }),
  runNow: z.strictObject({ call, tick: millis.nullable() }),
  inventory: z.strictObject({ key: z.base64() }),
  replicas: z.strictObject({ replicas: z.int().min(0).max(1_000) }),
  suspended: z.strictObject({ suspended: z.boolean() }),
} as const

type Asked = {
  readonly service: string
  readonly query: URLSearchParams
  /** Throws a ZodError for a body of another shape. */
  body<S extends z.ZodType>(schema: S): z.output<S>
}

type Handler = (asked: Asked) => Answer<unknown> | Promise<Answer<unknown>>

const ok = <T>(value: T): Answer<T> => ({ kind: 'ok', value })
const refused = (because: string): Answer<never> => ({ kind: 'refused', because })

const routesOf = (
  supervisor: Supervisor,
  extra: { status(): Json; down(): void },
): Readonly<Record<string, Handler>> => {
  const { claims, workloadActs, scheduleActs, state } = supervisor
  const inTransaction = <T>(work: () => T): T => state.transaction(work)()
  const service = (asked: Asked, use: (service: LocalService) => Answer<unknown>): Answer<unknown> => {
    const found = supervisor.environment().services
    const missing = supervisor.missing(asked.service)
    const definition = missing === null ? found[asked.service] : undefined
    return definition === undefined ? refused(missing ?? asked.service) : use(definition)
  }
  const number = (asked: Asked, name: string, otherwise: number): number => {
    const value = Number(asked.query.get(name) ?? otherwise)
    return Number.isFinite(value) ? value : otherwise
  }
  return {
    'GET /v1/status': () => ok(extra.status()),
    'POST /v1/down': () => {
      extra.down()
      return ok(null)
    },
    'POST /v1/apply': async () => {
      const read = readEnvironmentFile(supervisor.environment().file)
      if (read.kind === 'faults') return refused(read.faults.map(describeFault).join('\n'))
      if (read.environment.stateDirectory !== supervisor.environment().stateDirectory) {
        return refused('the state folder has changed: take the environment down, and up again')
      }
      await supervisor.apply(read.environment)
      return ok(null)
    },
    'POST /v1/inventory': (asked) => ok(supervisor.inventory(Buffer.from(asked.body(bodies.inventory).key, 'base64'))),

    'GET /v1/claim': () => ok(claims.read(supervisor.now())),
    'POST /v1/claim': (asked) => {
      const { release, epoch } = asked.body(bodies.claim)
      return inTransaction(() => claims.claim(release, epoch))
    },
    'POST /v1/free': (asked) => {
      const { release, epoch } = asked.body(bodies.claim)
      return inTransaction(() => claims.free(release, epoch))
    },
    'POST /v1/stop': (asked) => {
      const { mark, epoch } = asked.body(bodies.stop)
      inTransaction(() => claims.stop(mark, epoch))
      return ok(null)
    },
    'POST /v1/clear-stop': () => {
      claims.clearStop()
      return ok(null)
    },

    'GET /v1/workloads': () =>
      ok(Object.values(supervisor.environment().services).map((each) => workloadSeen(supervisor, each))),
    'GET /v1/workloads/:service': (asked) => service(asked, (found) => ok(workloadSeen(supervisor, found))),
    'GET /v1/workloads/:service/logs': (asked) =>
      service(asked, (found) => ok(supervisor.log(found.name).tail(number(asked, 'lines', 100)))),
    'GET /v1/workloads/:service/address': (asked) =>
      service(asked, (found) => {
        const reachable = (supervisor.fleet(found.name)?.backends() ?? []).length > 0
        return ok(reachable ? supervisor.addressOf(found.name) : null)
      }),
    'POST /v1/workloads/:service/provision': (asked) => {
      const body = asked.body(bodies.provision)
      return workloadActs.provision(actCall(body.call), asked.service, body.baseline)
    },
    'POST /v1/workloads/:service/scale': (asked) => {
      const body = asked.body(bodies.scale)
      return workloadActs.scale(actCall(body.call), asked.service, body.replicas, body.baseline)
    },
    'POST /v1/workloads/:service/by-hand': (asked) =>
      workloadActs.scaleByHand(asked.service, asked.body(bodies.replicas).replicas),

    'GET /v1/schedules/:service': (asked) =>
      service(asked, (found) => {
        const seen = scheduleSeen(supervisor, found)
        return seen === null ? refused(`${found.name} has no schedule`) : ok(seen)
      }),
    'GET /v1/schedules/:service/runs': (asked) =>
      service(asked, (found) => ok(supervisor.runs.since(found.name, number(asked, 'since', 0)))),
    'GET /v1/schedules/:service/ticks': (asked) =>
      service(asked, (found) => {
        const row = supervisor.schedules.read(found.name)
        const phase = number(asked, 'phase', Number.NaN)
        const timetable = row === null ? null : timetableOfRow(found, row, Number.isNaN(phase) ? undefined : phase)
        if (timetable === null) return refused(`${found.name} has no schedule`)
        return ok(ticksBetween(timetable, number(asked, 'from', 0), number(asked, 'until', 0), mostTicks))
      }),
    'POST /v1/schedules/:service/stamp': (asked) => {
      const body = asked.body(bodies.stamp)
      return scheduleActs.stamp(actCall(body.call), asked.service, body.baseline)
    },
    'POST /v1/schedules/:service/pause': (asked) =>
      scheduleActs.pause(actCall(asked.body(bodies.act).call), asked.service),
    'POST /v1/schedules/:service/resume': (asked) =>
      scheduleActs.resume(actCall(asked.body(bodies.act).call), asked.service),
    'POST /v1/schedules/:service/barrier': (asked) =>
      scheduleActs.barrier(actCall(asked.body(bodies.act).call), asked.service),
    'POST /v1/schedules/:service/fence': (asked) => {
      const body = asked.body(bodies.fence)
      return scheduleActs.fence(actCall(body.call), asked.service, body.tick)
    },
    'POST /v1/schedules/:service/unfence': (asked) => {
      const body = asked.body(bodies.unfence)
      return scheduleActs.unfence(actCall(body.call), asked.service, body.after)
    },
    'POST /v1/schedules/:service/cursor': (asked) => {
      const body = asked.body(bodies.cursor)
      return scheduleActs.setCursor(actCall(body.call), asked.service, body.cursor)
    },
    'POST /v1/schedules/:service/run': (asked) => {
      const body = asked.body(bodies.runNow)
      return scheduleActs.runNow(actCall(body.call), asked.service, body.tick)
    },
    'POST /v1/schedules/:service/by-hand': (asked) =>
      scheduleActs.suspendByHand(asked.service, asked.body(bodies.suspended).suspended),
  }
}

/** A list of ticks is for people and horizons of minutes; a year of seconds is neither. */
const mostTicks = 10_000
const largestBody = 1_000_000

const actCall = (read: z.output<typeof call>) => ({
  fence: read.fence,
  intent: read.intent,
  ...(read.revision === undefined ? {} : { revision: read.revision }),
})

type Extra = { status(): Json; down(): void }

/** Serves the API on a socket that only its owner can open. A socket file left by a killed supervisor is replaced. */
export const serveApi = async (supervisor: Supervisor, socket: string, extra: Extra): Promise<Server> => {
  const routes = routesOf(supervisor, extra)
  const server = createServer((request, response) => {
    answer(supervisor, routes, request, response).catch((error: unknown) => {
      if (!response.headersSent) send(response, 500, { kind: 'unknown', because: inWords(error) })
      else response.destroy()
    })
  })
  // Whoever holds the state's lock is the only supervisor: what lies here is stale.
  rmSync(socket, { force: true })
  const before = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(socket, resolve)
    })
  } finally {
    process.umask(before)
  }
  chmodSync(socket, 0o600)
  return server
}

const answer = async (
  supervisor: Supervisor,
  routes: Readonly<Record<string, Handler>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const url = new URL(request.url ?? '/', 'http://supervisor')
  const parts = url.pathname.split('/')
  const named = parts[2] === 'workloads' || parts[2] === 'schedules'
  const service = named && parts[3] !== undefined ? decodeURIComponent(parts[3]) : ''
  if (service !== '') parts[3] = ':service'
  const route = `${request.method} ${parts.join('/')}`
  if (route === 'GET /v1/endpoints') return send(response, 200, endpointsSeen(supervisor))
  if (route === 'GET /v1/watch') return watch(supervisor, response)
  const handler = Object.hasOwn(routes, route) ? routes[route] : undefined
  if (handler === undefined) return send(response, 404, refused(`the supervisor knows no ${route}`))
  const text = await bodyOf(request)
  if (text === null) return send(response, 413, refused(`a body of at most ${largestBody} bytes is taken`))
  try {
    const body: Asked['body'] = (schema) => schema.parse(JSON.parse(text))
    send(response, 200, await handler({ service, query: url.searchParams, body }))
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) {
      return send(response, 400, refused(`the body of ${route} is wrong: ${error.message}`))
    }
    throw error
  }
}

const bodyOf = async (request: IncomingMessage): Promise<string | null> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    // No encoding is set, so chunks are buffers.
    chunks.push(chunk as Buffer)
    size += (chunk as Buffer).length
    if (size > largestBody) return null
  }
  return Buffer.concat(chunks).toString('utf8')
}

const send = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

const keepAliveEveryMs: Millis = 10_000

const watch = (supervisor: Supervisor, response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  const told = new Set<string | null>()
  const tell = (service: string | null): void => {
    // Many changes within one moment are told once.
    if (told.size === 0) setImmediate(flush)
    told.add(service)
  }
  const flush = (): void => {
    for (const service of told) response.write(`${JSON.stringify({ changed: service })}\n`)
    told.clear()
  }
  tell(null)
  const stop = supervisor.watch(tell)
  const alive = setInterval(() => response.write('\n'), keepAliveEveryMs)
  response.on('close', () => {
    stop()
    clearInterval(alive)
  })
}

/** Serves /metrics on loopback, for scrapers. */
export const serveMetrics = (supervisor: Supervisor): Server => {
  const page = createMetricsPage(supervisor)
  return createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404).end('Metrics are at /metrics\n')
      return
    }
    page().then(
      (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
      (error: unknown) => response.writeHead(500).end(`${inWords(error)}\n`),
    )
  })
}

const inWords = (error: unknown): string =>
  error instanceof TitrateError || error instanceof Error ? error.message : String(error)
