import type { KubernetesIndex } from './index-objects.ts'
import { at, type JsonMap, mapAt, mapsAt, scalarText, textAt } from './json.ts'
import type { KubernetesObject } from './object.ts'
import type { Container, Workload } from './workload.ts'

/**
 * A variable as a container gets it. `from`: where it comes from, such as `ConfigMap app, key url`; null: it is written there.
 * The value of a secret is here to be compared and searched for host names; nothing of it may be shown.
 */
export type Variable = {
  readonly name: string
  /** `unread`: it comes from something that isn't among the objects. `field`: Kubernetes fills it in. */
  readonly kind: 'plain' | 'secret' | 'field' | 'unread'
  readonly value: string
  readonly from: string | null
}

/** The variables that a container has in the end: `envFrom`, then `env`, with `$(NAME)` put in. */
export const environmentOf = (
  { namespace }: Pick<Workload, 'namespace'>,
  { body }: Container,
  index: KubernetesIndex,
): ReadonlyMap<string, Variable> => {
  const variables = new Map<string, Variable>()
  for (const { map } of mapsAt(body, 'envFrom'))
    for (const one of fromAll(map, namespace, index)) variables.set(one.name, one)
  for (const { map } of mapsAt(body, 'env')) {
    const name = textAt(map, 'name')
    if (name === null) continue
    const one = fromOne(name, map, namespace, index)
    if (one !== null) variables.set(name, expanded(one, variables))
  }
  return variables
}

const fromAll = (source: JsonMap, namespace: string, index: KubernetesIndex): readonly Variable[] => {
  const prefix = textAt(source, 'prefix') ?? ''
  for (const [field, sort] of [
    ['configMapRef', 'ConfigMap'],
    ['secretRef', 'Secret'],
  ] as const) {
    const name = textAt(source, field, 'name')
    if (name === null) continue
    const object = index.get(sort, namespace, name)
    const kind = sort === 'Secret' ? 'secret' : 'plain'
    if (object === null) {
      return [{ name: `${prefix}*`, kind: 'unread', value: '', from: `all of ${sort} ${name}` }]
    }
    return [...contentOf(object)].map(([key, value]) => ({
      name: `${prefix}${key}`,
      kind,
      value,
      from: `${sort} ${name}, key ${key}`,
    }))
  }
  return []
}

/** null: an optional reference to nothing, so the container doesn't have it. */
const fromOne = (name: string, entry: JsonMap, namespace: string, index: KubernetesIndex): Variable | null => {
  const from = mapAt(entry, 'valueFrom')
  for (const [field, sort] of [
    ['configMapKeyRef', 'ConfigMap'],
    ['secretKeyRef', 'Secret'],
  ] as const) {
    const reference = mapAt(from, field)
    const object = textAt(reference, 'name')
    const key = textAt(reference, 'key')
    if (object === null || key === null) continue
    const place = `${sort} ${object}, key ${key}`
    const known = index.get(sort, namespace, object)
    const value = known === null ? undefined : contentOf(known).get(key)
    if (value !== undefined) return { name, kind: sort === 'Secret' ? 'secret' : 'plain', value, from: place }
    if (known !== null && at(reference, 'optional') === true) return null
    return { name, kind: 'unread', value: '', from: place }
  }
  const field = textAt(from, 'fieldRef', 'fieldPath') ?? textAt(from, 'resourceFieldRef', 'resource')
  if (field !== null) return { name, kind: 'field', value: field, from: `the pod's ${field}` }
  return { name, kind: 'plain', value: scalarText(at(entry, 'value')), from: null }
}

const reference = /\$(\$|\(([A-Za-z_][A-Za-z0-9_.-]*)\))/g
/** A value that grows by putting others into it is cut here: a chain of doublings would not end. */
const longest = 65_536

/** `$(NAME)` is put in as Kubernetes does it, by variables that came before; what has a secret in it is one. */
const expanded = (variable: Variable, before: ReadonlyMap<string, Variable>): Variable => {
  if (variable.kind !== 'plain' || variable.from !== null || !variable.value.includes('$')) return variable
  let secret = false
  const value = variable.value.replace(reference, (text, what: string, name: string | undefined) => {
    if (what === '$') return '$'
    const known = before.get(name ?? '')
    if (known === undefined || known.kind === 'field' || known.kind === 'unread') return text
    secret ||= known.kind === 'secret'
    return known.value
  })
  const cut = value.slice(0, longest)
  return secret
    ? { ...variable, kind: 'secret', value: cut, from: 'written with a secret in it' }
    : { ...variable, value: cut }
}

const contents = new WeakMap<KubernetesObject, ReadonlyMap<string, string>>()

/** Keys and texts of a ConfigMap or a Secret, decoded; what is no text counts by its encoded form. */
export const contentOf = (object: KubernetesObject): ReadonlyMap<string, string> => {
  const known = contents.get(object)
  if (known !== undefined) return known
  const secret = object.sort === 'Secret'
  const content = new Map<string, string>()
  for (const [key, value] of Object.entries(mapAt(object.body, 'data'))) {
    content.set(key, secret ? decoded(scalarText(value)) : scalarText(value))
  }
  for (const field of secret ? ['stringData'] : ['binaryData']) {
    for (const [key, value] of Object.entries(mapAt(object.body, field))) content.set(key, scalarText(value))
  }
  contents.set(object, content)
  return content
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

const decoded = (base64: string): string => {
  try {
    return utf8.decode(Uint8Array.from(atob(base64.replaceAll(/\s/g, '')), (character) => character.charCodeAt(0)))
  } catch {
    return base64
  }
}
