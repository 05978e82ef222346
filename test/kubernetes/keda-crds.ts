import { randomBytes } from 'node:crypto'
import { expect, vi } from 'vitest'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import type { KubernetesObject, Resource } from '../../src/providers/kubernetes/client/resource.ts'
import { surroundingKinds } from '../../src/providers/kubernetes/client/surrounding-kinds.ts'
import { okOf, soon } from './clusters.ts'

const definitions: Resource<KubernetesObject & { readonly status?: { readonly conditions?: readonly object[] } }> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
}
const within = { timeout: 60_000, interval: 100 }

/** Of this process: who else uses them keeps them there. */
const user = `test.titrate.dev/user-${randomBytes(4).toString('hex')}`

/** The shapes of KEDA's kinds, with nothing behind them: what KEDA would do, tests do. */
export const installKeda = async ({ client }: Cluster): Promise<void> => {
  for (const { group, version, plural, kind } of [
    surroundingKinds.scaledObjects,
    surroundingKinds.triggerAuthentications,
  ]) {
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
    const object = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${group}`, annotations: { [user]: 'yes' } },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` },
        versions: [{ name: version, served: true, storage: true, schema }],
      },
    }
    const place = { name: object.metadata.name }
    const patch = { kind: 'apply', object, manager: user.replace('/', '-'), force: true } as const
    // One that is just going takes no new user.
    await vi.waitFor(async () => {
      const { metadata, status } = await okOf(client.patch(definitions, place, patch, { signal: soon() }))
      expect(metadata?.deletionTimestamp).toBe(undefined)
      expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'Established', status: 'True' }))
    }, within)
  }
}

/** Takes them away again when nobody else uses them: other tests are about a cluster that has no KEDA. */
export const removeKeda = async ({ client }: Cluster): Promise<void> => {
  for (const { group, plural } of [surroundingKinds.scaledObjects, surroundingKinds.triggerAuthentications]) {
    const place = { name: `${plural}.${group}` }
    const body = { metadata: { annotations: { [user]: null } } }
    const { metadata } = await okOf(client.patch(definitions, place, { kind: 'merge', body }, { signal: soon() }))
    if (Object.keys(metadata?.annotations ?? {}).some((key) => key.startsWith('test.titrate.dev/user-'))) continue
    const answer = await client.remove(definitions, place, {
      signal: soon(),
      resourceVersion: metadata?.resourceVersion ?? '',
    })
    // Somebody else has come since.
    if (answer.kind === 'conflict') continue
    await okOf(Promise.resolve(answer))
    // Its objects go first.
    await vi.waitFor(async () => {
      const found = await okOf(client.get(definitions, place, { signal: soon() }))
      expect(found?.metadata?.uid).not.toBe(metadata?.uid)
    }, within)
  }
}
