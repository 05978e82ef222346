import type { JournalState } from '../journal/fold.ts'
import { newMove } from '../journal/move-state.ts'
import type { MoveFacts } from '../moves/facts.ts'
import type { Millis } from '../moves/goal.ts'
import type { Plan } from '../plan/plan.ts'
import type { Observation, Store } from '../store/store.ts'
import type { Clock } from './clock.ts'
import type { Inbox } from './inbox.ts'
import { type Baselines, noBaselines, takeIncrements, totalHistogram } from './increments.ts'
import { type JudgeRow, judgeSubject, toObservation } from './judge-rows.ts'
import { type Judging, makeSample } from './judging.ts'
import type { Metrics, MetricsSnapshot } from './ports.ts'
import { forMove } from './turn-loop.ts'

export type Measuring = {
  restore(store: Store): Promise<void>
  /** Takes up what the journal says of a move: a new era of evidence, a new step. */
  sync(service: string): void
  takeRows(): readonly Observation[]
  /** Measures once per interval until the signal aborts, and puts changed verdicts into the inbox. */
  run(inbox: Inbox, signal: AbortSignal): Promise<void>
}

const rowsPerRead = 10_000

/** The shortest interval that any service asks for: one scrape serves them all. */
const intervalOf = (plan: Plan): Millis =>
  Math.min(60_000, ...Object.values(plan.moves).map((move) => move.policy.judge.intervalMs))

/** The sampler: one scrape per interval, one sample per judged service, one verdict each. */
export const createMeasuring = (options: {
  readonly metrics: Metrics | null
  readonly judging: Judging
  readonly plan: Plan
  readonly journal: () => JournalState
  readonly factsOf: (service: string) => MoveFacts
  readonly clock: Clock
  readonly log: (what: string, details: Readonly<Record<string, unknown>>) => void
}): Measuring => {
  const { plan, judging, clock, metrics } = options
  const intervalMs = intervalOf(plan)
  let rows: Observation[] = []
  let baselines: Baselines = noBaselines
  let latest: MetricsSnapshot | null = null

  const stateOf = (service: string) => options.journal().moves.get(service) ?? newMove(service)
  const keep = (service: string, fresh: readonly JudgeRow[]): void => {
    for (const row of fresh) rows.push(toObservation(service, row))
  }
  const sync = (service: string): void => {
    const move = plan.moves[service]
    const snapshot = latest
    if (move === undefined) return
    keep(
      service,
      judging.sync(
        stateOf(service),
        move,
        () => (snapshot === null ? null : totalHistogram(snapshot, service, 'blue')),
        clock.now(),
      ),
    )
  }
  const judgeAll = (inbox: Inbox, snapshot: MetricsSnapshot | null, at: Millis, durationMs: Millis): void => {
    const taken = snapshot === null ? null : takeIncrements(baselines, snapshot)
    if (taken !== null) baselines = taken.baselines
    for (const move of Object.values(plan.moves)) {
      const state = stateOf(move.service)
      if (!judging.isJudged(state, move)) continue
      const increments = taken?.increments.get(move.service) ?? null
      const sample = makeSample(state, move, options.factsOf(move.service), increments, { at, durationMs })
      const judged = snapshot === null ? judging.silence(state, at) : judging.sample(state, move, sample)
      keep(move.service, judged.rows)
      if (judged.event !== null) inbox.put(forMove(move.service, judged.event))
    }
    inbox.nudge()
  }

  return {
    sync,
    takeRows: () => {
      const taken = rows
      rows = []
      return taken
    },
    restore: async (store) => {
      for (const service of Object.keys(plan.moves)) {
        let after = 0
        for (;;) {
          const stored = await store.observations({
            kind: 'sample',
            subjectPrefix: judgeSubject(service),
            after,
            limit: rowsPerRead,
          })
          // Rows are written by this module only, in this shape.
          judging.restore(
            service,
            stored.flatMap((row) => (row.subject === judgeSubject(service) ? [row.body as unknown as JudgeRow] : [])),
          )
          const last = stored.at(-1)
          if (last === undefined || stored.length < rowsPerRead) break
          after = last.id
        }
      }
    },
    run: async (inbox, signal) => {
      if (metrics === null) return
      let before = clock.now()
      while (!signal.aborted) {
        const answer = await metrics.read(AbortSignal.any([signal, AbortSignal.timeout(intervalMs)]))
        if (signal.aborted) return
        const at = clock.now()
        if (answer.kind === 'ok') {
          const isFirst = latest === null
          latest = answer.value
          if (isFirst) baselines = takeIncrements(baselines, answer.value).baselines
          else judgeAll(inbox, answer.value, at, at - before)
        } else {
          options.log('no metrics', { because: answer.because })
          judgeAll(inbox, null, at, at - before)
        }
        if (answer.kind === 'ok') before = at
        for (const service of Object.keys(plan.moves)) sync(service)
        await clock.sleep(at - (at % intervalMs) + intervalMs, signal)
      }
    },
  }
}
