import type { KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { at, type JsonMap, mapAt, mapsAt, textAt, textsAt } from '../../kubernetes/json.ts'
import { customKinds } from '../../kubernetes/kinds.ts'
import { type KubernetesObject, objectKey, objectText } from '../../kubernetes/object.ts'
import type { Workload } from '../../kubernetes/workload.ts'
import type { Json } from '../../moves/goal.ts'
import type { Revert } from '../estate.ts'
import { argoApplication } from './managers.ts'

/** What a release writes on one object, as JSON pointers. */
type Written = { readonly object: KubernetesObject; readonly pointers: readonly string[] }

/**
 * Which tools would put back what a release writes (replicas, `suspend`, limits of autoscalers, weights), each with the
 * setting that lets it be. Told from labels, annotations, who owns the field, and the tool's own objects where they can
 * be read.
 */
export const revertsOf = (
  workload: Workload,
  {
    index,
    scalers,
    routes,
  }: {
    readonly index: KubernetesIndex
    /** Of the workload. */
    readonly scalers: readonly KubernetesObject[]
    /** By which users reach it. */
    readonly routes: readonly KubernetesObject[]
  },
): readonly Revert[] =>
  [workload.object, ...scalers, ...routes].flatMap((object) => {
    const written = writtenOn(object, scalers)
    return [byArgoCd, byFlux, byFluxHelm, byHelm].flatMap((tool) => tool(written, index) ?? [])
  })

/** HTTPRoutes by the Services that they send to: those whose weights a release sets. */
export type RoutesByService = ReadonlyMap<string, readonly KubernetesObject[]>

export const routesByService = (index: KubernetesIndex): RoutesByService => {
  const routes = new Map<string, Set<KubernetesObject>>()
  for (const route of index.all(customKinds.httpRoute)) {
    for (const { map: rule } of mapsAt(route.body, 'spec', 'rules')) {
      for (const { map } of mapsAt(rule, 'backendRefs')) {
        const place = { namespace: textAt(map, 'namespace') ?? route.namespace, name: textAt(map, 'name') ?? '' }
        const key = objectKey({ sort: 'Service', ...place })
        routes.set(key, (routes.get(key) ?? new Set()).add(route))
      }
    }
  }
  return new Map([...routes].map(([key, found]) => [key, [...found]]))
}

const keda = ['/spec/minReplicaCount', '/spec/maxReplicaCount', '/spec/idleReplicaCount']
const pause = '/metadata/annotations/autoscaling.keda.sh~1paused-replicas'

const writtenOn = (object: KubernetesObject, scalers: readonly KubernetesObject[]): Written => {
  switch (object.sort) {
    case 'CronJob':
      return { object, pointers: ['/spec/suspend'] }
    case 'HorizontalPodAutoscaler':
      return { object, pointers: ['/spec/minReplicas', '/spec/maxReplicas'] }
    case customKinds.scaledObject:
      return { object, pointers: [...keda, pause] }
    case customKinds.httpRoute:
      // Weights stand in lists, which are set as a whole.
      return { object, pointers: ['/spec/rules'] }
    default:
      // KEDA puts its workload to sleep by itself; that of an HPA is set to 0.
      return {
        object,
        pointers: scalers.some(({ sort }) => sort === customKinds.scaledObject) ? [] : ['/spec/replicas'],
      }
  }
}

const written = new Set(
  [
    ...['replicas', 'suspend', 'minReplicas', 'maxReplicas', 'rules'],
    ...['minReplicaCount', 'maxReplicaCount', 'idleReplicaCount'],
  ].map((field) => `f:${field}`),
)

/** Kinds that a release writes fields of. */
const writtenKinds: ReadonlySet<string> = new Set([
  ...['Deployment', 'StatefulSet', 'CronJob', 'HorizontalPodAutoscaler'],
  ...[customKinds.scaledObject, customKinds.httpRoute],
])

/** Who has set which of the fields that a release writes, out of `metadata.managedFields`, which is long; null: nothing to keep. */
export const fieldManagers = (sort: string, managedFields: Json | undefined): Json | null => {
  if (!writtenKinds.has(sort) || !Array.isArray(managedFields)) return null
  return mapsAt(managedFields as Json).map(({ map }) => {
    const spec = Object.keys(mapAt(map, 'fieldsV1', 'f:spec')).filter((key) => written.has(key))
    const hasPause = at(map, 'fieldsV1', 'f:metadata', 'f:annotations', pausedField) !== undefined
    return {
      manager: map['manager'] ?? null,
      fieldsV1: {
        'f:spec': Object.fromEntries(spec.map((key) => [key, {}])),
        ...(hasPause ? { 'f:metadata': { 'f:annotations': { [pausedField]: {} } } } : {}),
      },
    }
  })
}

const pausedField = 'f:autoscaling.keda.sh/paused-replicas'

/** The fields that a tool has set. Who owns which field tells that exactly; where it can't be seen, what is there may be set by it. */
const setBy = ({ object, pointers }: Written, manager: RegExp): readonly string[] => {
  const fields = mapsAt(object.body, 'metadata', 'managedFields').map(({ map }) => map)
  const own = fields.filter((each) => manager.test(textAt(each, 'manager') ?? ''))
  const isSet = (pointer: string): boolean => {
    const path = pointer
      .slice(1)
      .split('/')
      .map((part) => part.replaceAll('~1', '/'))
    if (fields.length === 0) return at(object.body, ...path) !== undefined
    return own.some((each) => at(each, 'fieldsV1', ...path.map((part) => `f:${part}`)) !== undefined)
  }
  return pointers.filter(isSet)
}

const kindAndName = ({ group, kind, name }: KubernetesObject): string =>
  `${group === '' ? '' : `group: ${group}, `}kind: ${kind}, name: ${name}`

const list = (pointers: readonly string[]): string => `[${pointers.join(', ')}]`

const byArgoCd = (written: Written, index: KubernetesIndex): Revert | null => {
  const { object } = written
  const name = argoApplication(object, index)
  const fields = name === null ? [] : setBy(written, /argocd/)
  if (name === null || fields.length === 0) return null
  const [application] = index.all(customKinds.application).filter((each) => each.name === name.split('/').at(-1))
  const spec = application === undefined ? null : mapAt(application.body, 'spec')
  const left = spec === null ? fields : fields.filter((field) => !isIgnored(spec, object, field))
  const respects = textsAt(spec ?? undefined, 'syncPolicy', 'syncOptions').includes('RespectIgnoreDifferences=true')
  if (spec !== null && left.length === 0 && respects) return null
  const heals = at(spec ?? undefined, 'syncPolicy', 'automated', 'selfHeal') === true
  const when =
    spec === null
      ? 'puts it back at its next sync, or at once where selfHeal is on (its Application was not found here)'
      : heals
        ? 'puts it back within seconds (selfHeal is on)'
        : 'puts it back at its next sync'
  const asked = left.length === 0 ? fields : left
  const message = `Argo CD application ${name} sets ${list(asked)} of ${objectText(object)}, which the release changes, and ${when}. Add to the Application: spec.ignoreDifferences: [{ ${kindAndName(object)}, jsonPointers: ${list(asked)} }] and spec.syncPolicy.syncOptions: [RespectIgnoreDifferences=true]; or leave the fields out of its source.`
  return { byItself: heals, message }
}

const isIgnored = (spec: JsonMap, object: KubernetesObject, pointer: string): boolean =>
  mapsAt(spec, 'ignoreDifferences').some(({ map }) => {
    const matches = (key: string, value: string) => [undefined, '', '*', value].includes(textAt(map, key) ?? undefined)
    const isAbout =
      matches('group', object.group) &&
      matches('kind', object.kind) &&
      matches('name', object.name) &&
      matches('namespace', object.namespace ?? '')
    const jq = pointer.replaceAll('/', '.')
    return (
      isAbout &&
      (textsAt(map, 'jsonPointers').some((each) => pointer === each || pointer.startsWith(`${each}/`)) ||
        textsAt(map, 'jqPathExpressions').includes(jq) ||
        textsAt(map, 'managedFieldsManagers').includes('titrate'))
    )
  })

const kustomize = 'kustomize.toolkit.fluxcd.io'

const byFlux = (written: Written, index: KubernetesIndex): Revert | null => {
  const { object } = written
  const { [`${kustomize}/name`]: name, [`${kustomize}/namespace`]: namespace = '' } = object.labels
  if (name === undefined) return null
  const { [`${kustomize}/ssa`]: ssa = '', [`${kustomize}/reconcile`]: reconcile = '' } = object.annotations
  if (/^(ifnotpresent|ignore)$/i.test(ssa) || reconcile.toLowerCase() === 'disabled') return null
  const found = index.get(`Kustomization.${kustomize}`, namespace, name)
  if (at(found?.body, 'spec', 'suspend') === true) return null
  const left = setBy(written, /kustomize-controller/).filter((field) => !isLeftByFlux(found, object, field))
  if (left.length === 0) return null
  const message = `Flux Kustomization ${namespace}/${name} sets ${list(left)} of ${objectText(object)}, which the release changes, and puts it back at each interval. Flux 2.9 or later: add to its spec.ignore: [{ paths: ${list(left)}, target: { kind: ${object.kind}, name: ${object.name} } }]. Earlier: annotate the object in Git with ${kustomize}/ssa: IfNotPresent, or leave the fields out.`
  return { byItself: true, message }
}

const isLeftByFlux = (kustomization: KubernetesObject | null, object: KubernetesObject, pointer: string): boolean =>
  mapsAt(kustomization?.body, 'spec', 'ignore').some(({ map }) => {
    const target = mapAt(map, 'target')
    const matches = (key: string, value: string): boolean => fits(textAt(target, key), value)
    // Which labels it has in Git isn't known here.
    const isPlain = target['labelSelector'] === undefined && target['annotationSelector'] === undefined
    return (
      isPlain &&
      matches('group', object.group) &&
      matches('kind', object.kind) &&
      matches('name', object.name) &&
      matches('namespace', object.namespace ?? '') &&
      textsAt(map, 'paths').some((each) => pointer === each || pointer.startsWith(`${each}/`))
    )
  })

/** Selectors of Flux are whole regular expressions; one that can't be read fits nothing. */
const fits = (pattern: string | null, value: string): boolean => {
  if (pattern === null || pattern === '') return true
  try {
    return new RegExp(`^(?:${pattern})$`).test(value)
  } catch {
    return false
  }
}

const helmToolkit = 'helm.toolkit.fluxcd.io'

const byFluxHelm = (written: Written, index: KubernetesIndex): Revert | null => {
  const { object } = written
  const { [`${helmToolkit}/name`]: name, [`${helmToolkit}/namespace`]: namespace = '' } = object.labels
  const fields = name === undefined ? [] : setBy(written, /helm/)
  if (name === undefined || fields.length === 0) return null
  const found = index.get(`HelmRelease.${helmToolkit}`, namespace, name)
  if (at(found?.body, 'spec', 'suspend') === true) return null
  const detection = mapAt(found?.body, 'spec', 'driftDetection')
  const detects = detection['mode'] === 'enabled'
  const isLeft = (field: string) =>
    mapsAt(detection, 'ignore').some(
      ({ map }) =>
        textsAt(map, 'paths').includes(field) &&
        fits(textAt(map, 'target', 'kind'), object.kind) &&
        fits(textAt(map, 'target', 'name'), object.name),
    )
  const left = detects ? fields.filter((field) => !isLeft(field)) : fields
  if (left.length === 0) return null
  const what = `Flux HelmRelease ${namespace}/${name} sets ${list(left)} of ${objectText(object)}, which the release changes`
  const message = detects
    ? `${what}, and puts it back (driftDetection is on). Add to its spec.driftDetection.ignore: [{ paths: ${list(left)}, target: { kind: ${object.kind}, name: ${object.name} } }], and don't upgrade it while the release runs: spec.suspend: true.`
    : `${what}, and puts it back when the chart or its values change${found === null ? ', or at each interval where driftDetection is on (it was not found here)' : ''}. Set its spec.suspend: true while the release runs.`
  return { byItself: detects, message }
}

const byHelm = (written: Written): Revert | null => {
  const { object } = written
  const release = object.annotations['meta.helm.sh/release-name']
  // What Flux or Argo CD install from a chart is theirs.
  const isOfOthers = Object.keys({ ...object.labels, ...object.annotations }).some((key) =>
    /(toolkit\.fluxcd|argocd\.argoproj)\.io\//.test(key),
  )
  const fields = release === undefined || isOfOthers ? [] : setBy(written, /helm/i)
  if (release === undefined || fields.length === 0) return null
  const message = `Helm release ${release} sets ${list(fields)} of ${objectText(object)}, which the release changes. The next helm upgrade puts it back (Helm 4 stops with a conflict instead): don't upgrade ${release} while the release runs, or leave the fields out of the chart.`
  return { byItself: false, message }
}
