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
import type { Clock } from './clock.ts'
import { createFactBoard } from './fact-board.ts'
import { createInbox } from './inbox.ts'
import { createJudging } from './judging.ts'
import { createLedgerKeeper } from './ledger-keeper.ts'
import { createMeasuring } from './measuring.ts'
import { noticeOf } from './notices.ts'
import { observe } from './observer.ts'
import type { Answer, Claims, Metrics, Notify, Schedules, StopMark, Traffic, Workloads } from './ports.ts'
import { type CarryOutWork, createRunner } from './runner.ts'
import { takeOver } from './take-over.ts'
import { createTurnLoop, type Refusal } from './turn-loop.ts'
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
  readonly log: (what: string, details: Readonly<Record<string, unknown>>) => void
  /** Everything that was journaled while this engine runs, in order, own and others'. */
  readonly appended?: (entries: readonly Recorded[], journal: JournalState) => void
  /** After each turn: how long it took, and how long after the earliest due time it began (null: nothing was due). */
  readonly turned?: (turn: { readonly tookMs: number; readonly lateMs: number | null }) => void
  readonly pollMs: Millis
  readonly slots: number
  /** End with `left` when everything waits for a person, instead of going on to judge. */
  readonly exitAtGate: boolean
}

/** How a run of the engine ended. The world stays as it is in each case. */
export type EngineEnd =
  | { readonly kind: 'ended'; readonly release: ReleaseState }
  | { readonly kind: 'left'; readonly because: string }
  | { readonly kind: 'fenced'; readonly epoch: number }

/** Keeps a turn short when very much comes at once. */
const eventsPerTurn = 64
const aliveEveryMs = 1_000
const fullRetryMs = 5_000
const firstReadMs = 6_000

/**
 * The embedded engine: one turn after another until the release has ended, the signal says leave, or a newer engine
 * has taken over. Turns never wait for the world: the observer, the runner and the measuring go on beside them and
 * put what they find into the inbox.
 */
export const runEngine = async (options: EngineOptions, signal: AbortSignal): Promise<EngineEnd> => {
  const { store, clock, world } = options
  const claims = [
    ...sides.map((side) => world.sides[side].claims),
    ...(world.router === null ? [] : [world.router.claims]),
  ]
  const lastWatchedAt = (await store.facts()).find((fact) => fact.subject === 'engine/alive')?.at ?? null
  const taken = await takeOver({ ...options, claims, lastWatchedAt })
  const plan = taken.journal.release.plan
  if (plan === null) throw new Error('a release that was taken over has a plan')
  options.appended?.(taken.entries, taken.journal)
  const inner = new AbortController()
  const both = AbortSignal.any([signal, inner.signal])

  const inbox = createInbox()
  const board = createFactBoard(cameOutBetween)
  const judging = createJudging()
  const loop = createTurnLoop({ store, plan, epoch: taken.epoch, journal: taken.journal, facts: board.factsOf })
  const watched = createWatchedTime(clock)
  /** Moves with conditions, which may change with the time alone. */
  const conditional = Object.values(plan.moves).flatMap((move) =>
    move.steps.some(({ before, after }) => [...before, ...after].some((gate) => gate.kind === 'condition'))
      ? [move.service]
      : [],
  )
  let stop: StopMark | null = taken.stops[0]?.seen.stop ?? null
  let full: string | null = null
  /** Monotonic time at which a person last had the stop marks cleared. */
  let clearedAt = Number.NEGATIVE_INFINITY
  let observation = 0

  const runner = createRunner({
    carryOut: options.carryOut(loop.journal, plan),
    clock,
    release: store.release,
    epoch: taken.epoch,
    slots: options.slots,
    mayAct: () => stop === null && full === null && loop.journal().release.stop === null,
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
  })
  const ledger = createLedgerKeeper({ sides: world.sides, plan, journal: loop.journal, clock })
  await measuring.restore(store)

  for (const { where, seen } of taken.stops)
    if (seen.stop !== null && loop.journal().release.stop === null)
      inbox.put({
        stream: releaseStream,
        event: { kind: 'stop seen', where, by: seen.stop.by, because: seen.stop.because },
      })

  const { first } = observe(
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
    measuring.run(inbox, both),
    ledger.run(inbox, both),
    watchClaims(
      { claims, unclaimed: taken.unclaimed, release: store.release, epoch: taken.epoch, clock, stopSeen },
      both,
    ),
  ]
  function cameOutBetween(service: string, after: number, upTo: number): boolean {
    for (const lane of Object.values(loop.journal().moves.get(service)?.lanes ?? {}))
      if (lane.outcomeAt !== null && lane.outcomeAt.position > after && lane.outcomeAt.position <= upTo) return true
    return false
  }
  function stopSeen(where: string, mark: StopMark | null, began: number): void {
    if (began < clearedAt) return
    if (mark !== null && stop === null) {
      inbox.put({ stream: releaseStream, event: { kind: 'stop seen', where, by: mark.by, because: mark.because } })
    }
    stop = mark
  }

  /** The end of the engine, for whatever reason: what runs beside the turns stops, the world stays as it is. */
  const close = async (): Promise<void> => {
    inner.abort()
    await runner.close()
    await Promise.allSettled(background)
  }

  const oneTurn = async (): Promise<Refusal | null> => {
    const due = loop.wakeAt()
    const began = { at: clock.now(), steady: clock.monotonic() }
    const refusal = await takeTurn()
    const lateMs = due !== null && due <= began.at ? began.at - due : null
    options.turned?.({ tookMs: clock.monotonic() - began.steady, lateMs })
    return refusal
  }
  const takeTurn = async (): Promise<Refusal | null> => {
    const foreign = await loop.catchUp()
    const now = clock.now()
    const gap = watched.gap()
    const events = inbox.take(eventsPerTurn)
    const news = board.takeNews()
    const isNewSecond = now - aliveAt >= aliveEveryMs || now < aliveAt
    const seen = [...news.observations, ...measuring.takeRows(), ...ledger.takeRows(), ...alive(now)]
    if (seen.length > 0) observation = await store.observe(seen)
    const before =
      gap === null ? events : [{ stream: releaseStream, event: { kind: 'not watched' as const, ...gap } }, ...events]
    for (const service of gap !== null || isNewSecond ? conditional : [])
      board.conditions(service, options.conditions(service, board.factsOf(service), plan, loop.journal(), now))
    board.calendars(options.calendars(now))
    const outcome = await loop.turn(
      before,
      [...news.woken, ...(foreign.length > 0 ? Object.keys(plan.moves) : [])],
      now,
      observation,
    )
    if (outcome.refusal !== null) {
      inbox.put(...events)
      return outcome.refusal
    }
    const entries = [...foreign, ...outcome.entries]
    if (entries.length > 0) options.appended?.(entries, loop.journal())
    for (const entry of outcome.entries) {
      const notice = noticeOf(entry, store.release)
      if (notice !== null) options.notify.send(notice)
      if (entry.event.kind === 'stop cleared') {
        await Promise.all(claims.map((each) => each.clearStop(AbortSignal.timeout(firstReadMs))))
        stop = null
        clearedAt = clock.monotonic()
      }
    }
    for (const service of new Set([
      ...outcome.decided,
      ...outcome.entries.flatMap(({ stream }) => (stream.startsWith('move/') ? [stream.slice('move/'.length)] : [])),
    ])) {
      const state = loop.journal().moves.get(service) ?? newMove(service)
      runner.sync(state)
      measuring.sync(service)
      board.conditions(service, options.conditions(service, board.factsOf(service), plan, loop.journal(), now))
    }
    return null
  }

  let aliveAt = Number.NEGATIVE_INFINITY
  const alive = (now: Millis): readonly Observation[] => {
    if (now - aliveAt < aliveEveryMs && now >= aliveAt) return []
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

  try {
    await Promise.race([first, clock.sleep(clock.now() + firstReadMs, both)])
    if (loop.journal().release.checked === null && !signal.aborted) {
      const checked = await options.check(plan)
      inbox.put({ stream: releaseStream, event: { kind: 'checked', ...checked } })
    }
    while (!signal.aborted) {
      const refusal = await oneTurn()
      if (refusal?.kind === 'fenced') return { kind: 'fenced', epoch: refusal.epoch }
      if (refusal?.kind === 'full') {
        if (full === null)
          options.log('the journal takes nothing more: acting is stopped until there is room', {
            because: refusal.because,
          })
        full = refusal.because
        await clock.sleep(clock.now() + fullRetryMs, signal)
        continue
      }
      if (full !== null) options.log('the journal takes entries again', {})
      full = null
      const { release } = loop.journal()
      if (release.ended !== null && release.pending.length === 0) {
        if (release.ended.outcome !== 'done') await freeAll(claims, store.release, taken.epoch)
        return { kind: 'ended', release }
      }
      if (options.exitAtGate && waitsOnlyForPeople())
        return await leave('a person is waited for, and --exit-at-gate was given')
      const until =
        loop.isBehind() || !inbox.isEmpty()
          ? clock.now()
          : Math.min(loop.wakeAt() ?? Number.POSITIVE_INFINITY, clock.now() + aliveEveryMs)
      // Also when there is more to do: whatever else runs in this process gets its turn in between.
      if (until <= clock.now()) await clock.sleep(until, signal)
      else await inbox.wait(until, clock, signal)
    }
    return await leave('it was told to leave; the world stays as it is')
  } finally {
    await close()
  }

  function waitsOnlyForPeople(): boolean {
    const open = [...loop.reports().values()].filter(
      (report) => report.settledOn === null && !report.skipped && report.order !== 'stay',
    )
    return open.length > 0 && open.every((report) => report.waiting?.person === true) && runner.underWay().length === 0
  }

  async function leave(because: string): Promise<EngineEnd> {
    const now = clock.now()
    await store.observe([...measuring.takeRows(), ...ledger.takeRows()])
    await store.append({
      at: now,
      epoch: taken.epoch,
      observation,
      batches: [{ stream: releaseStream, expected: 'any', events: [{ kind: 'left', because }] }],
    })
    return { kind: 'left', because }
  }
}

const freeAll = async (claims: readonly Claims[], release: string, epoch: number): Promise<readonly Answer<null>[]> =>
  Promise.all(claims.map((each) => each.free(release, epoch, AbortSignal.timeout(firstReadMs))))
