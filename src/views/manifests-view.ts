import type { Estate } from '../inventory/estate.ts'
import { byText } from '../inventory/ordering.ts'
import type { KubernetesIndex } from '../kubernetes/index-objects.ts'
import type { ObjectsParity } from '../parity/kubernetes/compare-objects.ts'
import type { Fix } from '../parity/kubernetes/fixes.ts'
import type { ObjectDifference } from '../parity/kubernetes/object-difference.ts'
import type { NotChecked, PlatformReport, WorkloadSize } from '../platform/check-platform.ts'
import type { PlatformFinding } from '../platform/rule.ts'
import type { Waived } from '../platform/waivers.ts'
import { type EstateView, viewEstate } from './check-view.ts'

export type ParityView = {
  readonly unexplained: number
  readonly same: readonly string[]
  readonly differing: readonly { readonly service: string; readonly differences: readonly ObjectDifference[] }[]
  readonly notes: readonly string[]
  /** What was compared without asking green's API server, and why. */
  readonly notDryRun: { readonly objects: number; readonly because: readonly string[] }
  readonly fixes: readonly Fix[]
}

/** A side that was read from a cluster. */
export type ClusterView = {
  readonly side: 'blue' | 'green' | null
  /** Its context. */
  readonly name: string
  readonly version: string
  readonly namespaces: readonly string[]
  readonly objects: number
}

/** What came of one change of green. */
export type Applied = {
  readonly object: string
  /** `left`: somebody else manages it, or fields of it. `refused`: the API server said no, or did not answer. */
  readonly outcome: 'created' | 'changed' | 'left' | 'refused'
  readonly because: string | null
}

/** What `titrate check` tells of manifests, or of the objects of clusters. */
export type ManifestsView = {
  /** Whether nothing blocks. */
  readonly ok: boolean
  readonly platform: string | null
  readonly findings: readonly PlatformFinding[]
  readonly waived: readonly Waived[]
  readonly notChecked: readonly NotChecked[]
  readonly sizes: readonly WorkloadSize[]
  /** Of all pods together; what fits nowhere is not in `after`. */
  readonly total: { readonly before: WorkloadSize['before']; readonly after: WorkloadSize['before'] }
  readonly estate: EstateView
  readonly parity: ParityView | null
  /** How many objects of each kind there are. */
  readonly objects: Readonly<Record<string, number>>
  readonly files: number
  /** Where objects were read from clusters instead of files. */
  readonly clusters: readonly ClusterView[]
  /** What `--apply` did before this was read; null: nothing was to be applied. */
  readonly applied: readonly Applied[] | null
  readonly notes: readonly string[]
}

export const viewManifests = (found: {
  readonly index: KubernetesIndex
  readonly files: number
  readonly notes: readonly string[]
  readonly estate: Estate
  readonly platform: PlatformReport | null
  readonly parity: ObjectsParity | null
  /** What was found of clusters; absent: none was asked. */
  readonly clusters?: {
    readonly read: readonly ClusterView[]
    readonly findings: readonly PlatformFinding[]
    readonly waived: readonly Waived[]
    readonly notChecked: readonly NotChecked[]
  }
}): ManifestsView => {
  const { platform, parity, clusters } = found
  const findings = [...(clusters?.findings ?? []), ...(platform?.findings ?? [])]
  const sizes = platform?.sizes ?? []
  return {
    ok: findings.every(({ severity }) => severity !== 'error') && (parity?.unexplained ?? 0) === 0 && !blocks(parity),
    platform: platform?.platform ?? null,
    findings,
    waived: [...(clusters?.waived ?? []), ...(platform?.waived ?? [])],
    notChecked: [...(clusters?.notChecked ?? []), ...(platform?.notChecked ?? [])],
    sizes,
    total: { before: sum(sizes, ({ before }) => before), after: sum(sizes, ({ after }) => after) },
    estate: viewEstate(found.estate),
    parity: parity === null ? null : viewParity(parity),
    objects: countKinds(found.index),
    files: found.files,
    clusters: clusters?.read ?? [],
    applied: null,
    notes: found.notes,
  }
}

/** A rewrite that can't be read. */
const blocks = (parity: ObjectsParity | null): boolean =>
  parity?.findings.some(({ severity }) => severity === 'blocks') ?? false

const sum = (
  sizes: readonly WorkloadSize[],
  of: (one: WorkloadSize) => WorkloadSize['after'],
): WorkloadSize['before'] => {
  const total = sizes.reduce(
    (all, one) => {
      const size = of(one)
      return size === null ? all : { vcpu: all.vcpu + size.vcpu * one.pods, gb: all.gb + size.gb * one.pods }
    },
    { vcpu: 0, gb: 0 },
  )
  return { vcpu: Math.round(total.vcpu * 1_000) / 1_000, gb: Math.round(total.gb * 1_000) / 1_000 }
}

const viewParity = ({ services, unexplained, findings, notDryRun, fixes }: ObjectsParity): ParityView => {
  const all = services.map((one) => ({
    service: one.service,
    differences: [...one.unexplained, ...one.declared, ...one.required],
  }))
  return {
    unexplained,
    same: all.filter(({ differences }) => differences.length === 0).map(({ service }) => service),
    differing: all.filter(({ differences }) => differences.length > 0),
    notes: findings.map(({ message }) => message),
    notDryRun: { objects: notDryRun.length, because: [...new Set(notDryRun.map(({ because }) => because))] },
    fixes,
  }
}

const countKinds = ({ objects }: KubernetesIndex): Readonly<Record<string, number>> => {
  const counts = new Map<string, number>()
  for (const { sort } of objects) counts.set(sort, (counts.get(sort) ?? 0) + 1)
  return Object.fromEntries([...counts].sort(([a], [b]) => byText(a, b)))
}

/** Of one side nothing can be missing on the other. */
export const ofOneSide = (view: ManifestsView): ManifestsView => ({
  ...view,
  estate: { ...view.estate, services: view.estate.services.map((row) => ({ ...row, onGreen: true })) },
})
