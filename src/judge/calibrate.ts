import { errorEvidence, pairEvidence } from './checks.ts'
import { type Halves, MAX_PHI, measureDispersion } from './dispersion.ts'
import { judgeSample } from './judge.ts'
import { slowerThan } from './latency.ts'
import type { Arm, Sample } from './sample.ts'
import type { JudgeSetup, Noise } from './setup.ts'
import { enterStep, type JudgeState, startJudge } from './state.ts'

/** One sample of blue before the release, its replicas split in two. */
export type BlueHalves = {
  readonly at: number
  readonly durationMs: number
  readonly a: Arm
  readonly b: Arm
  /** Requests that the router assigned to each half; `null`: unknown. */
  readonly assigned: { readonly a: number; readonly b: number } | null
}

/**
 * How noisy each check is, from 1 to 24 h of blue against itself. The dispersion is measured, then the judge is replayed
 * with one half of blue as green: a check that alarms has its dispersion doubled, up to 16; one that still alarms may
 * only hold. Without history the setup comes back as it is. It costs as much as judging the history up to five times.
 */
export const calibrate = (setup: JudgeSetup, history: readonly BlueHalves[]): JudgeSetup => {
  if (history.length === 0) return setup
  let next = measured(setup, history)
  for (;;) {
    const alarms = replayAgainstItself(next, history)
    const doubled = withNoise(next, (noise, check) => (alarms.has(check) ? louder(noise) : noise))
    if (doubled === null) return next
    next = doubled
  }
}

const louder = (noise: Noise): Noise =>
  noise.phi >= MAX_PHI ? { phi: noise.phi, holdOnly: true } : { phi: Math.min(MAX_PHI, noise.phi * 2), holdOnly: false }

const measured = (setup: JudgeSetup, history: readonly BlueHalves[]): JudgeSetup => {
  const phi = (halves: readonly (Halves | null)[]) =>
    Math.min(MAX_PHI, measureDispersion(halves.filter((h) => h !== null)).phi)
  const measure = (check: string): number => {
    if (check === 'errors')
      return phi(history.map(({ a, b }) => ({ xA: a.errors, nA: a.requests, xB: b.errors, nB: b.requests })))
    const ms = Number(check.replace('latency:', ''))
    if (check.startsWith('latency:')) return phi(history.map((sample) => slowHalves(sample, ms)))
    const drop = setup.drops.find((one) => `drop:${one.name}` === check)
    return phi(
      history.map(({ a, b, assigned }) => {
        const of = (arm: Arm) => (drop?.counts.kind === 'business' ? arm.business?.[drop.counts.counter] : arm.requests)
        const [xA, xB] = [of(a), of(b)]
        return assigned === null || xA === undefined || xB === undefined
          ? null
          : { xA, nA: assigned.a, xB, nB: assigned.b }
      }),
    )
  }
  return withNoise(setup, (noise, check) => ({ ...noise, phi: measure(check) })) ?? setup
}

const slowHalves = ({ a, b }: BlueHalves, ms: number): Halves | null => {
  const xA = a.latency && slowerThan(a.latency, ms)
  const xB = b.latency && slowerThan(b.latency, ms)
  return xA === null || xB === null || !a.latency || !b.latency
    ? null
    : { xA, nA: a.latency.count, xB, nB: b.latency.count }
}

/** The setup with each check's noise changed; `null` if nothing changed. */
const withNoise = (setup: JudgeSetup, change: (noise: Noise, check: string) => Noise): JudgeSetup | null => {
  let changed = false
  const apply = <N extends Noise>(one: N, check: string): N => {
    const next = one.holdOnly ? one : change(one, check)
    if (next.phi === one.phi && next.holdOnly === one.holdOnly) return one
    changed = true
    return { ...one, phi: next.phi, holdOnly: next.holdOnly }
  }
  const result: JudgeSetup = {
    ...setup,
    errors: apply(setup.errors, 'errors'),
    latency:
      setup.latency?.kind === 'judged'
        ? { ...setup.latency, thresholds: setup.latency.thresholds.map((t) => apply(t, `latency:${t.ms}`)) }
        : setup.latency,
    drops: setup.drops.map((drop) => apply(drop, `drop:${drop.name}`)),
  }
  return changed ? result : null
}

/** The checks whose evidence reaches 1/alpha although there is no green. */
const replayAgainstItself = (setup: JudgeSetup, history: readonly BlueHalves[]): ReadonlySet<string> => {
  const alarms = new Set<string>()
  const note = (E: number, check: string) => {
    if (E >= 1 / setup.alpha) alarms.add(check)
  }
  const start = (history[0]?.at ?? 0) - (history[0]?.durationMs ?? 0) - setup.warmUpMs
  let state: JudgeState = enterStep(startJudge(setup, { at: start }), { at: start, weightGreen: 50 })
  for (const { at, durationMs, a, b, assigned } of history) {
    const sample: Sample = {
      at,
      durationMs,
      blue: b,
      green: a,
      assigned: assigned && { blue: assigned.b, green: assigned.a },
      weightGreen: 50,
    }
    state = judgeSample(setup, state, sample).state
    note(errorEvidence(state.evidence.errors), 'errors')
    for (const [i, drop] of setup.drops.entries()) note(state.evidence.drops[i]?.E ?? 1, `drop:${drop.name}`)
    if (setup.latency?.kind === 'judged')
      for (const [i, { ms }] of setup.latency.thresholds.entries()) {
        const threshold = state.evidence.latency[i]
        if (threshold) note(Math.max(pairEvidence(threshold.rollback), pairEvidence(threshold.hold)), `latency:${ms}`)
      }
  }
  return alarms
}
