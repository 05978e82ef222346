import { z } from 'zod'
import type { Resource } from './resource.ts'
import type { Sender } from './send.ts'
import { answerOf, type ClusterAnswer } from './status.ts'

/** A kind that a cluster serves. `versions`: all in which it does, the preferred one first. */
export type ServedKind = Resource & { readonly versions: readonly string[]; readonly verbs: readonly string[] }

const groupsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string().optional() }).optional(),
      versions: z.array(
        z.object({
          version: z.string(),
          resources: z
            .array(
              z.object({
                resource: z.string(),
                responseKind: z.object({ kind: z.string() }).optional(),
                scope: z.string().optional(),
                verbs: z.array(z.string()).optional(),
              }),
            )
            .optional(),
        }),
      ),
    }),
  ),
})

/** All groups in one answer: since Kubernetes 1.27 in the second form, since 1.30 in the first. */
const accept = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .join(',')

const discovery: Resource = { group: '', version: 'v1', plural: 'kinds', kind: '', namespaced: false }

/** What a cluster serves, by two requests: its own first group, and all others. */
export const readServedKinds = async (
  sender: Sender,
  cluster: string,
  signal: AbortSignal,
): Promise<ClusterAnswer<readonly ServedKind[]>> => {
  const kinds: ServedKind[] = []
  for (const path of ['/api', '/apis']) {
    const reply = await sender.send({ method: 'GET', path, accept, signal })
    const answer = answerOf<unknown>(reply, { verb: 'list', resource: discovery, place: null }, cluster)
    if (answer.kind !== 'ok') return answer
    const parsed = groupsSchema.safeParse(answer.value)
    if (!parsed.success) {
      const because = `Cluster ${cluster} does not say in one answer which kinds it serves (${path}); Kubernetes 1.28 and later do.`
      return { kind: 'refused', because, why: 'other' }
    }
    kinds.push(...parsed.data.items.flatMap(kindsOf))
  }
  return { kind: 'ok', value: kinds }
}

type Group = z.infer<typeof groupsSchema>['items'][number]

/** The first version of a group is the one that it prefers. */
const kindsOf = ({ metadata, versions }: Group): readonly ServedKind[] => {
  const group = metadata?.name ?? ''
  const found = new Map<string, ServedKind>()
  for (const { version, resources = [] } of versions) {
    for (const { resource, responseKind, scope, verbs = [] } of resources) {
      const kind = responseKind?.kind ?? ''
      const known = found.get(resource)
      const versionsOf = [...(known?.versions ?? []), version]
      const first = { group, version, plural: resource, kind, namespaced: scope !== 'Cluster', verbs }
      found.set(resource, known === undefined ? { ...first, versions: versionsOf } : { ...known, versions: versionsOf })
    }
  }
  return [...found.values()]
}
