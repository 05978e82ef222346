import type { Refusal } from '../../../clusters/refusal.ts'
import type { Answer } from '../../../engine/ports.ts'
import { describeObject, nameOfKind, type ObjectPlace, type Resource } from './resource.ts'
import type { Reply } from './send.ts'

/** What was asked, for messages: `patch` of `deployments.apps shop/web`. */
export type Asked = { readonly verb: string; readonly resource: Resource; readonly place: ObjectPlace | null }

/** An answer that says of a refusal which one it is. Absent: nothing is known but the words. */
export type ClusterAnswer<T> =
  | Exclude<Answer<T>, { readonly kind: 'refused' }>
  | { readonly kind: 'refused'; readonly because: string; readonly why?: Refusal }

/** The part of the API server's `Status` object that is used. */
export type Status = {
  readonly message: string
  readonly reason: string
  readonly causes: readonly { readonly reason: string; readonly field: string; readonly message: string }[]
  /** The object that it is about; null: it is about none, so a 404 means that the kind itself is not there. */
  readonly about: string | null
  /** The plural of what it is about, such as `namespaces`; empty where it doesn't say. */
  readonly aboutKind: string
  readonly code: number
}

export const statusIn = (read: unknown): Status => {
  const text = (value: unknown, key: string): string => {
    const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
    return typeof found === 'string' ? found : ''
  }
  const object = typeof read === 'object' && read !== null ? read : {}
  const details: unknown = Reflect.get(object, 'details')
  const causes: unknown = typeof details === 'object' && details !== null ? Reflect.get(details, 'causes') : []
  return {
    message: text(object, 'message'),
    reason: text(object, 'reason'),
    about: text(details, 'name') || null,
    aboutKind: text(details, 'kind'),
    code: Number(Reflect.get(object, 'code')) || 0,
    causes: (Array.isArray(causes) ? causes : []).map((each: unknown) => ({
      reason: text(each, 'reason'),
      field: text(each, 'field'),
      message: text(each, 'message'),
    })),
  }
}

/** The body as JSON; null: it is none. */
export const jsonIn = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** What a reply comes to for the one who asked. `cluster`: what people call it. */
export const answerOf = <T>(reply: Reply, asked: Asked, cluster: string): ClusterAnswer<T> => {
  const because = (text: string): string => `${asked.verb} ${nameOf(asked)} on ${cluster}: ${text}`
  if (reply.kind !== 'reply') return { kind: 'unknown', because: because(reply.because) }
  const read = jsonIn(reply.text)
  // The API server keeps to the kind that was asked for; its objects are the one thing taken on trust.
  if (reply.status < 300 && typeof read === 'object' && read !== null) return { kind: 'ok', value: read as T }
  const status = statusIn(read)
  const words = because(wordsOf(status, reply.status, asked))
  if (reply.status === 409) return { kind: 'conflict', because: words }
  const isFinal = reply.status >= 400 && reply.status < 500 && ![408, 410, 425, 429].includes(reply.status)
  // A webhook that does not answer, or fails, is told as a fault of the server; asking again may help, so it is no refusal.
  if (!isFinal) return { kind: 'unknown', because: words }
  return { kind: 'refused', because: words, why: refusalOf(status, reply.status, asked) }
}

const refusalOf = (status: Status, code: number, { place }: Asked): Refusal => {
  const { message, causes, about, aboutKind } = status
  if (causes.some((each) => each.reason === 'NamespaceTerminating')) return 'namespace being deleted'
  if (/does not support dry ?run/i.test(message)) return 'no dry run'
  if (code === 404 && aboutKind === 'namespaces' && about === place?.namespace) return 'no namespace'
  if (code === 404 && about === null) return 'no such kind'
  if (/exceeded quota: |insufficient quota/.test(message)) return 'quota'
  if (/cannot \S+ resource|RBAC permissions not currently held/.test(message)) return 'not permitted'
  if (/denied the request|denied request|violates PodSecurity|admission webhook|is forbidden: /.test(message))
    return 'admission'
  return code === 422 || code === 400 ? 'invalid' : 'other'
}

/** True for "this object isn't there"; false where the kind or its namespace isn't there either. */
export const isAbsent = (reply: Reply, place: ObjectPlace): boolean =>
  reply.kind === 'reply' && reply.status === 404 && statusIn(jsonIn(reply.text)).about === place.name

const nameOf = ({ resource, place }: Asked): string =>
  place === null ? nameOfKind(resource) : describeObject(resource, place)

const wordsOf = (status: Status, code: number, asked: Asked): string => {
  const { reason, causes, about } = status
  const namespace = asked.place?.namespace ?? ''
  if (causes.some((each) => each.reason === 'NamespaceTerminating')) {
    return `namespace ${namespace} is being deleted, so nothing can be made in it. Wait until it is gone, and make it anew.`
  }
  if (code === 404 && about === null) {
    return `this cluster does not know ${nameOfKind(asked.resource)} in version ${asked.resource.version}: is its CRD installed?`
  }
  const message = messageOf(status, code, asked.resource)
  if (code === 403 && reason === 'Forbidden' && /cannot \S+ resource/.test(message)) {
    return `not permitted: ${message}. The role of this identity lacks that right.`
  }
  if (code === 429) return 'the API server is too busy (429), also after waiting as long as it asked.'
  return message
}

/** Messages of the API server quote the values that it does not like; those of a Secret must not be shown. */
const messageOf = (status: Status, code: number, resource: Resource): string => {
  const { message, reason, causes } = status
  if (message === '') return `the API server answered ${code}.`
  const isSecret = resource.group === '' && resource.plural === 'secrets'
  const isAboutRights = / is forbidden: User ".*cannot \S+ resource/.test(message)
  if (!isSecret || isAboutRights || code === 404 || code === 409) return message.slice(0, 1000)
  const fields = causes.map((each) => each.field).filter((each) => each !== '')
  return `${reason || `status ${code}`}${fields.length === 0 ? '' : ` at ${fields.join(', ')}`} (values of a Secret are not shown).`
}
