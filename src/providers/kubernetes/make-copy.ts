import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { CronJob } from 'kubernetes-types/batch/v1.js'
import type { Answer, Call } from '../../engine/ports.ts'
import { fieldManager } from './annotations.ts'
import type { ClaimKeeper } from './claims.ts'
import { kinds } from './client/kinds.ts'
import type { KubernetesObject, Resource } from './client/resource.ts'
import { copyOf } from './copy-of.ts'
import { type KubernetesEnvironment, nameOfEnvironment } from './environment.ts'
import type { Found } from './namespace-view.ts'

type Options = {
  readonly environment: KubernetesEnvironment
  readonly claims: ClaimKeeper
  /** Where a service is copied from when this side doesn't have it; null: it has to be there (GitOps, or people, make it). */
  readonly source: Pick<KubernetesEnvironment, 'cluster' | 'namespace'> | null
}

/** Makes the service here, asleep, from the other side's object. The answer: what it is. */
export const makeCopy = async (options: Options, call: Call, service: string): Promise<Answer<Found['kind']>> => {
  const { environment, claims, source } = options
  const { cluster, namespace } = environment
  if (source === null) {
    return {
      kind: 'refused',
      because: `${service} is not in ${nameOfEnvironment(environment)}, and there is nothing to copy it from`,
    }
  }
  const admitted = await claims.admit(call.fence, call.signal)
  if (admitted.kind !== 'ok') return admitted
  const copy = async <T extends KubernetesObject>(
    resource: Resource<T>,
    asleep: (object: T) => T,
  ): Promise<Answer<boolean>> => {
    const read = await source.cluster.client.get(
      resource,
      { namespace: source.namespace, name: service },
      { signal: call.signal },
    )
    if (read.kind !== 'ok') return read
    if (read.value === null) return { kind: 'ok', value: false }
    const object = asleep(copyOf(read.value, namespace))
    // Not forced: fields that somebody else set in the meantime are theirs.
    const patch = { kind: 'apply', object, manager: fieldManager, force: false } as const
    const made = await cluster.client.patch(resource, { namespace, name: service }, patch, { signal: call.signal })
    if (made.kind !== 'ok') return made
    cluster.watches.of(resource, { namespace }).note(made.value)
    return { kind: 'ok', value: true }
  }
  const deployment = await copy(
    kinds.deployments,
    (object) => ({ ...object, spec: { ...object.spec, replicas: 0 } }) as Deployment,
  )
  if (deployment.kind !== 'ok' || deployment.value)
    return deployment.kind === 'ok' ? { kind: 'ok', value: 'deployment' } : deployment
  const set = await copy(
    kinds.statefulSets,
    (object) => ({ ...object, spec: { ...object.spec, replicas: 0 } }) as StatefulSet,
  )
  if (set.kind !== 'ok' || set.value) return set.kind === 'ok' ? { kind: 'ok', value: 'stateful set' } : set
  const job = await copy(
    kinds.cronJobs,
    (object) => ({ ...object, spec: { ...object.spec, suspend: true } }) as CronJob,
  )
  if (job.kind !== 'ok' || job.value) return job.kind === 'ok' ? { kind: 'ok', value: 'cron job' } : job
  return { kind: 'refused', because: `there is no ${service} to copy in ${nameOfEnvironment(source)}` }
}
