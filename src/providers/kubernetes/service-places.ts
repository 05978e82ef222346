import type { Answer } from '../../engine/ports.ts'
import type { Cluster } from './client/connect.ts'
import type { KindReader } from './client/kind-watch.ts'
import { workloadKinds } from './client/kinds.ts'
import type { KubernetesObject } from './client/resource.ts'

/** The object of a service on one side. */
export type ServicePlace = { readonly namespace: string; readonly name: string }

/** Where services are, by the names that people call them: those of blue. */
export type ServicePlaces = {
  /** Refused: there is none of that name, or more than one. */
  of(service: string, signal: AbortSignal): Promise<Answer<ServicePlace>>
  /** The service that an object is; null: it is none of this side. */
  serviceAt(place: ServicePlace, signal: AbortSignal): Promise<Answer<string | null>>
  /** The services that an object may be, without asking anybody. */
  mayBe(place: ServicePlace): readonly string[]
}

type Where = { readonly cluster: Cluster; readonly namespaces: readonly string[] }

/**
 * Blue's services have the names of their workloads; where two namespaces have one of the same name, with the namespace
 * behind it. In one namespace nobody has to be asked.
 */
export const placesOnBlue = (where: Where): ServicePlaces => {
  const { namespaces } = where
  const [only] = namespaces
  if (only !== undefined && namespaces.length === 1) return inOneNamespace(only)
  return {
    of: async (service, signal) => {
      const there = await workloadsIn(where, signal)
      if (there.kind !== 'ok') return there
      const places = namespaces.flatMap((namespace) => {
        const short = service.endsWith(`.${namespace}`) ? service.slice(0, -namespace.length - 1) : service
        return [...new Set([service, short])].map((name) => ({ namespace, name })).filter(there.value)
      })
      return onlyOne(service, places, where)
    },
    serviceAt: async ({ namespace, name }, signal) => {
      const there = await workloadsIn(where, signal)
      if (there.kind !== 'ok') return there
      const isShared = namespaces.filter((each) => there.value({ namespace: each, name })).length > 1
      return { kind: 'ok', value: isShared ? `${name}.${namespace}` : name }
    },
    mayBe: ({ namespace, name }) => [name, `${name}.${namespace}`],
  }
}

const inOneNamespace = (namespace: string): ServicePlaces => ({
  of: async (service) => ({ kind: 'ok', value: { namespace, name: service } }),
  serviceAt: async ({ name }) => ({ kind: 'ok', value: name }),
  mayBe: ({ name }) => [name],
})

const onlyOne = (
  service: string,
  places: readonly ServicePlace[],
  { cluster, namespaces }: Where,
): Answer<ServicePlace> => {
  const [place] = places
  if (place !== undefined && places.length === 1) return { kind: 'ok', value: place }
  const where = `namespaces ${namespaces.join(', ')} of ${cluster.name}`
  const found = places.map(({ namespace, name }) => `${namespace}/${name}`).join(' and ')
  const because =
    place === undefined
      ? `there is no workload ${service} in ${where}`
      : `${service} may be ${found} in ${where}, and Titrate doesn't guess: give one of them another name`
  return { kind: 'refused', because }
}

type HasWorkload = (place: ServicePlace) => boolean

/** Whether there is a workload of that name, by the watches that all readers share. */
const workloadsIn = async ({ cluster, namespaces }: Where, signal: AbortSignal): Promise<Answer<HasWorkload>> => {
  const asked = namespaces.flatMap((namespace) => workloadKinds.map((resource) => ({ namespace, resource })))
  const answers = await Promise.all(
    asked.map(({ namespace, resource }) => cluster.watches.of(resource, { namespace }).ready(signal)),
  )
  const readers = new Map<string, KindReader<KubernetesObject>[]>(namespaces.map((namespace) => [namespace, []]))
  for (const [index, answer] of answers.entries()) {
    if (answer.kind !== 'ok') return answer
    readers.get(asked[index]?.namespace ?? '')?.push(answer.value)
  }
  return {
    kind: 'ok',
    value: (place) => readers.get(place.namespace)?.some((reader) => reader.get(place) !== null) ?? false,
  }
}

/** How names of blue become those of green. */
export type GreenNames = {
  /** By blue's namespace. */
  readonly namespaces: ReadonlyMap<string, string>
  /** The name of the object on green, where the release file says one, by service. */
  readonly names: ReadonlyMap<string, string>
  /** What all other names end with on green; empty: nothing. */
  readonly suffix: string
}

export const nameOnGreen = (service: string, nameOnBlue: string, { names, suffix }: GreenNames): string =>
  names.get(service) ?? `${nameOnBlue}${suffix}`

/** The object on blue, in this namespace, whose counterpart on green has this name. */
export const objectOnBlue = (onGreen: string, namespace: string, { names, suffix }: GreenNames): string => {
  const [service] = [...names].find(([, name]) => name === onGreen) ?? []
  if (service !== undefined)
    return service.endsWith(`.${namespace}`) ? service.slice(0, -namespace.length - 1) : service
  return suffix !== '' && onGreen.endsWith(suffix) ? onGreen.slice(0, -suffix.length) : onGreen
}

/**
 * Green's services by their names on blue. Where blue can't be asked, green is searched for what they would be called:
 * that is enough to take back what is there.
 */
export const placesOnGreen = (blue: ServicePlaces, green: GreenNames, where: Where): ServicePlaces => {
  const onBlue = new Map([...green.namespaces].map(([from, to]) => [to, from]))
  const services = new Map([...green.names].map(([service, name]) => [name, service]))
  const nameOnBlue = (name: string): string | null => {
    if (green.suffix === '') return name
    return name.endsWith(green.suffix) ? name.slice(0, -green.suffix.length) : null
  }
  /** By the name that the release file gives it, else by blue's own. */
  const serviceAt: ServicePlaces['serviceAt'] = async ({ namespace, name }, signal) => {
    const service = services.get(name)
    if (service !== undefined) {
      const place = await blue.of(service, signal)
      if (place.kind === 'ok' && place.value.namespace === onBlue.get(namespace)) return { kind: 'ok', value: service }
    }
    const from = nameOnBlue(name)
    if (from === null) return { kind: 'ok', value: null }
    return blue.serviceAt({ namespace: onBlue.get(namespace) ?? namespace, name: from }, signal)
  }
  return {
    of: async (service, signal) => {
      const place = await blue.of(service, signal)
      if (place.kind === 'ok') {
        const { namespace, name } = place.value
        const to = green.namespaces.get(namespace) ?? namespace
        return { kind: 'ok', value: { namespace: to, name: nameOnGreen(service, name, green) } }
      }
      const there = await workloadsIn(where, signal)
      if (there.kind !== 'ok') return there
      const places = [...green.namespaces]
        .map(([from, to]) => {
          const short = service.endsWith(`.${from}`) ? service.slice(0, -from.length - 1) : service
          return { namespace: to, name: nameOnGreen(service, short, green) }
        })
        .filter(there.value)
      return places.length === 0 ? place : onlyOne(service, places, where)
    },
    serviceAt,
    mayBe: ({ namespace, name }) => {
      const from = nameOnBlue(name)
      const known = services.get(name)
      const own = from === null ? [] : blue.mayBe({ namespace: onBlue.get(namespace) ?? namespace, name: from })
      return known === undefined ? own : [known, ...own]
    },
  }
}
