import type { JournalState } from '../journal/fold.ts'
import { type MoveState, newMove } from '../journal/move-state.ts'
import type { MoveFacts } from '../moves/facts.ts'
import type { Millis } from '../moves/goal.ts'
import type { MovePlan, Plan } from '../plan/plan.ts'
import type { Observation, Store, StoredObservation } from '../store/store.ts'
import { limited } from './asked.ts'
import { createBlueHistory, historyPrefix, leastHistory } from './blue-history.ts'
import { createBlueRate } from './blue-rate.ts'
import { createBlueSoFar } from './blue-so-far.ts'
import type { Clock } from './clock.ts'
import type { Inbox } from './inbox.ts'
import { type Increments, incrementsInSlices, noBaselines, totalHistograms } from './increments.ts'
import { type JudgeRow, judgeSubject, keptJudges, keptObservation, toObservation } from './judge-rows.ts'
import { greenShare, type Judging, makeSample } from './judging.ts'
import type { Metrics, MetricsSnapshot } from './ports.ts'
import { createResting } from './resting.ts'
import { forMove } from './turn-loop.ts'

export type Measuring = {
  /**
   * Draws the judges again, in slices, beside whatever else goes on: acts need no judge, so a rollback doesn't wait for
   * them. Nothing is judged before it is done.
   */
  restore(facts: readonly StoredObservation[], store: Store, signal: AbortSignal): Promise<void>
  /** Takes up what the journal says of a move: a new era of evidence, a new step. */
  sync(service: string): void
  takeRows(): readonly Observation[]
  /** Measures once per interval until the signal aborts (after `restore`), and puts changed verdicts into the inbox. */
  run(inbox: Inbox, signal: AbortSignal): Promise<void>
}

/** Rows are judged again as they are read: few at a time, so that turns have their turn. */
const rowsPerRead = 500
const samplesPerSlice = 32
const seriesPerSlice = 4_000
/** A restart judges so many samples of a service again at most. */
const samplesPerKept = 24

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
  /** How often what has settled is measured; absent or null: as often as everything. */
  readonly settledMs?: Millis | null
}): Measuring => {
  const { plan, judging, clock, metrics } = options
  const intervalMs = intervalOf(plan)
  const moves = Object.values(plan.moves)
  const services = Object.keys(plan.moves)
  let rows: Observation[] = []
  const baselines = noBaselines()
  let latest: MetricsSnapshot | null = null
  let blueLatency: ReturnType<typeof totalHistograms> | null = null

  const resting = createResting(options.settledMs ?? null, (service) => stateOf(service).settled !== null)
  let isRestored = false
  const sinceKept = new Map<string, number>()
  /** Not all at once: each service has its own turn. */
  const order = new Map(services.map((service, index) => [service, index]))
  const firstKept = (service: string): number => (order.get(service) ?? 0) % samplesPerKept

  const stateOf = (service: string) => options.journal().moves.get(service) ?? newMove(service)
  /** Whether each is judged, and by which state of it: that changes rarely, and is asked several times a scrape. */
  const known = new Map<string, { readonly state: MoveState; readonly isJudged: boolean }>()
  const isJudged = (move: MovePlan): boolean => {
    const state = stateOf(move.service)
    const before = known.get(move.service)
    if (before?.state === state) return before.isJudged
    const now = judging.isJudged(state, move)
    known.set(move.service, { state, isJudged: now })
    return now
  }
  const keep = (service: string, fresh: readonly JudgeRow[]): void => {
    for (const row of fresh) rows.push(toObservation(service, row))
    const last = fresh.at(-1)
    if (last === undefined) return
    const samples = (sinceKept.get(service) ?? firstKept(service)) + 1
    const isDue = samples >= samplesPerKept || fresh.some((row) => row.kind === 'begin')
    sinceKept.set(service, isDue && samples >= samplesPerKept ? 0 : samples)
    const kept = isDue ? judging.kept(service) : null
    if (kept !== null) rows.push(keptObservation(service, last.kind === 'sample' ? last.sample.at : last.at, kept))
  }
  const latencyOf = (service: string) => {
    if (latest === null) return null
    blueLatency ??= totalHistograms(latest, 'blue')
    return blueLatency.get(service) ?? null
  }
  const history = createBlueHistory(services.length)
  const rate = createBlueRate()
  const soFar = createBlueSoFar()
  /** Before it crosses, and after it came back: then blue has all the traffic. */
  const hasAll = (service: string): boolean => {
    const move = plan.moves[service]
    if (move === undefined || (move.kind !== 'exposed' && move.kind !== 'worker')) return false
    return greenShare(stateOf(service)) === 0
  }
  const isRecorded = (service: string): boolean =>
    plan.moves[service]?.policy.judge.dispersion === null && hasAll(service)
  const syncNow = (service: string): void => {
    const move = plan.moves[service]
    if (!isRestored || move === undefined) return
    if (!isJudged(move)) return
    resting.wake(service)
    const blue = {
      latency: () => latencyOf(service),
      history: () => history.of(service),
      perSecond: () => rate.perSecond(service),
      soFar: () => soFar.of(service),
    }
    keep(service, judging.sync(stateOf(service), move, blue, clock.now()))
  }
  const calibrates = (service: string): boolean => {
    const move = plan.moves[service]
    return move !== undefined && history.of(service).length >= leastHistory && judging.begins(stateOf(service), move)
  }
  /** To learn from a long history takes tenths of a second: not in a turn, but before the next sample. */
  const sync = (service: string): void => {
    if (!calibrates(service)) syncNow(service)
  }
  const calibrateAll = async (signal: AbortSignal): Promise<void> => {
    for (const service of services.filter(calibrates)) {
      syncNow(service)
      await clock.sleep(clock.now(), signal)
    }
  }
  const judgeOne = (
    inbox: Inbox,
    move: MovePlan,
    increments: Increments | null,
    time: { at: Millis; durationMs: Millis },
  ): void => {
    const state = stateOf(move.service)
    const own = increments?.get(move.service) ?? null
    const since = resting.measured(move.service, time.at, time.at - time.durationMs)
    if (since === 'baseline') return
    const durationMs = since === null ? time.durationMs : time.at - since
    const judged =
      increments === null
        ? judging.silence(state, time.at)
        : judging.sample(
            state,
            move,
            makeSample(state, move, options.factsOf(move.service), own, { ...time, durationMs }),
          )
    keep(move.service, judged.rows)
    if (judged.event !== null) inbox.put(forMove(move.service, judged.event))
  }
  const judgedNow = () => moves.filter(isJudged)
  const judgedNames = (): readonly string[] => judgedNow().map(({ service }) => service)
  const judgeAll = async (
    inbox: Inbox,
    increments: Increments | null,
    time: { at: Millis; durationMs: Millis },
    signal: AbortSignal,
  ) => {
    const judged = judgedNow().filter(({ service }) => resting.isDue(service, time.at))
    for (const [index, move] of judged.entries()) {
      // A thousand samples at once would keep a rollback waiting, and so would a turn that stores them all.
      if (index % samplesPerSlice === samplesPerSlice - 1) {
        inbox.nudge()
        await clock.sleep(clock.now(), signal)
      }
      judgeOne(inbox, move, increments, time)
    }
    inbox.nudge()
  }

  const takeAll = async (snapshot: MetricsSnapshot, signal: AbortSignal): Promise<Increments> => {
    const slices = incrementsInSlices(baselines, snapshot, seriesPerSlice)
    for (;;) {
      const slice = slices.next()
      if (slice.done === true) return slice.value
      await clock.sleep(clock.now(), signal)
    }
  }

  const restoreHistory = async (store: Store, signal: AbortSignal): Promise<void> => {
    for (let after = 0; !signal.aborted; ) {
      const query = { kind: 'sample', subjectPrefix: historyPrefix, after, limit: rowsPerRead } as const
      const stored = await store.observations(query)
      for (const row of stored) history.restore(row)
      const last = stored.at(-1)
      if (last === undefined || stored.length < rowsPerRead) return
      after = last.id
      await clock.sleep(clock.now(), signal)
    }
  }

  return {
    sync,
    takeRows: () => {
      const taken = rows
      rows = []
      return taken
    },
    restore: async (facts, store, signal) => {
      soFar.restore(facts)
      await restoreHistory(store, signal)
      const kept = keptJudges(facts)
      // What goes back is judged anew when it is tried again: its old judge is of no use any more.
      const used = [...kept].filter(([service, { kept: own }]) => {
        const state = stateOf(service)
        return own.era === state.era && state.order !== 'back'
      })
      for (const [service, { kept: own }] of used) judging.recall(service, own)
      const from = new Map(used.map(([service, { id }]) => [service, id]))
      let after = kept.size === 0 ? 0 : Math.min(Number.MAX_SAFE_INTEGER, ...from.values())
      while (!signal.aborted) {
        const stored = await store.observations({
          kind: 'sample',
          subjectPrefix: judgeSubject(''),
          after,
          limit: rowsPerRead,
        })
        for (const { id, subject, body } of stored) {
          const service = subject.slice(judgeSubject('').length)
          const since = kept.size === 0 ? 0 : from.get(service)
          // Rows are written by this module only, in this shape.
          if (since !== undefined && id > since) judging.restore(service, [body as unknown as JudgeRow])
        }
        const last = stored.at(-1)
        if (last === undefined || stored.length < rowsPerRead) break
        after = last.id
        await clock.sleep(clock.now(), signal)
      }
      isRestored = true
      for (const service of services) sync(service)
    },
    run: async (inbox, signal) => {
      if (metrics === null) return
      let before = clock.now()
      while (!signal.aborted) {
        const answer = await limited((limit) => metrics.read(limit), { clock, signal }, intervalMs)
        if (signal.aborted) return
        const at = clock.now()
        if (answer.kind === 'ok') {
          const isFirst = latest === null
          latest = answer.value
          blueLatency = null
          const increments = await takeAll(resting.leaveOut(answer.value, at, judgedNames), signal)
          rows.push(...history.take(answer.value, { at, durationMs: at - before }, isRecorded))
          if (!isFirst) rate.take(increments, { at, durationMs: at - before }, hasAll)
          await calibrateAll(signal)
          if (!isFirst) await judgeAll(inbox, increments, { at, durationMs: at - before }, signal)
          // After the samples: a judge that began before them has them by itself.
          rows.push(...soFar.take(increments, at))
        } else {
          options.log('no metrics', { because: answer.because })
          await judgeAll(inbox, null, { at, durationMs: at - before }, signal)
        }
        if (answer.kind === 'ok') before = at
        for (const service of services) syncNow(service)
        const next = at - (at % intervalMs) + intervalMs
        await resting.sleep(next, judgedNames(), clock, signal)
      }
    },
  }
}
