import { createHash, createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { EnvironmentSeen, ServiceDefinition, Variable } from '../../inventory/estate.ts'
import type { Millis } from '../../moves/goal.ts'
import type { LocalEnvironment, LocalService, VariableSource } from './environment-file.ts'

/** Where a service of this environment is reached, whatever its replicas do. */
export type AddressOf = (service: string) => string

/** The variables with their values; or which secret could not be read. */
export type Variables =
  | { readonly kind: 'ok'; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: 'missing'; readonly because: string }

/** The only place where secrets are opened. Their values go to processes and into keyed hashes, nowhere else. */
const secretOf = (source: VariableSource & { readonly kind: 'secret file' | 'secret variable' }): string | null => {
  if (source.kind === 'secret variable') return process.env[source.variable] ?? null
  try {
    return readFileSync(source.file, 'utf8').replace(/\r?\n$/, '')
  } catch {
    return null
  }
}

export const variablesOf = (service: LocalService, addressOf: AddressOf): Variables => {
  const values: Record<string, string> = {}
  for (const [name, source] of Object.entries(service.variables)) {
    const value = valueOf(source, addressOf)
    if (value === null) {
      const reference = 'reference' in source ? source.reference : ''
      return { kind: 'missing', because: `the secret ${name} can't be read from ${reference}: make it readable` }
    }
    values[name] = value
  }
  return { kind: 'ok', values }
}

const valueOf = (source: VariableSource, addressOf: AddressOf): string | null => {
  switch (source.kind) {
    case 'plain':
      return source.value
    case 'address':
      return addressOf(source.service)
    case 'secret file':
    case 'secret variable':
      return secretOf(source)
    default:
      return source satisfies never
  }
}

const sha256OfFile = (file: string): string | null => {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex')
  } catch {
    return null
  }
}

const filesOf = (environment: LocalEnvironment, service: LocalService): ServiceDefinition['files'] =>
  service.files.map((path) => ({ path, sha256: sha256OfFile(resolve(environment.directory, path)) }))

/**
 * What is deployed, comparable between two environments. Where the file doesn't say, a hash over the command, the
 * files and the names of the variables: not their values, which differ between sides by right, and may be secret.
 */
export const versionOf = (environment: LocalEnvironment, service: LocalService): string => {
  if (service.version !== null) return service.version
  const names = Object.keys(service.variables).toSorted()
  const deployed = JSON.stringify([service.command, filesOf(environment, service), names])
  return `sha256-${createHash('sha256').update(deployed).digest('hex').slice(0, 12)}`
}

/** Equal for processes that needn't be replaced by each other. Keyed, because secrets are in it and it is kept. */
export const fingerprintOf = (
  environment: LocalEnvironment,
  service: LocalService,
  addressOf: AddressOf,
  key: string,
): string => {
  const everything = [
    versionOf(environment, service),
    service.command,
    service.directory,
    service.port !== null,
    Object.entries(service.variables).map(([name, source]) => [name, valueOf(source, addressOf)]),
    filesOf(environment, service),
  ]
  return createHmac('sha256', key).update(JSON.stringify(everything)).digest('hex')
}

type InventoryOptions = {
  readonly environment: LocalEnvironment
  readonly addressOf: AddressOf
  /** The version that was applied last: files may have changed since. */
  readonly appliedVersionOf: (service: string) => string
  readonly hmacKey: Uint8Array
  readonly now: Millis
}

/** The environment as parity and inventory see it. */
export const inventoryOf = (options: InventoryOptions): EnvironmentSeen => ({
  name: options.environment.name,
  provider: options.environment.provider,
  readAt: options.now,
  services: Object.values(options.environment.services).map((service) => definitionOf(options, service)),
})

const definitionOf = (options: InventoryOptions, service: LocalService): ServiceDefinition => ({
  name: service.name,
  version: options.appliedVersionOf(service.name),
  command: service.command,
  workingDirectory: service.writtenDirectory,
  variables: Object.fromEntries(
    Object.entries(service.variables).map(([name, source]) => [name, shownVariable(options, name, source)]),
  ),
  files: filesOf(options.environment, service),
  replicas: service.replicas,
  port: service.port,
  schedule: service.schedule,
  takesFrom: service.takesFrom,
  strategy: service.strategy,
  lease: service.lease,
  actsAtStart: service.actsAtStart,
  declaredKinds: service.kinds,
})

const shownVariable = (options: InventoryOptions, name: string, source: VariableSource): Variable => {
  if (source.kind === 'plain') return source
  if (source.kind === 'address') return { ...source, value: options.addressOf(source.service) }
  const value = secretOf(source)
  // A secret that can't be read equals no other, not even its missing twin on the other side.
  const content = value === null ? `missing in ${options.environment.name}: ${name}` : `secret:${value}`
  return {
    kind: 'secret',
    reference: source.reference,
    digest: createHmac('sha256', options.hmacKey).update(content).digest('hex'),
  }
}
