import type { ResolvedRelease } from '../config/release.ts'
import type { Estate, EstateService, Finding } from '../inventory/estate.ts'
import type { ProbeTarget } from '../plan/plan.ts'
import type { ServiceRules, ServiceTest } from '../plan/plan-input.ts'

const hour = 3_600_000

export type Probing = {
  readonly probe: ResolvedRelease['probe']
  /** Users go through blue's cluster to green's pods in another one. */
  readonly crossesClusters: boolean
}

type Probes = NonNullable<ServiceRules['probes']>

/** The probes that the moves of an estate have: from green, to all that a service needs; from blue's cluster, to its copy on green. */
export const probesIn = ({ probe, crossesClusters }: Probing, estate: Estate): ((service: string) => Probes) => {
  if (probe === null) return () => ({})
  const targetsOf = targetsIn(estate)
  const byName = new Map(estate.services.map((service) => [service.name, service]))
  const test = (from: 'blue' | 'green', targets: readonly ProbeTarget[]): ServiceTest => ({
    test: { kind: 'probe', from, targets, timeoutMs: probe.timeoutMs },
    maxAgeMs: hour,
  })
  return (name) => {
    const service = byName.get(name)
    if (service === undefined) return {}
    const needed = targetsOf(service)
    const isReached = crossesClusters && service.kinds.includes('exposed')
    return {
      ...(needed.length === 0 ? {} : { green: test('green', needed) }),
      ...(isReached ? { blue: test('blue', [{ kind: 'service', service: name }]) } : {}),
    }
  }
}

/** Copies of other services are tried where these have settled before: not in its own circle, nor those that users reach. */
const targetsIn = ({ services, cycles }: Estate): ((service: EstateService) => readonly ProbeTarget[]) => {
  const settled = new Set(
    services.filter(({ kinds, blue }) => !kinds.includes('exposed') && blue.port !== null).map(({ name }) => name),
  )
  const circles = new Map(cycles.flatMap((cycle) => cycle.services.map((name) => [name, cycle.services] as const)))
  return ({ name, external, needs }) => {
    const hosts = new Map(external.map(({ host, port }) => [`${host}:${port}`, { kind: 'host', host, port } as const]))
    const copies = needs.filter(({ service }) => settled.has(service) && circles.get(name)?.includes(service) !== true)
    return [...hosts.values(), ...copies.map(({ service }): ProbeTarget => ({ kind: 'service', service }))]
  }
}

/** What nobody tries is said. */
export const unprobed = ({ probe, crossesClusters }: Probing, estate: Estate): readonly Finding[] => {
  if (probe !== null) return []
  const targetsOf = targetsIn(estate)
  const needing = estate.services.filter((service) => targetsOf(service).length > 0).length
  const exposed = crossesClusters ? estate.services.filter(({ kinds }) => kinds.includes('exposed')) : []
  const note = (message: string): Finding => ({ severity: 'note', service: null, message, declare: null })
  const how = 'Name an image under probe in the release file, and a short Job tries it.'
  return [
    ...(needing === 0
      ? []
      : [
          note(
            `Whether green reaches what ${needing === 1 ? 'a service needs' : `${needing} services need`} is not checked. ${how}`,
          ),
        ]),
    ...(exposed.length === 0
      ? []
      : [
          note(
            `Whether blue's cluster reaches green's pods of ${exposed.map(({ name }) => name).join(', ')} is not checked. ${how}`,
          ),
        ]),
  ]
}
