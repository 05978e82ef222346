import type { KubernetesIndex } from '../kubernetes/index-objects.ts'
import { at, listAt, mapAt, mapsAt, textAt } from '../kubernetes/json.ts'
import { type KubernetesObject, objectText } from '../kubernetes/object.ts'
import { gibibyte, parseQuantity } from '../kubernetes/quantity.ts'
import type { Container } from '../kubernetes/workload.ts'
import type { GreenPlaces } from '../parity/kubernetes/expected-object.ts'
import type { NotChecked } from '../platform/check-platform.ts'
import { limitOf, requestOf } from '../platform/pod-size.ts'
import { listNames, type PlatformFinding } from '../platform/rule.ts'
import { clusterFinding } from './cluster-rules.ts'
import { type Coming, comingTo, type Demand, demandOf } from './demand.ts'

export type Room = { readonly findings: readonly PlatformFinding[]; readonly notChecked: readonly NotChecked[] }

export type RoomAsked = {
  readonly blue: KubernetesIndex
  readonly green: KubernetesIndex
  readonly places: GreenPlaces
  /** Nodes come with the pods. */
  readonly isFargate: boolean
  /** Kinds that could not be read on green. */
  readonly unread: ReadonlySet<string>
}

/** Whether green has room for what a release would bring: quotas, limits, classes, nodes. */
export const roomFindings = (asked: RoomAsked): Room => {
  const { blue, green, places } = asked
  const coming = comingTo(blue, green, places)
  const demand = demandOf(coming, green)
  const quotas = green.all('ResourceQuota')
  return {
    findings: [
      ...quotas
        .filter((quota) => !isScoped(quota))
        .flatMap((quota) => overQuota(quota, demand.get(quota.namespace ?? ''))),
      ...coming.flatMap((one) => [...outOfLimits(one, green), ...classesOf(one, asked)]),
      ...nodeFindings(asked, demand),
    ],
    notChecked: quotas.filter(isScoped).map((quota) => ({
      rule: 'KC05',
      object: objectText(quota),
      because: 'it counts only some pods (scopes), which is not reckoned here',
    })),
  }
}

const isScoped = ({ body }: KubernetesObject): boolean =>
  listAt(body, 'spec', 'scopes').length > 0 || at(body, 'spec', 'scopeSelector') !== undefined

const overQuota = (quota: KubernetesObject, demand: Demand | undefined): readonly PlatformFinding[] => {
  if (demand === undefined) return []
  const [hard, used] = [mapAt(quota.body, 'spec', 'hard'), mapAt(quota.body, 'status', 'used')]
  return Object.entries(hard).flatMap(([name, limit]) => {
    const [most, now, more] = [parseQuantity(limit), parseQuantity(used[name]) ?? 0, demand[name] ?? 0]
    if (most === null || more === 0 || now + more <= most * (1 + 1e-9)) return []
    const message = `what moves needs ${amount(name, more)} of ${name} beside the ${amount(name, now)} in use, and the quota is ${amount(name, most)}`
    return [clusterFinding('KC05', quota, `spec.hard["${name}"]`, message)]
  })
}

/** As people write it: "1.5", "2 GiB". */
const amount = (name: string, value: number): string =>
  name.includes('memory') || name.includes('storage')
    ? `${Math.round((value / gibibyte) * 100) / 100} GiB`
    : String(Math.round(value * 1_000) / 1_000)

const outOfLimits = ({ workload, namespace }: Coming, green: KubernetesIndex): readonly PlatformFinding[] =>
  green
    .all('LimitRange')
    .filter((range) => range.namespace === namespace)
    .flatMap((range) =>
      mapsAt(range.body, 'spec', 'limits')
        .filter(({ map }) => map['type'] === 'Container')
        .flatMap(({ map, index }) =>
          workload.containers.flatMap((container) =>
            (['cpu', 'memory'] as const).flatMap((resource) => {
              const found = outsideOf(container, resource, {
                least: parseQuantity(at(map, 'min', resource)),
                most: parseQuantity(at(map, 'max', resource)),
                ratio: parseQuantity(at(map, 'maxLimitRequestRatio', resource)),
              })
              if (found === null) return []
              const message = `container ${container.name} ${found} (${objectText(range)}, spec.limits[${index}])`
              return [clusterFinding('KC08', workload.object, `${container.path}.resources`, message)]
            }),
          ),
        ),
    )

type Limits = { readonly least: number | null; readonly most: number | null; readonly ratio: number | null }

const outsideOf = (container: Container, resource: 'cpu' | 'memory', { least, most, ratio }: Limits): string | null => {
  const [request, limit] = [requestOf(container, resource), limitOf(container, resource)]
  const text = (value: number): string => amount(resource, value)
  const highest = limit ?? request
  if (most !== null && highest !== null && highest > most)
    return `asks for ${text(highest)} of ${resource}, at most ${text(most)} is allowed`
  if (least !== null && request !== null && request < least)
    return `asks for ${text(request)} of ${resource}, at least ${text(least)} is demanded`
  const isWide = ratio !== null && request !== null && limit !== null && request > 0 && limit / request > ratio
  return isWide ? `has a limit of ${resource} that is more than ${ratio} times its request` : null
}

const classesOf = ({ workload }: Coming, { green, unread }: RoomAsked): readonly PlatformFinding[] => {
  const named = [
    ['PriorityClass', textAt(workload.pod, 'priorityClassName'), 'priorityClassName'],
    ['RuntimeClass', textAt(workload.pod, 'runtimeClassName'), 'runtimeClassName'],
    ...mapsAt(workload.object.body, 'spec', 'volumeClaimTemplates').map(
      ({ map, index }) =>
        ['StorageClass', textAt(map, 'spec', 'storageClassName'), `spec.volumeClaimTemplates[${index}]`] as const,
    ),
  ] as const
  return named.flatMap(([sort, name, field]) => {
    if (name === null || name === '' || name.startsWith('system-') || unread.has(sort)) return []
    if (green.get(sort, null, name) !== null) return []
    const path = field.startsWith('spec') ? field : `${workload.podPath}.${field}`
    return [clusterFinding('KC09', workload.object, path, `it names ${sort} ${name}, which green does not have`)]
  })
}

const nodeFindings = (
  { green, isFargate, unread }: RoomAsked,
  demand: ReadonlyMap<string, Demand>,
): readonly PlatformFinding[] => {
  const pods = [...demand.values()].reduce((sum, one) => sum + (one['pods'] ?? 0), 0)
  if (isFargate || unread.has('Node') || pods === 0) return []
  const nodes = green.all('Node').filter(({ body }) => at(body, 'spec', 'unschedulable') !== true)
  if (nodes.length === 0) return [clusterFinding('KC10', 'cluster', 'nodes', 'green has no node that takes pods')]
  const total = (field: string): number =>
    nodes.reduce((sum, { body }) => sum + (parseQuantity(at(body, 'status', 'allocatable', field)) ?? 0), 0)
  const wanted = (name: string): number => [...demand.values()].reduce((sum, one) => sum + (one[name] ?? 0), 0)
  return (
    [
      ['cpu', wanted('requests.cpu')],
      ['memory', wanted('requests.memory')],
      ['pods', pods],
    ] as const
  ).flatMap(([field, need]) => {
    const there = total(field)
    // Nodes that don't say what they have say nothing.
    if (there === 0 || need <= there) return []
    const names = listNames(nodes.map(({ name }) => name))
    const message = `what moves asks for ${amount(field, need)} of ${field}, and ${names} together have ${amount(field, there)}`
    return [clusterFinding('KC10', 'cluster', `nodes.status.allocatable.${field}`, message)]
  })
}
