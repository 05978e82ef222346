import { objectKey } from '../../kubernetes/object.ts'
import type { Workload } from '../../kubernetes/workload.ts'

/** The name under which people know a workload everywhere. */
export type Names = (workload: Workload) => string

/**
 * A workload's own name where no other one of the estate has it; else with its namespace, and with its kind where
 * that isn't enough: `web`, `web.shop`, `web.shop.cronjob`.
 */
export const nameWorkloads = (workloads: readonly Workload[]): Names => {
  const short = ({ object }: Workload): string => object.name
  const middle = ({ object, namespace }: Workload): string => `${object.name}.${namespace}`
  const long = (workload: Workload): string => `${middle(workload)}.${workload.object.kind.toLowerCase()}`
  const times = (name: Names): ReadonlyMap<string, number> => {
    const counts = new Map<string, number>()
    for (const workload of workloads) counts.set(name(workload), (counts.get(name(workload)) ?? 0) + 1)
    return counts
  }
  const [shorts, middles] = [times(short), times(middle)]
  const names = new Map(
    workloads.map((workload) => {
      const name = [short, middle].find((one) => (one === short ? shorts : middles).get(one(workload)) === 1) ?? long
      return [objectKey(workload.object), name(workload)] as const
    }),
  )
  return (workload) => names.get(objectKey(workload.object)) ?? long(workload)
}
