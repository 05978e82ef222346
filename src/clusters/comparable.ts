import type { KubernetesObject } from '../kubernetes/object.ts'
import type { ClusterRead, NotRead } from './cluster-read.ts'

/**
 * The objects of both sides that may be compared. A kind that could not be read on one side is left out on both: else
 * all of it would look as if it were missing there.
 */
export const comparable = (
  blue: Pick<ClusterRead, 'objects' | 'notRead'>,
  green: Pick<ClusterRead, 'objects' | 'notRead'>,
  namespaceOnGreen: (blue: string) => string,
): { readonly blue: readonly KubernetesObject[]; readonly green: readonly KubernetesObject[] } => {
  const closed = new Set([
    ...blue.notRead.map((one) => keyOf(one, namespaceOnGreen)),
    ...green.notRead.map((one) => keyOf(one, (name) => name)),
  ])
  const isOpen = ({ sort }: KubernetesObject, namespace: string | null): boolean =>
    !closed.has(`${sort} `) && !closed.has(`${sort} ${namespace ?? ''}`)
  return {
    blue: blue.objects.filter((one) => isOpen(one, one.namespace === null ? null : namespaceOnGreen(one.namespace))),
    green: green.objects.filter((one) => isOpen(one, one.namespace)),
  }
}

const keyOf = ({ sort, namespace }: NotRead, moved: (name: string) => string): string =>
  `${sort} ${namespace === null ? '' : moved(namespace)}`
