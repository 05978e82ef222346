import type { KubernetesObject, Resource } from './resource.ts'

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/** An object without what nobody here reads: who set which field, and, of a Secret, everything that is secret. */
export const trim = <T extends KubernetesObject>(resource: Resource<T>, object: T): T => {
  const isSecret = resource.group === '' && resource.plural === 'secrets'
  const { managedFields: _, ...metadata } = (object.metadata ?? {}) as T['metadata'] & {
    readonly managedFields?: unknown
  }
  if (!isSecret) return { ...object, metadata }
  const {
    data: _data,
    stringData: _text,
    ...rest
  } = object as T & { readonly data?: unknown; readonly stringData?: unknown }
  const { [lastApplied]: _applied, ...annotations } = object.metadata?.annotations ?? {}
  // The same object with fewer of its optional keys.
  return { ...rest, metadata: { ...metadata, annotations } } as unknown as T
}
