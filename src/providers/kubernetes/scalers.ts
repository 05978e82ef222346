import type { Answer } from '../../engine/ports.ts'
import type { Millis } from '../../moves/goal.ts'
import { type Autoscaler, isActive } from './autoscaler.ts'
import { kinds } from './client/kinds.ts'
import type { KubernetesObject, Resource } from './client/resource.ts'
import type { ClusterAnswer } from './client/status.ts'
import { surroundingKinds } from './client/surrounding-kinds.ts'
import type { KubernetesEnvironment } from './environment.ts'

type Where = Pick<KubernetesEnvironment, 'cluster' | 'namespace'>

type WorkloadKind = 'deployment' | 'stateful set' | 'cron job'

/** What scales a workload by itself; null: nothing does. */
export type ScalerOf = (workload: { readonly kind: WorkloadKind; readonly name: string }) => Autoscaler | null

/** Autoscalers of a namespace, by what they scale. */
export type Scalers = {
  /** Waits until they are known. Reading costs no request, however many workloads there are. */
  ready(signal: AbortSignal): Promise<Answer<ScalerOf>>
  /** Calls back with the name of a workload when what may scale it changed, once they are known. Ends with the signal. */
  onChange(changed: (name: string) => void, signal: AbortSignal): void
}

export const createScalers = (where: Where): Scalers => {
  const listeners = new Set<(name: string) => void>()
  const tell = (target: string): void => {
    for (const listener of listeners) listener(target.slice(target.indexOf('/') + 1))
  }
  const hpas = followTargets(where, surroundingKinds.autoscalers, tell)
  const scaled = followTargets(where, surroundingKinds.scaledObjects, tell)
  const hasKeda = askForKeda(where)
  return {
    ready: async (signal) => {
      const [hpa, served] = await Promise.all([hpas(signal), hasKeda(signal)])
      if (hpa.kind !== 'ok') return hpa
      if (served.kind !== 'ok') return served
      const keda = served.value ? await scaled(signal) : null
      if (keda !== null && keda.kind !== 'ok') return keda
      const scalerOf: ScalerOf = ({ kind, name }) => {
        const target = `${kindNames[kind]}/${name}`
        const [byKeda, byHpa] = [keda?.value.get(target), hpa.value.get(target)]
        if (byKeda !== undefined) return active({ kind: 'KEDA', object: byKeda })
        return byHpa === undefined ? null : active({ kind: 'HPA', object: byHpa })
      }
      return { kind: 'ok', value: scalerOf }
    },
    onChange: (changed, signal) => {
      listeners.add(changed)
      signal.addEventListener('abort', () => listeners.delete(changed), { once: true })
    },
  }
}

const active = (scaler: Autoscaler): Autoscaler | null => (isActive(scaler) ? scaler : null)

const kindNames: Readonly<Record<WorkloadKind, string>> = {
  deployment: kinds.deployments.kind,
  'stateful set': kinds.statefulSets.kind,
  'cron job': kinds.cronJobs.kind,
}

type Scaling = KubernetesObject & {
  readonly spec?: { readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string } }
}

/** What an autoscaler scales; null: nothing of ours. KEDA makes an HPA for each of its own objects: that one isn't somebody else. */
const targetOf = ({ metadata, spec }: Scaling): string | null => {
  const { kind = 'Deployment', name } = spec?.scaleTargetRef ?? {}
  const isOfKeda = metadata?.ownerReferences?.some((each) => each.kind === 'ScaledObject') === true
  return isOfKeda || name === undefined ? null : `${kind}/${name}`
}

/** Kept up by the watch: searching all of them for each workload would grow with the square of the estate. */
const followTargets = <T extends Scaling>(
  { cluster, namespace }: Where,
  resource: Resource<T>,
  tell: (target: string) => void,
) => {
  const byTarget = new Map<string, T>()
  let isFollowed = false
  const follow = (): void => {
    isFollowed = true
    // For as long as the watch itself.
    cluster.watches.of(resource, { namespace }).onChange((change) => {
      const before = change.kind === 'changed' ? change.before : change.object
      const was = before === null ? null : targetOf(before)
      if (was !== null && byTarget.get(was)?.metadata?.uid === before?.metadata?.uid) byTarget.delete(was)
      const target = change.kind === 'changed' ? targetOf(change.object) : null
      if (target !== null) byTarget.set(target, change.object)
      const told = target ?? was
      // Its controller writes its status every few seconds.
      const isNews = target !== was || before === null || wishOf(before) !== wishOf(change.object)
      if (told !== null && isNews) tell(told)
    }, new AbortController().signal)
  }
  return async (signal: AbortSignal): Promise<Answer<ReadonlyMap<string, T>>> => {
    const reader = await cluster.watches.of(resource, { namespace }).ready(signal)
    if (reader.kind !== 'ok') return reader
    if (!isFollowed) {
      follow()
      for (const object of reader.value.list({ namespace })) {
        const target = targetOf(object)
        if (target !== null) byTarget.set(target, object)
      }
    }
    return { kind: 'ok', value: byTarget }
  }
}

const wishOf = ({ metadata, spec }: Scaling): string => JSON.stringify([spec, metadata?.annotations])

const againAfterMs: Millis = 60_000

/** Whether the cluster has KEDA; where it has not, that is asked again later, as it may be installed. */
const askForKeda = ({ cluster, namespace }: Where) => {
  let known: { readonly at: Millis; readonly answer: Promise<Answer<boolean>> } | null = null
  const ask = async (): Promise<Answer<boolean>> => {
    const signal = AbortSignal.timeout(againAfterMs)
    const listed = await cluster.client.list(surroundingKinds.scaledObjects, { namespace }, { signal })
    if (listed.kind === 'ok') return { kind: 'ok', value: true }
    // An identity has the right to look where a service that moves is scaled by KEDA: that is asked before a release.
    return isWithoutKeda(listed) ? { kind: 'ok', value: false } : listed
  }
  return async (signal: AbortSignal): Promise<Answer<boolean>> => {
    if (signal.aborted) return { kind: 'unknown', because: 'there was no time left' }
    known ??= { at: cluster.now(), answer: ask() }
    // Others may wait for the same answer, and have begun anew when this one goes on.
    const asked = known
    const answer = await asked.answer
    const isLasting = answer.kind === 'ok' && (answer.value || cluster.now() - asked.at < againAfterMs)
    if (!isLasting && known === asked) known = null
    return answer
  }
}

const isWithoutKeda = (answer: ClusterAnswer<unknown>): boolean =>
  answer.kind === 'refused' && (answer.why === 'no such kind' || answer.why === 'not permitted')
