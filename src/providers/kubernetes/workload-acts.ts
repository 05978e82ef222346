import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { CronJob } from 'kubernetes-types/batch/v1.js'
import type { Answer, Call } from '../../engine/ports.ts'
import type { Json } from '../../moves/goal.ts'
import { type ActDeps, changeObject, type Revised, stampOnly } from './act.ts'
import type { ClaimKeeper } from './claims.ts'
import { kinds } from './client/kinds.ts'
import type { KubernetesEnvironment } from './environment.ts'
import type { Found } from './namespace-view.ts'
import { scheduleRevision } from './schedule-revision.ts'
import { revisionOf } from './stamps.ts'

type Options = { readonly environment: KubernetesEnvironment; readonly claims: ClaimKeeper }

/** What is written on workloads: their replicas, and whose act it was. */
export const makeActs = ({ environment, claims }: Options) => {
  const scaled = (
    call: Call,
    service: string,
    baseline: Json,
    kind: 'deployment' | 'stateful set',
    replicas: number | null,
  ): Promise<Answer<Revised>> => {
    const holds = (object: Deployment | StatefulSet) => replicas === null || object.spec?.replicas === replicas
    const change = { patch: () => ({ body: replicas === null ? {} : { spec: { replicas } } }), holds }
    const deps = { environment, claims, revision: revisionOf }
    return kind === 'deployment'
      ? changeObject({ ...deps, resource: kinds.deployments }, call, service, baseline, change)
      : changeObject({ ...deps, resource: kinds.statefulSets }, call, service, baseline, change)
  }
  return {
    scale: scaled,
    stamp: (call: Call, service: string, baseline: Json, kind: Found['kind']): Promise<Answer<Revised>> => {
      if (kind !== 'cron job') return scaled(call, service, baseline, kind, null)
      const deps: ActDeps<CronJob> = { environment, claims, resource: kinds.cronJobs, revision: scheduleRevision }
      return changeObject(deps, call, service, baseline, stampOnly)
    },
  }
}
