import { isMap, type JsonMap } from '../../kubernetes/json.ts'
import type { Json } from '../../moves/goal.ts'
import type { DryRun } from '../../parity/kubernetes/compare-pair.ts'
import type { DryRunRequest } from '../../parity/kubernetes/dry-run-requests.ts'
import { fieldManager } from './annotations.ts'
import type { Cluster } from './client/connect.ts'
import { type KubernetesObject, placeOf, type Resource } from './client/resource.ts'
import type { ClusterAnswer } from './client/status.ts'

/** How many are asked at once; the client's rate limits them further. */
const atOnce = 32

/**
 * Asks green's API server what it would make of each object: its defaults and its admission run, and nothing is kept.
 * An object that is there is replaced in place (a patch of all of it), so that what only green has is seen to go.
 */
export const dryRunAll = async (
  cluster: Cluster,
  resourceOf: (apiVersion: string, kind: string) => Resource | null,
  requests: readonly DryRunRequest[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, DryRun>> => {
  const answers = new Map<string, DryRun>()
  const left = requests.values()
  const work = async (): Promise<void> => {
    for (const request of left) answers.set(request.key, await dryRun(cluster, resourceOf, request, signal))
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, requests.length) }, work))
  return answers
}

const dryRun = async (
  { client, name }: Cluster,
  resourceOf: (apiVersion: string, kind: string) => Resource | null,
  { blue, manifest, live }: DryRunRequest,
  signal: AbortSignal,
): Promise<DryRun> => {
  const resource = resourceOf(blue.apiVersion, blue.kind)
  if (resource === null) {
    const because = `${name} does not serve ${blue.kind} in ${blue.apiVersion}`
    return { kind: 'refused', because, why: 'no such kind' }
  }
  // A manifest is an object of the API.
  const object = manifest as unknown as KubernetesObject
  // What isn't there is applied as a copy of it would be: rights that hold for one name hold for this too.
  const patch =
    live === null
      ? ({ kind: 'apply', object, manager: fieldManager, force: false } as const)
      : ({ kind: 'json', operations: replacing(live.body, manifest), manager: fieldManager } as const)
  const answer = await client.patch(resource, placeOf(object), patch, { signal, dryRun: true })
  return dryRunOf(answer)
}

const dryRunOf = (answer: ClusterAnswer<KubernetesObject>): DryRun => {
  switch (answer.kind) {
    case 'ok':
      return { kind: 'ok', object: answer.value as unknown as JsonMap } // the API server's JSON
    case 'conflict':
      return { kind: 'refused', because: answer.because, why: 'changed' }
    case 'refused':
      return { kind: 'refused', because: answer.because, why: answer.why ?? 'other' }
    case 'unknown':
      // With a webhook that can't be called no copy could be made either.
      return { kind: 'refused', because: answer.because, why: isWebhook(answer.because) ? 'admission' : 'no answer' }
    default:
      return answer satisfies never
  }
}

const isWebhook = (because: string): boolean => because.includes('failed calling webhook')

/** Everything of an object but what it is and where; with the version that was read, so that a change in between is a conflict. */
const replacing = (live: JsonMap, manifest: JsonMap): readonly object[] => {
  const operations: object[] = []
  const put = (path: string, before: Json | undefined, after: Json | undefined): void => {
    if (after !== undefined) operations.push({ op: 'add', path, value: after })
    else if (before !== undefined) operations.push({ op: 'remove', path })
  }
  const [from, to] = [metadataOf(live), metadataOf(manifest)]
  put('/metadata/resourceVersion', undefined, from['resourceVersion'])
  put('/metadata/labels', from['labels'], to['labels'])
  put('/metadata/annotations', from['annotations'], to['annotations'])
  const isContent = (key: string): boolean => !['apiVersion', 'kind', 'metadata', 'status'].includes(key)
  const keys = new Set([...Object.keys(live), ...Object.keys(manifest)].filter(isContent))
  for (const key of keys) put(`/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, live[key], manifest[key])
  return operations
}

const metadataOf = (body: JsonMap): JsonMap => (isMap(body['metadata']) ? body['metadata'] : {})
