import type { Recorded } from '../journal/events.ts'
import type { Millis } from '../moves/goal.ts'
import type { Plan } from '../plan/plan.ts'

/** What a release's time goes into. Each moment belongs to one of them. */
export const rehearsedPhases = ['prepare', 'non-exposed', 'parallel', 'people', 'weights', 'bake'] as const
export type RehearsedPhase = (typeof rehearsedPhases)[number]

type Span = { readonly from: Millis; readonly until: Millis }
type Segment = Span & { readonly phase: RehearsedPhase }

/** Boundaries as they come: from each on, the release is in that phase. */
const boundaries = (plan: Plan, entries: readonly Recorded[]): readonly { at: Millis; phase: RehearsedPhase }[] => {
  const found: { at: Millis; phase: RehearsedPhase }[] = []
  const exposed = new Map(
    plan.waves.flatMap((wave) => (wave.phase === 'exposed' ? [[wave.number, wave] as const] : [])),
  )
  const baking = new Map<number, Set<string>>()
  const waveOf = (stream: string): number | null => plan.moves[stream.slice('move/'.length)]?.wave ?? null
  for (const { event, at, stream } of entries) {
    if (event.kind === 'created') found.push({ at, phase: 'prepare' })
    if (event.kind === 'wave started') found.push({ at, phase: exposed.has(event.wave) ? 'prepare' : 'non-exposed' })
    if (event.kind === 'phase entered' && event.phase === 'parallel') found.push({ at, phase: 'parallel' })
    if (event.kind !== 'entered' && event.kind !== 'settled') continue
    const wave = exposed.get(waveOf(stream) ?? -1)
    if (wave === undefined) continue
    if (event.kind === 'entered' && event.name.startsWith('weight')) found.push({ at, phase: 'weights' })
    if (event.kind === 'settled' || event.name === 'bake') {
      const own = baking.get(wave.number) ?? new Set<string>()
      baking.set(wave.number, own.add(stream))
      if (own.size === wave.services.length) found.push({ at, phase: 'bake' })
    }
  }
  return found
}

/** The parts of a span that none of `others` covers. */
const without = (span: Span, others: readonly Span[]): readonly Span[] => {
  let rest: readonly Span[] = [span]
  for (const { from, until } of others)
    rest = rest.flatMap((one) =>
      until <= one.from || from >= one.until
        ? [one]
        : [
            ...(one.from < from ? [{ from: one.from, until: from }] : []),
            ...(until < one.until ? [{ from: until, until: one.until }] : []),
          ],
    )
  return rest
}

/** How the time of one play divides over the phases. What people were waited for is theirs, whatever went on beside it. */
export const phasesOf = (
  plan: Plan,
  entries: readonly Recorded[],
  until: Millis,
  waited: readonly Span[],
): Readonly<Record<RehearsedPhase, Millis>> => {
  const found = boundaries(plan, entries)
  const segments: Segment[] = found.map(({ at, phase }, index) => ({
    from: at,
    until: found[index + 1]?.at ?? until,
    phase,
  }))
  const sums = { prepare: 0, 'non-exposed': 0, parallel: 0, people: 0, weights: 0, bake: 0 }
  for (const segment of segments) {
    const own = without(segment, waited).reduce((sum, { from, until: end }) => sum + end - from, 0)
    sums[segment.phase] += own
    sums.people += segment.until - segment.from - own
  }
  return sums
}
