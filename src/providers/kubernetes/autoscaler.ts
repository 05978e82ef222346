import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js'
import { z } from 'zod'
import type { Json } from '../../moves/goal.ts'
import type { ScaledObject } from './client/surrounding-kinds.ts'

/** What decides how many replicas a workload has. */
export type Autoscaler =
  | { readonly kind: 'HPA'; readonly object: HorizontalPodAutoscaler }
  | {
      readonly kind: 'KEDA'
      readonly object: ScaledObject & { readonly spec?: { readonly idleReplicaCount?: number } }
    }

/** KEDA holds a workload at this many replicas, and does not scale it as long as the annotation is there. */
export const pausedReplicas = 'autoscaling.keda.sh/paused-replicas'
/** KEDA leaves a workload alone altogether. */
const paused = 'autoscaling.keda.sh/paused'

/** What an autoscaler had before the release; null: it wasn't written there. */
export type Originals = {
  readonly least: number | null
  readonly most: number | null
  readonly idle: number | null
  /** What it was paused at. */
  readonly paused: string | null
  /** How many replicas there were: the minimum that is held is this many. */
  readonly count: number
}

const limit = z.number().nullable()
const originalsSchema = z.object({
  least: limit,
  most: limit,
  idle: limit,
  paused: z.string().nullable(),
  count: z.number(),
})

/** From the baseline of the stamp on it; null: there is none that can be read. */
export const readOriginals = (baseline: Json | undefined): Originals | null =>
  originalsSchema.safeParse(baseline).data ?? null

/** `count`: how many replicas its workload has. */
export const originalsOf = ({ kind, object }: Autoscaler, count: number): Originals => {
  if (kind === 'HPA') {
    const { minReplicas = null, maxReplicas = null } = object.spec ?? {}
    return { least: minReplicas, most: maxReplicas, idle: null, paused: null, count }
  }
  const { minReplicaCount = null, maxReplicaCount = null, idleReplicaCount = null } = object.spec ?? {}
  const held = object.metadata?.annotations?.[pausedReplicas] ?? null
  return { least: minReplicaCount, most: maxReplicaCount, idle: idleReplicaCount, paused: held, count }
}

/** Whether it scales at all; people may have switched KEDA off for a workload. */
export const isActive = ({ kind, object }: Autoscaler): boolean => {
  const { [paused]: off, [pausedReplicas]: held } = object.metadata?.annotations ?? {}
  return kind === 'HPA' || off !== 'true' || held !== undefined
}

/** The most that its workload may have now, and the fewest. `replicas`: what its workload has; 0 switches an HPA off. */
export const limitsOf = (
  { kind, object }: Autoscaler,
  replicas: number,
): { readonly least: number; readonly most: number } => {
  if (kind === 'HPA') {
    const { minReplicas = 1, maxReplicas = 1 } = object.spec ?? {}
    return replicas === 0 && !wentToZero({ kind, object })
      ? { least: 0, most: 0 }
      : { least: minReplicas, most: maxReplicas }
  }
  const held = object.metadata?.annotations?.[pausedReplicas]
  if (held !== undefined) return { least: Number(held) || 0, most: Number(held) || 0 }
  const { minReplicaCount = 0, maxReplicaCount = defaultMost } = object.spec ?? {}
  return { least: minReplicaCount, most: maxReplicaCount }
}

/** An HPA that took its workload to 0 by itself brings it back by itself (beta since Kubernetes 1.37); set to 0 by others, it stays. */
export const wentToZero = ({ kind, object }: Autoscaler): boolean =>
  kind === 'HPA' &&
  object.status?.conditions?.some(({ type, status }) => type === 'ScaledToZero' && status === 'True') === true

/** KEDA's own. */
const defaultMost = 100

/**
 * The minimum that is held while one side may have `most` of the original maximum: the same share of what there was when
 * the move began, and one at least, so that it is seen to run.
 */
export const heldLeast = (originals: Originals, most: number): number => {
  const whole = originals.most ?? defaultMost
  const floor = Math.max(1, originals.least ?? 0, Math.min(originals.count, whole))
  return Math.min(most, Math.max(1, Math.ceil((floor * most) / whole)))
}

/** A merge patch by which its workload has so many replicas at most; 0 puts it to sleep. */
export const shareBody = (scaler: Autoscaler, originals: Originals, most: number): Patched => {
  if (scaler.kind === 'HPA') {
    // With a minimum of 0 it could wake its workload by itself.
    const { minReplicas = 1 } = scaler.object.spec ?? {}
    if (most === 0) return { spec: { minReplicas: Math.max(1, minReplicas) }, annotations: {} }
    return { spec: { minReplicas: heldLeast(originals, most), maxReplicas: most }, annotations: {} }
  }
  if (most === 0 || originals.paused !== null) return { spec: {}, annotations: { [pausedReplicas]: String(most) } }
  const spec = { minReplicaCount: heldLeast(originals, most), maxReplicaCount: most, idleReplicaCount: null }
  return { spec, annotations: { [pausedReplicas]: null } }
}

/** A merge patch of the spec, and annotations (null takes one off). */
export type Patched = {
  readonly spec: Readonly<Record<string, number | null>>
  readonly annotations: Readonly<Record<string, string | null>>
}

/** Its limits as they were before the release; null: they were not written there. */
export const originalSpec = ({ kind }: Autoscaler, originals: Originals): Patched['spec'] =>
  kind === 'HPA'
    ? { minReplicas: originals.least, maxReplicas: originals.most }
    : { minReplicaCount: originals.least, maxReplicaCount: originals.most, idleReplicaCount: originals.idle }

/** A merge patch by which it is again as it was before the release; but for a workload that sleeps, which goes on sleeping. */
export const originalBody = (scaler: Autoscaler, originals: Originals): Patched => {
  const isAsleep = scaler.kind === 'HPA' || limitsOf(scaler, 1).most === 0
  return {
    spec: originalSpec(scaler, originals),
    annotations: isAsleep ? {} : { [pausedReplicas]: originals.paused },
  }
}

/** Whether a patch would change nothing. */
export const isPatched = ({ object }: Autoscaler, { spec, annotations }: Patched): boolean => {
  const has = (map: object | undefined, key: string): unknown =>
    (map === undefined ? null : Reflect.get(map, key)) ?? null
  return (
    Object.entries(spec).every(([key, value]) => has(object.spec, key) === value) &&
    Object.entries(annotations).every(([key, value]) => has(object.metadata?.annotations, key) === value)
  )
}
