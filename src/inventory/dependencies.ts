import { type Address, addressesIn, isLoopback, textOf } from './addresses.ts'
import type { AmbiguousNeed, ExternalNeed, Finding, Need, ServiceDefinition } from './estate.ts'
import { byText } from './ordering.ts'
import { type Overrides, overrideOf } from './overrides.ts'

export type Dependencies = {
  readonly needs: readonly Need[]
  readonly ambiguous: readonly AmbiguousNeed[]
  readonly external: readonly ExternalNeed[]
  readonly findings: readonly Finding[]
}

/** Where the services of one environment are reached: by name, and by the addresses that others are given. */
type Directory = {
  readonly byName: ReadonlyMap<string, string>
  readonly byAddress: ReadonlyMap<string, ReadonlySet<string>>
}

const canonical = ({ host, port }: Address): string => `${isLoopback(host) ? 'loopback' : host}:${port ?? ''}`

const directoryOf = (services: readonly ServiceDefinition[]): Directory => {
  const byName = new Map(services.map(({ name }) => [name.toLowerCase(), name]))
  const byAddress = new Map<string, Set<string>>()
  for (const { variables } of services) {
    for (const variable of Object.values(variables)) {
      if (variable.kind !== 'address') continue
      for (const address of addressesIn(variable.value)) {
        if (address.port === null) continue
        const known = byAddress.get(canonical(address))
        if (known) known.add(variable.service)
        else byAddress.set(canonical(address), new Set([variable.service]))
      }
    }
  }
  return { byName, byAddress }
}

/** Cluster-internal forms of a service's name; any other longer name could as well be somebody else's. */
const insideCluster = /^[a-z0-9-]+\.svc(\.cluster\.local)?$/

type Resolved =
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'ambiguous'; readonly services: readonly string[] }
  | { readonly kind: 'external' }

const resolve = (address: Address, directory: Directory): Resolved => {
  const owners = [...(directory.byAddress.get(canonical(address)) ?? [])].sort(byText)
  if (owners.length > 1) return { kind: 'ambiguous', services: owners }
  const [owner] = owners
  if (owner !== undefined) return { kind: 'service', service: owner }
  const [label = '', ...rest] = address.host.split('.')
  const named = directory.byName.get(address.host) ?? directory.byName.get(label)
  if (named === undefined) return { kind: 'external' }
  const certain = rest.length === 0 || insideCluster.test(rest.join('.')) || directory.byName.has(address.host)
  return certain ? { kind: 'service', service: named } : { kind: 'ambiguous', services: [named] }
}

type Written = { readonly address: Address; readonly evidence: string }

/** Every address that a service is given in plain sight; secrets are not looked into. */
const writtenAddresses = (service: ServiceDefinition): readonly Written[] => [
  ...Object.entries(service.variables)
    .sort(([a], [b]) => byText(a, b))
    .flatMap(([name, variable]) =>
      variable.kind === 'plain'
        ? addressesIn(variable.value).map((address) => ({
            address,
            evidence: `its variable ${name} names ${textOf(address)}`,
          }))
        : [],
    ),
  ...service.command.flatMap((argument) =>
    addressesIn(argument).map((address) => ({ address, evidence: `its command line names ${textOf(address)}` })),
  ),
]

/** Whom every service calls, with the evidence; declared needs are added to what is seen, and settle what is ambiguous. */
export const findDependencies = (
  services: readonly ServiceDefinition[],
  overrides: Overrides,
): ReadonlyMap<string, Dependencies> => {
  const directory = directoryOf(services)
  const known = new Set(services.map(({ name }) => name))
  return new Map(services.map((service) => [service.name, dependenciesOf(service, directory, known, overrides)]))
}

const dependenciesOf = (
  service: ServiceDefinition,
  directory: Directory,
  known: ReadonlySet<string>,
  overrides: Overrides,
): Dependencies => {
  const { needs: declared = [], needsNot = [] } = overrideOf(overrides, service.name)
  const needs = new Map<string, Need>()
  const ambiguous = new Map<string, AmbiguousNeed>()
  const external = new Map<string, ExternalNeed>()
  const need = (one: Need): void => {
    const wanted = one.service !== service.name && !needsNot.includes(one.service)
    if (wanted && known.has(one.service) && !needs.has(one.service)) needs.set(one.service, one)
  }

  for (const name of declared) need({ service: name, source: 'declared', evidence: 'the release file says so' })
  for (const [name, variable] of Object.entries(service.variables).sort(([a], [b]) => byText(a, b))) {
    if (variable.kind !== 'address') continue
    need({ service: variable.service, source: 'seen', evidence: `its variable ${name} is the address of it` })
  }
  for (const call of service.observed?.calls ?? []) {
    const { evidence } = call
    if (call.kind === 'service') need({ service: call.service, source: 'seen', evidence })
    else if (call.kind === 'outside') external.set(textOf({ ...call, scheme: null }), call)
    else if (
      call.services.some((name) => name !== service.name && !declared.includes(name) && !needsNot.includes(name))
    ) {
      const { address, services, doubt } = call
      ambiguous.set(address, { address, services, evidence, doubt })
    }
  }
  // Where calls were looked up already, the same addresses are not looked at once more.
  for (const { address, evidence } of service.observed === undefined ? writtenAddresses(service) : []) {
    const found = resolve(address, directory)
    const at = textOf(address)
    if (found.kind === 'service') need({ service: found.service, source: 'seen', evidence })
    else if (found.kind === 'external') external.set(at, { host: address.host, port: address.port, evidence })
    else if (found.services.some((name) => !declared.includes(name) && !needsNot.includes(name))) {
      ambiguous.set(at, { address: at, services: found.services, evidence })
    }
  }
  // What is only allowed says nothing new where a call was seen.
  for (const [key, { services, doubt }] of ambiguous) {
    if (doubt !== undefined && services.every((name) => needs.has(name))) ambiguous.delete(key)
  }
  const inOrder = [...needs.values()].sort((a, b) => byText(a.service, b.service))
  return {
    needs: inOrder,
    ambiguous: [...ambiguous.values()],
    external: [...external.values()].map(({ host, port, evidence }) => ({ host, port, evidence })),
    findings: [
      ...declared.flatMap((name) => faultOfDeclared(service.name, name, known)),
      ...[...ambiguous.values()].map((one) => ambiguousFinding(service.name, one)),
    ],
  }
}

const faultOfDeclared = (service: string, name: string, known: ReadonlySet<string>): readonly Finding[] => {
  if (known.has(name) && name !== service) return []
  const what =
    name === service
      ? 'itself'
      : `${name}, which blue doesn't have; expected one of ${firstOf([...known].sort(byText))}`
  return [
    {
      severity: 'blocks',
      service,
      message: `${service} is declared to need ${what}. Correct services.${service}.needs in the release file.`,
      declare: null,
    },
  ]
}

const ambiguousFinding = (service: string, { services, evidence, doubt }: AmbiguousNeed): Finding => ({
  severity: 'note',
  service,
  message: `${service} may need ${services.join(' or ')}: ${evidence}, ${doubt ?? 'which could be outside as well'}. It is not counted as a need unless the release file says so.`,
  declare: `services:\n  ${service}:\n    needs: [${services.join(', ')}]\n`,
})

const firstOf = (names: readonly string[]): string =>
  names.length > 8 ? `${names.slice(0, 8).join(', ')} … (${names.length} in all)` : names.join(', ')
