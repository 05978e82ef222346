import { rmSync } from 'node:fs'
import { TitrateError } from '../../errors.ts'
import type { Millis } from '../../moves/goal.ts'
import { serveApi, serveMetrics } from './api.ts'
import { listen } from './front.ts'
import { scheduleSeen, workloadSeen } from './seen.ts'
import { openState, readMeta, writeMeta } from './state.ts'
import { statePathsOf } from './state-paths.ts'
import { createSupervisor, type Supervisor } from './supervisor.ts'
import { type Asleep, type EnvironmentStatus, environmentOf } from './supervisor-control.ts'

/**
 * Is the supervisor, until it is told to go down or the signal aborts; then everything has ended in order. Throws
 * ENVIRONMENT_FILE, ENVIRONMENT_RUNNING, STORE_UNAVAILABLE, STORE_NEWER. What an earlier supervisor left running is adopted.
 */
export const superviseEnvironment = async (file: string, options: Asleep, signal: AbortSignal): Promise<void> => {
  const environment = environmentOf(file)
  const paths = statePathsOf(environment)
  const state = openState(environment)
  const startedAt = Date.now()
  const supervisor = await createSupervisor({ environment, state, asleep: options.asleep === true })
  const metrics = serveMetrics(supervisor)
  const address = await listenForMetrics(supervisor, metrics)

  const down = new AbortController()
  const ended = new Promise<void>((resolve) => {
    for (const source of [signal, down.signal]) {
      if (source.aborted) resolve()
      else source.addEventListener('abort', () => resolve(), { once: true })
    }
  })
  const status = (): EnvironmentStatus => statusOf(supervisor, startedAt, address)
  const api = await serveApi(supervisor, paths.socket, {
    status,
    down: () => down.abort(),
  })
  await ended
  // The API stays until the end, so that people see the drain; metrics go first, they would only show gaps.
  metrics.close()
  metrics.closeAllConnections()
  await supervisor.shutDown()
  api.close()
  api.closeAllConnections()
  rmSync(paths.socket, { force: true })
  // The lock goes last: whoever has it next makes a socket of the same name.
  state.close()
}

const listenForMetrics = async (supervisor: Supervisor, server: ReturnType<typeof serveMetrics>): Promise<string> => {
  const { metrics, name, file } = supervisor.environment()
  const host = metrics?.host ?? '127.0.0.1'
  const before = Number(readMeta(supervisor.state, 'metrics port') ?? 0)
  const wanted = metrics?.port ?? before
  try {
    const port = await listen(server, wanted, host).catch((error: unknown) => {
      if (metrics !== null) throw error
      return listen(server, 0, host)
    })
    writeMeta(supervisor.state, 'metrics port', String(port))
    return `http://${host}:${port}/metrics`
  } catch (cause) {
    await supervisor.shutDown()
    supervisor.state.close()
    const message = `Environment ${name} can't serve its metrics on ${host}:${wanted}: the port is taken.`
    throw new TitrateError('ENVIRONMENT_UNREACHABLE', `${message} Free it, or change 'metrics' in ${file}.`, { cause })
  }
}

const statusOf = (supervisor: Supervisor, startedAt: Millis, metrics: string): EnvironmentStatus => {
  const { name, file, services } = supervisor.environment()
  return {
    name,
    file,
    pid: process.pid,
    startedAt,
    metrics,
    claim: supervisor.claims.read(supervisor.now()),
    services: Object.values(services).map((service) => ({
      ...workloadSeen(supervisor, service),
      address: service.port === null ? null : supervisor.addressOf(service.name),
      schedule: scheduleSeen(supervisor, service),
    })),
  }
}

/** A signal for `superviseEnvironment`: the first SIGTERM or SIGINT asks it to go down in order. */
export const signalOfProcess = (): AbortSignal => {
  const controller = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => controller.abort())
  // A closed terminal must not take the services with it.
  process.on('SIGHUP', () => {})
  return controller.signal
}
