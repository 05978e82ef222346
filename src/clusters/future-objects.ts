import type { KubernetesIndex } from '../kubernetes/index-objects.ts'
import { type KubernetesObject, readObject } from '../kubernetes/object.ts'
import { expectedOnGreen, type GreenPlaces } from '../parity/kubernetes/expected-object.ts'
import { readOwners } from '../parity/kubernetes/object-owners.ts'
import { pairObjects } from '../parity/kubernetes/pair-objects.ts'
import { createRewriter } from '../parity/rewrites.ts'
import type { ParityRules } from '../parity/rules.ts'

/** What will be on green: what is there, and what of blue is still missing, as copies of it would be. */
export const futureObjects = (
  blue: KubernetesIndex,
  green: KubernetesIndex,
  places: GreenPlaces,
  rewrites: ParityRules['rewrites'],
): readonly KubernetesObject[] => {
  const { rewrite } = createRewriter(rewrites)
  const owners = readOwners(blue)
  const missing = pairObjects(blue, green, places).onlyBlue.flatMap((object) => {
    const { manifest } = expectedOnGreen(object, owners.serviceOf(object), places, rewrite)
    const clusterWide: ReadonlySet<string> = object.namespace === null ? new Set([object.sort]) : new Set()
    return readObject(manifest, { namespace: object.namespace ?? '', clusterWide, place: null }) ?? []
  })
  return [...green.objects, ...missing]
}
