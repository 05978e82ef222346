import { setTimeout as pause } from 'node:timers/promises'
import type {
  Answer,
  Call,
  ClaimSeen,
  Claims,
  Run,
  ScheduleSeen,
  Schedules,
  WorkloadSeen,
  Workloads,
} from '../../engine/ports.ts'
import type { EnvironmentSeen } from '../../inventory/estate.ts'
import type { Json, Millis, Side } from '../../moves/goal.ts'
import { request } from '../request.ts'
import { placeOf } from './environment-file.ts'
import type { KeptRun } from './run-table.ts'
import type { KeptSchedule } from './seen.ts'
import { ask, unreachable } from './socket-call.ts'
import { statePathsOf } from './state-paths.ts'

/** The roles of one environment of local processes, over its supervisor's socket. */
export type LocalProvider = {
  readonly claims: Claims
  readonly workloads: Workloads
  readonly schedules: Schedules
  close(): void
}

type Options = {
  /** The environment's file. Its faults don't matter here, and the supervisor needn't run yet. */
  readonly file: string
  readonly side: Side
}

type Asker = <T>(method: 'GET' | 'POST', path: string, signal: AbortSignal, body?: Json) => Promise<Answer<T>>

/** A supervisor's pause holds at once, and its barrier is one pass: only what passes during the calls has to be fenced. */
const horizonMs: Millis = 15_000

/** Connects to an environment. No method throws; a supervisor that can't be reached is `unknown`, with what to do. */
export const connectLocal = (options: Options): LocalProvider => {
  const { file, side } = options
  const environment = placeOf(file)
  const { socket } = statePathsOf(environment)
  const closed = new AbortController()
  const asker: Asker = async <T>(method: 'GET' | 'POST', path: string, signal: AbortSignal, body?: Json) => {
    const answer = await ask<T>(socket, method, path, body, AbortSignal.any([signal, closed.signal]))
    return answer.kind === 'unknown'
      ? { kind: 'unknown', because: unreachable(environment.name, file, answer.because) }
      : answer
  }
  return {
    claims: claimsOver(asker, environment.name),
    workloads: workloadsOver(asker, side, socket, closed.signal),
    schedules: schedulesOver(asker, side),
    close: () => closed.abort(),
  }
}

const claimsOver = (asker: Asker, name: string): Claims => ({
  name,
  read: (signal) => asker<ClaimSeen>('GET', '/v1/claim', signal),
  claim: (release, epoch, signal) => asker<null>('POST', '/v1/claim', signal, { release, epoch }),
  free: (release, epoch, signal) => asker<null>('POST', '/v1/free', signal, { release, epoch }),
  stop: (mark, epoch, signal) => asker<null>('POST', '/v1/stop', signal, { mark, epoch }),
  clearStop: (signal) => asker<null>('POST', '/v1/clear-stop', signal, null),
})

type Revision = { readonly revision: string }

/** A call as it goes over the socket. */
const sent = (call: Call): Json => ({
  fence: call.fence,
  intent: call.intent,
  ...(call.revision === undefined ? {} : { revision: call.revision }),
})

const workloadsOver = (asker: Asker, side: Side, socket: string, closed: AbortSignal): Workloads => {
  const path = (service: string, rest = '') => `/v1/workloads/${encodeURIComponent(service)}${rest}`
  return {
    side,
    inventory: (hmacKey, signal) => {
      const key = Buffer.from(hmacKey).toString('base64')
      return asker<EnvironmentSeen>('POST', '/v1/inventory', signal, { key })
    },
    list: (signal) => asker<readonly WorkloadSeen[]>('GET', '/v1/workloads', signal),
    read: (service, signal) => asker<WorkloadSeen>('GET', path(service), signal),
    watch: (changed, signal) => void watchSocket(socket, changed, AbortSignal.any([signal, closed])),
    provision: (call, service, baseline) =>
      asker<Revision>('POST', path(service, '/provision'), call.signal, { call: sent(call), baseline }),
    scale: (call, service, replicas, baseline) =>
      asker<Revision>('POST', path(service, '/scale'), call.signal, { call: sent(call), baseline, replicas }),
    logs: (service, lines, signal) => asker<readonly string[]>('GET', path(service, `/logs?lines=${lines}`), signal),
    address: (service, signal) => asker<string | null>('GET', path(service, '/address'), signal),
  }
}

const schedulesOver = (asker: Asker, side: Side): Schedules => {
  const path = (service: string, rest = '') => `/v1/schedules/${encodeURIComponent(service)}${rest}`
  const act = <T>(call: Call, service: string, what: string, more: Readonly<Record<string, Json>> = {}) =>
    asker<T>('POST', path(service, what), call.signal, { call: sent(call), ...more })
  const runOf = ({ because: _, ...run }: KeptRun): Run => ({ ...run, side })
  return {
    side,
    horizonMs,
    read: async (service, signal) => {
      const answer = await asker<KeptSchedule>('GET', path(service), signal)
      if (answer.kind !== 'ok') return answer
      const value: ScheduleSeen = { ...answer.value, active: answer.value.active.map(runOf) }
      return { kind: 'ok', value }
    },
    runs: async (service, since, signal) => {
      const answer = await asker<readonly KeptRun[]>('GET', path(service, `/runs?since=${since}`), signal)
      return answer.kind === 'ok' ? { kind: 'ok', value: answer.value.map(runOf) } : answer
    },
    // Its table of runs is kept for as long as the environment.
    recordsSince: () => Promise.resolve({ kind: 'ok', value: 0 }),
    ticks: (service, from, until, signal, phase) => {
      const counted = phase === undefined ? '' : `&phase=${phase}`
      return asker<readonly Millis[]>('GET', path(service, `/ticks?from=${from}&until=${until}${counted}`), signal)
    },
    stamp: (call, service, baseline) => act<Revision>(call, service, '/stamp', { baseline }),
    pause: (call, service) => act<Revision>(call, service, '/pause'),
    fence: (call, service, tick) => act<'fenced' | 'ran'>(call, service, '/fence', { tick }),
    unfence: (call, service, after) =>
      act<{ readonly removed: readonly Millis[] }>(call, service, '/unfence', { after }),
    barrier: (call, service) => act<null>(call, service, '/barrier'),
    setCursor: (call, service, cursor) => act<Revision>(call, service, '/cursor', { cursor }),
    resume: (call, service) => act<Revision>(call, service, '/resume'),
    runNow: (call, service, tick) => act<'started' | 'exists'>(call, service, '/run', { tick }),
  }
}

const watchAgainMs: Millis = 250
/** The supervisor writes at least every 10 s. */
const silentMs: Millis = 30_000

/** Follows the supervisor's changes; comes again after each loss, with a hint that anything may have changed. */
const watchSocket = async (
  socket: string,
  changed: (service: string | null) => void,
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    await watchOnce(socket, changed, signal)
    // Rejects only when the signal aborts, which ends the loop.
    await pause(watchAgainMs, undefined, { signal }).catch(() => {})
  }
}

const watchOnce = (socket: string, changed: (service: string | null) => void, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const asked = request({ socketPath: socket, path: '/v1/watch', agent: false, signal }, (response) => {
      let rest = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) if (line !== '') changed(changeIn(line))
      })
      response.on('error', () => resolve())
      response.on('close', () => resolve())
    })
    asked.setTimeout(silentMs, () => asked.destroy())
    asked.on('error', () => resolve())
    asked.end()
  })

const changeIn = (line: string): string | null => {
  const read: unknown = JSON.parse(line)
  const named = typeof read === 'object' && read !== null && 'changed' in read && typeof read.changed === 'string'
  return named ? String(read.changed) : null
}
