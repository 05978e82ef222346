import { hash } from 'node:crypto'
import { canonicalJson } from '../journal/canonical-json.ts'
import type { JournalState } from '../journal/fold.ts'
import type { MoveState } from '../journal/move-state.ts'
import type { Json } from '../moves/goal.ts'

/** What a person is shown before an approval, and its SHA-256 over canonical JSON: the approval is bound to it. */
export type EvidenceSeen = { readonly shown: Json; readonly hash: string }

const seal = (shown: Json): EvidenceSeen => ({ shown, hash: hash('sha256', canonicalJson(shown), 'hex') })

/** Of one service: what was measured and tested in this attempt. It changes when a verdict or a test does, not with time. */
export const evidenceOf = (gate: string, state: MoveState, step: string | null): EvidenceSeen => {
  const { service, attempt, passed, judged, tests, goodRuns, badRuns } = state
  return seal({
    gate,
    service,
    attempt,
    step,
    passed,
    verdict: judged === null ? null : { verdict: judged.verdict, because: judged.because, evidence: judged.evidence },
    tests: Object.entries(tests).map(([name, test]) => ({
      name,
      passed: test.passed,
      at: test.at,
      summary: test.summary,
      figures: test.figures,
    })),
    goodRuns,
    badRuns: badRuns.map(({ run, because }) => ({ run, because })),
  })
}

/** Of the release as a whole: where everything is, and what went wrong on the way. */
export const evidenceOfRelease = (gate: string, { release, moves }: JournalState): EvidenceSeen =>
  seal({
    gate,
    release: release.release,
    services: [...moves.values()]
      .toSorted((a, b) => (a.service < b.service ? -1 : 1))
      .map((state) => ({
        service: state.service,
        on: state.settled?.on ?? null,
        label: state.settled?.label ?? null,
        skipped: state.skipped?.because ?? null,
      })),
    oddTicks: release.oddTicks,
    back: release.back,
  })
