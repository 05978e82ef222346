import type { BreakGlassOptions, BreakGlassResult } from '../cli/deps.ts'
import type { ResolvedRelease } from '../config/release.ts'
import { breakGlass } from '../engine/break-glass.ts'
import type { Claims } from '../engine/ports.ts'
import { TitrateError } from '../errors.ts'
import type { RollbackScope } from '../journal/events.ts'
import { environmentOf } from '../providers/local/supervisor-control.ts'
import { systemClock } from './clock.ts'
import { connectWorld, noTraffic } from './world.ts'

/** How long each lane of a service is tried before the rest goes on. */
const laneLimitMs = 20_000

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

/** Takes everything back from the release file and the environments alone: no journal, no metrics, no server. */
export const breakGlassOnRelease = async (
  release: ResolvedRelease,
  options: BreakGlassOptions & { readonly by: string },
  signal: AbortSignal,
): Promise<BreakGlassResult> => {
  if (release.blue.kind !== 'local')
    throw new TitrateError('USAGE', `A release can't name a Kubernetes cluster yet (blue: ${release.blue.context}).`)
  // From the environment's file, not from its supervisor: it must work when nothing answers.
  const { services } = environmentOf(release.blue.file)
  const names = servicesIn(options.scope, Object.keys(services))
  const { world, close } = await connectWorld({ ...release, metrics: { ...release.metrics, addresses: [] } })
  try {
    const report = await breakGlass({
      release: release.name,
      by: options.by,
      because: options.because,
      services: names.map((name) => ({
        name,
        exclusive: services[name]?.strategy === 'Recreate' || services[name]?.lease !== null,
        hasSchedule: services[name]?.schedule !== null,
      })),
      blue: world.sides.blue,
      green: world.sides.green,
      router: world.router ?? { traffic: noTraffic, claims: noClaims },
      assumeDead: options.assumeDead,
      limitMs: laneLimitMs,
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
