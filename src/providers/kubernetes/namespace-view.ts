import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { CronJob } from 'kubernetes-types/batch/v1.js'
import type { Event, Pod } from 'kubernetes-types/core/v1.js'
import type { Answer, WorkloadSeen } from '../../engine/ports.ts'
import { imageVersion } from '../../inventory/kubernetes/definition.ts'
import { type Autoscaler, heldLeast, limitsOf, readOriginals } from './autoscaler.ts'
import type { ClaimRecord } from './claim-record.ts'
import type { ClaimKeeper } from './claims.ts'
import type { KindReader } from './client/kind-watch.ts'
import { kinds } from './client/kinds.ts'
import { type KubernetesObject, placeOf } from './client/resource.ts'
import type { KubernetesEnvironment } from './environment.ts'
import { type PodFacts, podFacts, type ToldOf } from './pod-facts.ts'
import { rolloutProblem } from './rollout.ts'
import type { ScalerOf, Scalers } from './scalers.ts'
import { scheduleRevision } from './schedule-revision.ts'
import { stampOn, workloadRevision } from './stamps.ts'

/** What runs in a namespace, by the watches that all its readers share. */
export type NamespaceView = {
  readonly deployments: KindReader<Deployment>
  readonly statefulSets: KindReader<StatefulSet>
  readonly cronJobs: KindReader<CronJob>
  readonly replicaSets: KindReader<KubernetesObject>
  readonly jobs: KindReader<KubernetesObject>
  readonly pods: KindReader<Pod>
  /** null: they may not be read, which only makes problems be told with less. */
  readonly warnings: KindReader<Event> | null
  readonly scalerOf: ScalerOf
  readonly claim: ClaimRecord
}

export type Found =
  | { readonly kind: 'deployment'; readonly object: Deployment }
  | { readonly kind: 'stateful set'; readonly object: StatefulSet }
  | { readonly kind: 'cron job'; readonly object: CronJob }

/** Waits until all of it is known; the first trouble is the answer. */
export const viewNamespace = async (
  { cluster, namespace }: KubernetesEnvironment,
  claims: ClaimKeeper,
  scalers: Scalers,
  signal: AbortSignal,
): Promise<Answer<NamespaceView>> => {
  const scope = { namespace }
  const [deployments, statefulSets, cronJobs, replicaSets, jobs, pods, warnings, scalerOf, claim] = await Promise.all([
    cluster.watches.of(kinds.deployments, scope).ready(signal),
    cluster.watches.of(kinds.statefulSets, scope).ready(signal),
    cluster.watches.of(kinds.cronJobs, scope).ready(signal),
    cluster.watches.of(kinds.replicaSets, scope).ready(signal),
    cluster.watches.of(kinds.jobs, scope).ready(signal),
    cluster.watches.of(kinds.pods, scope).ready(signal),
    cluster.watches.of(kinds.events, { namespace, fields: 'type=Warning' }).ready(signal),
    scalers.ready(signal),
    claims.known(signal),
  ])
  for (const each of [deployments, statefulSets, cronJobs, replicaSets, jobs, pods, scalerOf, claim])
    if (each.kind !== 'ok') return each
  // None of them is anything but ok, as was just looked at one by one; the compiler follows no loops.
  const value = <T>(answer: Answer<T>): T => (answer as Extract<Answer<T>, { kind: 'ok' }>).value
  const all = {
    deployments: value(deployments),
    statefulSets: value(statefulSets),
    cronJobs: value(cronJobs),
    replicaSets: value(replicaSets),
    jobs: value(jobs),
    pods: value(pods),
    warnings: warnings.kind === 'ok' ? warnings.value : null,
    scalerOf: value(scalerOf),
    claim: value(claim),
  }
  return { kind: 'ok', value: all }
}
/** The workload of a service. Of one name, a Deployment goes before a StatefulSet, and that before a CronJob. */
export const findWorkload = (all: NamespaceView, namespace: string, service: string): Found | null => {
  const place = { namespace, name: service }
  const deployment = all.deployments.get(place)
  if (deployment !== null) return { kind: 'deployment', object: deployment }
  const statefulSet = all.statefulSets.get(place)
  if (statefulSet !== null) return { kind: 'stateful set', object: statefulSet }
  const cronJob = all.cronJobs.get(place)
  return cronJob === null ? null : { kind: 'cron job', object: cronJob }
}

export const podsOf = ({ replicaSets, jobs, pods }: NamespaceView, { kind, object }: Found): readonly Pod[] => {
  const uid = object.metadata?.uid ?? ''
  const between = kind === 'deployment' ? replicaSets.ownedBy(uid) : kind === 'cron job' ? jobs.ownedBy(uid) : [object]
  return between.flatMap((owner) => pods.ownedBy(owner.metadata?.uid ?? ''))
}

/** What scales it by itself; null: nothing does. */
export const scalerIn = ({ scalerOf }: NamespaceView, { kind, object }: Found): Autoscaler | null =>
  scalerOf({ kind, name: placeOf(object).name })

export const seenOf = (all: NamespaceView, found: Found): WorkloadSeen => {
  const { object } = found
  const toldOf = newestWarning(all)
  const facts = podFacts(podsOf(all, found), toldOf)
  const { ready, running, restarts, youngestReadyAt } = facts
  const scaler = scalerIn(all, found)
  return {
    service: placeOf(object).name,
    version: versionOf(found),
    ...wantedOf(found, scaler, all.claim),
    ...(found.kind === 'stateful set' ? { ordinals: true as const } : {}),
    ready,
    running,
    restarts,
    youngestReadyAt,
    problem: problemOf(found, facts, toldOf),
    revision: found.kind === 'cron job' ? scheduleRevision(found.object) : workloadRevision(found.object, scaler),
    stamp: stampOn(object, all.claim),
  }
}

const wantedOf = (
  found: Found,
  scaler: Autoscaler | null,
  claim: ClaimRecord,
): Pick<WorkloadSeen, 'desired' | 'autoscaled'> => {
  if (found.kind === 'cron job') return { desired: 0 }
  const replicas = found.object.spec?.replicas ?? 1
  if (scaler === null) return { desired: replicas }
  const { least, most } = limitsOf(scaler, replicas)
  const originals = readOriginals(stampOn(scaler.object, claim)?.baseline)
  const held = originals !== null && least >= heldLeast(originals, most)
  return { desired: most, autoscaled: { least, held } }
}

const problemOf = (found: Found, facts: PodFacts, toldOf: ToldOf): string | null =>
  found.kind === 'cron job' ? facts.problem : rolloutProblem(found.object, facts, toldOf)

/** Warnings stay for an hour; a workload that is as it should be is not asked about. */
const newestWarning =
  ({ warnings }: NamespaceView): ToldOf =>
  (uid, counts) => {
    if (warnings === null || uid === undefined) return null
    const about = warnings.ownedBy(uid).filter(({ reason }) => counts(reason ?? ''))
    const newest = about.toSorted((a, b) => toldAt(a).localeCompare(toldAt(b))).at(-1)
    return newest?.message?.slice(0, longestWarning) ?? null
  }

const longestWarning = 300

const toldAt = ({ lastTimestamp, eventTime, metadata }: Event): string =>
  lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? ''

/** The images in the order of their containers, without registries: those may be others on green, and the version the same. */
const versionOf = ({ kind, object }: Found): string => {
  const template = kind === 'cron job' ? object.spec?.jobTemplate.spec?.template : object.spec?.template
  return (template?.spec?.containers ?? []).map((each) => imageVersion(each.image ?? '')).join(', ')
}
