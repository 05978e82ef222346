import type { MoveEvent } from '../journal/events.ts'
import { releaseStream } from '../journal/events.ts'
import type { JournalState } from '../journal/fold.ts'
import { newMove } from '../journal/move-state.ts'
import { type JobState, jobSetup, judgeRun, startJobJudge, summarizeJob } from '../judge/job-judge.ts'
import { isCrossing } from '../moves/decision.ts'
import type { Json, Millis, Side } from '../moves/goal.ts'
import { sides } from '../moves/goal.ts'
import type { MovePlan, Plan } from '../plan/plan.ts'
import { createLedger, defaultLedgerOptions, type Ledger, type TickRow } from '../protocols/ledger.ts'
import type { Observation, Store } from '../store/store.ts'
import type { Clock } from './clock.ts'
import type { Inbox } from './inbox.ts'
import type { Run, Schedules } from './ports.ts'
import { forMove } from './turn-loop.ts'

/** A job's schedule followed through the release: its ledger, and what blue's runs were like before. */
type Followed = {
  readonly ledger: Ledger
  upTo: Millis
  read: Record<Side, Millis>
  readonly history: Map<string, Run>
}

export const ledgerSubject = (service: string): string => `ledger/${service}`

/** Runs are read again this far back, because a run may end long after it began. */
const overlapMs: Millis = 3_600_000
const graceMs: Millis = 10_000
const readTimeoutMs = 5_000

/**
 * Keeps the tick ledger of every job, and takes in the runs on green: each ended run is an event once, and the first
 * that fails holds the job. Reads when an environment hints at a change, and now and then in any case.
 */
export const createLedgerKeeper = (options: {
  readonly sides: Readonly<Record<Side, { readonly schedules: Schedules }>>
  readonly plan: Plan
  readonly journal: () => JournalState
  readonly clock: Clock
  readonly everyMs?: Millis
}) => {
  const { plan, clock } = options
  const jobs = Object.values(plan.moves).filter((move) => move.kind === 'job' && !move.suspended)
  const followed = new Map<string, Followed>()
  let rows: Observation[] = []
  const stateOf = (service: string) => options.journal().moves.get(service) ?? newMove(service)

  const follow = async (job: MovePlan, signal: AbortSignal): Promise<Followed | null> => {
    const known = followed.get(job.service)
    if (known !== undefined) return known
    const schedule = await options.sides.blue.schedules.read(job.service, signal)
    if (schedule.kind !== 'ok') return null
    const from = options.journal().release.createdAt
    const ledger = createLedger({ ...defaultLedgerOptions, graceMs, concurrency: schedule.value.concurrency })
    const fresh: Followed = { ledger, upTo: from, read: { blue: from, green: from }, history: new Map() }
    followed.set(job.service, fresh)
    return fresh
  }

  const readRuns = async (job: MovePlan, own: Followed, signal: AbortSignal) => {
    const since = {
      blue: Math.max(options.journal().release.createdAt, own.read.blue - overlapMs),
      green: Math.max(options.journal().release.createdAt, own.read.green - overlapMs),
    }
    const at = clock.now()
    const answers = await Promise.all(
      sides.map(async (side) => ({
        side,
        answer: await options.sides[side].schedules.runs(job.service, since[side], signal),
      })),
    )
    const recordsSince: Record<Side, Millis | null> = { blue: null, green: null }
    const runs: Run[] = []
    for (const { side, answer } of answers) {
      if (answer.kind !== 'ok') {
        // A schedule that green does not have yet can have run nothing.
        if (answer.kind === 'refused') recordsSince[side] = since[side]
        continue
      }
      recordsSince[side] = since[side]
      own.read[side] = at
      runs.push(...answer.value)
    }
    return { runs, recordsSince }
  }

  const keep = (service: string, ticks: readonly TickRow[], now: Millis): void => {
    for (const row of ticks)
      if (row.fate !== 'due')
        rows.push({ kind: 'sample', subject: ledgerSubject(service), at: now, body: row as unknown as Json })
  }

  const takeRuns = (job: MovePlan, own: Followed, runs: readonly Run[], inbox: Inbox): void => {
    const state = stateOf(job.service)
    for (const run of runs) if (run.side === 'blue' && run.endedAt !== null) own.history.set(run.name, run)
    if (!isCrossing(state, job) || state.order === 'back') return
    const ended = runs
      .filter((run) => run.side === 'green' && run.endedAt !== null && run.tick !== null)
      .toSorted((a, b) => a.startedAt - b.startedAt)
    const events: MoveEvent[] = ended
      .filter((run) => !state.runs.includes(run.name))
      .map((run) => ({
        kind: 'run ended',
        run: run.name,
        side: 'green',
        tick: run.tick,
        good: run.result === 'succeeded',
        because: run.result === 'succeeded' ? 'it succeeded' : `it failed with exit code ${run.exitCode ?? 'unknown'}`,
      }))
    if (events.length === 0) return
    const judged = judgeRuns(job, own, ended)
    if (judged !== null && state.judged?.verdict !== 'roll back') events.push({ ...judged, step: state.step })
    inbox.put(...events.map((event) => forMove(job.service, event)))
  }

  const poll = async (inbox: Inbox, signal: AbortSignal): Promise<void> => {
    for (const job of jobs) {
      if (signal.aborted) return
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(readTimeoutMs)])
      const own = await follow(job, bounded)
      if (own === null) continue
      const now = clock.now()
      const { runs, recordsSince } = await readRuns(job, own, bounded)
      const expected = await options.sides.blue.schedules.ticks(job.service, own.upTo, now, bounded)
      if (expected.kind === 'ok') own.upTo = now
      const changed = own.ledger.take({
        expected: expected.kind === 'ok' ? expected.value : [],
        runs,
        skipped: stateOf(job.service).ticksLetGo,
        recordsSince,
        now,
      })
      keep(job.service, changed, now)
      tellAnomalies(job.service, changed, options.journal().release.oddTicks, inbox)
      takeRuns(job, own, runs, inbox)
    }
  }

  return {
    restore: async (_store: Store): Promise<void> => {
      // Nothing to restore: the environments keep their runs, and a tick counts once however often it is read.
    },
    takeRows: (): readonly Observation[] => {
      const taken = rows
      rows = []
      return taken
    },
    run: async (inbox: Inbox, signal: AbortSignal): Promise<void> => {
      if (jobs.length === 0) return
      while (!signal.aborted) {
        await poll(inbox, signal)
        await clock.sleep(clock.now() + (options.everyMs ?? 1_000), signal)
      }
    },
  }
}

/** A tick that ran twice or never is a matter for the journal; what ran as it should is an observation. */
const tellAnomalies = (service: string, ticks: readonly TickRow[], known: readonly string[], inbox: Inbox): void => {
  for (const { tick, blue, green, fate } of ticks)
    if ((fate === 'duplicate' || fate === 'missed') && !known.includes(`${service} ${tick} ${fate}`))
      inbox.put({ stream: releaseStream, event: { kind: 'tick', service, tick, blue, green, fate } })
}

/** The job check over all its runs on green, against blue's own record; null: it says nothing yet. */
const judgeRuns = (
  job: MovePlan,
  own: Followed,
  ended: readonly Run[],
): Extract<MoveEvent, { kind: 'judged' }> | null => {
  const history = [...own.history.values()]
  const durations = history
    .flatMap((run) => (run.endedAt === null || run.result !== 'succeeded' ? [] : [run.endedAt - run.startedAt]))
    .toSorted((a, b) => a - b)
  const setup = jobSetup(
    job.service,
    {
      runs: history.length,
      failures: history.filter((run) => run.result === 'failed').length,
      p90Ms: durations[Math.floor(durations.length * 0.9)] ?? null,
      timedRuns: durations.length,
    },
    { alpha: job.policy.judge.alpha },
  )
  let state: JobState = startJobJudge()
  for (const run of ended)
    state = judgeRun(setup, state, {
      name: run.name,
      at: run.endedAt ?? run.startedAt,
      failed: run.result === 'failed',
      durationMs: run.endedAt === null ? null : run.endedAt - run.startedAt,
      launchDelayMs: run.tick === null ? null : Math.max(0, run.startedAt - run.tick),
    }).state
  if (state.latched === null) return null
  const evidence = summarizeJob(setup, state) as unknown as Json // a summary is plain data
  return {
    kind: 'judged',
    step: 0,
    verdict: 'roll back',
    cause: 'evidence',
    against: true,
    untilPerson: false,
    because: state.latched.because,
    evidence,
  }
}
