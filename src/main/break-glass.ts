import type { BreakGlassOptions, BreakGlassResult } from '../cli/deps.ts'
import { overridesOf, type ResolvedRelease } from '../config/release.ts'
import { type BreakGlass, breakGlass } from '../engine/break-glass.ts'
import type { World } from '../engine/engine.ts'
import type { Claims } from '../engine/ports.ts'
import { bug, TitrateError } from '../errors.ts'
import { overrideOf } from '../inventory/overrides.ts'
import type { RollbackScope } from '../journal/events.ts'
import { environmentOf } from '../providers/local/supervisor-control.ts'
import { systemClock } from './clock.ts'
import { required } from './look-at-sides.ts'
import { clustersOf, connectWorld, noTraffic } from './world.ts'

/** How long each lane of a service is tried before the rest goes on. */
const laneLimitMs = 20_000
/** A cluster's scheduler may take a while to be seen to look, and pods to end. */
const clusterLaneLimitMs = 90_000
const clusterReadMs = 15_000

/** Stands where a release without a router would have its claim. */
const noClaims: Claims = {
  name: 'no router',
  read: () => Promise.resolve({ kind: 'refused', because: 'there is no router' }),
  claim: () => Promise.resolve({ kind: 'ok', value: null }),
  free: () => Promise.resolve({ kind: 'ok', value: null }),
  stop: () => Promise.resolve({ kind: 'ok', value: null }),
  clearStop: () => Promise.resolve({ kind: 'ok', value: null }),
}

/** Break-glass knows no plan and so no waves and no dependents: all of it, or one service by name. */
const servicesIn = (scope: RollbackScope, names: readonly string[]): readonly string[] => {
  if (scope.kind === 'everything') return names
  if (scope.kind === 'wave')
    throw new TitrateError(
      'USAGE',
      'break-glass needs no journal, so it knows no waves: name a service, or take everything back',
    )
  if (!names.includes(scope.service))
    throw new TitrateError('USAGE', `blue has no service "${scope.service}"; it has ${names.join(', ')}`)
  return [scope.service]
}

type Known = Readonly<Record<string, Pick<BreakGlass['services'][number], 'exclusive' | 'hasSchedule'>>>

/** By name, all that may have moved: from blue's file, or from the clusters themselves, never from a supervisor. */
const servicesOf = async (release: ResolvedRelease, world: World): Promise<Known> => {
  const pair = clustersOf(world)
  if (pair === null && release.blue.kind === 'local') {
    // It must work when nothing answers.
    const { services } = environmentOf(release.blue.file)
    return Object.fromEntries(
      Object.entries(services).map(([name, { strategy, lease, schedule }]) => [
        name,
        { exclusive: strategy === 'Recreate' || lease !== null, hasSchedule: schedule !== null },
      ]),
    )
  }
  if (pair === null) throw bug('a release between clusters without clusters')
  const { readServicesOfEither } = await import('./kubernetes-estate.ts')
  const answer = await readServicesOfEither(pair, () => AbortSignal.timeout(clusterReadMs))
  const overrides = overridesOf(release)
  return Object.fromEntries(
    required(answer, 'neither cluster says what runs in it').map(({ name, strategy, lease, schedule }) => {
      const { concurrency } = overrideOf(overrides, name)
      const isOne = concurrency === 'one' || strategy === 'Recreate' || lease !== null
      return [name, { exclusive: isOne && concurrency !== 'many', hasSchedule: schedule !== null }]
    }),
  )
}

/** Takes everything back from the release file and the environments alone: no journal, no metrics, no server. */
export const breakGlassOnRelease = async (
  release: ResolvedRelease,
  options: BreakGlassOptions & { readonly by: string },
  signal: AbortSignal,
): Promise<BreakGlassResult> => {
  const { world, close } = await connectWorld({ ...release, metrics: { ...release.metrics, addresses: [] } })
  try {
    const known = await servicesOf(release, world)
    const names = servicesIn(options.scope, Object.keys(known))
    const report = await breakGlass({
      release: release.name,
      by: options.by,
      because: options.because,
      services: names.map((name) => ({ name, exclusive: false, hasSchedule: false, ...known[name] })),
      blue: world.sides.blue,
      green: world.sides.green,
      router: world.router ?? { traffic: noTraffic, claims: noClaims },
      assumeDead: options.assumeDead,
      limitMs: world.clusters === null ? laneLimitMs : clusterLaneLimitMs,
      clock: systemClock,
      signal,
    })
    return {
      marked: report.marks.map(({ where, left, because }) => ({ where, done: left, because: left ? null : because })),
      services: report.services.map(({ service, lane, outcome, because }) => ({
        service,
        lane,
        done: outcome !== 'not done',
        what: because,
      })),
    }
  } finally {
    await close()
  }
}
