import { showText } from '../../inventory/shown-text.ts'
import { textAt } from '../../kubernetes/json.ts'
import type { Change } from '../../parity/kubernetes/changes.ts'
import { fieldManager } from './annotations.ts'
import type { Cluster } from './client/connect.ts'
import { type KubernetesObject, placeOf, type Resource } from './client/resource.ts'

export type ChangeOutcome = {
  readonly object: string
  /** `left`: fields of it belong to somebody else. */
  readonly outcome: 'created' | 'changed' | 'left' | 'refused'
  readonly because: string | null
}

/**
 * Writes changes to green one after the other, by server-side apply as our own field manager. It is never forced: what
 * another manager set stays theirs, and is told. One that is refused does not keep the rest from being tried.
 */
export const applyAll = async (
  cluster: Cluster,
  resourceOf: (apiVersion: string, kind: string) => Resource | null,
  changes: readonly Change[],
  signal: AbortSignal,
): Promise<readonly ChangeOutcome[]> => {
  const outcomes: ChangeOutcome[] = []
  for (const change of changes) outcomes.push(await apply(cluster, resourceOf, change, signal))
  return outcomes
}

const apply = async (
  { client, name }: Cluster,
  resourceOf: (apiVersion: string, kind: string) => Resource | null,
  { object, kind, manifest }: Change,
  signal: AbortSignal,
): Promise<ChangeOutcome> => {
  const resource = resourceOf(textAt(manifest, 'apiVersion') ?? '', textAt(manifest, 'kind') ?? '')
  if (resource === null) return { object, outcome: 'refused', because: `${name} does not serve this kind` }
  // A manifest is an object of the API; whether its parts are, the API server says.
  const wanted = manifest as unknown as KubernetesObject
  const patch = { kind: 'apply', object: wanted, manager: fieldManager, force: false } as const
  const answer = await client.patch(resource, placeOf(wanted), patch, { signal })
  if (answer.kind === 'ok') return { object, outcome: kind === 'create' ? 'created' : 'changed', because: null }
  // An API server quotes values that it doesn't like.
  const because = showText(answer.because).text
  return { object, outcome: answer.kind === 'conflict' ? 'left' : 'refused', because }
}
