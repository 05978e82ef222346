/** What every object of the API has. Times are RFC 3339 with whole seconds, as the API server writes them. */
export type ObjectMeta = {
  readonly name?: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly finalizers?: readonly string[]
  readonly ownerReferences?: readonly {
    readonly apiVersion: string
    readonly kind: string
    readonly name: string
    readonly uid: string
    readonly controller?: boolean
    readonly blockOwnerDeletion?: boolean
  }[]
}

export type KubernetesObject = {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: ObjectMeta
}

/** A kind of object, and where the API server keeps it. `T` is the shape of its objects. */
export type Resource<T extends KubernetesObject = KubernetesObject> = {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly kind: string
  readonly namespaced: boolean
  /** Never set: it ties the resource to its shape. */
  readonly shape?: T
}

/** Where an object is. `namespace` is left out for kinds that have none. */
export type ObjectPlace = { readonly namespace?: string; readonly name: string }

export const apiVersionOf = ({ group, version }: Resource): string => (group === '' ? version : `${group}/${version}`)

/** `deployments.apps`, as people and RBAC write it. */
export const nameOfKind = ({ group, plural }: Resource): string => (group === '' ? plural : `${plural}.${group}`)

/** The path of a kind: all of it, or what is in one namespace. */
export const pathOfKind = (resource: Resource, namespace?: string): string => {
  const { group, version, plural, namespaced } = resource
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const within = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  return `${root}${within}/${plural}`
}

export const pathOfObject = (resource: Resource, { namespace, name }: ObjectPlace, subresource?: string): string => {
  const rest = subresource === undefined ? '' : `/${subresource}`
  return `${pathOfKind(resource, namespace)}/${encodeURIComponent(name)}${rest}`
}

/** "deployments.apps shop/web", for messages. */
export const describeObject = (resource: Resource, { namespace, name }: ObjectPlace): string =>
  `${nameOfKind(resource)} ${namespace === undefined ? name : `${namespace}/${name}`}`

/** Where an object that the API server sent is; it gives every object a name. */
export const placeOf = ({ metadata }: KubernetesObject): ObjectPlace => {
  const name = metadata?.name ?? ''
  return metadata?.namespace === undefined ? { name } : { namespace: metadata.namespace, name }
}
