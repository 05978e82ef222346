import type { Answer, Call } from '../../engine/ports.ts'
import { changeObject } from './act.ts'
import { annotation, fieldManager } from './annotations.ts'
import {
  type Autoscaler,
  isPatched,
  type Originals,
  originalBody,
  originalsOf,
  readOriginals,
  shareBody,
} from './autoscaler.ts'
import type { ClaimKeeper } from './claims.ts'
import { type KubernetesObject, placeOf, type Resource } from './client/resource.ts'
import { surroundingKinds } from './client/surrounding-kinds.ts'
import type { KubernetesEnvironment } from './environment.ts'
import { baselineOn, revisionOf } from './stamps.ts'

type Options = { readonly environment: KubernetesEnvironment; readonly claims: ClaimKeeper }

/** What it had before the release, as its stamp keeps it; where it has none, what it has now. */
export const originalsOn = (scaler: Autoscaler, count: number): Originals =>
  readOriginals(baselineOn(scaler.object)) ?? originalsOf(scaler, count)

export const hasShare = (scaler: Autoscaler, count: number, most: number): boolean =>
  isPatched(scaler, shareBody(scaler, originalsOn(scaler, count), most))

const withObject = (scaler: Autoscaler, object: KubernetesObject): Autoscaler =>
  // The API server gives back the same kind of object.
  ({ kind: scaler.kind, object }) as Autoscaler

/** Where its kind is kept. */
export const resourceOf = ({ kind }: Autoscaler): Resource => {
  const { autoscalers, scaledObjects } = surroundingKinds
  return kind === 'HPA' ? autoscalers : scaledObjects
}

/** Lets it have `most` replicas at most; 0 puts its workload to sleep. Fenced and stamped as any act, with its originals as the baseline. */
export const shareScaler = async (
  { environment, claims }: Options,
  { fence, intent, signal }: Call,
  scaler: Autoscaler,
  count: number,
  most: number,
): Promise<Answer<Autoscaler>> => {
  const { name } = placeOf(scaler.object)
  let written: KubernetesObject = scaler.object
  const bodyOf = (object: KubernetesObject) => {
    const now = withObject(scaler, object)
    return shareBody(now, originalsOn(now, count), most)
  }
  const deps = {
    environment,
    claims,
    resource: resourceOf(scaler),
    revision: (object: KubernetesObject) => {
      written = object
      return revisionOf(object)
    },
  }
  const baseline = { ...originalsOn(scaler, count) }
  const answer = await changeObject(deps, { fence, intent, signal }, name, baseline, {
    patch: (object) => {
      const { spec, annotations } = bodyOf(object)
      return { body: { spec }, annotations }
    },
    holds: (object) => isPatched(withObject(scaler, object), bodyOf(object)),
  })
  return answer.kind === 'ok' ? { kind: 'ok', value: withObject(scaler, written) } : answer
}

/** Gives it back what it had, and takes our stamp off. */
export const restoreScaler = async (
  { cluster, namespace }: KubernetesEnvironment,
  scaler: Autoscaler,
  signal: AbortSignal,
): Promise<void> => {
  const originals = readOriginals(baselineOn(scaler.object))
  const back = originals === null ? { spec: {}, annotations: {} } : originalBody(scaler, originals)
  const metadata = { annotations: { ...back.annotations, [annotation.stamp]: null } }
  const patch = { kind: 'merge', body: { spec: back.spec, metadata }, manager: fieldManager } as const
  const resource = resourceOf(scaler)
  const written = await cluster.client.patch(resource, placeOf(scaler.object), patch, { signal })
  if (written.kind === 'ok') cluster.watches.of(resource, { namespace }).note(written.value)
}
