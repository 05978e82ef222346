import { TitrateError } from '../errors.ts'
import type { Recorded } from '../journal/events.ts'
import { releaseStream } from '../journal/events.ts'
import type { JournalState } from '../journal/fold.ts'
import { newMove } from '../journal/move-state.ts'
import type { ReleaseState } from '../journal/release-state.ts'
import type { MoveFacts } from '../moves/facts.ts'
import type { Json, Millis, Side } from '../moves/goal.ts'
import { sides } from '../moves/goal.ts'
import type { Plan } from '../plan/plan.ts'
import type { Observation, Store } from '../store/store.ts'
import { type Asking, limited } from './asked.ts'
import type { Clock } from './clock.ts'
import { createFactBoard } from './fact-board.ts'
import { createInbox } from './inbox.ts'
import { createJudging } from './judging.ts'
import { type Changes, createLedgerKeeper } from './ledger-keeper.ts'
import { createMeasuring } from './measuring.ts'
import { noticeOf } from './notices.ts'
import { observe } from './observer.ts'
import type { Answer, Claims, Metrics, Notify, Schedules, StopMark, Traffic, Workloads } from './ports.ts'
import { type CarryOutWork, createRunner } from './runner.ts'
import { type TakenOver, type TakeOverOptions, takeOver } from './take-over.ts'
import { createTurnLoop, type Refusal, type StreamEvent } from './turn-loop.ts'
import { watchClaims } from './watch-claims.ts'
import { createWatchedTime } from './watched-time.ts'

export type World = {
  readonly sides: Readonly<
    Record<Side, { readonly claims: Claims; readonly workloads: Workloads; readonly schedules: Schedules }>
  >
  readonly router: { readonly claims: Claims; readonly traffic: Traffic } | null
  readonly metrics: Metrics | null
}

/** What the checks before anything moves found. `blocking` in words; empty: it may begin. */
export type CheckResult = {
  readonly blocking: readonly string[]
  readonly notes: readonly string[]
  readonly findings: Json
}

export type EngineOptions = {
  readonly store: Store
  readonly world: World
  /** The plan of a release that is not in the journal yet; null: the journal has it. */
  readonly plan: Plan | null
  readonly titrate: string
  readonly engine: string
  readonly clock: Clock
  readonly notify: Notify
  readonly check: (plan: Plan) => Promise<CheckResult>
  /** Carries out one intent; told of the release's state, because a rollback may take a side for dead. */
  readonly carryOut: (journal: () => JournalState, plan: Plan) => CarryOutWork
  /** Calendars and conditions as they stand now. */
  readonly calendars: (
    now: Millis,
  ) => Readonly<Record<string, { readonly open: boolean; readonly changesAt: Millis | null }>>
  readonly conditions: (
    service: string,
    facts: MoveFacts,
    plan: Plan,
    journal: JournalState,
    now: Millis,
  ) => Readonly<Record<string, boolean | null>>
  /** Tells people at the terminal what the journal can't: that it takes nothing, or that a wish was refused. */
  readonly say?: (text: string) => void
  readonly log: (what: string, details: Readonly<Record<string, unknown>>) => void
  /** Everything that was journaled while this engine runs, in order, own and others'. */
  readonly appended?: (entries: readonly Recorded[], journal: JournalState) => void
  /**
   * After each turn: how long it took, how long after the earliest due time it began (null: nothing was due), and the
   * rules that answered in it.
   */
  readonly turned?: (turn: {
    readonly tookMs: number
    readonly lateMs: number | null
    readonly rules: ReadonlySet<string>
  }) => void
  readonly pollMs: Millis
  /** How often it looks although nothing tells it to. Absent: as often as a real world needs. */
  readonly pace?: Pace
  readonly slots: number
  /** End with `left` when everything waits for a person, instead of going on to judge. */
  readonly exitAtGate: boolean
}

/**
 * How often an engine looks although nothing tells it to. Where everything that changes is told at once and nobody acts
 * unseen, as in a rehearsal, it need not look often, and decides the same.
 */
export type Pace = {
  /** The longest time between two turns. */
  readonly turnMs: Millis
  readonly claimsMs: Millis
  readonly ledgerMs: Millis
  /** How often what has settled is measured, and a job looked at that does not move; null: as often as everything. */
  readonly settledMs: Millis | null
}

const realPace: Pace = { turnMs: 1_000, claimsMs: 1_000, ledgerMs: 1_000, settledMs: null }

/** How a run of the engine ended. The world stays as it is in each case. */
export type EngineEnd =
  | { readonly kind: 'ended'; readonly release: ReleaseState }
  | { readonly kind: 'left'; readonly because: string }
  | { readonly kind: 'fenced'; readonly epoch: number }

/** Keeps a turn short when very much comes at once. */
const eventsPerTurn = 64
const fullRetryMs = 5_000
const firstReadMs = 6_000

/** Why observations were not taken, where it is for want of room: then an append would be answered with `full`. */
const noRoom = (error: unknown): string | null =>
  error instanceof TitrateError && error.details.noRoom === true ? error.message : null

/**
 * The embedded engine: one turn after another until the release has ended, the signal says leave, or a newer engine
 * has taken over. Turns never wait for the world: the observer, the runner and the measuring go on beside them and
 * put what they find into the inbox.
 */
export const runEngine = async (options: EngineOptions, signal: AbortSignal): Promise<EngineEnd> => {
  for (;;) {
    const end = await runEpoch(options, signal)
    if (end.kind !== 'stop cleared') return end
  }
}

/** Tells of every change on either side; null: a side may keep one to itself. */
const changesOf = ({ sides: { blue, green } }: World): Changes | null => {
  if (blue.workloads.tellsAll !== true || green.workloads.tellsAll !== true) return null
  return (changed, signal) => {
    for (const { workloads } of [blue, green]) workloads.watch(changed, signal)
  }
}

/** The entries, of which one has the whole plan as it was written, are told of and not kept. */
const takeOverAndTell = async (
  options: TakeOverOptions,
  appended: EngineOptions['appended'],
): Promise<Omit<TakenOver, 'entries'>> => {
  const { entries, ...taken } = await takeOver(options)
  appended?.(entries, taken.journal)
  return taken
}

/**
 * One epoch of the engine. Break-glass acted by an epoch above it, so when a person clears its mark the engine takes
 * over anew, above that: else all that it did from then on would be refused as too late.
 */
const runEpoch = async (
  options: EngineOptions,
  signal: AbortSignal,
): Promise<EngineEnd | { readonly kind: 'stop cleared' }> => {
  const { store, clock, world, pace = realPace } = options
  const claims = [
    ...sides.map((side) => world.sides[side].claims),
    ...(world.router === null ? [] : [world.router.claims]),
  ]
  const facts = await store.facts()
  const lastWatchedAt = facts.find((fact) => fact.subject === 'engine/alive')?.at ?? null
  const taken = await takeOverAndTell({ ...options, claims, lastWatchedAt }, options.appended)
  const plan = taken.journal.release.plan
  if (plan === null) throw new Error('a release that was taken over has a plan')
  const inner = new AbortController()
  // A signal of `AbortSignal.any` asks all that it follows each time that it is looked at, and it is looked at very often.
  const both = inner.signal
  const left = (): void => inner.abort(signal.reason)
  signal.addEventListener('abort', left, { once: true })
  if (signal.aborted) left()

  const inbox = createInbox()
  const board = createFactBoard(cameOutBetween)
  const judging = createJudging()
  const loop = createTurnLoop({ store, plan, epoch: taken.epoch, journal: taken.journal, facts: board.factsOf })
  const watched = createWatchedTime(clock, pace.turnMs)
  /** Moves with conditions, which may change with the time alone. */
  const conditional = Object.values(plan.moves).flatMap((move) =>
    move.steps.some(({ before, after }) => [...before, ...after].some((gate) => gate.kind === 'condition'))
      ? [move.service]
      : [],
  )
  let stop: StopMark | null = taken.stops[0]?.seen.stop ?? null
  let full: string | null = null
  const failures: unknown[] = []
  let isCleared = false
  let observation = 0

  const runner = createRunner({
    carryOut: options.carryOut(loop.journal, plan),
    clock,
    release: store.release,
    epoch: taken.epoch,
    slots: options.slots,
    mayAct: () => (stop !== null || loop.journal().release.stop !== null ? 'stopped' : full === null ? 'yes' : 'later'),
    cameOut: (service, intent, outcome) =>
      inbox.put({ stream: `move/${service}`, event: { kind: 'came out', intent, outcome } }),
    log: options.log,
  })
  const measuring = createMeasuring({
    metrics: world.metrics,
    judging,
    plan,
    journal: loop.journal,
    factsOf: board.factsOf,
    clock,
    log: options.log,
    settledMs: pace.settledMs,
  })
  const ledger = createLedgerKeeper({
    ...{ sides: world.sides, plan, journal: loop.journal, clock, changes: changesOf(world) },
    ...{ everyMs: pace.ledgerMs, settledMs: pace.settledMs },
  })

  for (const { where, seen } of taken.stops)
    if (seen.stop !== null && loop.journal().release.stop === null)
      inbox.put({
        stream: releaseStream,
        event: { kind: 'stop seen', where, by: seen.stop.by, because: seen.stop.because },
      })

  const observing = observe(
    {
      sides: world.sides,
      traffic: world.router?.traffic ?? null,
      clock,
      board,
      services: new Set(Object.keys(plan.moves)),
      watchedJobs: () => Object.values(plan.moves).flatMap((move) => (move.kind === 'job' ? [move.service] : [])),
      position: () => loop.journal().position,
      nudge: inbox.nudge,
      unreachable: (what, because) => options.log('unreachable', { what, because }),
      reached: () => undefined,
      pollMs: options.pollMs,
    },
    both,
  )
  store.watch(inbox.nudge, both)
  const background = [
    measuring.restore(facts, store, both).then(() => measuring.run(inbox, both), cannotGoOn),
    ledger.run(inbox, both),
    watchClaims(
      {
        ...{ claims, unclaimed: taken.unclaimed, release: store.release, epoch: taken.epoch, clock, stopSeen },
        everyMs: pace.claimsMs,
      },
      both,
    ),
  ]
  function cannotGoOn(error: unknown): void {
    failures.push(error)
    inbox.nudge()
  }
  function cameOutBetween(service: string, after: number, upTo: number): boolean {
    for (const lane of Object.values(loop.journal().moves.get(service)?.lanes ?? {}))
      if (lane.outcomeAt !== null && lane.outcomeAt.position > after && lane.outcomeAt.position <= upTo) return true
    return false
  }
  function stopSeen(where: string, mark: StopMark | null): void {
    if (mark !== null && stop === null) {
      inbox.put({ stream: releaseStream, event: { kind: 'stop seen', where, by: mark.by, because: mark.because } })
    }
    stop = mark
  }

  /** The end of the engine, for whatever reason: what runs beside the turns stops, the world stays as it is. */
  const close = async (): Promise<void> => {
    // A reason of its own: without one, each abort makes an exception with its stack.
    inner.abort('the engine ends')
    signal.removeEventListener('abort', left)
    await runner.close()
    await Promise.allSettled(background)
  }

  const oneTurn = async (): Promise<Refusal | null> => {
    const due = loop.wakeAt()
    const began = { at: clock.now(), steady: clock.monotonic() }
    const { refusal, rules } = await takeTurn()
    const lateMs = due !== null && due <= began.at ? began.at - due : null
    options.turned?.({ tookMs: clock.monotonic() - began.steady, lateMs, rules })
    return refusal
  }
  const takeTurn = async (): Promise<{ readonly refusal: Refusal | null; readonly rules: ReadonlySet<string> }> => {
    const foreign = await loop.catchUp()
    const now = clock.now()
    const gap = watched.gap()
    const events = inbox.take(eventsPerTurn)
    const fresh = board.takeNews()
    const news =
      kept === nothingKept
        ? fresh
        : {
            observations: [...kept.observations, ...fresh.observations],
            woken: [...kept.woken, ...fresh.woken],
          }
    const isNewSecond = now - aliveAt >= pace.turnMs || now < aliveAt
    const before: readonly StreamEvent[] =
      gap === null ? events : [{ stream: releaseStream, event: { kind: 'not watched', ...gap } }, ...events]
    // Until a gap is in the journal, the last sign of life stays the one before it: all that a next engine would know of it.
    const tellsGap = before.some(({ event }) => event.kind === 'not watched')
    const rows = [...news.observations, ...measuring.takeRows(), ...ledger.takeRows()]
    const seen = [...rows, ...(tellsGap ? [] : alive(now, rows.length > 0))]
    const woken = foreign.length > 0 ? [...news.woken, ...Object.keys(plan.moves)] : news.woken
    try {
      if (seen.length > 0) observation = await store.observe(seen)
    } catch (error) {
      const because = noRoom(error)
      if (because === null) throw error
      kept = { observations: seen, woken }
      inbox.putBack(before)
      return { refusal: { kind: 'full', because }, rules: new Set() }
    }
    kept = nothingKept
    for (const service of gap !== null || isNewSecond ? conditional : [])
      board.conditions(service, options.conditions(service, board.factsOf(service), plan, loop.journal(), now))
    board.calendars(options.calendars(now))
    const outcome = await loop.turn(before, woken, now, observation)
    if (outcome.refusal !== null) {
      inbox.putBack(before)
      kept = { observations: [], woken: news.woken }
    }
    // What was decided in this turn may not know of it yet.
    if (outcome.others.length > 0) {
      kept = { ...kept, woken: [...kept.woken, ...Object.keys(plan.moves)] }
      inbox.nudge()
    }
    const own =
      outcome.others.length === 0
        ? outcome.entries
        : [...outcome.others, ...outcome.entries].toSorted((a, b) => a.position - b.position)
    if (foreign.length + own.length > 0) options.appended?.([...foreign, ...own], loop.journal())
    for (const entry of outcome.entries) {
      if (entry.event.kind === 'came out') observing.look(entry.stream.slice('move/'.length))
      const notice = noticeOf(entry, store.release)
      if (notice !== null) options.notify.send(notice)
      if (entry.event.kind === 'stop cleared') {
        await Promise.all(
          claims.map((each) => limited((limit) => each.clearStop(limit), { clock, signal }, firstReadMs)),
        )
        isCleared = true
      }
    }
    if (isCleared) return outcome
    const touched = new Set(outcome.decided)
    for (const { stream } of outcome.entries) if (stream.startsWith('move/')) touched.add(stream.slice('move/'.length))
    for (const service of touched) {
      const state = loop.journal().moves.get(service) ?? newMove(service)
      runner.sync(state)
      measuring.sync(service)
      board.conditions(service, options.conditions(service, board.factsOf(service), plan, loop.journal(), now))
    }
    return outcome
  }

  /** What was seen while the store had no room: written with the first that finds some. */
  const nothingKept = { observations: [] as readonly Observation[], woken: [] as readonly string[] }
  let kept = nothingKept
  let aliveAt = Number.NEGATIVE_INFINITY
  /** By itself it is a commit that waits for the disk: less often, though well within the time for which it is believed. */
  const alive = (now: Millis, isWritten: boolean): readonly Observation[] => {
    const everyMs = isWritten ? pace.turnMs : 3 * pace.turnMs
    if (now - aliveAt < everyMs && now >= aliveAt) return []
    aliveAt = now
    const { position, hash } = loop.journal()
    const body = {
      epoch: taken.epoch,
      engine: options.engine,
      head: { position, hash },
      underWay: runner.underWay() as unknown as Json,
    }
    return [{ kind: 'fact', subject: 'engine/alive', at: now, body }]
  }

  let toldToStay = false
  try {
    await Promise.race([observing.first, clock.sleep(clock.now() + firstReadMs, both)])
    if (loop.journal().release.checked === null && !signal.aborted) {
      const checked = await options.check(plan)
      inbox.put({ stream: releaseStream, event: { kind: 'checked', ...checked } })
    }
    // Whoever died at the very end has a successor that decides nothing any more.
    const before = await endOfRelease()
    if (before !== null) return before
    while (!signal.aborted) {
      if (failures.length > 0) throw failures[0]
      const refusal = await oneTurn()
      if (refusal?.kind === 'fenced') return { kind: 'fenced', epoch: refusal.epoch }
      if (isCleared) return { kind: 'stop cleared' }
      if (refusal?.kind === 'full') {
        if (full === null) {
          const text = `the journal takes nothing more: nothing is done until there is room. ${refusal.because}`
          options.say?.(text)
          options.notify.send({
            ...{ release: store.release, service: null, kind: 'call', text, actions: [] },
            ...{ at: clock.now(), entry: loop.journal().position },
          })
        }
        full = refusal.because
        await clock.sleep(clock.now() + fullRetryMs, signal)
        continue
      }
      if (full !== null) options.say?.('the journal takes entries again: it goes on')
      full = null
      const ended = await endOfRelease()
      if (ended !== null) return ended
      if (options.exitAtGate && waitsOnlyForPeople()) {
        const [onGreen] = unsafeToLeave(plan)
        if (onGreen === undefined) return await leave('a person is waited for, and --exit-at-gate was given')
        if (!toldToStay)
          options.say?.(
            `--exit-at-gate is refused while green has users, work or schedules (${onGreen}): it goes on judging while a person is waited for`,
          )
        toldToStay = true
      }
      const until =
        loop.isBehind() || !inbox.isEmpty()
          ? clock.now()
          : Math.min(loop.wakeAt() ?? Number.POSITIVE_INFINITY, clock.now() + pace.turnMs)
      // Also when there is more to do: whatever else runs in this process gets its turn in between.
      if (until <= clock.now()) await clock.sleep(until, signal)
      else await inbox.wait(until, clock, signal)
    }
    return await leave('it was told to leave; the world stays as it is')
  } finally {
    await close()
  }

  /** null: it goes on, or somebody asks for something. */
  async function endOfRelease(): Promise<EngineEnd | null> {
    const { release } = loop.journal()
    if (release.ended === null || release.pending.length > 0) return null
    if (release.ended.outcome !== 'done') await freeAll(claims, store.release, taken.epoch, { clock, signal })
    return { kind: 'ended', release }
  }

  function waitsOnlyForPeople(): boolean {
    const open = [...loop.reports().values()].filter(
      (report) => report.settledOn === null && !report.skipped && report.order !== 'stay',
    )
    return open.length > 0 && open.every((report) => report.waiting?.person === true) && runner.underWay().length === 0
  }

  /** What has users, work or ticks on green, which nobody would judge any more. */
  function unsafeToLeave({ moves }: Plan): readonly string[] {
    return Object.values(moves).flatMap((move) => {
      const { lanes } = loop.journal().moves.get(move.service) ?? newMove(move.service)
      const goals = Object.values(lanes).map(({ goal }) => goal)
      const isOnGreen = goals.some(
        (goal) =>
          (goal.kind === 'weights' && goal.green > 0) ||
          (goal.kind === 'schedule' && goal.owner === 'green' && !move.suspended) ||
          (goal.kind === 'workload' && goal.green > 0 && move.kind === 'worker'),
      )
      const byHand = (board.factsOf(move.service).weights?.value.green ?? 0) > 0
      return isOnGreen || byHand ? [move.service] : []
    })
  }

  async function leave(because: string): Promise<EngineEnd> {
    const now = clock.now()
    // That it leaves can be said without a journal, too: the next engine finds a gap.
    try {
      await store.observe([...kept.observations, ...measuring.takeRows(), ...ledger.takeRows()])
    } catch (error) {
      if (noRoom(error) === null) throw error
    }
    const answer = await store.append({
      at: now,
      epoch: taken.epoch,
      observation,
      batches: [{ stream: releaseStream, expected: 'any', events: [{ kind: 'left', because }] }],
    })
    if (answer.kind === 'fenced') return { kind: 'fenced', epoch: answer.epoch }
    return { kind: 'left', because }
  }
}

const freeAll = (
  claims: readonly Claims[],
  release: string,
  epoch: number,
  asking: Asking,
): Promise<readonly Answer<null>[]> =>
  Promise.all(claims.map((each) => limited((limit) => each.free(release, epoch, limit), asking, firstReadMs)))
