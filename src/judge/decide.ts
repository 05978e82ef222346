import { failuresCheck, unexplainedFailures } from './failures.ts'
import type { Millis } from './sample.ts'
import type { JudgeSetup } from './setup.ts'
import type { JudgeState } from './state.ts'
import type { CheckSummary, Summary, Verdict } from './verdict.ts'
import { evidenceWords, failed, percent, seconds } from './words.ts'

/** A verdict without its evidence and without the time since which it holds, which are added once at the end. */
type Bare = Verdict extends infer V
  ? V extends Verdict
    ? Omit<V, 'evidence' | 'since'> & { since?: Millis }
    : never
  : never

type Question = {
  readonly setup: JudgeSetup
  readonly state: JudgeState
  readonly summary: Summary
  readonly now: Millis
}

/** The rules in order; the first that answers wins. The last always does. */
export const decide = (question: Question): Bare =>
  rollBack(question) ??
  noTraffic(question) ??
  blind(question) ??
  evidenceHold(question) ??
  failures(question) ??
  checkHold(question) ??
  dwell(question) ??
  proven(question) ??
  timed(question) ??
  unproven(question)

const rollBack = ({ state }: Question): Bare | null =>
  state.latched === null
    ? null
    : { kind: 'roll back', cause: state.latched.cause, because: state.latched.because, since: state.latched.at }

const noTraffic = ({ state }: Question): Bare | null =>
  state.step.weightGreen > 0
    ? null
    : {
        kind: 'hold',
        cause: 'no traffic',
        until: 'passes',
        because: 'green gets no traffic yet, so there is nothing to judge',
      }

/** A sample older than two intervals is no longer fresh. At 100 % an absent blue is not missing. */
const blind = ({ setup, state, now }: Question): Bare | null => {
  const { last, step } = state
  const limit = 2 * setup.intervalMs
  const alone = state.frozen !== null && step.weightGreen >= 100
  const seen = (at: Millis) => Math.max(at, last.due)
  const stale = (at: Millis) => now - seen(at) > limit
  const green = stale(last.green)
  const blue = !alone && stale(last.blue)
  const never = stale(last.measured ?? last.due)
  if (!green && !blue && !never) return null
  const missing = green === blue ? (alone ? 'green' : 'both') : green ? 'green' : 'blue'
  const since =
    missing === 'blue' ? seen(last.blue) : missing === 'green' ? seen(last.green) : seen(last.measured ?? last.due)
  const who = missing === 'both' ? 'neither blue nor green was' : `${missing} was not`
  return {
    kind: 'blind',
    missing,
    since,
    because: `could not measure: ${who} measured in the last ${seconds(now - since)} (more than two intervals of ${seconds(setup.intervalMs)})`,
  }
}

const evidenceHold = ({ setup, summary }: Question): Bare | null =>
  summary.E < setup.holdAt
    ? null
    : {
        kind: 'hold',
        cause: 'evidence',
        until: 'policy',
        because: `evidence against green is ${evidenceWords(summary.E)} (holds at ${setup.holdAt}, rolls back at ${evidenceWords(summary.rollBackAt)}), most from ${strongest(summary)}; ${arms(summary)}`,
      }

/** It can't be told whether that is green, so a person is asked; time alone never lets it pass. */
const failures = ({ setup, state, summary }: Question): Bare | null => {
  const seen = state.accepted.includes(failuresCheck) ? null : unexplainedFailures(setup, state, summary)
  if (seen === null) return null
  const { blue, green } = seen
  const known =
    blue.requests === 0
      ? 'nothing of blue was measured in this release to compare it with'
      : `${failed('blue', blue)}, which is too little to tell by`
  return { kind: 'hold', cause: 'failures', until: 'person', because: `${failed('green', green)}, and ${known}` }
}

/** The checks that may only hold: a person, or better evidence, lets the release go on. */
const checkHold = ({ setup, state, summary }: Question): Bare | null => {
  const against = summary.checks.filter(
    (one) => one.may === 'hold' && one.E >= setup.holdAt && !state.accepted.includes(one.check),
  )
  const [worst] = [...against].sort((a, b) => b.E - a.E)
  if (worst === undefined) return null
  const cause = holdCause(worst, setup)
  const strong = worst.E >= summary.rollBackAt && cause !== 'warming up'
  return {
    kind: 'hold',
    cause,
    until: cause === 'warming up' ? 'passes' : strong ? 'person' : 'policy',
    because: `${checkWords(worst, cause)}: evidence ${evidenceWords(worst.E)} (holds at ${setup.holdAt}${strong ? `; from ${evidenceWords(summary.rollBackAt)} on until a person or better evidence says otherwise` : ''})`,
  }
}

const holdCause = (one: CheckSummary, setup: JudgeSetup): 'latency' | 'warming up' | 'gauge' | 'noisy check' => {
  if (one.check === 'latency within margin') return 'latency'
  if (one.check === 'latency warming up') return 'warming up'
  return setup.gauges.some((gauge) => gauge.name === one.check) ? 'gauge' : 'noisy check'
}

const checkWords = (one: CheckSummary, cause: ReturnType<typeof holdCause>): string => {
  if (cause === 'latency') return 'green answers slower than blue by more than the margin for holding'
  if (cause === 'warming up') return "green's new replicas are slow while they warm up"
  if (cause === 'gauge') return `${one.check} is higher on green than on blue by more than its margin`
  return `${one.check} is worse on green, and is too noisy on blue to roll back by it`
}

const dwell = ({ setup, state }: Question): Bare | null =>
  state.step.observedMs >= setup.dwell.minMs
    ? null
    : {
        kind: 'hold',
        cause: 'dwell',
        until: 'passes',
        because: `observed for ${seconds(state.step.observedMs)} of at least ${seconds(setup.dwell.minMs)} at ${state.step.weightGreen} %`,
      }

const proven = ({ setup, state, summary }: Question): Bare | null =>
  !summary.proven
    ? null
    : {
        kind: 'advance',
        how: 'proven',
        because: `green is not worse at ${state.step.weightGreen} %: proof ${evidenceWords(summary.proof)} of ${setup.proof.needed}; ${stepArms(summary)}`,
      }

const timed = ({ setup, state, summary }: Question): Bare | null =>
  state.step.observedMs < setup.dwell.maxMs
    ? null
    : {
        kind: 'advance',
        how: 'timed',
        because: `timed, unproven: nothing speaks against green after ${seconds(state.step.observedMs)}, but the proof is ${evidenceWords(summary.proof)} of ${setup.proof.needed}; ${stepArms(summary)}`,
      }

const unproven = ({ setup, state, summary }: Question): Bare => ({
  kind: 'hold',
  cause: 'unproven',
  until: 'passes',
  because: `nothing speaks against green at ${state.step.weightGreen} %, but it is not proven yet: proof ${evidenceWords(summary.proof)} of ${setup.proof.needed}; ${stepArms(summary)}; goes on unproven after ${seconds(setup.dwell.maxMs)}`,
})

/** The check that adds most to the overall evidence, with its share of it. */
export const strongest = ({ checks, E }: Pick<Summary, 'checks' | 'E'>): string => {
  const [first] = [...checks].sort((a, b) => b.weight * b.E - a.weight * a.E)
  return first === undefined ? 'no check' : `${first.check} (${percent((first.weight * first.E) / E)} of it)`
}

export const arms = ({ blue, green }: Pick<Summary, 'blue' | 'green'>): string =>
  `${failed('green', green)}, ${failed('blue', blue)}`

const stepArms = ({ step }: Summary): string => arms(step)
