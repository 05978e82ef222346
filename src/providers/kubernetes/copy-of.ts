import { isMap, type JsonMap, mapAt } from '../../kubernetes/json.ts'
import type { KubernetesObject as ReadObject } from '../../kubernetes/object.ts'
import type { Json } from '../../moves/goal.ts'
import { expectedOnGreen, type GreenPlaces } from '../../parity/kubernetes/expected-object.ts'
import { withoutMarks } from '../../parity/kubernetes/tool-marks.ts'
import type { Rewriter } from '../../parity/rewrites.ts'
import { annotation } from './annotations.ts'

export type CopyOptions = {
  /** The service for whose sake it is copied: rewrites may hold for some only. */
  readonly service: string
  readonly places: GreenPlaces
  readonly rewrite: Rewriter
  /** Where it is copied from, for people: `blue/shop`. */
  readonly from: string
}

/**
 * Blue's object as it would be written anew on green: without what the cluster gave it and the marks of who manages it,
 * with the rewrites of the release and green's names.
 */
export const copyOf = (object: ReadObject, { service, places, rewrite, from }: CopyOptions): JsonMap => {
  const { manifest } = expectedOnGreen(object, service, places, rewrite)
  const { apiVersion = null, kind = null, metadata: _, ...content } = manifest
  const meta = mapAt(manifest, 'metadata')
  const metadata = {
    name: meta['name'] ?? null,
    namespace: meta['namespace'] ?? null,
    labels: withoutMarks(mapAt(meta, 'labels')),
    annotations: { ...withoutMarks(mapAt(meta, 'annotations')), [annotation.copiedFrom]: from },
  }
  return { apiVersion, kind, metadata, ...withoutNull(bySort(object, content)) }
}

/** Whether we made it, in this release or an earlier one. */
export const isCopy = (object: {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> }
}): boolean => object.metadata?.annotations?.[annotation.copiedFrom] !== undefined

const bySort = ({ sort, body }: ReadObject, content: JsonMap): JsonMap => {
  switch (sort) {
    case 'Secret':
      // Encoded: a rewrite that fits by chance would break it. Parity compares what stands in it.
      return { ...content, ...picked(body, 'data', 'stringData') }
    case 'ConfigMap':
      return { ...content, ...picked(body, 'binaryData') }
    case 'ServiceAccount': {
      const { secrets: _, ...rest } = content
      return rest
    }
    case 'Service': {
      const { ipFamilies: _, ...spec } = mapAt(content, 'spec')
      return { ...content, spec }
    }
    default:
      return content
  }
}

const picked = (body: JsonMap, ...keys: readonly string[]): JsonMap =>
  Object.fromEntries(keys.flatMap((key) => (body[key] === undefined ? [] : [[key, body[key]]])))

/** Templates carry `creationTimestamp: null`, which server-side apply takes for a field that we want. */
const withoutNull = (map: JsonMap): JsonMap =>
  Object.fromEntries(Object.entries(map).flatMap(([key, one]) => (one === null ? [] : [[key, pruned(one)]])))

const pruned = (value: Json): Json => {
  if (Array.isArray(value)) return (value as readonly Json[]).map(pruned) // an array of JSON holds JSON
  return isMap(value) ? withoutNull(value) : value
}
