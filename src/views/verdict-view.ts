import { type VerdictKind, verdictKinds } from '../journal/events.ts'
import type { MoveState } from '../journal/move-state.ts'
import { evidenceWords } from '../judge/words.ts'
import type { Json, Millis } from '../moves/goal.ts'
import type { StoredObservation } from '../store/store.ts'

export type Counts = { readonly requests: number; readonly errors: number }

/** A verdict with the numbers that people ask about; whatever the judge did not measure is null. */
export type VerdictView = {
  readonly verdict: VerdictKind
  readonly because: string
  readonly at: Millis
  /** `sample`: as of the newest sample. `journal`: as of the last change of the verdict. */
  readonly source: 'sample' | 'journal'
  /** Evidence against green: it goes back at `rollBackAt`. */
  readonly E: number | null
  readonly rollBackAt: number | null
  /** Green's error rate as a multiple of blue's, 95 %; `upper` null: unbounded. */
  readonly ratio: { readonly lower: number; readonly upper: number | null } | null
  readonly blue: Counts | null
  readonly green: Counts | null
  readonly proof: number | null
  readonly proofNeeded: number | null
}

type Fields = { readonly [key: string]: Json | undefined }

const fields = (value: Json | undefined): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {} // an object, as just seen

const number = (value: Json | undefined): number | null => (typeof value === 'number' ? value : null)

const counts = (value: Json | undefined): Counts | null => {
  const { requests, errors } = fields(value)
  return typeof requests === 'number' && typeof errors === 'number' ? { requests, errors } : null
}

const figuresOf = (evidence: Json | undefined) => {
  const { E, rollBackAt, ratio, blue, green, proof, proofNeeded } = fields(evidence)
  const lower = number(fields(ratio)['lower'])
  return {
    E: number(E),
    rollBackAt: number(rollBackAt),
    ratio: lower === null ? null : { lower, upper: number(fields(ratio)['upper']) },
    blue: counts(blue),
    green: counts(green),
    proof: number(proof),
    proofNeeded: number(proofNeeded),
  }
}

const isVerdict = (value: Json | undefined): value is VerdictKind =>
  typeof value === 'string' && (verdictKinds as readonly string[]).includes(value)

/** The verdict in a stored row of judging; null: the row is of another kind, or of another version. */
export const verdictOfRow = (row: StoredObservation): VerdictView | null => {
  const { kind, verdict, because, evidence } = fields(row.body)
  if (kind !== 'sample' || !isVerdict(verdict)) return null
  return {
    verdict,
    because: typeof because === 'string' ? because : '',
    at: row.at,
    source: 'sample',
    ...figuresOf(evidence),
  }
}

const verdictOfJournal = ({ judged }: MoveState): VerdictView | null =>
  judged === null
    ? null
    : {
        verdict: judged.verdict,
        because: judged.because,
        at: judged.at,
        source: 'journal',
        ...figuresOf(judged.evidence),
      }

/** The newest of what the samples and the journal say in this era of evidence. `rows` are those of this service. */
export const viewVerdict = (state: MoveState, rows: readonly StoredObservation[]): VerdictView | null => {
  const journaled = verdictOfJournal(state)
  const row = rows.findLast((one) => fields(one.body)['kind'] === 'sample' && fields(one.body)['era'] === state.era)
  const sampled = row === undefined ? null : verdictOfRow(row)
  // A latched rollback is in the journal, and no later sample takes it back.
  if (journaled?.verdict === 'roll back' || sampled === null) return journaled
  return sampled
}

/** "advance, E 0.4 of 100, ratio 0.8–1.3": the figures in one line. */
export const verdictWords = ({ verdict, E, rollBackAt, ratio }: VerdictView): string => {
  const evidence =
    E === null ? [] : [`E ${evidenceWords(E)}${rollBackAt === null ? '' : ` of ${evidenceWords(rollBackAt)}`}`]
  const says = ratio !== null && (ratio.lower > 0 || ratio.upper !== null)
  const interval = !says
    ? []
    : [`errors ×${ratioWords(ratio.lower)}–${ratio.upper === null ? '∞' : ratioWords(ratio.upper)}`]
  return [verdict, ...evidence, ...interval].join(', ')
}

const ratioWords = (value: number): string => String(Number(value.toPrecision(2)))
