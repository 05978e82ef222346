import { isMap, type JsonMap, mapAt } from '../../kubernetes/json.ts'
import type { Json } from '../../moves/goal.ts'

/** Keys of labels and annotations that servers, controllers and tools write by themselves, and nobody means as a setting. */
const written: readonly RegExp[] = [
  /^kubectl\.kubernetes\.io\/(last-applied-configuration|restartedAt)/,
  /^deployment\.kubernetes\.io\//,
  /^deprecated\.daemonset\.template\.generation/,
  /^control-plane\.alpha\.kubernetes\.io\/leader/,
  /^autoscaling\.alpha\.kubernetes\.io\//,
  /^(pv|volume)\.kubernetes\.io\//,
  /^volume\.beta\.kubernetes\.io\/storage-provisioner/,
  /^batch\.kubernetes\.io\/(controller-uid|job-name|job-tracking)/,
  /^(controller-uid|job-name|pod-template-hash|controller-revision-hash)$/,
  /^argocd\.argoproj\.io\/(tracking-id|instance)$/,
  /^(kustomize|helm)\.toolkit\.fluxcd\.io\/(name|namespace|checksum)$/,
  /^meta\.helm\.sh\//,
  /^helm\.sh\/chart$/,
  /^app\.kubernetes\.io\/managed-by$/,
  /^titrate\.dev\//,
]

/**
 * What people set for the tool that manages the object: it is compared as any setting, but a copy that bears it would be
 * taken, or deleted, by that tool.
 */
const meantForOwners: readonly RegExp[] = [
  /^argocd\.argoproj\.io\//,
  /^(kustomize|helm)\.toolkit\.fluxcd\.io\//,
  /^helm\.sh\//,
  /^scaledobject\.keda\.sh\//,
  // Names in DNS: two clusters that both claim one would send users to and fro.
  /^external-dns\.alpha\.kubernetes\.io\//,
]

/** Says nothing of what people want, so it is not compared. */
export const isWrittenMark = (key: string): boolean => written.some((each) => each.test(key))

/** Labels or annotations of a copy, which is nobody's but ours. */
export const withoutMarks = (entries: JsonMap): JsonMap =>
  Object.fromEntries(
    Object.entries(entries).filter(([key]) => !isWrittenMark(key) && !meantForOwners.some((each) => each.test(key))),
  )

/** A manifest as it would be made anew: with the marks of no tool. */
export const withoutToolMarks = (manifest: JsonMap): JsonMap => {
  const { labels, annotations, ...rest } = mapAt(manifest, 'metadata')
  const kept = (name: string, value: Json | undefined): JsonMap => (isMap(value) ? { [name]: withoutMarks(value) } : {})
  return { ...manifest, metadata: { ...rest, ...kept('labels', labels), ...kept('annotations', annotations) } }
}
