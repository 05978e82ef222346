import { basename, dirname, extname, resolve } from 'node:path'
import { nearestWord } from '../../config/nearest.ts'
import { type Fault, type PositionedYaml, parseBySchema, readPositionedYaml } from '../../config/positioned-yaml.ts'
import type { ScheduleDefinition, ServiceKind } from '../../inventory/estate.ts'
import type { Millis } from '../../moves/goal.ts'
import { cronExpected, faultOfCron, isZone } from '../timetable.ts'
import {
  environmentSchema,
  type WrittenEnvironment,
  type WrittenService,
  type WrittenVariable,
} from './environment-schema.ts'

/** A variable before it has a value: secrets are references still, and addresses are known only to the supervisor. */
export type VariableSource =
  | { readonly kind: 'plain'; readonly value: string }
  | { readonly kind: 'address'; readonly service: string }
  /** `file` is absolute; `reference` is what people are shown. */
  | { readonly kind: 'secret file'; readonly file: string; readonly reference: string }
  | { readonly kind: 'secret variable'; readonly variable: string; readonly reference: string }

/** One service of an environment file, every default filled in. */
export type LocalService = {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  /** Absolute; `writtenDirectory` as in the file. */
  readonly directory: string
  readonly writtenDirectory: string
  /** null: none was written; then it is a hash of what is deployed. */
  readonly version: string | null
  /** 0 for a job. */
  readonly replicas: number
  readonly port: {
    readonly published: boolean
    readonly healthPath: string | null
    readonly metricsPath: string | null
  } | null
  /** Those of the environment are included. */
  readonly variables: Readonly<Record<string, VariableSource>>
  /** Relative to the environment's file. */
  readonly files: readonly string[]
  readonly strategy: 'RollingUpdate' | 'Recreate'
  readonly lease: string | null
  readonly takesFrom: readonly string[]
  readonly actsAtStart: readonly string[]
  readonly kinds: readonly ServiceKind[] | null
  readonly health: { readonly everyMs: Millis; readonly timeoutMs: Millis; readonly failures: number }
  readonly stop: { readonly drainMs: Millis; readonly graceMs: Millis }
  readonly backoff: { readonly firstMs: Millis; readonly maxMs: Millis }
  readonly schedule: ScheduleDefinition | null
}

/** An environment file as read. All paths are absolute. */
export type LocalEnvironment = {
  readonly file: string
  readonly directory: string
  readonly name: string
  readonly provider: 'local'
  readonly stateDirectory: string
  /** Where the supervisor serves /metrics; null: on a free loopback port, which its status tells. */
  readonly metrics: { readonly host: string; readonly port: number } | null
  /** In the order of the file. */
  readonly services: Readonly<Record<string, LocalService>>
}

export type EnvironmentRead =
  | { readonly kind: 'ok'; readonly environment: LocalEnvironment }
  | { readonly kind: 'faults'; readonly faults: readonly Fault[] }

/** Reads an environment file. Either it is whole, or all its faults are listed with their places. No secret is opened. */
export const readEnvironmentFile = (path: string): EnvironmentRead => {
  const file = resolve(path)
  const yaml = readPositionedYaml(file)
  if (yaml.kind === 'faults') return yaml
  const known = understood.get(yaml.value)
  if (known !== undefined) return known
  const read = understand(file, yaml.value)
  understood.set(yaml.value, read)
  return read
}

/** As long as a file's text is the same, so is what it says. */
const understood = new WeakMap<PositionedYaml, EnvironmentRead>()

const understand = (file: string, yaml: PositionedYaml): EnvironmentRead => {
  const parsed = parseBySchema(yaml, environmentSchema)
  if (parsed.kind === 'faults') return parsed
  const faults = faultsOfRules(yaml, parsed.value)
  return faults.length > 0 ? { kind: 'faults', faults } : { kind: 'ok', environment: resolved(file, parsed.value) }
}

/** What is needed to reach a supervisor, whatever else its file says. */
export type EnvironmentPlace = Pick<LocalEnvironment, 'file' | 'name' | 'stateDirectory'>

/**
 * Where an environment's supervisor is. Also for a file that somebody has broken meanwhile, as far as its name and
 * state can be made out: a rollback must not wait until the file is mended.
 */
export const placeOf = (path: string): EnvironmentPlace => {
  const file = resolve(path)
  const yaml = readPositionedYaml(file)
  const data = yaml.kind === 'ok' && typeof yaml.value.data === 'object' ? yaml.value.data : null
  const text = (key: 'name' | 'state'): string | undefined => {
    const value: unknown = data === null ? undefined : Object.entries(data).find(([found]) => found === key)?.[1]
    return typeof value === 'string' ? value : undefined
  }
  const name = text('name') ?? basename(file, extname(file))
  return { file, name, stateDirectory: resolve(dirname(file), text('state') ?? `.titrate/env/${name}`) }
}

// ── Rules between the parts of a file ─────────────────────────────────────────

const faultsOfRules = (yaml: PositionedYaml, written: WrittenEnvironment): Fault[] => {
  const faults = Object.entries(written.services).flatMap(([name, service]) => [
    ...faultsOfAddresses(yaml, written, ['services', name, 'variables'], service.variables),
    ...faultsOfSchedule(yaml, name, service),
    ...faultsOfPort(yaml, name, service),
  ])
  return [...faultsOfAddresses(yaml, written, ['variables'], written.variables), ...faults]
}

const faultsOfAddresses = (
  yaml: PositionedYaml,
  written: WrittenEnvironment,
  path: readonly string[],
  variables: Readonly<Record<string, WrittenVariable>>,
): Fault[] =>
  Object.entries(variables).flatMap(([key, variable]) => {
    if (typeof variable === 'string' || !('address' in variable)) return []
    const at = [...path, key, 'address']
    const target = written.services[variable.address]
    const listening = Object.keys(written.services).filter((name) => written.services[name]?.port !== undefined)
    if (target?.port !== undefined) return []
    if (target !== undefined) {
      return [yaml.fault(at, 'a service that listens', { suggestion: `give ${variable.address} a port` })]
    }
    const meant = nearestWord(variable.address, listening)
    const suggestion = meant === null ? null : `did you mean ${meant}?`
    return [yaml.fault(at, `a service of this environment: ${listening.join(', ') || 'none listens'}`, { suggestion })]
  })

const faultsOfSchedule = (yaml: PositionedYaml, name: string, service: WrittenService): Fault[] => {
  const schedule = service.schedule
  if (schedule === undefined) return []
  const faults: Fault[] = []
  const why = faultOfCron(schedule.cron)
  if (why !== null) faults.push(yaml.fault(['services', name, 'schedule', 'cron'], cronExpected, { suggestion: why }))
  if (!isZone(schedule.zone)) {
    const meant = nearestWord(schedule.zone, Intl.supportedValuesOf('timeZone'))
    const suggestion = meant === null ? null : `did you mean ${meant}?`
    const expected = 'an IANA time zone such as UTC or Europe/Berlin'
    faults.push(yaml.fault(['services', name, 'schedule', 'zone'], expected, { suggestion }))
  }
  if (service.port !== undefined) {
    const suggestion = 'a job ends by itself: make what listens a service of its own'
    faults.push(yaml.fault(['services', name, 'port'], 'no port beside a schedule', { suggestion }))
  }
  if (service.replicas !== undefined && service.replicas > 0) {
    const suggestion = 'remove it: the schedule starts the runs'
    faults.push(yaml.fault(['services', name, 'replicas'], 'no replicas beside a schedule', { suggestion }))
  }
  return faults
}

const faultsOfPort = (yaml: PositionedYaml, name: string, service: WrittenService): Fault[] => {
  const exposed = service.kinds?.includes('exposed') === true
  if (!exposed || service.port?.publish === true) return []
  const suggestion = 'write port: { publish: true }'
  return [yaml.fault(['services', name, 'kinds'], 'a published port for an exposed service', { suggestion })]
}

// ── From written to resolved ──────────────────────────────────────────────────

const resolved = (file: string, written: WrittenEnvironment): LocalEnvironment => {
  const directory = dirname(file)
  const name = written.name ?? basename(file, extname(file))
  const [host, port] = written.metrics?.split(':') ?? []
  return {
    file,
    directory,
    name,
    provider: written.provider,
    stateDirectory: resolve(directory, written.state ?? `.titrate/env/${name}`),
    metrics: host === undefined ? null : { host, port: Number(port) },
    services: Object.fromEntries(
      Object.entries(written.services).map(([key, service]) => [
        key,
        resolvedService(directory, key, service, written),
      ]),
    ),
  }
}

const resolvedService = (
  directory: string,
  name: string,
  service: WrittenService,
  environment: WrittenEnvironment,
): LocalService => {
  const variables = { ...environment.variables, ...service.variables }
  const { schedule, port } = service
  return {
    name,
    // The schema wants at least one entry.
    command: service.command as [string, ...string[]],
    directory: resolve(directory, service.directory),
    writtenDirectory: service.directory,
    version: service.version ?? null,
    replicas: schedule === undefined ? (service.replicas ?? 1) : 0,
    port: port ? { published: port.publish, healthPath: port.health ?? null, metricsPath: port.metrics ?? null } : null,
    variables: Object.fromEntries(
      Object.entries(variables).map(([key, value]) => [key, variableSource(directory, value)]),
    ),
    files: service.files,
    strategy: service.strategy,
    lease: service.lease ?? null,
    takesFrom: service.takesFrom,
    actsAtStart: service.actsAtStart,
    kinds: service.kinds ?? null,
    health: {
      everyMs: service.health.every,
      timeoutMs: service.health.timeout,
      failures: service.health.failures,
    },
    stop: { drainMs: service.stop.drain, graceMs: service.stop.grace },
    backoff: { firstMs: service.backoff.first, maxMs: service.backoff.max },
    schedule: schedule
      ? {
          cron: schedule.cron,
          zone: schedule.zone,
          concurrency: schedule.concurrency,
          deadlineMs: schedule.deadline ?? null,
          suspended: schedule.suspend,
        }
      : null,
  }
}

const variableSource = (directory: string, written: WrittenVariable): VariableSource => {
  if (typeof written === 'string') return { kind: 'plain', value: written }
  if ('address' in written) return { kind: 'address', service: written.address }
  const { secret } = written
  return 'file' in secret
    ? { kind: 'secret file', file: resolve(directory, secret.file), reference: `file ${secret.file}` }
    : { kind: 'secret variable', variable: secret.variable, reference: `variable ${secret.variable}` }
}
