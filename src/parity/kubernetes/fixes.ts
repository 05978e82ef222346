import { isMap, type JsonMap } from '../../kubernetes/json.ts'
import { type KubernetesObject, objectText } from '../../kubernetes/object.ts'
import type { Json } from '../../moves/goal.ts'
import type { Classified } from './classify.ts'
import { setAt } from './compare-trees.ts'
import { type GreenPlaces, manifestOf } from './expected-object.ts'
import { holdsSecret } from './show-value.ts'

/** What brings one object of green in line with blue. */
export type Fix = {
  /** As it is called on green. */
  readonly object: string
  /** The whole object as green should have it; null: only people can do it, or nothing is to be written. */
  readonly manifest: JsonMap | null
  /** What the manifest changes, or what people have to do by hand. */
  readonly steps: readonly string[]
}

type Explained = {
  readonly blue: KubernetesObject | null
  readonly green: KubernetesObject | null
  readonly differences: readonly Classified[]
}

/** A manifest for each object with something unexplained: green's own, changed there and nowhere else. */
export const fixesOf = (compared: readonly Explained[], places: GreenPlaces): readonly Fix[] =>
  compared.flatMap((one): readonly Fix[] => {
    const open = one.differences.filter(({ difference }) => difference.class === 'unexplained')
    const object = nameOnGreen(one, places)
    return open.length === 0 || object === null ? [] : [{ object, ...fixOf(one, open) }]
  })

const nameOnGreen = ({ blue, green }: Explained, places: GreenPlaces): string | null => {
  if (green !== null) return objectText(green)
  if (blue === null) return null
  const namespace = blue.namespace === null ? null : places.namespace(blue.namespace)
  return objectText({ kind: blue.kind, namespace, name: places.name(blue) })
}

const fixOf = ({ green }: Explained, open: readonly Classified[]): Omit<Fix, 'object'> => {
  const steps = open.flatMap(({ difference }) => difference.fix ?? [])
  const [first] = open
  if (first?.found.mend.kind === 'create') return { manifest: first.found.mend.manifest, steps }
  if (green === null) return { manifest: null, steps }
  let manifest: Json | undefined = manifestOf(green)
  let changed = false
  for (const { found } of open) {
    if (found.mend.kind !== 'set') continue
    manifest = setAt(manifest, found.mend.steps, found.mend.to)
    changed = true
  }
  if (!changed || !isMap(manifest)) return { manifest: null, steps }
  if (!holdsSecret(manifest)) return { manifest, steps }
  return {
    manifest: null,
    steps: [
      ...steps,
      `${objectText(green)} isn't written here, as it holds what looks like a secret in plain sight: change it by hand`,
    ],
  }
}
