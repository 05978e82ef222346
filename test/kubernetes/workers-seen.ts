import { type Side, sides } from '../../src/moves/goal.ts'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import type { KubernetesObject } from '../../src/providers/kubernetes/client/resource.ts'

type Place = { readonly namespace: Readonly<Record<Side, string>>; readonly name: string }

/** How many pods of workers were there, as a watch tells of each that comes and goes. */
export type WorkersSeen = {
  /** Since the last time that was asked: the most that were on one side at once, and on both together. */
  most(name: string): Readonly<Record<Side | 'together', number>>
  /** Names of pods that were on both sides at once. */
  readonly twice: ReadonlySet<string>
  /** The names of those that are there. */
  on(side: Side, name: string): readonly string[]
  end(): void
}

export const watchWorkers = (clusters: Readonly<Record<Side, Cluster>>, workers: readonly Place[]): WorkersSeen => {
  const ended = new AbortController()
  const there: Record<Side, Map<string, Set<string>>> = { blue: new Map(), green: new Map() }
  const most = new Map<string, Record<Side | 'together', number>>()
  const twice = new Set<string>()
  const podsOn = (side: Side, name: string): Set<string> => {
    const pods = there[side].get(name) ?? new Set<string>()
    there[side].set(name, pods)
    return pods
  }
  const countOf = (name: string) => {
    const [blue, green] = [podsOn('blue', name).size, podsOn('green', name).size]
    return { blue, green, together: blue + green }
  }
  const count = (name: string): void => {
    const now = countOf(name)
    const before = most.get(name) ?? now
    most.set(name, {
      blue: Math.max(before.blue, now.blue),
      green: Math.max(before.green, now.green),
      together: Math.max(before.together, now.together),
    })
  }
  for (const side of sides)
    for (const namespace of new Set(workers.map((worker) => worker.namespace[side])))
      clusters[side].watches.of(kinds.pods, { namespace }).onChange(({ kind, object }) => {
        const { name: pod = '', deletionTimestamp } = object.metadata ?? {}
        const name = workerOf(object)
        if (!workers.some((worker) => worker.name === name && worker.namespace[side] === namespace)) return
        const pods = podsOn(side, name)
        // One that ends takes no new work; but of what has a number none may run beside another.
        if (kind === 'removed' || (deletionTimestamp !== undefined && !isNumbered(object))) pods.delete(pod)
        else pods.add(pod)
        if (podsOn('blue', name).has(pod) && podsOn('green', name).has(pod)) twice.add(pod)
        count(name)
      }, ended.signal)
  return {
    most: (name) => {
      const seen = most.get(name) ?? countOf(name)
      most.set(name, countOf(name))
      return seen
    },
    twice,
    on: (side, name) => [...podsOn(side, name)].toSorted(),
    end: () => ended.abort(),
  }
}

/** By what owns it, as a watch keeps no labels of pods: the name of a ReplicaSet ends with a hash. */
const workerOf = ({ metadata }: KubernetesObject): string => {
  const [owner] = metadata?.ownerReferences ?? []
  return (owner?.kind === 'ReplicaSet' ? owner.name.replace(/-[^-]+$/, '') : owner?.name) ?? ''
}

const isNumbered = ({ metadata }: KubernetesObject): boolean =>
  metadata?.ownerReferences?.some(({ kind }) => kind === 'StatefulSet') === true
