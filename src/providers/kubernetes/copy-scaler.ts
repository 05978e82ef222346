import type { Answer, Call } from '../../engine/ports.ts'
import { type JsonMap, mapAt } from '../../kubernetes/json.ts'
import { type Autoscaler, originalSpec, pausedReplicas } from './autoscaler.ts'
import { kinds } from './client/kinds.ts'
import { type KubernetesObject, placeOf, type Resource } from './client/resource.ts'
import { surroundingKinds } from './client/surrounding-kinds.ts'
import { manifestOf, putCopy } from './copy-object.ts'
import type { CopyOptions } from './copy-of.ts'
import type { KubernetesEnvironment } from './environment.ts'
import { originalsOn, resourceOf } from './share-scaler.ts'
import { writtenStamp } from './stamps.ts'

type Where = Pick<KubernetesEnvironment, 'cluster' | 'namespace'>

/**
 * Makes blue's autoscaler on green, for a workload (`target`) that is there and asleep: an HPA leaves what was set to 0
 * alone, KEDA is paused at 0 from birth. It has blue's limits of before the release, and keeps them in its stamp, with
 * blue's `replicas`. One that is there stays.
 */
export const copyScaler = async (
  blue: Where,
  environment: KubernetesEnvironment,
  { scaler, target, replicas }: { readonly scaler: Autoscaler; readonly target: string; readonly replicas: number },
  how: CopyOptions,
  call: Call,
): Promise<Answer<null>> => {
  const { cluster, namespace } = environment
  const resource = resourceOf(scaler)
  const manifest = manifestOf(scaler.object, how)
  if (manifest === null) return { kind: 'ok', value: null }
  const there = await cluster.client.get(resource, placeOf(manifest), { signal: call.signal })
  if (there.kind !== 'ok') return there
  if (there.value !== null) return { kind: 'ok', value: null }
  if (scaler.kind === 'KEDA') {
    const asked = await copyAuthentications(blue, environment, scaler.object, how, call.signal)
    if (asked.kind !== 'ok') return asked
  }
  const originals = originalsOn(scaler, replicas)
  const annotations = {
    ...mapAt(manifest, 'metadata', 'annotations'),
    ...(scaler.kind === 'KEDA' ? { [pausedReplicas]: '0' } : {}),
    ...writtenStamp({ fence: call.fence, intent: call.intent, baseline: { ...originals } }),
  }
  const asleep = {
    ...manifest,
    metadata: { ...mapAt(manifest, 'metadata'), annotations },
    spec: written({
      ...mapAt(manifest, 'spec'),
      ...originalSpec(scaler, originals),
      scaleTargetRef: { ...mapAt(manifest, 'spec', 'scaleTargetRef'), name: target },
    }),
  }
  const made = await putCopy(environment, resource, asleep, call.signal)
  if (made.kind !== 'ok') return made
  cluster.watches.of(resource, { namespace }).note(made.value)
  return { kind: 'ok', value: null }
}

/** Without what was not written on blue either. */
const written = (spec: JsonMap): JsonMap =>
  Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== null))

/** What KEDA's triggers log in with, and the Secrets that this names. */
const copyAuthentications = async (
  blue: Where,
  environment: KubernetesEnvironment,
  { spec }: Extract<Autoscaler, { readonly kind: 'KEDA' }>['object'],
  how: CopyOptions,
  signal: AbortSignal,
): Promise<Answer<null>> => {
  const copy = async <T extends KubernetesObject>(resource: Resource<T>, name: string): Promise<Answer<T | null>> => {
    const read = await blue.cluster.client.get(resource, { namespace: blue.namespace, name }, { signal })
    const manifest = read.kind === 'ok' && read.value !== null ? manifestOf(read.value, how) : null
    if (manifest === null) return read
    const made = await putCopy(environment, resource, manifest, signal)
    return made.kind === 'ok' ? read : made
  }
  for (const { authenticationRef } of spec?.triggers ?? []) {
    const { kind = 'TriggerAuthentication', name } = authenticationRef ?? {}
    // Those for a whole cluster are given by people.
    if (name === undefined || kind !== 'TriggerAuthentication') continue
    const read = await copy(surroundingKinds.triggerAuthentications, name)
    if (read.kind !== 'ok') return read
    for (const { name: secret = '' } of read.value?.spec?.secretTargetRef ?? []) {
      const copied = await copy(kinds.secrets, secret)
      if (copied.kind !== 'ok') return copied
    }
  }
  return { kind: 'ok', value: null }
}
