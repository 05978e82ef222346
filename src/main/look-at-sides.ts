import { overridesOf, type ResolvedRelease } from '../config/release.ts'
import type { World } from '../engine/engine.ts'
import type { Answer } from '../engine/ports.ts'
import { TitrateError } from '../errors.ts'
import type { EnvironmentSeen, Estate, Finding } from '../inventory/estate.ts'
import type { Overrides } from '../inventory/overrides.ts'
import { overrideOf } from '../inventory/overrides.ts'
import type { Millis, Side } from '../moves/goal.ts'
import { checkParity, type ParityReport } from '../parity/check-parity.ts'
import type { ParityRules } from '../parity/rules.ts'
import type { ClusterPair } from './cluster-pair.ts'
import { clustersOf } from './world.ts'

const filesTimeoutMs = 10_000
/** Every object of both sides, with a limit on requests. */
const clustersTimeoutMs = 120_000

/** Both sides as they are now, and how they are compared. */
export type LookedAt = {
  readonly seen: Readonly<Record<Side, EnvironmentSeen>>
  readonly overrides: Overrides
  /** With what else stands against a release between these sides. */
  readonly compare: (
    estate: Estate,
    rules: ParityRules,
  ) => Promise<{ readonly parity: ParityReport; readonly findings: readonly Finding[] }>
}

export const required = <T>(answer: Answer<T>, what: string): T => {
  if (answer.kind === 'ok') return answer.value
  throw new TitrateError('ENVIRONMENT_UNREACHABLE', `${what}: ${answer.because}`)
}

/** Reads both environments. Throws ENVIRONMENT_UNREACHABLE when one can't be. */
export const lookAtSides = async (
  release: ResolvedRelease,
  world: World,
  hmacKey: Uint8Array,
  now: Millis,
): Promise<LookedAt> => {
  const pair = clustersOf(world)
  if (pair !== null) return lookAtClusters(release, pair, hmacKey, now)
  const timeout = (): AbortSignal => AbortSignal.timeout(filesTimeoutMs)
  const [blue, green] = await Promise.all([
    world.sides.blue.workloads.inventory(hmacKey, timeout()),
    world.sides.green.workloads.inventory(hmacKey, timeout()),
  ])
  return {
    seen: { blue: required(blue, 'blue'), green: required(green, 'green') },
    overrides: overridesOf(release),
    compare: async (estate, rules) => ({ parity: checkParity(estate, rules, now), findings: [] }),
  }
}

/** What is needed for clusters is loaded only here. */
const lookAtClusters = async (
  release: ResolvedRelease,
  pair: ClusterPair,
  hmacKey: Uint8Array,
  now: Millis,
): Promise<LookedAt> => {
  const [{ readClusterEstate }, { compareClusters }, { checkClusterRules }] = await Promise.all([
    import('./kubernetes-estate.ts'),
    import('./kubernetes-parity.ts'),
    import('./cluster-rules-of-release.ts'),
  ])
  const signal = AbortSignal.timeout(clustersTimeoutMs)
  const read = required(await readClusterEstate(pair, hmacKey, now, signal), 'the clusters')
  const own = overridesOf(release)
  const names = [...new Set([...Object.keys(own), ...Object.keys(read.overrides)])]
  return {
    seen: read.seen,
    overrides: Object.fromEntries(
      names.map((name) => [name, { ...overrideOf(own, name), ...overrideOf(read.overrides, name) }]),
    ),
    compare: async (estate, rules) => {
      const { parity, refused } = await compareClusters(estate, read, { release, rules, now, signal })
      const findings = [...read.findings, ...(await checkClusterRules(release, read, refused, now, signal))]
      return { parity, findings }
    },
  }
}
