import type { KubernetesObject, Resource } from './resource.ts'

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/**
 * An object without what nobody here reads: who set which field; what pods are made of, of which there are thousands; and, of
 * a Secret, everything that is secret.
 */
export const trim = <T extends KubernetesObject>(resource: Resource<T>, object: T): T => {
  const isSecret = resource.group === '' && resource.plural === 'secrets'
  const { managedFields: _, ...metadata } = (object.metadata ?? {}) as T['metadata'] & {
    readonly managedFields?: unknown
  }
  if (!isSecret) return withoutTemplate(resource, { ...object, metadata })
  const {
    data: _data,
    stringData: _text,
    ...rest
  } = object as T & { readonly data?: unknown; readonly stringData?: unknown }
  const { [lastApplied]: _applied, ...annotations } = object.metadata?.annotations ?? {}
  // The same object with fewer of its optional keys.
  return { ...rest, metadata: { ...metadata, annotations } } as unknown as T
}

type WithSpec = {
  readonly spec?: {
    readonly template?: unknown
    readonly nodeName?: unknown
    readonly containers?: readonly { readonly name?: unknown; readonly image?: unknown }[]
  }
}

/** Of pods it is read which containers they have, of what makes them whose they are and how it stands. */
const withoutTemplate = <T extends KubernetesObject>({ group, plural }: Resource, object: T): T => {
  const kind = `${group}/${plural}`
  if (!['/pods', 'apps/replicasets', 'batch/jobs'].includes(kind)) return object
  const { spec } = object as T & WithSpec
  if (spec === undefined) return object
  const { template: _, ...rest } = spec
  const containers = (spec.containers ?? []).map(({ name, image }) => ({ name, image }))
  return { ...object, spec: kind === '/pods' ? { nodeName: spec.nodeName, containers } : rest }
}
