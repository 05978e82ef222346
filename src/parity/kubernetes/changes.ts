import { managersOf } from '../../inventory/kubernetes/managers.ts'
import type { KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { isMap, type JsonMap, mapAt, textAt } from '../../kubernetes/json.ts'
import { type KubernetesObject, objectText } from '../../kubernetes/object.ts'
import { type Scalers } from '../../kubernetes/scalers.ts'
import type { Json } from '../../moves/goal.ts'
import type { Classified } from './classify.ts'
import { setAt, type TreeStep } from './compare-trees.ts'
import { manifestOf } from './expected-object.ts'
import { partialObject } from './partial-object.ts'

/**
 * What would be written to green to bring one object in line. It may hold secrets: it goes to green's API server, and
 * nowhere else.
 */
export type Change = {
  /** As it is called on green. */
  readonly object: string
  readonly kind: 'create' | 'change'
  /** For server-side apply: the whole object, asleep; or only the places that change. */
  readonly manifest: JsonMap
  /** Why it isn't written all the same: somebody else manages it. null: it may be. */
  readonly leave: string | null
  /** What stays to be done by hand. */
  readonly byHand: readonly string[]
}

export type ChangeContext = {
  readonly green: KubernetesIndex
  readonly scalers: Scalers
  /** Blue's object, asleep, as it would be made on green. */
  readonly copyOf: (blue: KubernetesObject) => JsonMap
}

type Explained = {
  readonly blue: KubernetesObject | null
  readonly green: KubernetesObject | null
  readonly differences: readonly Classified[]
}

/** What can be written to green for what is unexplained. Nothing is ever deleted. */
export const changesOf = (compared: readonly Explained[], context: ChangeContext): readonly Change[] =>
  compared
    .flatMap((one) => {
      const open = one.differences.filter(({ difference }) => difference.class === 'unexplained')
      return open.length === 0 ? [] : (changeOf(one, open, context) ?? [])
    })
    .toSorted((a, b) => rankOf(a) - rankOf(b))

const changeOf = ({ blue, green }: Explained, open: readonly Classified[], context: ChangeContext): Change | null => {
  if (green === null) {
    if (blue === null) return null
    const manifest = context.copyOf(blue)
    return { object: textOf(manifest), kind: 'create', manifest, leave: null, byHand: [] }
  }
  const places: (readonly TreeStep[])[] = []
  const byHand: string[] = []
  let whole: Json | undefined = manifestOf(green)
  for (const { found, difference } of open) {
    const content = blue?.sort === 'Secret' ? secretContent(blue, difference.path) : null
    const set =
      content ??
      (found.mend.kind === 'set' && found.mend.to !== undefined ? { steps: found.mend.steps, to: found.mend.to } : null)
    if (set === null) byHand.push(difference.fix ?? `bring ${difference.object} ${difference.path} in line`)
    else {
      whole = setAt(whole, set.steps, set.to)
      places.push(set.steps)
    }
  }
  if (!isMap(whole) || places.length === 0) return null
  const object = objectText(green)
  return { object, kind: 'change', manifest: partialObject(whole, places), leave: managedBy(green, context), byHand }
}

/** A key of a Secret, as blue has it. */
const secretContent = (
  { body }: KubernetesObject,
  path: string,
): { readonly steps: readonly TreeStep[]; readonly to: Json } | null => {
  const [, key] = /^data\["(.+)"\]$/.exec(path) ?? []
  const value = key === undefined ? undefined : mapAt(body, 'data')[key]
  if (key === undefined || value === undefined) return null
  return {
    steps: [
      { kind: 'field', name: 'data' },
      { kind: 'field', name: key },
    ],
    to: value,
  }
}

/** Who would put back what is changed here. An autoscaler only owns replicas, which aren't compared then. */
const managedBy = (green: KubernetesObject, { green: index, scalers }: ChangeContext): string | null => {
  const [first] = managersOf({ object: green }, index, scalers).filter(({ who }) => who !== 'HPA' && who !== 'KEDA')
  return first === undefined ? null : `${first.who} manages it (${first.how}) and would put it back: change it there`
}

const textOf = (manifest: JsonMap): string => {
  const { name, namespace } = mapAt(manifest, 'metadata')
  const place = typeof namespace === 'string' ? namespace : null
  const kind = textAt(manifest, 'kind') ?? ''
  return objectText({ kind, namespace: place, name: typeof name === 'string' ? name : '' })
}

/** What others need comes first, and what starts pods last. */
const ranks: readonly (readonly string[])[] = [
  ['StorageClass', 'PriorityClass', 'IngressClass', 'RuntimeClass', 'ClusterRole', 'ServiceAccount'],
  ['Role', 'ClusterRoleBinding', 'RoleBinding', 'Secret', 'ConfigMap', 'PersistentVolumeClaim'],
  ['Service', 'NetworkPolicy', 'SecurityGroupPolicy', 'PodDisruptionBudget', 'TriggerAuthentication'],
  ['Deployment', 'StatefulSet', 'CronJob', 'Rollout'],
]

const rankOf = ({ manifest }: Change): number => {
  const rank = ranks.findIndex((kinds) => kinds.includes(textAt(manifest, 'kind') ?? ''))
  return rank === -1 ? ranks.length : rank
}
