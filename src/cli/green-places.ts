import { namedServices } from '../inventory/kubernetes/read-environment.ts'
import { type Overrides, overrideOf } from '../inventory/overrides.ts'
import type { KubernetesIndex } from '../kubernetes/index-objects.ts'
import { type KubernetesObject, objectKey } from '../kubernetes/object.ts'
import { type GreenPlaces, placesByName } from '../parity/kubernetes/expected-object.ts'

/**
 * Where objects of blue are on green: by blue's namespaces that have another name there, services that are mapped, and
 * `otherwise` for names that nobody maps.
 */
export const placesOf = (
  blue: KubernetesIndex,
  namespaces: ReadonlyMap<string, string>,
  overrides: Overrides,
  otherwise: (object: KubernetesObject) => string = ({ name }) => name,
): GreenPlaces => {
  const { workloads, names } = namedServices(blue)
  const mapped = new Map(
    workloads.flatMap((workload) => {
      const name = overrideOf(overrides, names(workload)).greenName
      return name === undefined ? [] : [[objectKey(workload.object), name] as const]
    }),
  )
  return placesByName(namespaces, mapped, otherwise)
}
