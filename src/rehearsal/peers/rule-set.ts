import type { BlueHalves } from '../../judge/calibrate.ts'
import type { Arm, Millis, Sample } from '../../judge/sample.ts'

/**
 * What a rule set says after a sample:
 * - `advance`: by its own ramp, the next weight comes now. On a ramp that is given it is the same as `wait`.
 * - `wait`: nothing speaks against green; its own ramp stays where it is for now.
 * - `hold`: something does; no ramp goes on.
 * - `roll back`: over. `because` in few words, the same for the same reason: they are counted.
 */
export type Answer = {
  readonly kind: 'advance' | 'wait' | 'hold' | 'roll back'
  readonly because: string
}

export const waits: Answer = { kind: 'wait', because: '' }

/** A rule set in one release. */
export type Watch = {
  /** Green got this weight at `at`, which is the end of the last sample. */
  enter(step: { readonly at: Millis; readonly weightGreen: number }): void
  /** `baseline`: a part of blue as large as green, for tools that ask for one; `null` while blue has no traffic. */
  take(sample: Sample, baseline: () => Arm | null): Answer
}

/** Rules by which a release goes on or back: Titrate's judge, or those of another tool. */
export type RuleSet = {
  /** When it goes back, in a sentence for the page, and where that is documented. */
  readonly words: string
  readonly source: string
  /** Green's weights when the tool raises them by itself; `null`: its documents name none. */
  readonly ownRamp: readonly number[] | null
  begin(release: Release): Watch
}

export type Release = {
  /** Blue before the release, its replicas in two halves, oldest first. */
  readonly history: readonly BlueHalves[]
  /** `own`: the tool raises the weights, and looks away when it would. `given`: it only watches, to the end. */
  readonly ramp: 'own' | 'given'
}
