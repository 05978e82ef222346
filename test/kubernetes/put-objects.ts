import { textAt } from '../../src/kubernetes/json.ts'
import type { Body } from '../../src/kubernetes/testing/build-objects.ts'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import type { KubernetesObject, Resource } from '../../src/providers/kubernetes/client/resource.ts'
import { okOf, soon } from './clusters.ts'

const known = new WeakMap<Cluster, Promise<readonly Resource[]>>()

const resourceOf = async (cluster: Cluster, apiVersion: string, kind: string): Promise<Resource> => {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
  const find = (all: readonly Resource[]): Resource | undefined =>
    all.find((one) => one.group === group && one.kind === kind && !one.plural.includes('/'))
  const read = known.get(cluster) ?? okOf(cluster.client.served({ signal: soon() }))
  known.set(cluster, read)
  const found = find(await read)
  if (found !== undefined) return { ...found, version: apiVersion.split('/').at(-1) ?? '' }
  // A CRD may have come since.
  known.delete(cluster)
  const again = find(await okOf(cluster.client.served({ signal: soon() })))
  if (again === undefined) throw new Error(`${cluster.name} does not serve ${kind}`)
  return again
}

const at = (body: Body, namespace: string, { namespaced }: Resource): KubernetesObject => {
  const { namespace: _, ...metadata } = body['metadata'] as Readonly<Record<string, unknown>> // every object has it
  return { ...body, metadata: namespaced ? { ...metadata, namespace } : metadata }
}

/** Puts objects into a namespace as a person would with "kubectl apply". */
export const putObjects = async (cluster: Cluster, namespace: string, bodies: readonly Body[]): Promise<void> => {
  for (const body of bodies) {
    const resource = await resourceOf(cluster, textAt(body, 'apiVersion') ?? '', textAt(body, 'kind') ?? '')
    const object = at(body, namespace, resource)
    const name = object.metadata?.name ?? ''
    const place = resource.namespaced ? { namespace, name } : { name }
    const patch = { kind: 'apply', object, manager: 'somebody', force: true } as const
    await okOf(cluster.client.patch(resource, place, patch, { signal: soon() }))
  }
}

/** Takes an object of the whole cluster away again. */
export const removeObject = async (cluster: Cluster, body: Body): Promise<void> => {
  const resource = await resourceOf(cluster, textAt(body, 'apiVersion') ?? '', textAt(body, 'kind') ?? '')
  const name = textAt(body, 'metadata', 'name') ?? ''
  await okOf(cluster.client.remove(resource, { name }, { signal: soon() }))
}
