import { readNetwork } from '../../inventory/kubernetes/network.ts'
import { namedServices } from '../../inventory/kubernetes/read-environment.ts'
import { readSurroundings } from '../../inventory/kubernetes/uses.ts'
import type { KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { type KubernetesObject, objectKey, objectText } from '../../kubernetes/object.ts'
import { readScalers } from '../../kubernetes/scalers.ts'
import { environmentService } from '../rules.ts'

export type Owners = {
  /** The service that an object belongs to; `environment`: to none, or to several. */
  readonly serviceOf: (object: KubernetesObject) => string
  readonly isScaled: (object: KubernetesObject) => boolean
  /** Whether a workload works without being called: a copy of it that is started takes work at once. */
  readonly worksByItself: (object: KubernetesObject) => boolean
}

export const readOwners = (index: KubernetesIndex): Owners => {
  const { workloads, names } = namedServices(index)
  const scalers = readScalers(index)
  const network = readNetwork(index)
  const surroundings = readSurroundings({ index, network, scalers })
  const uncalled = new Set(
    workloads.filter((workload) => network.servicesOf(workload).length === 0).map(({ object }) => objectKey(object)),
  )
  const services = new Map<string, string>()
  for (const workload of workloads) {
    const name = names(workload)
    for (const object of surroundings.of(workload)) {
      const key = objectKey(object)
      const known = services.get(key)
      services.set(key, known === undefined || known === name ? name : environmentService)
    }
  }
  for (const workload of workloads) services.set(objectKey(workload.object), names(workload))
  return {
    serviceOf: (object) => services.get(objectKey(object)) ?? environmentService,
    isScaled: (object) => scalers.has(objectText(object)),
    worksByItself: (object) => uncalled.has(objectKey(object)),
  }
}
