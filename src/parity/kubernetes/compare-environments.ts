import type { Variable } from '../../inventory/estate.ts'
import { type Digest, shownVariable } from '../../inventory/kubernetes/definition.ts'
import { type Variable as ContainerVariable, environmentOf } from '../../kubernetes/environment.ts'
import type { KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { type JsonMap, mapsAt, textAt } from '../../kubernetes/json.ts'
import type { Container, Workload } from '../../kubernetes/workload.ts'
import type { Json } from '../../moves/goal.ts'
import { compareVariables } from '../compare-variables.ts'
import type { Found } from '../difference.ts'
import type { Rewriter } from '../rewrites.ts'
import type { TreeStep } from './compare-trees.ts'
import { type GreenPlaces, intoNamespace } from './expected-object.ts'
import type { Mend, ObjectFound } from './object-difference.ts'
import { isHostAddress } from './required.ts'

type Side = { readonly workload: Workload; readonly index: KubernetesIndex }

export type EnvironmentContext = {
  readonly service: string
  readonly object: string
  readonly places: GreenPlaces
  readonly rewrite: Rewriter
  readonly digest: Digest
  readonly platform: 'eks-fargate' | null
}

/** How the variables of containers differ that both sides have: what they come to, wherever they come from. */
export const compareEnvironments = (blue: Side, green: Side, context: EnvironmentContext): readonly ObjectFound[] =>
  blue.workload.containers.flatMap((container) => {
    const other = green.workload.containers.find(({ name }) => name === container.name)
    return other === undefined ? [] : compareContainer({ ...blue, container }, { ...green, container: other }, context)
  })

type ContainerSide = Side & { readonly container: Container }

const compareContainer = (
  blue: ContainerSide,
  green: ContainerSide,
  context: EnvironmentContext,
): readonly ObjectFound[] => {
  const [onBlue, onGreen] = [blue, green].map(({ workload, container, index }) =>
    environmentOf(workload, container, index),
  )
  if (onBlue === undefined || onGreen === undefined) return []
  const at = container(blue)
  const pathOf = (name: string): string => `${at.text}.env[${name}]`
  const shown = (all: ReadonlyMap<string, ContainerVariable>, moved: boolean): Readonly<Record<string, Variable>> =>
    Object.fromEntries(
      [...all].map(([name, one]) => [
        name,
        shownVariable(
          moved && one.kind === 'plain' ? { ...one, value: intoNamespace(one.value, context.places) } : one,
          context.digest,
        ),
      ]),
    )
  const found = compareVariables(
    { name: context.service, blue: { variables: shown(onBlue, true) }, green: { variables: shown(onGreen, false) } },
    (name) => name,
    (service, path, text) => context.rewrite(service, pathOf(path.replace(/^variables\./, '')), text),
  )
  return found.flatMap((one) => {
    const name = one.path.replace(/^variables\./, '')
    const [was, is] = [onBlue.get(name), onGreen.get(name)]
    if (isToldElsewhere(was, is)) return []
    return [toObjectFound(one, { name, path: pathOf(name), steps: at.steps, blue, was, is, context })]
  })
}

const container = ({ workload, container: { name, role } }: ContainerSide) => {
  const list = role === 'main' ? 'containers' : 'initContainers'
  const fields = [...workload.podPath.split('.'), list].map((one): TreeStep => ({ kind: 'field', name: one }))
  const steps: readonly TreeStep[] = [...fields, { kind: 'entry', id: name, idOf: nameOf }]
  return { steps, text: `${workload.podPath}.${list}[${name}]` }
}

const nameOf = (entry: Json, index: number): string => textAt(entry, 'name') ?? String(index)

/** Both come from the same key of the same object, whose own comparison tells it. */
const isToldElsewhere = (was: ContainerVariable | undefined, is: ContainerVariable | undefined): boolean =>
  was !== undefined &&
  is !== undefined &&
  was.from !== null &&
  was.from === is.from &&
  was.kind === is.kind &&
  was.kind !== 'field'

type Place = {
  readonly name: string
  readonly path: string
  readonly steps: readonly TreeStep[]
  readonly blue: ContainerSide
  readonly was: ContainerVariable | undefined
  readonly is: ContainerVariable | undefined
  readonly context: EnvironmentContext
}

const toObjectFound = (found: Found, place: Place): ObjectFound => {
  const { name, path, blue, was, is, context } = place
  const entry = entryOf(blue.container.body, name)
  const hostAddress = context.platform !== null && is === undefined && entry !== null && isHostAddress(entry)
  return {
    object: context.object,
    path,
    blue: found.blue,
    green: found.green,
    why:
      was !== undefined && was.from !== null && found.rewrittenBy?.length === 0
        ? `${found.why} (on blue it is from ${was.from})`
        : found.why,
    required: hostAddress ? 'Fargate asks for it (FG36)' : null,
    rewrittenBy: found.rewrittenBy ?? [],
    mend: mendOf(found, place, entry),
  }
}

const entryOf = (body: JsonMap, name: string): JsonMap | null =>
  mapsAt(body, 'env').find(({ map }) => map['name'] === name)?.map ?? null

const mendOf = (found: Found, { name, steps, was, is }: Place, entry: JsonMap | null): Mend => {
  const at: readonly TreeStep[] = [...steps, { kind: 'field', name: 'env' }, { kind: 'entry', id: name, idOf: nameOf }]
  if (was === undefined) {
    return is?.from === null || is?.kind === 'field'
      ? { kind: 'set', steps: at, to: undefined }
      : { kind: 'by hand', what: `take ${name} out of what green's container gets from ${is?.from ?? 'elsewhere'}` }
  }
  // A reference is copied as it is: what it refers to is an object of its own.
  if (entry !== null && entry['valueFrom'] !== undefined) return { kind: 'set', steps: at, to: entry }
  const value = found.patch?.['variables']
  const text = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  if (typeof text === 'string') return { kind: 'set', steps: at, to: { name, value: text } }
  return { kind: 'by hand', what: found.remedy ?? `give ${name} on green what it has on blue` }
}
