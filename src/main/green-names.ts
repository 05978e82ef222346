import { nameInSplit, type Split } from '../clusters/split-objects.ts'
import type { EnvironmentSeen } from '../inventory/estate.ts'
import { namedServices } from '../inventory/kubernetes/read-environment.ts'
import type { KubernetesIndex } from '../kubernetes/index-objects.ts'
import { type KubernetesObject, objectKey } from '../kubernetes/object.ts'
import type { Side } from '../moves/goal.ts'
import { type GreenPlaces, placesByName } from '../parity/kubernetes/expected-object.ts'
import { keyOnGreen } from '../parity/kubernetes/pair-objects.ts'
import { type GreenNames, nameOnGreen } from '../providers/kubernetes/service-places.ts'

/** A workload of blue that moves. */
export type MovingService = {
  readonly service: string
  readonly object: KubernetesObject
  /** The name of its object on green, … */
  readonly objectOnGreen: string
  /** … and what the service is called there: its own name, unless the release names another. */
  readonly greenName: string
}

/** The services of blue, and what each is called on green. */
export const servicesOf = (blue: KubernetesIndex, names: GreenNames): readonly MovingService[] => {
  const { workloads, names: nameOf } = namedServices(blue)
  return workloads.map((workload) => {
    const { object } = workload
    const service = nameOf(workload)
    const objectOnGreen = nameOnGreen(service, object.name, names)
    return { service, object, objectOnGreen, greenName: objectOnGreen === object.name ? service : objectOnGreen }
  })
}

/** Where objects of blue are on green: services by their names there, what is around them as the split has it. */
export const placesOf = (
  green: readonly KubernetesObject[],
  services: readonly MovingService[],
  { namespaces }: GreenNames,
  split: Split | null,
): GreenPlaces => {
  const mapped = new Map(services.map(({ object, objectOnGreen }) => [objectKey(object), objectOnGreen]))
  return placesByName(namespaces, mapped, nameInSplit(green, split))
}

/** Green's services are called as blue's that they come from; what only green has keeps its name. */
export const namedAsOnBlue = (
  seen: EnvironmentSeen,
  index: Readonly<Record<Side, KubernetesIndex>>,
  services: readonly MovingService[],
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
