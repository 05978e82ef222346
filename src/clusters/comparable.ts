import type { KubernetesObject } from '../kubernetes/object.ts'
import type { ClusterRead, NotRead } from './cluster-read.ts'

/** Whether an object is of the estate: what tools keep elsewhere is only read to know of it. */
export const isOfEstate = ({ namespaces }: Pick<ClusterRead, 'namespaces'>, { namespace }: KubernetesObject): boolean =>
  namespace === null || namespaces.has(namespace)

type Side = Pick<ClusterRead, 'objects' | 'notRead' | 'namespaces'>

/**
 * The objects of both sides that may be compared. A kind that could not be read on one side is left out on both: else
 * all of it would look as if it were missing there.
 */
export const comparable = (
  blue: Side,
  green: Side,
  namespaceOnGreen: (blue: string) => string,
): { readonly blue: readonly KubernetesObject[]; readonly green: readonly KubernetesObject[] } => {
  const closed = new Set([
    ...blue.notRead.map((one) => keyOf(one, namespaceOnGreen)),
    ...green.notRead.map((one) => keyOf(one, (name) => name)),
  ])
  const isOpen = ({ sort }: KubernetesObject, namespace: string | null): boolean =>
    !closed.has(`${sort} `) && !closed.has(`${sort} ${namespace ?? ''}`)
  return {
    blue: blue.objects.filter(
      (one) => isOfEstate(blue, one) && isOpen(one, one.namespace === null ? null : namespaceOnGreen(one.namespace)),
    ),
    green: green.objects.filter((one) => isOfEstate(green, one) && isOpen(one, one.namespace)),
  }
}

const keyOf = ({ sort, namespace }: NotRead, moved: (name: string) => string): string =>
  `${sort} ${namespace === null ? '' : moved(namespace)}`
