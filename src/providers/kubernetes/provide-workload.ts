import type { Answer, Call, WorkloadSeen } from '../../engine/ports.ts'
import type { ClaimKeeper } from './claims.ts'
import { isCopy } from './copy-of.ts'
import type { KubernetesEnvironment } from './environment.ts'
import { type CopySource, makeCopy } from './make-copy.ts'
import type { Found } from './namespace-view.ts'
import type { Scalers } from './scalers.ts'

type Options = {
  readonly environment: KubernetesEnvironment
  readonly claims: ClaimKeeper
  readonly source: CopySource | null
  readonly sourceScalers: Scalers | null
}

/**
 * Sees to it that the service is here and asleep: copies what is not there, and takes over what others made. The
 * answer: what it is, so that it can be stamped, which comes last: a copy without our stamp may lack what is around it.
 */
export const provideWorkload = async (
  options: Options,
  call: Call,
  service: string,
  workload: Found | null,
  seen: WorkloadSeen | null,
): Promise<Answer<Found['kind']>> => {
  if (workload === null || seen === null) return makeCopy(options, call, service)
  if (seen.stamp?.fence.release === call.fence.release) return { kind: 'ok', value: workload.kind }
  const because = awakeBecause(workload, seen)
  if (because !== null) return { kind: 'refused', because }
  return isCopy(workload.object) ? makeCopy(options, call, service) : { kind: 'ok', value: workload.kind }
}

/** Why what others made on green can't be taken over as it is; null: it is asleep. */
const awakeBecause = ({ kind, object }: Found, { service, desired, autoscaled }: WorkloadSeen): string | null => {
  if (kind === 'cron job' && object.spec?.suspend !== true) {
    return `CronJob ${service} is active on green already, so ticks would run twice: set suspend: true where it is kept, then try again`
  }
  if (desired === 0) return null
  if (autoscaled !== undefined) {
    return `an autoscaler may start up to ${desired} replicas of ${service} on green already: set replicas: 0 for an HPA, or the annotation autoscaling.keda.sh/paused-replicas: "0" for KEDA, where it is kept, then try again`
  }
  return `green already runs ${desired} replicas of ${service} that this release did not start: set replicas: 0 where it is kept, then try again`
}
