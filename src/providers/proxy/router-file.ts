import { basename, dirname, extname, resolve } from 'node:path'
import { z } from 'zod'
import { durationSchema } from '../../config/duration.ts'
import { nearestWord } from '../../config/nearest.ts'
import {
  describeFault,
  type Fault,
  type PositionedYaml,
  parseBySchema,
  readPositionedYaml,
} from '../../config/positioned-yaml.ts'
import { TitrateError } from '../../errors.ts'
import { type Millis, type Side, sides } from '../../moves/goal.ts'
import { type LocalEnvironment, readEnvironmentFile } from '../local/environment-file.ts'

/** Where something listens. Port 0: a free one, which the router's status tells. */
export type Address = { readonly host: string; readonly port: number }

/** One service that users reach through the router. */
export type RoutedService = {
  readonly name: string
  readonly listen: Address
  /** How long a replica may take until its answer begins; then the user gets 504 and the request counts as hung. */
  readonly timeoutMs: Millis
}

/** A router file as read: every default filled in, paths absolute, both environments read. */
export type RouterFile = {
  readonly file: string
  readonly name: string
  readonly stateDirectory: string
  readonly environments: Readonly<Record<Side, LocalEnvironment>>
  readonly metrics: Address
  readonly services: Readonly<Record<string, RoutedService>>
  /** null: users are not kept where they are; every request is assigned anew. */
  readonly sticky: { readonly cookie: string; readonly forMs: Millis } | null
  /** A request that carries `blue` or `green` in one of these goes to that side, whatever the weight. */
  readonly test: { readonly header: string; readonly cookie: string }
}

export type RouterRead =
  | { readonly kind: 'ok'; readonly router: RouterFile }
  | { readonly kind: 'faults'; readonly faults: readonly Fault[] }

const addressExpected = 'an address such as 127.0.0.1:8080'
const address = z.string().transform((text, context): Address => {
  const parts = /^(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(text)
  const [host, port] = [parts?.[1], Number(parts?.[2])]
  if (host !== undefined && port <= 65_535) return { host: host.replace(/^\[|\]$/g, ''), port }
  context.issues.push({ code: 'custom', message: addressExpected, input: text })
  return z.NEVER
})

/** A name that may stand in a header's name and in a cookie's, by the token rule of RFC 9110. */
const token = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'a name of letters, digits and hyphens')
const path = z.string().min(1, 'the path of an environment file')

const stickySchema = z.union([
  z.literal(false),
  z.strictObject({ cookie: token.default('titrate-side'), for: durationSchema.prefault('1h') }),
])

export const routerSchema = z.strictObject({
  apiVersion: z.literal('titrate.dev/v1alpha1'),
  kind: z.literal('Router'),
  name: z.string().min(1).optional(),
  state: z.string().min(1).optional(),
  blue: path,
  green: path,
  metrics: address.prefault('127.0.0.1:0'),
  services: z.record(
    z.string(),
    z.strictObject({ listen: address.prefault('127.0.0.1:0'), timeout: durationSchema.prefault('30s') }),
    { error: 'a map of services by name' },
  ),
  sticky: stickySchema.prefault({}),
  test: z.strictObject({ header: token.default('x-titrate-side'), cookie: token.default('titrate-test') }).prefault({}),
})

type WrittenRouter = z.output<typeof routerSchema>

/** Reads a router file and both environment files. Either all is whole, or all faults are listed with their places. */
export const readRouterFile = (path: string): RouterRead => {
  const file = resolve(path)
  const yaml = readPositionedYaml(file)
  if (yaml.kind === 'faults') return yaml
  const parsed = parseBySchema(yaml.value, routerSchema)
  if (parsed.kind === 'faults') return parsed
  const written = parsed.value
  const blue = readSide(yaml.value, file, 'blue', written.blue)
  const green = readSide(yaml.value, file, 'green', written.green)
  if (blue.kind === 'faults' || green.kind === 'faults') {
    return { kind: 'faults', faults: [blue, green].flatMap((read) => (read.kind === 'faults' ? read.faults : [])) }
  }
  const environments = { blue: blue.environment, green: green.environment }
  const faults = faultsOfRules(yaml.value, written, environments)
  return faults.length > 0 ? { kind: 'faults', faults } : { kind: 'ok', router: resolved(file, written, environments) }
}

/** The same for callers that cannot go on without it. Throws RELEASE_FILE with all faults. */
export const requireRouterFile = (path: string): RouterFile => {
  const read = readRouterFile(path)
  if (read.kind === 'ok') return read.router
  const lines = read.faults.map(describeFault)
  throw new TitrateError('RELEASE_FILE', `The router file can't be used:\n${lines.join('\n')}`, {
    details: { faults: read.faults },
  })
}

/** A file that is missing is a fault of the line that names it; faults inside are told at their own places. */
const readSide = (yaml: PositionedYaml, file: string, side: Side, written: string) => {
  const read = readEnvironmentFile(resolve(dirname(file), written))
  if (read.kind === 'ok' || read.faults.some(({ value }) => value !== 'no such file')) return read
  const suggestion = 'the path is relative to this file'
  return { kind: 'faults' as const, faults: [yaml.fault([side], 'an environment file', { suggestion })] }
}

const faultsOfRules = (
  yaml: PositionedYaml,
  written: WrittenRouter,
  environments: Readonly<Record<Side, LocalEnvironment>>,
): Fault[] => {
  const faults = Object.keys(written.services).flatMap((name) => faultsOfService(yaml, name, environments))
  if (environments.blue.name === environments.green.name) {
    const suggestion = `both are called ${environments.blue.name}: metrics could not tell them apart`
    faults.push(yaml.fault(['green'], 'an environment with another name than blue', { suggestion }))
  }
  return [...faults, ...faultsOfPorts(yaml, written)]
}

const faultsOfService = (
  yaml: PositionedYaml,
  name: string,
  environments: Readonly<Record<Side, LocalEnvironment>>,
): Fault[] =>
  sides.flatMap((side) => {
    const { services, name: environment } = environments[side]
    if (services[name]?.port?.published === true) return []
    if (services[name] !== undefined) {
      const suggestion = `write port: { publish: true } for ${name} in ${environment}`
      return [yaml.fault(['services', name], 'a service with a published port', { at: 'key', suggestion })]
    }
    const published = Object.values(services).flatMap((service) => (service.port?.published ? [service.name] : []))
    const meant = nearestWord(name, published)
    const expected = `a service that ${environment} publishes: ${published.join(', ') || 'it has none'}`
    const suggestion = meant === null ? null : `did you mean ${meant}?`
    return [yaml.fault(['services', name], expected, { at: 'key', suggestion })]
  })

/** Two listeners on one port: the second could never start. */
const faultsOfPorts = (yaml: PositionedYaml, written: WrittenRouter): Fault[] => {
  const taken = new Map<string, string>()
  const listeners = [
    { what: 'metrics', at: ['metrics'], listen: written.metrics },
    ...Object.entries(written.services).map(([name, { listen }]) => ({
      what: name,
      at: ['services', name, 'listen'],
      listen,
    })),
  ]
  return listeners.flatMap(({ what, at, listen }) => {
    if (listen.port === 0) return []
    const key = `${listen.host}:${listen.port}`
    const first = taken.get(key)
    taken.set(key, first ?? what)
    return first === undefined ? [] : [yaml.fault(at, `an address of its own: ${first} listens there`)]
  })
}

const resolved = (
  file: string,
  written: WrittenRouter,
  environments: Readonly<Record<Side, LocalEnvironment>>,
): RouterFile => ({
  file,
  name: written.name ?? basename(file, extname(file)),
  stateDirectory: resolve(dirname(file), written.state ?? '.titrate/router'),
  environments,
  metrics: written.metrics,
  services: Object.fromEntries(
    Object.entries(written.services).map(([name, { listen, timeout }]) => [name, { name, listen, timeoutMs: timeout }]),
  ),
  sticky: written.sticky === false ? null : { cookie: written.sticky.cookie, forMs: written.sticky.for },
  test: { header: written.test.header.toLowerCase(), cookie: written.test.cookie },
})
