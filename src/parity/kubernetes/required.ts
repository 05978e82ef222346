import type { Split } from '../../clusters/split-objects.ts'
import { at, isMap, type JsonMap, mapAt, mapsAt, textAt } from '../../kubernetes/json.ts'
import { sameQuantity } from '../../kubernetes/quantity.ts'
import type { Json } from '../../moves/goal.ts'
import { getAt, pathText, type TreeDifference, type TreeStep } from './compare-trees.ts'

/** What both sides are compared for. `platform` null: nothing is asked for by where green runs. */
export type RequiredContext = {
  readonly sort: string
  readonly expected: JsonMap
  readonly actual: JsonMap
  readonly platform: 'eks-fargate' | null
  /** Absent or null: both sides don't share namespaces. */
  readonly split?: Split | null
}

type Sides = { readonly path: string; readonly expected: Json | undefined; readonly actual: Json | undefined }

/** Why a difference needs no explanation from people: Titrate or the platform asks for it. null: it does. */
export const requiredBecause = (difference: TreeDifference, context: RequiredContext): string | null => {
  const sides: Sides = { ...difference, path: pathText(difference.steps) }
  return (
    asleep(sides, context.sort) ??
    bySplit(sides, context.split ?? null) ??
    (context.platform === null
      ? null
      : (byField(sides) ?? byVolume(difference.steps, sides, context) ?? bySize(difference.steps, sides, context)))
  )
}

/** How KEDA is told to keep a number of replicas. */
export const pausedReplicas = 'autoscaling.keda.sh/paused-replicas'

const asleep = ({ path, expected, actual }: Sides, sort: string): string | null => {
  if (sort === 'CronJob' && path === 'spec.suspend' && actual === true && expected !== true)
    return 'green sleeps until the schedule is handed over'
  if (path === `metadata.annotations["${pausedReplicas}"]` && actual === '0' && expected === undefined)
    return 'green sleeps until its step'
  const scaled = sort === 'Deployment' || sort === 'StatefulSet'
  return scaled && path === 'spec.replicas' && actual === 0 ? 'green sleeps until its step' : null
}

/** In namespaces that both sides share, green has a label of its own, and its names an ending. */
const bySplit = ({ path, expected, actual }: Sides, split: Split | null): string | null => {
  if (split === null) return null
  const { label, value, suffix } = split
  const why = `what is green is told by ${label}=${value}`
  const ends = path.endsWith(`.${label}`) || path.endsWith(`["${label}"]`)
  if (ends && actual === value && expected === undefined) return why
  const isName = typeof expected === 'string' && actual === `${expected}${suffix}`
  return isName && /(scaleTargetRef\.name|serviceName|\.name)$/.test(path) ? why : null
}

type Field = { readonly path: RegExp; readonly rule: string; readonly fits: (sides: Sides) => boolean }

const gone = ({ actual }: Sides): boolean => actual === undefined || actual === false
const isIp = ({ actual }: Sides): boolean => actual === 'ip'
const onlyGreen = ({ expected }: Sides): boolean => expected === undefined

/** Differences that Fargate asks for, with the rule of the catalogue behind each. */
const fields: readonly Field[] = [
  { path: /annotations\["alb\.ingress\.kubernetes\.io\/target-type"\]$/, rule: 'FG26', fits: isIp },
  {
    path: /annotations\["service\.beta\.kubernetes\.io\/aws-load-balancer-nlb-target-type"\]$/,
    rule: 'FG27',
    fits: isIp,
  },
  {
    path: /annotations\["service\.beta\.kubernetes\.io\/aws-load-balancer-type"\]$/,
    rule: 'FG27',
    fits: ({ actual }) => actual === 'external' || actual === 'nlb-ip',
  },
  {
    path: /^spec\.type$/,
    rule: 'FG27',
    fits: ({ expected, actual }) => expected === 'NodePort' && (actual === undefined || actual === 'ClusterIP'),
  },
  { path: /spec\.(nodeSelector|affinity|topologySpreadConstraints|tolerations)\b/, rule: 'FG28', fits: gone },
  { path: /\.ttlSecondsAfterFinished$/, rule: 'FG31', fits: onlyGreen },
  { path: /securityContext\.privileged$/, rule: 'FG02', fits: gone },
  {
    path: /securityContext\.capabilities(\.add)?$/,
    rule: 'FG03',
    fits: ({ expected, actual }) => actual === undefined && at(expected, 'drop') === undefined,
  },
  { path: /securityContext\.allowPrivilegeEscalation$/, rule: 'FG04', fits: ({ actual }) => actual === false },
  { path: /spec\.hostNetwork$|\.(hostPort|hostIP)$/, rule: 'FG05', fits: gone },
  { path: /spec\.(hostPID|hostIPC)$/, rule: 'FG06', fits: gone },
  { path: /annotations\["eks\.amazonaws\.com\/role-arn"\]$/, rule: 'FG24', fits: onlyGreen },
  { path: /labels\["eks\.amazonaws\.com\/fargate-profile"\]$/, rule: 'FG21', fits: onlyGreen },
]

const byField = (sides: Sides): string | null => {
  const field = fields.find(({ path, fits }) => path.test(sides.path) && fits(sides))
  return field === undefined ? null : asks(field.rule)
}

const asks = (rule: string): string => `Fargate asks for it (${rule})`

/** A volume that Fargate doesn't take, and where it was mounted. */
const byVolume = (steps: readonly TreeStep[], { expected, actual }: Sides, context: RequiredContext): string | null => {
  const [list, entry] = steps.slice(-2)
  if (actual !== undefined || !isMap(expected) || list?.kind !== 'field' || entry?.kind !== 'entry') return null
  if (list.name === 'volumes') return isMap(expected['hostPath']) || isMap(expected['csi']) ? asks('FG07') : null
  if (list.name !== 'volumeMounts') return null
  const volumes = podOf(steps, context.expected)
  const mounted = mapsAt(volumes, 'volumes').find(({ map }) => map['name'] === expected['name'])
  return mounted !== undefined && (isMap(mounted.map['hostPath']) || isMap(mounted.map['csi'])) ? asks('FG07') : null
}

const isContainers = (step: TreeStep): boolean =>
  step.kind === 'field' && /^(containers|initContainers)$/.test(step.name)

const podOf = (steps: readonly TreeStep[], tree: JsonMap): JsonMap => {
  const place = steps.findIndex(isContainers)
  const pod = place === -1 ? undefined : getAt(tree, steps.slice(0, place))
  return isMap(pod) ? pod : {}
}

/** Equal requests and limits, which are one of those that blue has. */
const bySize = (steps: readonly TreeStep[], { path, actual }: Sides, context: RequiredContext): string | null => {
  const [, resource] = /\.resources\.(?:requests|limits)\.(cpu|memory)$/.exec(path) ?? []
  const place = steps.findIndex(isContainers)
  if (resource === undefined || place === -1 || actual === undefined) return null
  const [green, blue] = [context.actual, context.expected].map((tree) => getAt(tree, steps.slice(0, place + 2)))
  const of = (container: Json | undefined, field: string): Json | undefined =>
    mapAt(container, 'resources', field)[resource]
  const equal = sameQuantity(of(green, 'requests'), of(green, 'limits'))
  const known = ['requests', 'limits'].some((field) => sameQuantity(of(blue, field), actual))
  return equal && known ? asks('FG17') : null
}

/** Objects that only green has because Fargate asks for them, and such as only blue can have. */
export const requiredObject = (
  { sort, namespace }: { readonly sort: string; readonly namespace: string | null },
  side: 'only blue' | 'only green',
  platform: RequiredContext['platform'],
): string | null => {
  if (platform === null) return null
  if (side === 'only blue') return sort === 'DaemonSet' ? asks('FG01') : null
  if (sort.startsWith('SecurityGroupPolicy.')) return asks('FG29')
  return namespace === 'aws-observability' ? asks('FG34') : null
}

export const isHostAddress = (entry: Json): boolean =>
  textAt(entry, 'valueFrom', 'fieldRef', 'fieldPath') === 'status.hostIP'
