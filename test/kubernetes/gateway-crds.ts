import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { KubernetesClient } from '../../src/providers/kubernetes/client/client.ts'
import type { KubernetesObject, Resource } from '../../src/providers/kubernetes/client/resource.ts'

const definitions: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
}

/** Installs the kinds of the Gateway API, as they are in its Go module. */
export const installGatewayCrds = async (client: KubernetesClient, folder: string): Promise<void> => {
  const files = readdirSync(folder).filter((each) =>
    /_(gatewayclasses|gateways|httproutes|referencegrants)\.yaml$/.test(each),
  )
  if (files.length === 0) throw new Error(`There are no CRDs of the Gateway API in ${folder}`)
  await Promise.all(
    files.map(async (each) => {
      // The file of a CRD holds an object of the API.
      const object = parse(readFileSync(join(folder, each), 'utf8')) as KubernetesObject
      const place = { name: object.metadata?.name ?? '' }
      const patch = { kind: 'apply', object, manager: 'titrate-tests', force: true } as const
      const answer = await client.patch(definitions, place, patch, { signal: AbortSignal.timeout(30_000) })
      if (answer.kind !== 'ok') throw new Error(answer.because)
    }),
  )
}
