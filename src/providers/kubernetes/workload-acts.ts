import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { Answer, Call } from '../../engine/ports.ts'
import type { Json } from '../../moves/goal.ts'
import { type Change, changeObject, type Revised, stampOnly } from './act.ts'
import { type Autoscaler, heldLeast, wentToZero } from './autoscaler.ts'
import type { ClaimKeeper } from './claims.ts'
import { kinds } from './client/kinds.ts'
import { placeOf } from './client/resource.ts'
import type { KubernetesEnvironment } from './environment.ts'
import type { Found } from './namespace-view.ts'
import { scheduleRevision } from './schedule-revision.ts'
import { hasShare, originalsOn, shareScaler } from './share-scaler.ts'
import { revisionOf, workloadRevision } from './stamps.ts'

type Options = { readonly environment: KubernetesEnvironment; readonly claims: ClaimKeeper }
type Scaled = Deployment | StatefulSet
type Replicated = Exclude<Found, { readonly kind: 'cron job' }>

/** What is written on workloads and their autoscalers: how many replicas, and whose act it was. */
export const makeActs = (options: Options) => {
  const write = (
    call: Call,
    baseline: Json,
    { kind, name }: { readonly kind: Replicated['kind']; readonly name: string },
    change: Change<Scaled>,
    revision: (object: Scaled) => string = revisionOf,
  ): Promise<Answer<Revised>> =>
    kind === 'deployment'
      ? changeObject({ ...options, revision, resource: kinds.deployments }, call, name, baseline, change)
      : changeObject({ ...options, revision, resource: kinds.statefulSets }, call, name, baseline, change)

  return {
    scale: (call: Call, baseline: Json, { kind, object }: Replicated, replicas: number) =>
      write(
        call,
        baseline,
        { kind, name: placeOf(object).name },
        {
          patch: () => ({ body: { spec: { replicas, ...numbersFrom(kind, baseline, replicas) } } }),
          holds: ({ spec }) => spec?.replicas === replicas,
        },
      ),
    /** An autoscaler gets its share. Replicas are its own to write: we only put an HPA's workload to sleep, and wake it. */
    scaleByScaler: (call: Call, baseline: Json, { kind, object }: Replicated, scaler: Autoscaler, most: number) => {
      let now = scaler
      /** KEDA puts to sleep and wakes by itself. */
      const isRight = (replicas = 1) => scaler.kind === 'KEDA' || (replicas === 0) === (most === 0)
      const change: Change<Scaled> = {
        patch: ({ spec }) => {
          const numbers = numbersFrom(kind, baseline, most)
          if (isRight(spec?.replicas)) return { body: { spec: numbers } }
          const replicas = most === 0 ? 0 : heldLeast(originalsOn(scaler, spec?.replicas ?? 1), most)
          return { body: { spec: { replicas, ...numbers } } }
        },
        then: async ({ spec }) => {
          const shared = await shareScaler(options, call, scaler, spec?.replicas ?? 1, most)
          if (shared.kind !== 'ok') return shared
          now = shared.value
          return most === 0 && wentToZero(scaler) ? stillAwake(scaler) : shared
        },
        holds: ({ spec }) => isRight(spec?.replicas) && hasShare(scaler, spec?.replicas ?? 1, most),
      }
      return write(call, baseline, { kind, name: placeOf(object).name }, change, (each) => workloadRevision(each, now))
    },
    stamp: (call: Call, baseline: Json, service: string, kind: Found['kind']): Promise<Answer<Revised>> => {
      if (kind !== 'cron job') return write(call, baseline, { kind, name: service }, stampOnly)
      const deps = { ...options, resource: kinds.cronJobs, revision: scheduleRevision }
      return changeObject(deps, call, service, baseline, stampOnly)
    },
  }
}

/**
 * Green's share of a StatefulSet has its highest numbers: blue gives those up first. Only green's baseline says of how many
 * it is a share; blue's numbers begin where they always did. Pods that keep their number are left alone.
 */
const numbersFrom = (kind: Replicated['kind'], baseline: Json, replicas: number): object => {
  const of = typeof baseline === 'object' && baseline !== null && 'of' in baseline ? baseline.of : null
  return kind === 'stateful set' && typeof of === 'number' ? { ordinals: { start: Math.max(0, of - replicas) } } : {}
}

/** Its minimum is above 0 now, so it brings its workload up once more, and takes note that it is not at 0 by itself. */
const stillAwake = ({ object }: Autoscaler): Answer<never> => ({
  kind: 'unknown',
  because: `HorizontalPodAutoscaler ${placeOf(object).name} has taken its workload to 0 by itself, and would bring it back: waiting until it has seen its new minimum`,
})
