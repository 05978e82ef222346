import type { GuardReview, PoliciesServed } from '../access/guard-findings.ts'
import type { MissingRights } from '../access/missing-rights.ts'
import { type MovingWorkload, neededRights } from '../access/needed-rights.ts'
import type { Right } from '../access/right.ts'
import { type RouterPart, routerRights } from '../access/router-rights.ts'
import type { ResolvedRelease } from '../config/release.ts'
import type { Answer } from '../engine/ports.ts'
import type { Estate } from '../inventory/estate.ts'
import { type Side, sides } from '../moves/goal.ts'
import type { Cluster } from '../providers/kubernetes/client/connect.ts'
import { reviewRights } from '../providers/kubernetes/review-rights.ts'
import { policies } from '../providers/kubernetes/unsuspend-guard.ts'
import type { ClusterPair } from './cluster-pair.ts'

/** By namespace. */
export type RightsOfSide = ReadonlyMap<string, readonly Right[]>

/** What moves, by blue's namespaces. */
type Moving = ReadonlyMap<string, readonly MovingWorkload[]>

type Release = Pick<ResolvedRelease, 'router' | 'probe'>

/** The rights that a release of this estate needs on one side. */
export const rightsOfSide = (side: Side, pair: ClusterPair, estate: Estate, release: Release): RightsOfSide => {
  const moving = movingIn(estate)
  const probes = release.probe !== null
  const rights = new Map<string, readonly Right[]>(
    pair.namespaces[side].map((namespace, index) => {
      const onBlue = moving.get(pair.namespaces.blue[index] ?? namespace) ?? []
      const workloads = side === 'blue' ? onBlue : onBlue.map((one) => onGreen(one, pair.names.suffix))
      return [namespace, neededRights({ side, namespace, workloads, probes })]
    }),
  )
  for (const part of routerParts(side, pair, release.router)) {
    const more = routerRights(part)
    if (more.length > 0) rights.set(part.namespace, [...(rights.get(part.namespace) ?? []), ...more])
  }
  return rights
}

/** Routes are in blue's cluster; what they lead to is on both sides. */
const routerParts = (side: Side, pair: ClusterPair, router: ResolvedRelease['router']): readonly RouterPart[] => {
  if (router?.kind !== 'gateway') return []
  const routes = router.namespaces ?? pair.namespaces.blue
  const own = pair.namespaces[side]
  const isFollowed = pair.clusters.blue !== pair.clusters.green && router.backend === 'service'
  return [...new Set([...own, ...(side === 'blue' ? routes : [])])].map((namespace) => ({
    namespace,
    hasRoutes: side === 'blue' && routes.includes(namespace),
    keepsClaim: side === 'blue' && namespace === routes[0],
    hasBackends: own.includes(namespace),
    leadsAway: side === 'blue' && isFollowed && own.includes(namespace),
  }))
}

const movingIn = ({ services }: Estate): Moving => {
  const moving = new Map<string, MovingWorkload[]>()
  for (const { blue } of services) {
    const [, kind, namespace = ''] =
      /^(Deployment|StatefulSet|CronJob) ([^/]+)\//.exec(blue.observed?.object ?? '') ?? []
    if (kind === undefined) continue
    const one: MovingWorkload = {
      kind: kindOf(kind),
      uses: blue.observed?.uses ?? [],
    }
    moving.set(namespace, [...(moving.get(namespace) ?? []), one])
  }
  return moving
}

const kindOf = (kind: string): MovingWorkload['kind'] =>
  kind === 'CronJob' || kind === 'StatefulSet' ? kind : 'Deployment'

/** Where a label splits a namespace, copies have names of their own; what both sides share keeps its name. */
const onGreen = ({ kind, uses }: MovingWorkload, suffix: string): MovingWorkload => ({
  kind,
  uses:
    suffix === ''
      ? uses
      : uses.flatMap((use) => {
          const [of = '', name = ''] = use.split(/\s+/)
          return [use, `${of} ${name}${suffix}`]
        }),
})

/** What is missing of the rights on each side, and so what of the guard of blue's schedules. Not ok: an API server did not answer. */
export const reviewRelease = async (
  pair: ClusterPair,
  estate: Estate,
  release: Release,
  signal: AbortSignal,
): Promise<Answer<{ readonly missing: readonly MissingRights[]; readonly guards: readonly GuardReview[] }>> => {
  const missing: MissingRights[] = []
  const guards: GuardReview[] = []
  for (const side of sides) {
    for (const [namespace, needed] of rightsOfSide(side, pair, estate, release)) {
      const answer = await reviewRights(pair.clusters[side], namespace, needed, signal)
      if (answer.kind !== 'ok') return answer
      const title = `${side} (${pair.clusters[side].name}/${namespace})`
      missing.push({ side: title, rights: answer.value })
      if (side === 'blue') guards.push({ side: title, namespace, needed, missing: answer.value })
    }
  }
  return { kind: 'ok', value: { missing, guards } }
}

/** Whether schedules of this cluster can be guarded by an admission policy. */
export const policiesServedBy = async ({ client }: Cluster, signal: AbortSignal): Promise<PoliciesServed> => {
  const served = await client.served({ signal })
  if (served.kind !== 'ok') return { kind: 'not known', because: served.because }
  const isPolicy = ({ group, kind, versions }: (typeof served.value)[number]): boolean =>
    group === policies.group && kind === policies.kind && versions.includes(policies.version)
  return { kind: served.value.some(isPolicy) ? 'served' : 'not served' }
}
