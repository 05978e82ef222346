import { expect, vi } from 'vitest'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import type { KubernetesObject, Resource } from '../../src/providers/kubernetes/client/resource.ts'
import { surroundingKinds } from '../../src/providers/kubernetes/client/surrounding-kinds.ts'
import { soon } from './clusters.ts'

const definitions: Resource<KubernetesObject & { readonly status?: { readonly conditions?: readonly object[] } }> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
}

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
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` },
        versions: [{ name: version, served: true, storage: true, schema }],
      },
    }
    const place = { name: object.metadata.name }
    const patch = { kind: 'apply', object, manager: 'titrate-tests', force: true } as const
    const answer = await client.patch(definitions, place, patch, { signal: soon() })
    if (answer.kind !== 'ok') throw new Error(answer.because)
  }
}

/** Takes them away again: other tests are about a cluster that has no KEDA. */
export const removeKeda = async ({ client }: Cluster): Promise<void> => {
  for (const { group, plural } of [surroundingKinds.scaledObjects, surroundingKinds.triggerAuthentications]) {
    const place = { name: `${plural}.${group}` }
    await client.remove(definitions, place, { signal: soon() })
    // Its objects go first.
    await vi.waitFor(
      async () => expect(await client.get(definitions, place, { signal: soon() })).toEqual({ kind: 'ok', value: null }),
      { timeout: 60_000, interval: 100 },
    )
  }
}
