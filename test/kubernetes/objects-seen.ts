import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { type KubernetesObject, placeOf } from '../../src/providers/kubernetes/client/resource.ts'
import { okOf, soon } from './clusters.ts'

/** Made by controllers of themselves, or not the estate's. */
const passing = new Set(['Event', 'Pod', 'PodMetrics', 'EndpointSlice', 'Endpoints', 'Lease'])

/** What a release keeps in an environment after it: who may use it next. */
const claims = new Set(['titrate-claim', 'titrate-router-claim'])

/**
 * Every object of some namespaces as a person wrote it, by kind and place, of all kinds that the cluster serves: without
 * what the cluster counts and reports, and what belongs to another object.
 */
export const objectsSeen = async (
  { client }: Cluster,
  namespaces: readonly string[],
): Promise<Readonly<Record<string, KubernetesObject>>> => {
  const served = await okOf(client.served({ signal: soon() }))
  const wanted = served.filter(
    ({ namespaced, plural, kind, verbs }) =>
      namespaced && !plural.includes('/') && verbs.includes('list') && !passing.has(kind),
  )
  const lists = await Promise.all(
    wanted.flatMap((resource) =>
      namespaces.map(async (namespace) => {
        const { items } = await okOf(client.list(resource, { namespace }, { signal: soon() }))
        return items
          .filter(({ metadata }) => metadata?.ownerReferences === undefined && !claims.has(metadata?.name ?? ''))
          .map((object) => [`${resource.kind} ${placeOf(object).namespace}/${placeOf(object).name}`, asWritten(object)])
      }),
    ),
  )
  return Object.fromEntries(lists.flat()) as Readonly<Record<string, KubernetesObject>> // pairs of both
}

/** With its uid: an object that was made anew is another one. */
const asWritten = (object: KubernetesObject): KubernetesObject => {
  const { status: _, metadata = {}, ...rest } = object as KubernetesObject & { readonly status?: unknown } // where there is one
  const {
    resourceVersion: __,
    generation: ___,
    managedFields: ____,
    ...kept
  } = metadata as typeof metadata & {
    readonly managedFields?: unknown // of every object, and in no shape of ours
  }
  return { ...rest, metadata: kept }
}
