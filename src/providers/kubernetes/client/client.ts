import type { Answer } from '../../../engine/ports.ts'
import { type Keep, type ObjectList, readPages, type Scope } from './pages.ts'
import {
  describeObject,
  type KubernetesObject,
  type ObjectPlace,
  pathOfKind,
  pathOfObject,
  placeOf,
  type Resource,
} from './resource.ts'
import type { Method, Question, Sender } from './send.ts'
import { readServedKinds, type ServedKind } from './served-kinds.ts'
import { answerOf, type ClusterAnswer, isAbsent } from './status.ts'
import type { Urgency } from './token-bucket.ts'

export type Ask = { readonly signal: AbortSignal; readonly urgency?: Urgency }

export type Write = Ask & {
  /** The API server does all but keep it: admission, defaults, validation. */
  readonly dryRun?: boolean
  readonly subresource?: 'status' | 'scale'
}

/**
 * - `merge`: JSON merge patch (null removes). A `metadata.resourceVersion` in it makes it a compare-and-swap, in any kind.
 * - `strategic`: lists are merged by their keys; kinds of Kubernetes itself only.
 * - `json`: operations, which may test first.
 * - `apply`: server-side apply by a field manager; `force` takes fields over from others, else they are a `conflict`.
 */
export type Patch =
  | { readonly kind: 'merge'; readonly body: object; readonly manager?: string }
  | { readonly kind: 'strategic'; readonly body: object; readonly manager?: string }
  | { readonly kind: 'json'; readonly operations: readonly object[]; readonly manager?: string }
  | { readonly kind: 'apply'; readonly object: KubernetesObject; readonly manager: string; readonly force: boolean }

export type AccessAsked = {
  readonly verb: string
  readonly resource: Resource
  readonly subresource?: string
  /** Left out: in all namespaces. */
  readonly namespace?: string
  readonly name?: string
}

/** The API of one cluster. No method throws for what the cluster does. */
export type KubernetesClient = {
  /** What people call the cluster: its context. */
  readonly name: string
  /** As etcd has it now. null: it isn't there. */
  get<T extends KubernetesObject>(resource: Resource<T>, place: ObjectPlace, ask: Ask): Promise<Answer<T | null>>
  /** As etcd has it now, all pages. `keep`: what of each object is kept, and whether it is. */
  list<T extends KubernetesObject>(
    resource: Resource<T>,
    scope: Scope,
    ask: Ask & { readonly keep?: Keep<T> },
  ): Promise<ClusterAnswer<ObjectList<T>>>
  /** The kinds that the cluster serves now, its own and those of CRDs, each in the version that it prefers. */
  served(ask: Ask): Promise<ClusterAnswer<readonly ServedKind[]>>
  /** Conflict: it is there already. */
  create<T extends KubernetesObject>(resource: Resource<T>, object: T, write: Write): Promise<ClusterAnswer<T>>
  patch<T extends KubernetesObject>(
    resource: Resource<T>,
    place: ObjectPlace,
    patch: Patch,
    write: Write,
  ): Promise<ClusterAnswer<T>>
  /** Ok also when it was gone already; conflict when it is not the one of `uid` or `resourceVersion`. */
  remove(
    resource: Resource,
    place: ObjectPlace,
    write: Write & {
      readonly uid?: string
      readonly resourceVersion?: string
      /** What becomes of what it owns; left out: as the kind does it by itself. */
      readonly dependents?: 'Background' | 'Foreground' | 'Orphan'
    },
  ): Promise<Answer<null>>
  /** The last lines of a container, oldest first; null: there is no such pod. */
  logs(
    place: ObjectPlace,
    lines: number,
    ask: Ask & { readonly container?: string },
  ): Promise<Answer<readonly string[] | null>>
  /** Whether this identity may do something, by the API server's own account. */
  mayI(access: AccessAsked, ask: Ask): Promise<Answer<{ readonly allowed: boolean; readonly because: string }>>
  /**
   * The rules by which this identity may do what it may in a namespace. `incomplete`: there are others that can't be
   * listed (a webhook decides), so what is not among these has to be asked for by `mayI`.
   */
  rules(
    namespace: string,
    ask: Ask,
  ): Promise<Answer<{ readonly rules: readonly AccessRule[]; readonly incomplete: boolean }>>
  /** Which version runs; refused when it is older than Titrate can work with. */
  version(ask: Ask): Promise<Answer<string>>
}

export type AccessRule = {
  readonly verbs: readonly string[]
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  /** Empty: all. */
  readonly resourceNames: readonly string[]
}

export const oldestSupported = { major: 1, minor: 28 } as const

const accessReviews: Resource = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'selfsubjectaccessreviews',
  kind: 'SelfSubjectAccessReview',
  namespaced: false,
}

const rulesReviews: Resource = {
  ...accessReviews,
  plural: 'selfsubjectrulesreviews',
  kind: 'SelfSubjectRulesReview',
}

const pods: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true }

const patchTypes: Readonly<Record<Patch['kind'], string>> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  // YAML by name; JSON is YAML.
  apply: 'application/apply-patch+yaml',
}

export const createClient = (name: string, sender: Sender): KubernetesClient => {
  const write = async <T extends KubernetesObject>(
    verb: string,
    resource: Resource<T>,
    place: ObjectPlace,
    question: Pick<Question, 'path' | 'body' | 'contentType' | 'query'> & { readonly method: Method },
    { signal, urgency, dryRun }: Write,
  ): Promise<ClusterAnswer<T>> => {
    const query = { ...question.query, dryRun: dryRun === true ? 'All' : undefined }
    const reply = await sender.send({ ...question, query, signal, ...urgencyOf(urgency) })
    return answerOf<T>(reply, { verb, resource, place }, name)
  }

  return {
    name,
    get: async (resource, place, { signal, urgency }) => {
      const path = pathOfObject(resource, place)
      const reply = await sender.send({ method: 'GET', path, signal, ...urgencyOf(urgency) })
      if (isAbsent(reply, place)) return { kind: 'ok', value: null }
      return answerOf(reply, { verb: 'get', resource, place }, name)
    },
    list: (resource, scope, { keep, ...ask }) => readPages(sender, name, resource, scope, ask, keep),
    served: (ask) => readServedKinds(sender, name, ask.signal),
    create: (resource, object, how) => {
      const place = placeOf(object)
      const path = pathOfKind(resource, place.namespace)
      return write('create', resource, place, { method: 'POST', path, body: object }, how)
    },
    patch: (resource, place, patch, how) => {
      const path = pathOfObject(resource, place, how.subresource)
      const body = patch.kind === 'apply' ? patch.object : patch.kind === 'json' ? patch.operations : patch.body
      const query = { fieldManager: patch.manager, force: patch.kind === 'apply' ? patch.force : undefined }
      const question = { method: 'PATCH', path, body, query, contentType: patchTypes[patch.kind] } as const
      return write(patch.kind === 'apply' ? 'apply' : 'patch', resource, place, question, how)
    },
    remove: async (resource, place, how) => {
      const { uid, resourceVersion, dependents, signal, urgency, dryRun } = how
      const body = {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        ...(uid === undefined && resourceVersion === undefined ? {} : { preconditions: { uid, resourceVersion } }),
        ...(dependents === undefined ? {} : { propagationPolicy: dependents }),
        ...(dryRun === true ? { dryRun: ['All'] } : {}),
      }
      const path = pathOfObject(resource, place)
      const reply = await sender.send({ method: 'DELETE', path, body, signal, ...urgencyOf(urgency) })
      if (isAbsent(reply, place)) return { kind: 'ok', value: null }
      const answer = answerOf<object>(reply, { verb: 'delete', resource, place }, name)
      return answer.kind === 'ok' ? { kind: 'ok', value: null } : answer
    },
    logs: async (place, lines, { signal, container }) => {
      const query = { tailLines: lines, container }
      const reply = await sender.send({ method: 'GET', path: pathOfObject(pods, place, 'log'), query, signal })
      if (isAbsent(reply, place)) return { kind: 'ok', value: null }
      if (reply.kind !== 'reply' || reply.status !== 200)
        return answerOf(reply, { verb: 'read logs of', resource: pods, place }, name)
      return { kind: 'ok', value: reply.text.split('\n').filter((line) => line !== '') }
    },
    mayI: async ({ verb, resource, subresource, namespace, name: object }, ask) => {
      const resourceAttributes = {
        verb,
        group: resource.group,
        resource: resource.plural,
        subresource,
        namespace,
        name: object,
      }
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes },
      }
      const question = { method: 'POST', path: pathOfKind(accessReviews), body: review } as const
      const about = { name: describeObject(resource, { name: verb }) }
      const answer = await write<Review>('review access to', accessReviews, about, question, ask)
      if (answer.kind !== 'ok') return answer
      const { allowed = false, reason = '' } = answer.value.status ?? {}
      return { kind: 'ok', value: { allowed, because: reason } }
    },
    rules: async (namespace, ask) => {
      const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } }
      const question = { method: 'POST', path: pathOfKind(rulesReviews), body: review } as const
      const about = { name: `in ${namespace}` }
      const answer = await write<RulesReview>('review rules', rulesReviews, about, question, ask)
      if (answer.kind !== 'ok') return answer
      const { resourceRules = [], incomplete = false } = answer.value.status ?? {}
      return { kind: 'ok', value: { rules: resourceRules.map(ruleOf), incomplete } }
    },
    version: async ({ signal }) => {
      const reply = await sender.send({ method: 'GET', path: '/version', signal, urgency: 'urgent' })
      const asked = { verb: 'read the version', resource: versions, place: null }
      const answer = answerOf<{ readonly major?: string; readonly minor?: string; readonly gitVersion?: string }>(
        reply,
        asked,
        name,
      )
      return answer.kind === 'ok' ? versionIn(answer.value, name) : answer
    },
  }
}

type Review = KubernetesObject & { readonly status?: { readonly allowed?: boolean; readonly reason?: string } }

type RulesReview = KubernetesObject & {
  readonly status?: { readonly resourceRules?: readonly Partial<AccessRule>[]; readonly incomplete?: boolean }
}

const ruleOf = ({
  verbs = [],
  apiGroups = [],
  resources = [],
  resourceNames = [],
}: Partial<AccessRule>): AccessRule => ({
  verbs,
  apiGroups,
  resources,
  resourceNames,
})

const versions: Resource = { group: '', version: 'v1', plural: 'of the API server', kind: '', namespaced: false }

const urgencyOf = (urgency: Urgency | undefined) => (urgency === undefined ? {} : { urgency })

/** Some providers write `28+`. */
const versionIn = (
  {
    major = '',
    minor = '',
    gitVersion = '',
  }: { readonly major?: string; readonly minor?: string; readonly gitVersion?: string },
  name: string,
): Answer<string> => {
  const [big, small] = [Number.parseInt(major, 10), Number.parseInt(minor, 10)]
  const needed = `${oldestSupported.major}.${oldestSupported.minor}`
  const isOld = big < oldestSupported.major || (big === oldestSupported.major && small < oldestSupported.minor)
  if (Number.isNaN(big) || Number.isNaN(small))
    return { kind: 'refused', because: `Cluster ${name} does not say which version of Kubernetes it runs.` }
  if (!isOld) return { kind: 'ok', value: gitVersion }
  const because = `Cluster ${name} runs Kubernetes ${gitVersion}; Titrate needs ${needed} or later, where Jobs say which tick they are of. Upgrade its control plane first.`
  return { kind: 'refused', because }
}
