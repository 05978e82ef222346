import type { Answer, Call } from '../../engine/ports.ts'
import { mapAt } from '../../kubernetes/json.ts'
import { readWorkload, type Workload } from '../../kubernetes/workload.ts'
import type { Rewriter } from '../../parity/rewrites.ts'
import type { ClaimKeeper } from './claims.ts'
import { kinds } from './client/kinds.ts'
import { describeObject, placeOf, type Resource } from './client/resource.ts'
import { asRead, manifestOf, putCopy } from './copy-object.ts'
import { type CopyOptions, copyOf, isCopy } from './copy-of.ts'
import { copyScaler } from './copy-scaler.ts'
import { type KubernetesEnvironment, nameOfEnvironment } from './environment.ts'
import type { Found } from './namespace-view.ts'
import { ownDataOf } from './own-data.ts'
import type { Scalers } from './scalers.ts'
import { type Surrounding, surroundingsOf } from './surroundings.ts'

/** Where services are copied from, and how what stands there is called on green. */
export type CopySource = Pick<KubernetesEnvironment, 'cluster' | 'namespace'> & {
  /** The name on blue of what has this name on green. */
  readonly nameOnBlue: (name: string) => string
  readonly namespaceOnGreen: (namespace: string) => string
  /** The release's `parity.rewrites`. */
  readonly rewrite: Rewriter
}

type Options = {
  readonly environment: KubernetesEnvironment
  readonly claims: ClaimKeeper
  /** null: what green doesn't have has to be made there (by GitOps, or people). */
  readonly source: CopySource | null
  /** Those of the source; null: there is none. */
  readonly sourceScalers: Scalers | null
}

/** Makes the service here, asleep, from the other side's object, and what it needs around it. The answer: what it is. */
export const makeCopy = async (options: Options, call: Call, name: string): Promise<Answer<Found['kind']>> => {
  const { environment, claims, source, sourceScalers } = options
  const here = nameOfEnvironment(environment)
  if (source === null || sourceScalers === null) {
    return { kind: 'refused', because: `${name} is not in ${here}, and there is nothing to copy it from` }
  }
  if (source.cluster.name === environment.cluster.name && source.namespace === environment.namespace) {
    const because = `${name} is not in ${here}, and a copy in blue's own namespace would be behind blue's Services at once: make it there, with labels of its own, and asleep`
    return { kind: 'refused', because }
  }
  const admitted = await claims.admit(call.fence, call.signal)
  if (admitted.kind !== 'ok') return admitted
  const nameOnBlue = source.nameOnBlue(name)
  const blue = await workloadOnBlue(source, nameOnBlue, call.signal)
  if (blue.kind !== 'ok') return blue
  if (blue.value === null) {
    return { kind: 'refused', because: `there is no ${nameOnBlue} to copy in ${nameOfEnvironment(source)}` }
  }
  const { found, workload } = blue.value
  const data = await ownDataOf(source, environment, workload, call.signal)
  if (data.kind !== 'ok') return data
  const around = await surroundingsOf(source, workload, call.signal)
  if (around.kind !== 'ok') return around
  const how: CopyOptions = {
    service: call.fence.move,
    places: { namespace: source.namespaceOnGreen, name: (object) => (object === workload.object ? name : object.name) },
    rewrite: source.rewrite,
    from: nameOfEnvironment(source),
  }
  const copied = await copyAround(environment, around.value, how, call.signal)
  if (copied.kind !== 'ok') return copied
  const made = await copyWorkload(environment, { ...found, workload }, how, call.signal)
  if (made.kind !== 'ok') return made
  const scalerOf = await sourceScalers.ready(call.signal)
  if (scalerOf.kind !== 'ok') return scalerOf
  const scaler = scalerOf.value({ kind: found.kind, name: workload.object.name })
  if (scaler === null) return made
  const scaled = await copyScaler(source, environment, { scaler, target: name, replicas: workload.replicas }, how, call)
  return scaled.kind === 'ok' ? made : scaled
}

type OnBlue = { readonly kind: Found['kind']; readonly resource: Resource }

/** Of one name, a Deployment goes before a StatefulSet, and that before a CronJob, as everywhere. */
const workloadKinds: readonly OnBlue[] = [
  { kind: 'deployment', resource: kinds.deployments },
  { kind: 'stateful set', resource: kinds.statefulSets },
  { kind: 'cron job', resource: kinds.cronJobs },
]

const workloadOnBlue = async (
  { cluster, namespace }: CopySource,
  name: string,
  signal: AbortSignal,
): Promise<Answer<{ readonly found: OnBlue; readonly workload: Workload } | null>> => {
  for (const found of workloadKinds) {
    const read = await cluster.client.get(found.resource, { namespace, name }, { signal })
    if (read.kind !== 'ok') return read
    const object = read.value === null ? null : asRead(read.value, namespace)
    const workload = object === null ? null : readWorkload(object)
    if (workload !== null) return { kind: 'ok', value: { found, workload } }
  }
  return { kind: 'ok', value: null }
}

/** One after the other, as they are needed: a policy before the pods that it holds for. */
const copyAround = async (
  environment: KubernetesEnvironment,
  around: readonly Surrounding[],
  how: CopyOptions,
  signal: AbortSignal,
): Promise<Answer<null>> => {
  for (const { resource, object } of around) {
    const manifest = manifestOf(object, how)
    const copied = manifest === null ? null : await putCopy(environment, resource, manifest, signal)
    if (copied !== null && copied.kind !== 'ok') return copied
  }
  return { kind: 'ok', value: null }
}

/** Asleep from birth: nothing of it ever runs before the release lets it. */
const copyWorkload = async (
  environment: KubernetesEnvironment,
  { kind, resource, workload }: OnBlue & { readonly workload: Workload },
  how: CopyOptions,
  signal: AbortSignal,
): Promise<Answer<Found['kind']>> => {
  const { cluster, namespace } = environment
  const copy = copyOf(workload.object, how)
  const asleep = kind === 'cron job' ? { suspend: true } : { replicas: 0 }
  const manifest = { ...copy, spec: { ...mapAt(copy, 'spec'), ...asleep } }
  const made = await putCopy(environment, resource, manifest, signal)
  if (made.kind !== 'ok') return made
  cluster.watches.of(resource, { namespace }).note(made.value)
  if (!isCopy(made.value)) {
    const because = `somebody else made ${describeObject(resource, placeOf(made.value))} on ${cluster.name} just now: read it again`
    return { kind: 'conflict', because }
  }
  return { kind: 'ok', value: kind }
}
