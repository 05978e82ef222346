import { createHash } from 'node:crypto'
import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js'
import { z } from 'zod'
import type { Stamp } from '../../engine/ports.ts'
import type { Json } from '../../moves/goal.ts'
import { annotation } from './annotations.ts'
import { type Autoscaler, pausedReplicas } from './autoscaler.ts'
import type { ClaimRecord } from './claim-record.ts'
import type { KubernetesObject } from './client/resource.ts'

const jsonSchema: z.ZodType<Json> = z.json()
export const stampSchema = z.object({
  fence: z.object({ release: z.string(), epoch: z.number(), move: z.string(), version: z.number() }),
  intent: z.string(),
  baseline: jsonSchema,
})

/** The stamp on an object; null: none, or one of a release that gave the environment free since. */
export const stampOn = (object: KubernetesObject, claim: ClaimRecord): Stamp | null => {
  const text = object.metadata?.annotations?.[annotation.stamp]
  if (text === undefined) return null
  const stamp = parsed(text)
  if (stamp === null) return null
  return isFreed(stamp, claim) ? null : stamp
}

/** Whether the stamp is of a release that gave the environment free since: then it no longer counts. */
export const isFreed = ({ fence }: Stamp, { freed }: ClaimRecord): boolean => fence.epoch <= (freed[fence.release] ?? 0)

/** Whether there is a stamp at all, of whichever release. */
export const hasStamp = ({ metadata }: KubernetesObject): boolean =>
  metadata?.annotations?.[annotation.stamp] !== undefined

/** What the first act on an object found, whichever release that was of: it stands there until it is put back. */
export const baselineOn = (object: KubernetesObject): Json | undefined => {
  const text = object.metadata?.annotations?.[annotation.stamp]
  return text === undefined ? undefined : parsed(text)?.baseline
}

/** People may edit annotations: one that can't be read is none. */
const parsed = (text: string): Stamp | null => {
  try {
    return stampSchema.parse(JSON.parse(text))
  } catch {
    return null
  }
}

export const writtenStamp = (stamp: Stamp): Readonly<Record<string, string>> => ({
  [annotation.stamp]: JSON.stringify(stamp),
})

/**
 * A version of what matters of a workload. An autoscaler writes its replicas whenever it likes, which is nobody's change:
 * there it is everything else that is wanted of it, whether it sleeps, and what the autoscaler may do.
 */
export const workloadRevision = (workload: Deployment | StatefulSet, scaler: Autoscaler | null): string => {
  if (scaler === null) return revisionOf(workload)
  const { replicas = 1, ...spec } = workload.spec ?? {}
  const { spec: limits, metadata: { annotations = {} } = {} } = scaler.object
  const parts = [spec, replicas === 0, limits, annotations[pausedReplicas], annotations[annotation.stamp]]
  return revisionOf({ metadata: { ...workload.metadata, generation: 0 } }, JSON.stringify(parts))
}

/**
 * A version of what matters of an object: which one it is, what is wanted of it, and our stamp. Its `resourceVersion`
 * changes with each word of its controller. `more`: what else must not have changed.
 */
export const revisionOf = ({ metadata }: KubernetesObject, more = ''): string => {
  const { uid = '', generation = 0, annotations = {} } = metadata ?? {}
  const rest = createHash('sha256')
    .update(`${uid} ${annotations[annotation.stamp] ?? ''} ${more}`)
    .digest('hex')
  return `${generation}-${rest.slice(0, 12)}`
}
