import type { JsonMap } from '../../kubernetes/json.ts'
import type { KubernetesObject } from '../../kubernetes/object.ts'
import { createRewriter } from '../rewrites.ts'
import type { ObjectsParityInput } from './compare-objects.ts'
import { comparePair, type DryRun } from './compare-pair.ts'
import { expectedOnGreen } from './expected-object.ts'
import { readOwners } from './object-owners.ts'
import { keyOnGreen, pairObjects } from './pair-objects.ts'
import { requiredObject } from './required.ts'

/** A question to green's API server: what would become of this object of blue there? */
export type DryRunRequest = {
  /** `keyOnGreen` of the object. */
  readonly key: string
  readonly blue: KubernetesObject
  /** Blue's object as it should be on green. */
  readonly manifest: JsonMap
  /** Green's own object, which it would replace; null: green has none. */
  readonly live: KubernetesObject | null
}

export type DryRunPlan = {
  readonly requests: readonly DryRunRequest[]
  /** By `keyOnGreen`: what is not asked, and why. */
  readonly notAsked: ReadonlyMap<string, DryRun>
}

/**
 * What green has to be asked for parity: each object that differs from its counterpart before green's own defaults and
 * admission are known, and each that green doesn't have. What is the same already needs no dry run.
 */
export const dryRunRequests = (input: Omit<ObjectsParityInput, 'dryRuns'>): DryRunPlan => {
  const { blue, green, places, platform, rules } = input
  const { rewrite } = createRewriter(rules.rewrites)
  const [onBlue, onGreen] = [readOwners(blue), readOwners(green)]
  const pairs = pairObjects(blue, green, places)
  const isScaled = (object: KubernetesObject): boolean => onBlue.isScaled(object) || onGreen.isScaled(object)
  const differing = pairs.both.filter(
    (pair) =>
      comparePair({ service: onBlue.serviceOf(pair.blue), ...pair, dryRun: null }, { ...input, rewrite, isScaled })
        .length > 0,
  )
  const missing = pairs.onlyBlue.filter((object) => requiredObject(object, 'only blue', platform) === null)
  const requests: DryRunRequest[] = []
  const notAsked = new Map<string, DryRun>()
  for (const one of [...differing, ...missing.map((object) => ({ blue: object, green: null }))]) {
    const key = keyOnGreen(one.blue, places)
    const because = whyNotAsked(one)
    if (because !== null) {
      notAsked.set(key, { kind: 'refused', because, why: 'not asked' })
      continue
    }
    const { manifest } = expectedOnGreen(one.blue, onBlue.serviceOf(one.blue), places, rewrite)
    // Of another name (a hash of the content at its end) it would stand beside the one that is there.
    const isSame = one.green !== null && one.green.name === places.name(one.blue)
    requests.push({ key, blue: one.blue, manifest, live: isSame ? one.green : null })
  }
  return { requests, notAsked }
}

const whyNotAsked = ({
  blue,
  green,
}: {
  readonly blue: KubernetesObject
  readonly green: KubernetesObject | null
}): string | null => {
  if (blue.sort === 'Secret') return 'contents of Secrets are compared by digest, and sent nowhere'
  const isClaim = blue.sort === 'PersistentVolumeClaim' && green !== null
  return isClaim ? 'what a claim asks for can not be changed once it is there' : null
}
