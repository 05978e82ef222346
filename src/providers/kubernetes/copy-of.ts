import type { KubernetesObject } from './client/resource.ts'

/** Annotations and labels by which a tool says that an object is its own; the copy is nobody's but ours. */
const ofTools = [
  /^kubectl\.kubernetes\.io\/last-applied-configuration$/,
  /^kubectl\.kubernetes\.io\/restartedAt$/,
  /^deployment\.kubernetes\.io\//,
  /^meta\.helm\.sh\//,
  /^helm\.sh\//,
  /^argocd\.argoproj\.io\//,
  /^(kustomize|helm)\.toolkit\.fluxcd\.io\//,
  /^titrate\.dev\//,
]
const managedBy = 'app.kubernetes.io/managed-by'

const kept = (entries: Readonly<Record<string, string>> | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(entries ?? {}).filter(([key]) => key !== managedBy && !ofTools.some((each) => each.test(key))),
  )

/** Blue's object as it would be written anew: without what the cluster gave it, and without the marks of who manages it. */
export const copyOf = <T extends KubernetesObject>(object: T, namespace: string): T => {
  const { apiVersion, kind, metadata, ...rest } = object
  const { status: _, ...content } = rest as { readonly status?: unknown }
  const clean = {
    name: metadata?.name,
    namespace,
    labels: kept(metadata?.labels),
    annotations: kept(metadata?.annotations),
  }
  // The same kind of object with fewer of its optional keys.
  return { apiVersion, kind, metadata: clean, ...withoutNull(content) } as unknown as T
}

/** Templates carry `creationTimestamp: null`, which server-side apply takes for a field that we want. */
const withoutNull = (value: unknown): object =>
  JSON.parse(JSON.stringify(value, (_, each: unknown) => each ?? undefined)) as object
