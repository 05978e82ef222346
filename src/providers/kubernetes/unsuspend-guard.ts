import type { Answer } from '../../engine/ports.ts'
import { annotation, fieldManager } from './annotations.ts'
import type { KubernetesObject, Resource } from './client/resource.ts'
import { type KubernetesEnvironment, nameOfEnvironment } from './environment.ts'

/**
 * Keeps everybody but us from unsuspending schedules that were handed over: the next deployment by CI would, and the missed
 * tick would run at once. A ValidatingAdmissionPolicy of the cluster, for one namespace.
 */
export type UnsuspendGuard = {
  /** Puts it up, or finds that this identity may not. Asks once in a while, not each time. */
  putUp(signal: AbortSignal): Promise<void>
  /** Takes it down, if this identity may; it need not be there. */
  takeDown(signal: AbortSignal): Promise<Answer<null>>
  /** Why it does not stand, for people; null: it stands, or it was not put up yet. */
  missing(): string | null
  /**
   * An act of ours. Where the guard refuses it, we are somebody else than the one who put it up: it goes, and the answer
   * is `unknown`, so that the act is made again when that has taken effect.
   */
  past<T>(act: Promise<Answer<T>>, signal: AbortSignal): Promise<Answer<T>>
}

const admission = { group: 'admissionregistration.k8s.io', version: 'v1', namespaced: false } as const
export const policies: Resource = {
  ...admission,
  plural: 'validatingadmissionpolicies',
  kind: 'ValidatingAdmissionPolicy',
}
export const bindings: Resource = {
  ...admission,
  plural: 'validatingadmissionpolicybindings',
  kind: 'ValidatingAdmissionPolicyBinding',
}
type Review = KubernetesObject & { readonly status?: { readonly userInfo?: { readonly username?: string } } }
const reviews: Resource<Review> = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'selfsubjectreviews',
  kind: 'SelfSubjectReview',
  namespaced: false,
}

/** Rights may be given at any time; to ask with each of a thousand handoffs would be too often. */
const againAfterMs = 600_000

export const createUnsuspendGuard = (environment: KubernetesEnvironment): UnsuspendGuard => {
  const { cluster, namespace } = environment
  const { client } = cluster
  const name = nameOfGuard(namespace)
  let underWay: Promise<void> | null = null
  let triedAt: number | null = null
  let why: string | null = null

  const apply = (resource: Resource, object: KubernetesObject, signal: AbortSignal) => {
    const patch = { kind: 'apply', object, manager: fieldManager, force: true } as const
    return client.patch(resource, { name }, patch, { signal, urgency: 'urgent' })
  }
  const stand = async (signal: AbortSignal): Promise<Answer<unknown>> => {
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: { name: '' } }
    const self = await client.create(reviews, review, { signal, urgency: 'urgent' })
    if (self.kind !== 'ok') return self
    const user = self.value.status?.userInfo?.username
    if (user === undefined) return { kind: 'refused', because: 'the API server does not say who we are' }
    const policy = await apply(policies, policyFor(namespace, user), signal)
    return policy.kind === 'ok' ? apply(bindings, bindingFor(namespace), signal) : policy
  }
  const attempt = async (signal: AbortSignal): Promise<void> => {
    const answer = await stand(signal)
    triedAt = cluster.now()
    why =
      answer.kind === 'ok'
        ? null
        : `no policy keeps others from it on ${nameOfEnvironment(environment)}: ${answer.because}`
  }

  const takeDown = async (signal: AbortSignal): Promise<Answer<null>> => {
    triedAt = null
    const ask = { signal, urgency: 'urgent' } as const
    const answers = await Promise.all([bindings, policies].map((each) => client.remove(each, { name }, ask)))
    return answers.find((each) => each.kind !== 'ok') ?? { kind: 'ok', value: null }
  }

  return {
    putUp: async (signal) => {
      if (triedAt !== null && cluster.now() - triedAt < againAfterMs) return
      underWay ??= attempt(signal).finally(() => {
        underWay = null
      })
      await underWay
    },
    takeDown,
    missing: () => why,
    past: async (act, signal) => {
      const answer = await act
      if (answer.kind !== 'refused' || !answer.because.includes(`'${name}'`)) return answer
      const down = await takeDown(signal)
      if (down.kind === 'ok') return { kind: 'unknown', because: answer.because }
      return { kind: 'refused', because: `${answer.because} It could not be taken down: ${down.because}` }
    },
  }
}

/** Policies belong to the cluster, so each bears the name of its namespace. */
export const nameOfGuard = (namespace: string): string => `titrate-${namespace}`

/** Text as CEL writes it. */
const quoted = (text: string): string => JSON.stringify(text)

const stampIn = (object: string): string => `${object}.metadata.?annotations[?${quoted(annotation.stamp)}]`

const policyFor = (namespace: string, user: string): KubernetesObject => {
  const spec = {
    failurePolicy: 'Fail',
    matchConstraints: {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      resourceRules: [{ apiGroups: ['batch'], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['cronjobs'] }],
    },
    matchConditions: [
      {
        name: 'paused-by-titrate',
        expression: `oldObject.spec.?suspend.orValue(false) && ${stampIn('oldObject')}.hasValue()`,
      },
      { name: 'by-others', expression: `request.userInfo.username != ${quoted(user)}` },
    ],
    validations: [
      {
        expression: `object.spec.?suspend.orValue(false) && ${stampIn('object')} == ${stampIn('oldObject')}`,
        reason: 'Forbidden',
        message: `This schedule was handed over by Titrate; unsuspended here, its ticks would run twice. "titrate rollback SERVICE" takes it back; "titrate rollback --break-glass" also takes this policy down.`,
      },
    ],
  }
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: policies.kind,
    metadata: { name: nameOfGuard(namespace) },
    spec,
  } as KubernetesObject
}

const bindingFor = (namespace: string): KubernetesObject => {
  const name = nameOfGuard(namespace)
  const spec = { policyName: name, validationActions: ['Deny'] }
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: bindings.kind,
    metadata: { name },
    spec,
  } as KubernetesObject
}
