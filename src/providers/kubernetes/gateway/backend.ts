import type { BackendRef } from './http-route.ts'

/** What a backendRef names, with what it leaves out filled in. */
export type BackendId = {
  readonly group: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** Of one service: the Services by which it is reached on blue, and what stands for it on green. */
export type ServiceBackends = {
  readonly service: string
  readonly blue: readonly BackendId[]
  /** The green counterpart of one of `blue`. */
  readonly green: (blue: BackendId) => BackendId
}

export const serviceId = (namespace: string, name: string): BackendId => ({
  group: '',
  kind: 'Service',
  namespace,
  name,
})

export const idOf = (ref: BackendRef, routeNamespace: string): BackendId => ({
  group: ref.group ?? '',
  kind: ref.kind ?? 'Service',
  namespace: ref.namespace ?? routeNamespace,
  name: ref.name,
})

export const isSame = (a: BackendId, b: BackendId): boolean =>
  a.group === b.group && a.kind === b.kind && a.namespace === b.namespace && a.name === b.name

/** "Service shop/web-green", for people. */
export const describeBackend = ({ kind, namespace, name }: BackendId): string => `${kind} ${namespace}/${name}`

/** A backendRef like another, to another backend: port and filters are the same. */
export const refTo = (id: BackendId, like: BackendRef, routeNamespace: string): BackendRef => {
  const { group: _, kind: _kind, namespace: _namespace, name: _name, weight: _weight, ...rest } = like
  return {
    ...(id.group === '' ? {} : { group: id.group }),
    ...(id.kind === 'Service' ? {} : { kind: id.kind }),
    name: id.name,
    ...(id.namespace === routeNamespace ? {} : { namespace: id.namespace }),
    ...rest,
  }
}
