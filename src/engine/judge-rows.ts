import type { VerdictKind } from '../journal/events.ts'
import type { Arm, Sample } from '../judge/sample.ts'
import type { JudgeSetup } from '../judge/setup.ts'
import type { JudgeState } from '../judge/state.ts'
import type { Summary } from '../judge/verdict.ts'
import type { Millis } from '../moves/goal.ts'
import type { Observation, StoredObservation } from '../store/store.ts'

/**
 * What is stored of judging, so that every verdict can be drawn again: how the judge was set up for an era of
 * evidence, when a step was entered, and each sample with what the judge made of it.
 */
export type JudgeRow =
  | {
      readonly kind: 'begin'
      readonly era: number
      readonly at: Millis
      readonly setup: JudgeSetup
      /** What blue did in this release until then; absent in rows of older releases, and where nothing was measured. */
      readonly blue?: Arm
    }
  | {
      readonly kind: 'step'
      readonly era: number
      readonly at: Millis
      readonly step: number
      readonly weightGreen: number
    }
  | { readonly kind: 'accept'; readonly era: number; readonly at: Millis; readonly check: string }
  | {
      readonly kind: 'sample'
      readonly era: number
      readonly sample: Sample
      readonly verdict: VerdictKind
      readonly because: string
      readonly evidence: SampleEvidence
    }

/**
 * What is kept with every sample, to be shown as it happens. The whole summary goes into the journal when the answer
 * changes; what each check said in between is drawn again from the samples.
 */
export type SampleEvidence = Pick<
  Summary,
  'E' | 'rollBackAt' | 'proof' | 'proofNeeded' | 'proven' | 'ratio' | 'blue' | 'green'
>

export const briefly = ({
  E,
  rollBackAt,
  proof,
  proofNeeded,
  proven,
  ratio,
  blue,
  green,
}: Summary): SampleEvidence => ({
  E,
  rollBackAt,
  proof,
  proofNeeded,
  proven,
  ratio,
  blue,
  green,
})

export const judgeSubject = (service: string): string => `judge/${service}`

export const toObservation = (service: string, row: JudgeRow): Observation => ({
  kind: 'sample',
  subject: judgeSubject(service),
  at: row.kind === 'sample' ? row.sample.at : row.at,
  body: row,
})

/**
 * A judge as it stood after all rows that are stored before it: a restart goes on from here, so that it costs the same
 * after an hour as after a minute. Kept as a fact, so the newest one replaces those before it.
 */
export type KeptJudge = {
  readonly era: number
  readonly setup: JudgeSetup
  readonly state: JudgeState
  readonly step: number
  readonly stepAt: Millis
}

const keptPrefix = 'judge-state/'

export const keptObservation = (service: string, at: Millis, kept: KeptJudge): Observation => ({
  kind: 'fact',
  subject: `${keptPrefix}${service}`,
  at,
  body: kept,
})

/** The kept judges among stored facts, with what stands behind them; of another format: none. */
export const keptJudges = (
  facts: readonly StoredObservation[],
): ReadonlyMap<string, { readonly kept: KeptJudge; readonly id: number }> =>
  new Map(
    facts.flatMap(({ subject, id, body }) => {
      if (!subject.startsWith(keptPrefix)) return []
      const kept = body as unknown as KeptJudge // Written by `keptObservation` only.
      return kept.state.version === 1 ? [[subject.slice(keptPrefix.length), { kept, id }]] : []
    }),
  )
