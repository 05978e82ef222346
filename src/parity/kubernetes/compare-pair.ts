import type { Refusal } from '../../clusters/refusal.ts'
import type { Split } from '../../clusters/split-objects.ts'
import type { Digest } from '../../inventory/kubernetes/definition.ts'
import { byText } from '../../inventory/ordering.ts'
import { contentOf } from '../../kubernetes/environment.ts'
import type { KubernetesIndex } from '../../kubernetes/index-objects.ts'
import type { JsonMap } from '../../kubernetes/json.ts'
import { type KubernetesObject, objectText } from '../../kubernetes/object.ts'
import { readWorkload } from '../../kubernetes/workload.ts'
import type { Rewriter } from '../rewrites.ts'
import { compareEnvironments } from './compare-environments.ts'
import { compareTrees, getAt, pathText, type TreeDifference } from './compare-trees.ts'
import { expectedOnGreen, type GreenPlaces, type RewrittenText } from './expected-object.ts'
import { normaliseObject } from './normalise-object.ts'
import type { ObjectFound } from './object-difference.ts'
import { requiredBecause } from './required.ts'
import { showBoth, showValue } from './show-value.ts'

/**
 * What green's API server made of an object of blue in a dry run, or why it would not say. `changed`: somebody wrote to
 * green's object in between. `no answer`: it could not be asked, or did not answer. `not asked`: for the reason given.
 */
export type DryRun =
  | { readonly kind: 'ok'; readonly object: JsonMap }
  | {
      readonly kind: 'refused'
      readonly because: string
      readonly why: Refusal | 'changed' | 'no answer' | 'not asked'
    }

export type PairContext = {
  readonly blue: KubernetesIndex
  readonly green: KubernetesIndex
  readonly places: GreenPlaces
  readonly rewrite: Rewriter
  readonly digest: Digest
  readonly platform: 'eks-fargate' | null
  readonly split?: Split | null
  /** Whether an autoscaler owns the replicas, on either side. */
  readonly isScaled: (object: KubernetesObject) => boolean
}

type Pair = {
  readonly service: string
  readonly blue: KubernetesObject
  readonly green: KubernetesObject
  /** null: it was not asked. */
  readonly dryRun: DryRun | null
}

/** All that differs between an object of blue and its counterpart on green. */
export const comparePair = (pair: Pair, context: PairContext): readonly ObjectFound[] => {
  const { service, blue, green, dryRun } = pair
  const { manifest, rewritten } = expectedOnGreen(blue, service, context.places, context.rewrite)
  const body = dryRun?.kind === 'ok' ? dryRun.object : manifest
  const [expected, actual] = [normaliseObject({ sort: blue.sort, body }), normaliseObject(green)]
  const differences = compareTrees(withoutSecrets(blue, expected), withoutSecrets(blue, actual), blue.sort).filter(
    ({ steps }) => !(pathText(steps) === 'spec.replicas' && (context.isScaled(blue) || context.isScaled(green))),
  )
  const object = objectText(blue)
  const ofTree = differences.map((difference) =>
    foundInTree(difference, {
      object,
      rewritten,
      manifest,
      expected,
      actual,
      sort: blue.sort,
      platform: context.platform,
      split: context.split ?? null,
    }),
  )
  const [one, other] = [readWorkload(blue), readWorkload(green)]
  const ofVariables =
    one === null || other === null
      ? []
      : compareEnvironments(
          { workload: one, index: context.blue },
          { workload: other, index: context.green },
          { ...context, service, object },
        )
  return [
    ...ofTree,
    ...ofVariables,
    ...(blue.sort === 'Secret' ? compareSecrets(blue, green, context.digest) : []),
    ...declaredOnly(
      object,
      rewritten,
      [...ofTree, ...ofVariables].map(({ path }) => path),
    ),
  ]
}

/** Contents of Secrets are compared by digest, elsewhere. */
const withoutSecrets = ({ sort }: KubernetesObject, tree: JsonMap): JsonMap => {
  if (sort !== 'Secret') return tree
  const { data: _, stringData: __, ...rest } = tree
  return rest
}

type TreeContext = {
  readonly object: string
  readonly rewritten: readonly RewrittenText[]
  readonly manifest: JsonMap
  readonly expected: JsonMap
  readonly actual: JsonMap
  readonly sort: string
  readonly platform: 'eks-fargate' | null
  readonly split: Split | null
}

const foundInTree = (difference: TreeDifference, context: TreeContext): ObjectFound => {
  const { steps, expected, actual } = difference
  const path = pathText(steps)
  const last = steps.findLast((step) => step.kind === 'field')
  const name = last?.kind === 'field' ? last.name : ''
  const [blue, green] = showBoth(name, expected, actual)
  const by = context.rewritten.find((one) => one.path === path)
  return {
    object: context.object,
    path,
    blue,
    green,
    why:
      by === undefined
        ? whyOf(difference, context)
        : `blue's value, rewritten, would be ${showValue(name, by.after) ?? ''}`,
    required: requiredBecause(difference, context),
    rewrittenBy: [],
    // Of a whole container the comparison leaves variables out, the manifest doesn't.
    mend: { kind: 'set', steps, to: expected === undefined ? undefined : (getAt(context.manifest, steps) ?? expected) },
  }
}

const whyOf = ({ expected, actual, steps }: TreeDifference, { sort }: TreeContext): string => {
  if (sort === 'CronJob' && pathText(steps) === 'spec.suspend' && expected === true)
    return 'it is suspended on blue, so it has to be on green, and stays so'
  if (expected === undefined) return 'only green has it'
  return actual === undefined ? "green doesn't have it" : 'the two sides say different things'
}

/** What differs by rewrites alone, and so is meant. */
const declaredOnly = (
  object: string,
  rewritten: readonly RewrittenText[],
  differing: readonly string[],
): readonly ObjectFound[] =>
  rewritten
    .filter(({ path }) => !differing.some((one) => path.startsWith(one)) && !/\.env\[[^\]]*\]\.value$/.test(path))
    .map(({ path, before, after, by }) => {
      const [blue, green] = showBoth(path.split('.').at(-1) ?? '', before, after)
      return {
        object,
        path,
        blue,
        green,
        why: 'a rewrite says so',
        required: null,
        rewrittenBy: by,
        mend: { kind: 'by hand', what: '' },
      }
    })

const compareSecrets = (blue: KubernetesObject, green: KubernetesObject, digest: Digest): readonly ObjectFound[] => {
  const [one, other] = [contentOf(blue), contentOf(green)]
  const keys = [...new Set([...one.keys(), ...other.keys()])].sort(byText)
  return keys.flatMap((key): readonly ObjectFound[] => {
    const [was, is] = [one.get(key), other.get(key)]
    if (was !== undefined && is !== undefined && digest(was) === digest(is)) return []
    const shown = (value: string | undefined): string | null => (value === undefined ? null : 'secret, differs')
    const both = was !== undefined && is !== undefined
    return [
      {
        object: objectText(blue),
        path: `data["${key}"]`,
        blue: both ? shown(was) : was === undefined ? null : 'secret',
        green: both ? shown(is) : is === undefined ? null : 'secret',
        why: both
          ? 'the two secrets have different contents'
          : was === undefined
            ? 'only green has it'
            : "green doesn't have it",
        required: null,
        rewrittenBy: [],
        mend: {
          kind: 'by hand',
          what:
            was === undefined
              ? `remove the key ${key} from ${objectText(green)} on green`
              : `put the content of key ${key} of ${objectText(blue)} on blue into ${objectText(green)} on green; it isn't printed`,
        },
      },
    ]
  })
}
