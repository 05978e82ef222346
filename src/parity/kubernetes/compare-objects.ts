import type { Split } from '../../clusters/split-objects.ts'
import type { Finding } from '../../inventory/estate.ts'
import type { Digest } from '../../inventory/kubernetes/definition.ts'
import { byText } from '../../inventory/ordering.ts'
import type { KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { type JsonMap, mapAt } from '../../kubernetes/json.ts'
import { customKinds } from '../../kubernetes/kinds.ts'
import { type KubernetesObject, objectText } from '../../kubernetes/object.ts'
import { readScalers } from '../../kubernetes/scalers.ts'
import type { Millis } from '../../moves/goal.ts'
import { unusedRules } from '../explain.ts'
import { createRewriter, type Rewriter } from '../rewrites.ts'
import { environmentService, type ParityRules, type Waiver } from '../rules.ts'
import { type Change, changesOf } from './changes.ts'
import { classify } from './classify.ts'
import { comparePair, type DryRun, type PairContext } from './compare-pair.ts'
import { expectedOnGreen, type GreenPlaces } from './expected-object.ts'
import { type Fix, fixesOf } from './fixes.ts'
import { type ObjectDifference, type ObjectFound, wholeObject } from './object-difference.ts'
import { type Owners, readOwners } from './object-owners.ts'
import { keyOnGreen, pairObjects } from './pair-objects.ts'
import { pausedReplicas, requiredObject } from './required.ts'
import { holdsSecret } from './show-value.ts'
import { withoutToolMarks } from './tool-marks.ts'

export type ObjectsParityInput = {
  readonly blue: KubernetesIndex
  readonly green: KubernetesIndex
  readonly places: GreenPlaces
  /** By `keyOnGreen`; null: no dry run was made at all. */
  readonly dryRuns: ReadonlyMap<string, DryRun> | null
  readonly rules: ParityRules
  readonly digest: Digest
  /** Where green runs, for differences that it asks for; null: nowhere special. */
  readonly platform: 'eks-fargate' | null
  readonly now: Millis
  /** Both sides are in the same namespaces, and what this says is green. Absent or null: they aren't. */
  readonly split?: Split | null
}

/** One service (or the environment) with the differences of its objects, by class. */
export type ObjectsParityService = {
  readonly service: string
  readonly objects: readonly string[]
  readonly required: readonly ObjectDifference[]
  readonly declared: readonly ObjectDifference[]
  readonly unexplained: readonly ObjectDifference[]
}

export type ObjectsParity = {
  readonly services: readonly ObjectsParityService[]
  /** More than 0 blocks. */
  readonly unexplained: number
  /** Rules that can't be used, that ended or that explain nothing. */
  readonly findings: readonly Finding[]
  /** Objects compared as they are, without green's own defaults and admission, and why. */
  readonly notDryRun: readonly { readonly object: string; readonly because: string }[]
  /** What would bring green in line, for people to read: no secret is in it. */
  readonly fixes: readonly Fix[]
  /** The same for green's API server alone: secrets may be in it, so it is no part of what is shown or kept. */
  readonly changes: () => readonly Change[]
}

type Compared = {
  readonly service: string
  readonly blue: KubernetesObject | null
  readonly green: KubernetesObject | null
  readonly found: readonly ObjectFound[]
}

/** How the objects of blue and green differ, service by service, and what surrounds them. */
export const compareObjects = (input: ObjectsParityInput): ObjectsParity => {
  const { rules, now, places } = input
  const { rewrite, findings } = createRewriter(rules.rewrites)
  const [onBlue, onGreen] = [readOwners(input.blue), readOwners(input.green)]
  const compared = compareAll(input, rewrite, onBlue, onGreen)
  const used = { rewrites: new Set<number>(), waivers: new Set<Waiver>() }
  const explained = compared.map((one) => ({ ...one, differences: classify(one, rules, now, used) }))
  const services = [...Map.groupBy(explained, ({ service }) => service)]
    .map(([service, members]): ObjectsParityService => {
      const all = members.flatMap(({ differences }) => differences.map(({ difference }) => difference))
      const of = (wanted: ObjectDifference['class']) => all.filter((one) => one.class === wanted)
      const objects = members.map(({ blue, green }) => objectText(blue ?? green ?? missing)).sort(byText)
      return { service, objects, required: of('required'), declared: of('declared'), unexplained: of('unexplained') }
    })
    .sort(
      (a, b) =>
        Number(a.service === environmentService) - Number(b.service === environmentService) ||
        byText(a.service, b.service),
    )
  return {
    services,
    unexplained: services.reduce((sum, one) => sum + one.unexplained.length, 0),
    findings: [...findings, ...unusedRules(rules, used, now)],
    notDryRun: notDryRun(compared, input),
    fixes: fixesOf(explained, places),
    changes: () =>
      changesOf(explained, {
        green: input.green,
        scalers: readScalers(input.green),
        copyOf: (object) => asleepCopy(object, onBlue.serviceOf(object), places, { rewrite, owners: onBlue }),
      }),
  }
}

/** One of the two is always there. */
const missing = { kind: '', namespace: null, name: '' }

const compareAll = (
  input: ObjectsParityInput,
  rewrite: Rewriter,
  onBlue: Owners,
  onGreen: Owners,
): readonly Compared[] => {
  const { blue, green, places, platform, dryRuns } = input
  const pairs = pairObjects(blue, green, places)
  const context: PairContext = {
    ...input,
    rewrite,
    isScaled: (object) => onBlue.isScaled(object) || onGreen.isScaled(object),
  }
  // A service of green is known by its name on blue.
  const nameOnBlue = new Map(pairs.both.map((pair) => [onGreen.serviceOf(pair.green), onBlue.serviceOf(pair.blue)]))
  return [
    ...pairs.both.map((pair): Compared => {
      const service = onBlue.serviceOf(pair.blue)
      const dryRun = dryRuns?.get(keyOnGreen(pair.blue, places)) ?? null
      return { service, ...pair, found: comparePair({ service, ...pair, dryRun }, context) }
    }),
    ...pairs.onlyBlue.map((object): Compared => {
      const service = onBlue.serviceOf(object)
      return {
        service,
        blue: object,
        green: null,
        found: [missingOnGreen(object, service, input, { rewrite, owners: onBlue })],
      }
    }),
    ...pairs.onlyGreen.map((object): Compared => {
      const service = onGreen.serviceOf(object)
      const known = nameOnBlue.get(service) ?? service
      return { service: known, blue: null, green: object, found: [onlyOnGreen(object, platform)] }
    }),
  ]
}

const base = { rewrittenBy: [] as const }

const missingOnGreen = (
  object: KubernetesObject,
  service: string,
  { platform, places }: ObjectsParityInput,
  { rewrite, owners }: { readonly rewrite: Rewriter; readonly owners: Owners },
): ObjectFound => {
  const text = objectText(object)
  const asleep = asleepCopy(object, service, places, { rewrite, owners })
  const hidden = object.sort === 'Secret' || holdsSecret(asleep)
  return {
    ...base,
    object: text,
    path: wholeObject,
    blue: text,
    green: null,
    why: "green doesn't have it",
    required: requiredObject(object, 'only blue', platform),
    mend: hidden
      ? {
          kind: 'by hand',
          what: `create ${text} on green as blue has it; it isn't printed, because it holds a secret or looks like it`,
        }
      : { kind: 'create', manifest: asleep },
  }
}

const asleepCopy = (
  object: KubernetesObject,
  service: string,
  places: GreenPlaces,
  { rewrite, owners }: { readonly rewrite: Rewriter; readonly owners: Owners },
): JsonMap => {
  const { manifest } = expectedOnGreen(object, service, places, rewrite)
  return putToSleep(object.sort, withoutToolMarks(manifest), owners.worksByItself(object))
}

/** What would act as soon as it is there sleeps from its birth: schedules, workers, and what would scale these. */
const putToSleep = (sort: string, manifest: JsonMap, worksByItself: boolean): JsonMap => {
  const withSpec = (change: JsonMap): JsonMap => ({ ...manifest, spec: { ...mapAt(manifest, 'spec'), ...change } })
  if (sort === 'CronJob') return withSpec({ suspend: true })
  if (sort === customKinds.scaledObject) {
    const metadata = mapAt(manifest, 'metadata')
    const annotations = { ...mapAt(metadata, 'annotations'), [pausedReplicas]: '0' }
    return { ...manifest, metadata: { ...metadata, annotations } }
  }
  return worksByItself ? withSpec({ replicas: 0 }) : manifest
}

const onlyOnGreen = (object: KubernetesObject, platform: ObjectsParityInput['platform']): ObjectFound => ({
  ...base,
  object: objectText(object),
  path: wholeObject,
  blue: null,
  green: objectText(object),
  why: "blue doesn't have it",
  required: requiredObject(object, 'only green', platform),
  mend: { kind: 'delete' },
})

const notDryRun = (
  compared: readonly Compared[],
  { dryRuns, places }: ObjectsParityInput,
): ObjectsParity['notDryRun'] =>
  compared.flatMap(({ blue, green, found }) => {
    if (blue === null || green === null) return []
    const answer = dryRuns?.get(keyOnGreen(blue, places))
    if (answer?.kind === 'ok') return []
    // What is the same before green was asked needs no dry run.
    if (dryRuns !== null && answer === undefined && found.length === 0) return []
    const because = answer?.because ?? (dryRuns === null ? 'no cluster was asked' : 'it was not asked about')
    return [{ object: objectText(blue), because }]
  })
