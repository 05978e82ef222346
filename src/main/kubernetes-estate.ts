import { createHmac } from 'node:crypto'
import type { Answer } from '../engine/ports.ts'
import type { EnvironmentSeen, Finding, ServiceDefinition } from '../inventory/estate.ts'
import { namedServices, readEnvironment } from '../inventory/kubernetes/read-environment.ts'
import type { Overrides } from '../inventory/overrides.ts'
import { indexObjects, type KubernetesIndex } from '../kubernetes/index-objects.ts'
import { type KubernetesObject, objectKey, objectText } from '../kubernetes/object.ts'
import { isWorkload } from '../kubernetes/workload.ts'
import type { Millis, Side } from '../moves/goal.ts'
import type { GreenPlaces } from '../parity/kubernetes/expected-object.ts'
import { keyOnGreen } from '../parity/kubernetes/pair-objects.ts'
import { type GreenNames, nameOnGreen } from '../providers/kubernetes/service-places.ts'
import type { ClusterPair } from './cluster-pair.ts'
import type { ObjectsOfSide } from './kubernetes-objects.ts'

/** Both sides as their clusters have them at one moment. */
export type ClusterEstate = {
  readonly seen: Readonly<Record<Side, EnvironmentSeen>>
  readonly index: Readonly<Record<Side, KubernetesIndex>>
  readonly places: GreenPlaces
  /** Names on green of every service whose name is another one there. */
  readonly overrides: Overrides
  readonly findings: readonly Finding[]
  readonly digest: (text: string) => string
}

/** Reads both sides. Secrets are digested with the key; nothing of their contents stays. */
export const readClusterEstate = async (
  pair: ClusterPair,
  hmacKey: Uint8Array,
  now: Millis,
  signal: AbortSignal,
): Promise<Answer<ClusterEstate>> => {
  const [onBlue, onGreen] = await Promise.all([pair.read.blue(signal), pair.read.green(signal)])
  if (onBlue.kind !== 'ok') return onBlue
  if (onGreen.kind !== 'ok') return onGreen
  const digest = (text: string): string => createHmac('sha256', hmacKey).update(text).digest('hex')
  const index = { blue: indexObjects(onBlue.value.objects), green: indexObjects(onGreen.value.objects) }
  const services = servicesOf(index.blue, pair.names)
  const places = placesOf(index, services, pair.names)
  const blue = readEnvironment(index.blue, { name: pair.title.blue, readAt: now, digest })
  const green = readEnvironment(index.green, { name: pair.title.green, readAt: now, digest })
  const overrides = Object.fromEntries(
    services
      .filter(({ greenName, service }) => greenName !== service)
      .map(({ service, greenName }) => [service, { greenName }]),
  )
  const value: ClusterEstate = {
    seen: { blue, green: namedAsOnBlue(green, index, services, places) },
    index,
    places,
    overrides,
    digest,
    findings: [
      ...[...onBlue.value.faults, ...onGreen.value.faults].map(blocks),
      ...[...new Set([...onBlue.value.notes, ...onGreen.value.notes])].map(note),
      ...nameFaults(services, pair.names),
      ...samePlace(pair, onBlue.value, onGreen.value),
    ],
  }
  return { kind: 'ok', value }
}

/**
 * The services of blue, or, where it does not answer, what green has of them: for whoever has to act without knowing
 * more than that.
 */
export const readServicesOfEither = async (
  pair: ClusterPair,
  signal: (side: Side) => AbortSignal,
): Promise<Answer<readonly ServiceDefinition[]>> => {
  const digest = (): string => ''
  const onBlue = await pair.read.blue(signal('blue'))
  if (onBlue.kind === 'ok') {
    const index = indexObjects(onBlue.value.objects)
    return { kind: 'ok', value: readEnvironment(index, { name: pair.title.blue, readAt: 0, digest }).services }
  }
  const onGreen = await pair.read.green(signal('green'))
  if (onGreen.kind !== 'ok') return onBlue
  const index = indexObjects(onGreen.value.objects)
  const { services } = readEnvironment(index, { name: pair.title.green, readAt: 0, digest })
  return { kind: 'ok', value: services.map((one) => ({ ...one, name: nameOnBlue(one.name, pair.names) })) }
}

const nameOnBlue = (name: string, { names, suffix }: GreenNames): string => {
  const named = [...names].find(([, onGreen]) => onGreen === name)
  if (named !== undefined) return named[0]
  return suffix !== '' && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name
}

const blocks = (message: string): Finding => ({
  severity: 'blocks',
  service: null,
  message: sentence(message),
  declare: null,
})
const note = (message: string): Finding => ({
  severity: 'note',
  service: null,
  message: sentence(message),
  declare: null,
})
const sentence = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`

type Service = {
  readonly service: string
  readonly object: KubernetesObject
  /** The name of its object on green, … */
  readonly objectOnGreen: string
  /** … and what the service is called there: its own name, unless the release names another. */
  readonly greenName: string
}

const servicesOf = (blue: KubernetesIndex, names: GreenNames): readonly Service[] => {
  const { workloads, names: nameOf } = namedServices(blue)
  return workloads.map((workload) => {
    const { object } = workload
    const service = nameOf(workload)
    const objectOnGreen = nameOnGreen(service, object.name, names)
    return { service, object, objectOnGreen, greenName: objectOnGreen === object.name ? service : objectOnGreen }
  })
}

/** Objects that belong to one side of a split namespace, beside workloads; all others serve both sides. */
const ofOneSide = new Set(['Service', 'HorizontalPodAutoscaler', 'PodDisruptionBudget', 'ScaledObject.keda.sh'])

const placesOf = (
  index: Readonly<Record<Side, KubernetesIndex>>,
  services: readonly Service[],
  { namespaces, suffix }: GreenNames,
): GreenPlaces => {
  const mapped = new Map(services.map(({ object, objectOnGreen }) => [objectKey(object), objectOnGreen]))
  const namespace = (name: string): string => namespaces.get(name) ?? name
  return {
    namespace,
    name: (object) => {
      const known = mapped.get(objectKey(object))
      if (known !== undefined || suffix === '' || object.namespace === null) return known ?? object.name
      const own = `${object.name}${suffix}`
      const hasOwn = index.green.get(object.sort, namespace(object.namespace), own) !== null
      return hasOwn || isWorkload(object) || ofOneSide.has(object.sort) ? own : object.name
    },
  }
}

/** Green's services are called as blue's that they come from; what only green has keeps its name. */
const namedAsOnBlue = (
  seen: EnvironmentSeen,
  index: Readonly<Record<Side, KubernetesIndex>>,
  services: readonly Service[],
  places: GreenPlaces,
): EnvironmentSeen => {
  const { workloads, names } = namedServices(index.green)
  const expected = new Map(services.map(({ object, greenName }) => [keyOnGreen(object, places), greenName]))
  const taken = new Set(services.map(({ greenName }) => greenName))
  const renamed = new Map(
    workloads.map((workload) => {
      const own = names(workload)
      const { object } = workload
      const counterpart = expected.get(objectKey(object))
      const free = taken.has(own) ? `${own}.${workload.namespace}.${object.kind.toLowerCase()}` : own
      return [own, counterpart ?? free] as const
    }),
  )
  const nameOf = (name: string): string => renamed.get(name) ?? name
  return {
    ...seen,
    services: seen.services.map((service) => ({
      ...service,
      name: nameOf(service.name),
      ...(service.observed === undefined
        ? {}
        : {
            observed: {
              ...service.observed,
              calls: service.observed.calls.map((call) =>
                call.kind === 'service' ? { ...call, service: nameOf(call.service) } : call,
              ),
            },
          }),
    })),
  }
}

/** Acts go by name: two workloads of one name in one namespace could be mistaken for each other. */
const nameFaults = (services: readonly Service[], { suffix }: GreenNames): readonly Finding[] => {
  const onBlue = Map.groupBy(services, ({ object }) => `${object.namespace}/${object.name}`)
  const onGreen = Map.groupBy(services, ({ object, objectOnGreen }) => `${object.namespace}/${objectOnGreen}`)
  return [
    ...[...onBlue].flatMap(([name, all]) => {
      if (all.length === 1) return []
      const which = all.map(({ object }) => objectText(object)).join(' and ')
      return [blocks(`${which} are both ${name}, and could be mistaken for each other: give one of them another name`)]
    }),
    ...[...onGreen].flatMap(([name, all]) => {
      const which = [...new Set(all.map(({ service }) => service))]
      if (which.length === 1) return []
      return [blocks(`${which.join(' and ')} would both be ${name} on green: give one of them another nameOnGreen`)]
    }),
    // In a namespace that both sides share, a name is taken by blue, too.
    ...(suffix === '' ? [] : [...onGreen]).flatMap(([name, [one]]) => {
      const [other] = onBlue.get(name) ?? []
      if (one === undefined || other === undefined) return []
      return [
        blocks(
          `${one.service} would be ${name} on green, which is ${other.service} of blue: give it another nameOnGreen`,
        ),
      ]
    }),
  ]
}

/** Contexts of different names may lead to one cluster. */
const samePlace = (pair: ClusterPair, blue: ObjectsOfSide, green: ObjectsOfSide): readonly Finding[] => {
  if (pair.names.suffix !== '') return []
  const onBlue = new Map([...blue.namespaceIds].map(([name, id]) => [id, name]))
  const shared = [...green.namespaceIds].flatMap(([, id]) => onBlue.get(id) ?? [])
  if (shared.length === 0) return []
  const { blue: one, green: other } = pair.title
  return [
    blocks(
      `${one} and ${other} are the same place (namespace ${shared.join(', ')}), so nothing could move: name another context or other namespaces, or split it by a selector`,
    ),
  ]
}
