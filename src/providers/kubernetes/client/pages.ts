import { apiVersionOf, type KubernetesObject, pathOfKind, type Resource } from './resource.ts'
import type { Sender } from './send.ts'
import { answerOf, type ClusterAnswer } from './status.ts'
import type { Urgency } from './token-bucket.ts'

/** Which objects of a kind. Absent parts don't narrow. */
export type Scope = {
  readonly namespace?: string
  /** A label selector as kubectl takes it: `app=web,tier!=cache`. */
  readonly labels?: string
  readonly fields?: string
}

export type ObjectList<T> = {
  readonly items: readonly T[]
  /** The version of the whole list: a watch from there on misses nothing. */
  readonly resourceVersion: string
}

/** What a caller keeps of each object, as soon as its page is there: whole lists may be large. */
export type Keep<T> = (object: T) => T | null

type Page<T> = {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string }
  readonly items?: readonly T[] | null
}

/** A page is held whole for a moment, as text and as objects, and memory that was once taken is seldom given back. */
const perPage = 250
/** A list that takes longer than etcd keeps its version (5 minutes) starts over, a few times. */
const mostStarts = 3

/** Reads a list as etcd has it, page by page. */
export const readPages = async <T extends KubernetesObject>(
  sender: Sender,
  cluster: string,
  resource: Resource<T>,
  scope: Scope,
  ask: { readonly signal: AbortSignal; readonly urgency?: Urgency },
  keep: Keep<T> = (object) => object,
): Promise<ClusterAnswer<ObjectList<T>>> => {
  const path = pathOfKind(resource, scope.namespace)
  const place = scope.namespace === undefined ? null : { namespace: scope.namespace, name: '*' }
  const asked = { verb: 'list', resource, place }
  for (let starts = 1; ; starts++) {
    const items: T[] = []
    let next: string | undefined
    let isExpired = false
    do {
      const query = { limit: perPage, continue: next, labelSelector: scope.labels, fieldSelector: scope.fields }
      const reply = await sender.send({ method: 'GET', path, query, ...ask })
      isExpired = reply.kind === 'reply' && reply.status === 410 && starts < mostStarts
      if (isExpired) break
      const answer = answerOf<Page<T>>(reply, asked, cluster)
      if (answer.kind !== 'ok') return answer
      for (const item of answer.value.items ?? []) {
        const kept = keep(named(item, resource))
        if (kept !== null) items.push(kept)
      }
      next = answer.value.metadata?.continue || undefined
      if (next === undefined) return ok({ items, resourceVersion: answer.value.metadata?.resourceVersion ?? '' })
    } while (next !== undefined)
  }
}

const ok = <T>(value: T): ClusterAnswer<T> => ({ kind: 'ok', value })

/** Lists leave out what each object is. */
const named = <T extends KubernetesObject>(object: T, resource: Resource<T>): T => ({
  apiVersion: apiVersionOf(resource),
  kind: resource.kind,
  ...object,
})
