import type { MissingRights } from '../access/missing-rights.ts'
import { type MovingWorkload, neededRights } from '../access/needed-rights.ts'
import type { Right } from '../access/right.ts'
import type { Answer } from '../engine/ports.ts'
import type { Estate } from '../inventory/estate.ts'
import { type Side, sides } from '../moves/goal.ts'
import { reviewRights } from '../providers/kubernetes/review-rights.ts'
import type { ClusterPair } from './cluster-pair.ts'

/** By namespace. */
export type RightsOfSide = ReadonlyMap<string, readonly Right[]>

/** What moves, by blue's namespaces. */
type Moving = ReadonlyMap<string, readonly MovingWorkload[]>

/** The rights that a release of this estate needs on one side. */
export const rightsOfSide = (side: Side, pair: ClusterPair, estate: Estate): RightsOfSide => {
  const moving = movingIn(estate)
  return new Map(
    pair.namespaces[side].map((namespace, index) => {
      const onBlue = moving.get(pair.namespaces.blue[index] ?? namespace) ?? []
      const workloads = side === 'blue' ? onBlue : onBlue.map((one) => onGreen(one, pair.names.suffix))
      return [namespace, neededRights({ side, namespace, workloads })]
    }),
  )
}

const movingIn = ({ services }: Estate): Moving => {
  const moving = new Map<string, MovingWorkload[]>()
  for (const { blue } of services) {
    const [, kind, namespace = ''] =
      /^(Deployment|StatefulSet|CronJob) ([^/]+)\//.exec(blue.observed?.object ?? '') ?? []
    if (kind === undefined) continue
    const one: MovingWorkload = {
      kind: kindOf(kind),
      uses: [...(blue.observed?.uses ?? []), ...scalersOf(blue.observed?.managers ?? [])],
    }
    moving.set(namespace, [...(moving.get(namespace) ?? []), one])
  }
  return moving
}

const kindOf = (kind: string): MovingWorkload['kind'] =>
  kind === 'CronJob' || kind === 'StatefulSet' ? kind : 'Deployment'

/** An autoscaler is named by how it scales: "ScaledObject shop/web scales it from 0 to 5". */
const scalersOf = (managers: readonly { readonly how: string }[]): readonly string[] =>
  managers.flatMap(({ how }) => {
    const [, kind, name] = /^(HorizontalPodAutoscaler|ScaledObject) [^/]+\/(\S+) scales/.exec(how) ?? []
    return kind === undefined || name === undefined ? [] : [`${kind} ${name}`]
  })

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

/** The rights that are missing, side by side. Not ok: an API server did not answer. */
export const findMissingRights = async (
  pair: ClusterPair,
  estate: Estate,
  signal: AbortSignal,
): Promise<Answer<readonly MissingRights[]>> => {
  const missing: MissingRights[] = []
  for (const side of sides) {
    for (const [namespace, rights] of rightsOfSide(side, pair, estate)) {
      const answer = await reviewRights(pair.clusters[side], namespace, rights, signal)
      if (answer.kind !== 'ok') return answer
      missing.push({ side: `${side} (${pair.clusters[side].name}/${namespace})`, rights: answer.value })
    }
  }
  return { kind: 'ok', value: missing }
}
