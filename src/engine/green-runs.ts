import type { MoveEvent } from '../journal/events.ts'
import type { MoveState } from '../journal/move-state.ts'
import { type JobState, jobSetup, judgeRun, startJobJudge, summarizeJob } from '../judge/job-judge.ts'
import { isCrossing } from '../moves/decision.ts'
import type { Json, Millis } from '../moves/goal.ts'
import type { MovePlan } from '../plan/plan.ts'
import type { Run } from './ports.ts'

type Ended = Run & { readonly endedAt: Millis }

/** Runs that ended so long before the newest one that was taken in were taken in as well, by this engine or an earlier one. */
const surelyTakenMs: Millis = 60_000
/** Enough of blue's runs to judge by. */
const keptHistory = 1_000

const isEnded = (run: Run): run is Ended => run.endedAt !== null

/**
 * Takes in the runs of one job: blue's as its record before, green's as events. A run is taken in once, whatever is
 * read again and whoever was the engine; once the job has settled only its failures are worth an event.
 */
export const createGreenRuns = (job: MovePlan) => {
  const known = new Set<string>()
  const blue = new Map<string, Ended>()
  let state: JobState = startJobJudge()

  const remember = (run: Ended): void => {
    if (run.side !== 'blue' || blue.has(run.name)) return
    blue.set(run.name, run)
    const [oldest] = blue.keys()
    if (blue.size > keptHistory && oldest !== undefined) blue.delete(oldest)
  }
  const wasTaken = (run: Ended, move: MoveState): boolean =>
    known.has(run.name) ||
    move.runs.includes(run.name) ||
    (move.ranAt !== null && run.endedAt < move.ranAt - surelyTakenMs)

  const judge = (run: Ended): void => {
    state = judgeRun(setUp(job, [...blue.values()]), state, {
      name: run.name,
      at: run.endedAt,
      failed: run.result === 'failed',
      durationMs: run.endedAt - run.startedAt,
      launchDelayMs: run.tick === null ? null : Math.max(0, run.startedAt - run.tick),
    }).state
  }

  return {
    take: (runs: readonly Run[], move: MoveState): readonly MoveEvent[] => {
      const ended = runs.filter(isEnded)
      ended.forEach(remember)
      if (!isCrossing(move, job) || move.order === 'back') return []
      const fresh = ended
        .filter((run) => run.side === 'green' && run.tick !== null && !known.has(run.name))
        .toSorted((a, b) => a.endedAt - b.endedAt)
      const events: MoveEvent[] = []
      for (const run of fresh) {
        const taken = wasTaken(run, move)
        known.add(run.name)
        judge(run)
        const good = run.result === 'succeeded'
        if (taken || (good && move.settled !== null)) continue
        const because = good ? 'it succeeded' : `it failed with exit code ${run.exitCode ?? 'unknown'}`
        events.push({ kind: 'run ended', run: run.name, side: 'green', tick: run.tick, good, because })
      }
      if (state.latched !== null && move.judged?.verdict !== 'roll back' && fresh.length > 0)
        events.push(rollBack(job, state, state.latched.because, [...blue.values()], move.step))
      return events
    },
  }
}

const setUp = (job: MovePlan, blue: readonly Ended[]) => {
  const durations = blue
    .flatMap((run) => (run.result === 'succeeded' ? [run.endedAt - run.startedAt] : []))
    .toSorted((a, b) => a - b)
  const history = {
    runs: blue.length,
    failures: blue.filter((run) => run.result === 'failed').length,
    p90Ms: durations[Math.floor(durations.length * 0.9)] ?? null,
    timedRuns: durations.length,
  }
  return jobSetup(job.service, history, { alpha: job.policy.judge.alpha })
}

const rollBack = (
  job: MovePlan,
  state: JobState,
  because: string,
  blue: readonly Ended[],
  step: number,
): MoveEvent => ({
  kind: 'judged',
  step,
  verdict: 'roll back',
  cause: 'evidence',
  against: true,
  untilPerson: false,
  because,
  evidence: summarizeJob(setUp(job, blue), state) as unknown as Json, // a summary is plain data
})
