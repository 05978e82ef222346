import type { EnvironmentStatus, Environments } from '../cli/deps.ts'
import { readPositionedYaml } from '../config/positioned-yaml.ts'
import { TitrateError } from '../errors.ts'
import { connectLocal } from '../providers/local/client.ts'
import { superviseEnvironment } from '../providers/local/daemon.ts'
import {
  applyEnvironment,
  environmentOf,
  environmentStatus,
  scaleByHand,
  startSupervisor,
  stopSupervisor,
  suspendByHand,
} from '../providers/local/supervisor-control.ts'
import { runRouter } from '../providers/proxy/daemon.ts'
import { routerStatus, setWeightByHand, startRouter, stopRouter } from '../providers/proxy/router-control.ts'
import { requireRouterFile } from '../providers/proxy/router-file.ts'

/** Whether a file is a router's; anything else is read, and faulted, as an environment. */
const isRouter = (file: string): boolean => {
  const read = readPositionedYaml(file)
  const data: unknown = read.kind === 'ok' ? read.value.data : null
  return typeof data === 'object' && data !== null && 'kind' in data && data.kind === 'Router'
}

const refuseRouter = (file: string, what: string): void => {
  if (isRouter(file)) throw new TitrateError('USAGE', `${file} is a router; ${what} needs an environment's file`)
}

/** Local environments and routers. `program`: the command line that starts this program. */
export const createEnvironments = (program: readonly [string, ...string[]]): Environments => ({
  up: async (file, asleep) => {
    if (isRouter(file)) {
      const [, ...args] = program
      const { metrics } = await startRouter({ file, entry: [...args, 'env', 'serve', file] })
      return `${requireRouterFile(file).name} routes; its metrics are at ${metrics}`
    }
    const { name } = await startSupervisor({
      file,
      asleep,
      entry: [...program, 'env', 'serve', file, ...(asleep ? ['--asleep'] : [])],
    })
    return `${name} runs${asleep ? ', asleep' : ''}`
  },
  down: async (file) => {
    const stopped = isRouter(file) ? await stopRouter(file) : await stopSupervisor(file)
    const name = isRouter(file) ? requireRouterFile(file).name : environmentOf(file).name
    return stopped ? `${name} has ended` : `${name} did not run`
  },
  apply: async (file) => {
    refuseRouter(file, '"titrate env apply"')
    await applyEnvironment(file)
    return `${environmentOf(file).name} runs what the file says now`
  },
  status: (file) => (isRouter(file) ? statusOfRouter(file) : statusOfEnvironment(file)),
  scale: async (file, service, replicas) => {
    refuseRouter(file, '"titrate env scale"')
    await scaleByHand(file, service, replicas)
    return `${service} wants ${replicas} replicas on ${environmentOf(file).name}`
  },
  suspend: async (file, service, suspended) => {
    refuseRouter(file, '"titrate env suspend"')
    await suspendByHand(file, service, suspended)
    return `the schedule of ${service} on ${environmentOf(file).name} is ${suspended ? 'suspended' : 'resumed'}`
  },
  weight: async (file, service, green) => {
    const answer = await setWeightByHand(file, service, green)
    if (answer.kind !== 'ok')
      throw new TitrateError('ENVIRONMENT_UNREACHABLE', `the weight of ${service} was not set: ${answer.because}`)
    return `green gets ${green} % of ${service}`
  },
  logs: async (file, service, lines) => {
    refuseRouter(file, '"titrate env logs"')
    const local = connectLocal({ file, side: 'blue' })
    try {
      const answer = await local.workloads.logs(service, lines, AbortSignal.timeout(5_000))
      if (answer.kind !== 'ok') throw new TitrateError('ENVIRONMENT_UNREACHABLE', answer.because)
      return answer.value
    } finally {
      local.close()
    }
  },
  serve: async (file, asleep, signal) =>
    isRouter(file) ? runRouter(file, signal) : superviseEnvironment(file, { asleep }, signal),
})

const statusOfRouter = async (file: string): Promise<EnvironmentStatus> => {
  const { name } = requireRouterFile(file)
  const answer = await routerStatus(file)
  if (answer.kind !== 'ok')
    return { name, kind: 'Router', running: false, facts: { why: answer.because }, services: [] }
  const { metrics, pid, services } = answer.value
  return {
    name,
    kind: 'Router',
    running: true,
    facts: { metrics, process: String(pid) },
    services: Object.entries(services).map(([service, listen]) => ({ service, listen })),
  }
}

const statusOfEnvironment = async (file: string): Promise<EnvironmentStatus> => {
  const { name } = environmentOf(file)
  try {
    const status = await environmentStatus(file)
    return {
      name,
      kind: 'Environment',
      running: true,
      facts: { metrics: status.metrics, process: String(status.pid) },
      services: status.services.map(({ service, version, desired, ready, restarts, address, problem, schedule }) => ({
        service,
        version,
        desired,
        ready,
        restarts,
        address,
        schedule: schedule === null ? null : schedule.suspended ? 'suspended' : 'active',
        problem,
      })),
    }
  } catch (error) {
    if (error instanceof TitrateError && error.code === 'ENVIRONMENT_UNREACHABLE')
      return { name, kind: 'Environment', running: false, facts: { why: error.message }, services: [] }
    throw error
  }
}
