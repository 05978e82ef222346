import type { KubernetesIndex } from '../kubernetes/index-objects.ts'
import { mapsAt } from '../kubernetes/json.ts'
import { objectKey } from '../kubernetes/object.ts'
import { mostReplicas, readScalers } from '../kubernetes/scalers.ts'
import { readWorkload, type Workload } from '../kubernetes/workload.ts'
import type { GreenPlaces } from '../parity/kubernetes/expected-object.ts'
import { keyOnGreen } from '../parity/kubernetes/pair-objects.ts'
import { limitOf, requestOf, sizePod } from '../platform/pod-size.ts'

/** What a release would bring to a namespace of green beside what is there: by the names that quotas have for it. */
export type Demand = Readonly<Record<string, number>>

/** A workload of blue with how many more pods of it green will have. */
export type Coming = {
  readonly workload: Workload
  readonly namespace: string
  readonly pods: number
  readonly isNew: boolean
}

/** The workloads that green will run more of. A schedule counts with the pods of one run. */
export const comingTo = (blue: KubernetesIndex, green: KubernetesIndex, places: GreenPlaces): readonly Coming[] => {
  const there = new Map(green.objects.map((object) => [objectKey(object), object]))
  const scalers = readScalers(blue)
  return blue.workloads.flatMap((workload): readonly Coming[] => {
    if (!moves.has(workload.object.sort)) return []
    const known = there.get(keyOnGreen(workload.object, places))
    const running = known === undefined ? 0 : (readWorkload(known)?.replicas ?? 0)
    const isJob = workload.object.sort === 'CronJob'
    const wanted = mostReplicas(workload, scalers)
    const pods = isJob ? (known === undefined ? workload.replicas : 0) : Math.max(0, wanted - running)
    const isNew = known === undefined
    return pods === 0 && !isNew ? [] : [{ workload, namespace: places.namespace(workload.namespace), pods, isNew }]
  })
}

const moves: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'CronJob'])

const countNames: Readonly<Record<string, string>> = {
  Deployment: 'count/deployments.apps',
  StatefulSet: 'count/statefulsets.apps',
  CronJob: 'count/cronjobs.batch',
}

/** All that comes to each namespace. CPU in cores, memory in bytes. */
export const demandOf = (coming: readonly Coming[], green: KubernetesIndex): ReadonlyMap<string, Demand> =>
  new Map(
    [...Map.groupBy(coming, ({ namespace }) => namespace)].map(([namespace, some]) => {
      const total: Record<string, number> = {}
      const add = (name: string, amount: number): void => {
        total[name] = (total[name] ?? 0) + amount
      }
      for (const { workload, pods, isNew } of some) {
        const inGreen = { ...workload, namespace }
        const { need } = sizePod(inGreen, green)
        add('pods', pods)
        add('count/pods', pods)
        for (const name of ['requests.cpu', 'cpu']) add(name, need.cores * pods)
        for (const name of ['requests.memory', 'memory']) add(name, need.bytes * pods)
        for (const resource of ['cpu', 'memory'] as const)
          add(`limits.${resource}`, limitsOf(workload, resource) * pods)
        add(countNames[workload.object.sort] ?? '', isNew ? 1 : 0)
        const claims = mapsAt(workload.object.body, 'spec', 'volumeClaimTemplates').length
        add('persistentvolumeclaims', claims * pods)
      }
      return [namespace, total] as const
    }),
  )

/** Of long-running containers, as a quota counts them. */
const limitsOf = ({ containers }: Workload, resource: 'cpu' | 'memory'): number =>
  containers
    .filter(({ role }) => role !== 'init')
    .reduce((sum, container) => sum + (limitOf(container, resource) ?? requestOf(container, resource) ?? 0), 0)
