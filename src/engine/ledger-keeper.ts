import { releaseStream } from '../journal/events.ts'
import type { JournalState } from '../journal/fold.ts'
import { type MoveState, newMove } from '../journal/move-state.ts'
import type { Millis, Side } from '../moves/goal.ts'
import { sides } from '../moves/goal.ts'
import type { MovePlan, Plan } from '../plan/plan.ts'
import { createLedger, defaultLedgerOptions, type Ledger, type TickRow } from '../protocols/ledger.ts'
import type { Observation } from '../store/store.ts'
import { type Asking, limited } from './asked.ts'
import type { Clock } from './clock.ts'
import { createGreenRuns } from './green-runs.ts'
import type { Inbox } from './inbox.ts'
import type { Answer, Run, Schedules } from './ports.ts'
import { beganNewSpan } from './resting.ts'
import { forMove } from './turn-loop.ts'

/** A job's schedule followed through the release. `since`: from when on runs may still be news, per side. */
type Followed = {
  readonly ledger: Ledger
  readonly green: ReturnType<typeof createGreenRuns>
  upTo: Millis
  readonly since: Record<Side, Millis>
}

/** Calls back with the service that changed, or null for any. */
export type Changes = (changed: (service: string | null) => void, signal: AbortSignal) => void

export const ledgerSubject = (service: string): string => `ledger/${service}`

const leastGraceMs: Millis = 10_000

/**
 * How long a run may be late before its tick counts as missed. Where ticks are fenced far ahead, as on Kubernetes, schedulers
 * are slow: a controller that has a hundred CronJobs due in one minute makes the last of their Jobs ten seconds later and more.
 */
const graceOf = (horizonMs: Millis): Millis =>
  Math.min(defaultLedgerOptions.graceMs, Math.max(leastGraceMs, horizonMs / 6))
const readTimeoutMs = 5_000

/**
 * Keeps the tick ledger of every job, and takes in the runs on green. The environments keep their runs, and a tick
 * counts once however often it is read: so there is nothing to restore after a restart, it is all read once more.
 */
export const createLedgerKeeper = (options: {
  readonly sides: Readonly<Record<Side, { readonly schedules: Schedules }>>
  readonly plan: Plan
  readonly journal: () => JournalState
  readonly clock: Clock
  readonly everyMs?: Millis
  /** How often a job is looked at that does not move; absent or null: as often as any. */
  readonly settledMs?: Millis | null
  /** Tells of all that changes: then a job is looked at when it did, or when a tick is due. Absent or null: every time. */
  readonly changes?: Changes | null
}) => {
  const { plan, clock } = options
  const graceMs = graceOf(options.sides.blue.schedules.horizonMs)
  // Read again this much before the oldest run that may still be news: what is late, and what clocks differ by.
  const overlapMs = graceMs
  const jobs = Object.values(plan.moves).filter((move) => move.kind === 'job' && !move.suspended)
  const followed = new Map<string, Followed>()
  let rows: Observation[] = []
  const stateOf = (service: string) => options.journal().moves.get(service) ?? newMove(service)

  const follow = async (job: MovePlan, asking: Asking): Promise<Followed | null> => {
    const known = followed.get(job.service)
    if (known !== undefined) return known
    const schedule = await limited(
      (limit) => options.sides.blue.schedules.read(job.service, limit),
      asking,
      readTimeoutMs,
    )
    if (schedule.kind !== 'ok') return null
    const from = options.journal().release.createdAt
    const ledger = createLedger({ ...defaultLedgerOptions, graceMs, concurrency: schedule.value.concurrency })
    const fresh: Followed = { ledger, green: createGreenRuns(job), upTo: from, since: { blue: from, green: from } }
    followed.set(job.service, fresh)
    return fresh
  }

  /** Runs of both sides, and from when on each side's records are complete (null: it did not answer). */
  const readRuns = async (job: MovePlan, own: Followed, asking: Asking) => {
    const recordsSince: Record<Side, Millis | null> = { blue: null, green: null }
    const runs: Run[] = []
    await Promise.all(
      sides.map(async (side) => {
        const began = clock.now()
        const since = own.since[side]
        const { schedules } = options.sides[side]
        const answer = await limited(
          (limit) => runsWithReach(schedules, job.service, since, limit),
          asking,
          readTimeoutMs,
        )
        // A schedule that green does not have yet can have run nothing.
        if (answer.kind === 'refused') recordsSince[side] = since
        if (answer.kind !== 'ok') return
        recordsSince[side] = Math.max(since, answer.value.reach)
        runs.push(...answer.value.runs)
        const open = answer.value.runs.filter((run) => run.endedAt === null).map((run) => run.startedAt)
        own.since[side] = Math.max(since, Math.min(began, ...open) - overlapMs)
      }),
    )
    return { runs, recordsSince }
  }

  const polledAt = new Map<string, Millis>()
  const isDue = (service: string): boolean => {
    const { step, settled } = stateOf(service)
    const rests = options.settledMs != null && (step < 0 || settled !== null)
    const before = polledAt.get(service)
    if (rests && before !== undefined && !beganNewSpan(before, clock.now(), options.settledMs)) return false
    if (quiet?.has(service) === true) return false
    polledAt.set(service, clock.now())
    return true
  }
  const quiet =
    options.changes == null
      ? null
      : createQuiet(options.changes, clock, (service) => options.journal().moves.get(service))

  const pollJob = async (job: MovePlan, inbox: Inbox, asking: Asking): Promise<void> => {
    const restsUntil = quiet?.look(job.service)
    const own = await follow(job, asking)
    if (own === null) return
    const now = clock.now()
    const expected = await limited(
      (limit) => options.sides.blue.schedules.ticks(job.service, own.upTo, now, limit),
      asking,
      readTimeoutMs,
    )
    const { runs, recordsSince } = await readRuns(job, own, asking)
    if (expected.kind === 'ok') own.upTo = now
    const ticks = expected.kind === 'ok' ? expected.value : []
    const skipped = stateOf(job.service).ticksLetGo
    const changed = own.ledger
      .take({ expected: ticks, runs, skipped, recordsSince, ownedSince: ownedSince(stateOf(job.service)), now })
      .filter((row) => row.fate !== 'due')
    for (const row of changed) rows.push({ kind: 'sample', subject: ledgerSubject(job.service), at: now, body: row })
    tellAnomalies(job.service, changed, options.journal().release.oddTicks, inbox)
    inbox.put(...own.green.take(runs, stateOf(job.service)).map((event) => forMove(job.service, event)))
    const isKnown = expected.kind === 'ok' && recordsSince.blue !== null && recordsSince.green !== null
    if (restsUntil !== undefined && isKnown && !own.ledger.waits()) restsUntil(await nextTick(job.service, now, asking))
  }
  const nextTick = async (service: string, now: Millis, asking: Asking): Promise<Millis> => {
    const { schedules } = options.sides.blue
    const ahead = await limited(
      (limit) => schedules.ticks(service, now, now + mostQuietMs, limit),
      asking,
      readTimeoutMs,
    )
    return ahead.kind === 'ok' ? (ahead.value[0] ?? now + mostQuietMs) : now
  }

  return {
    takeRows: (): readonly Observation[] => {
      const taken = rows
      rows = []
      return taken
    },
    run: async (inbox: Inbox, signal: AbortSignal): Promise<void> => {
      if (jobs.length > 0) quiet?.begin(signal)
      while (jobs.length > 0 && !signal.aborted) {
        for (const job of jobs) if (!signal.aborted && isDue(job.service)) await pollJob(job, inbox, { clock, signal })
        await clock.sleep(clock.now() + (options.everyMs ?? 1_000), signal)
      }
    },
  }
}

/** Seldom enough to cost nothing, for what nobody told of. */
const mostQuietMs: Millis = 600_000

/** Of which jobs nothing can be new: nothing was told of them, no tick was due, and their move is what it was. */
const createQuiet = (
  changes: Changes,
  clock: Pick<Clock, 'now'>,
  stateOf: (service: string) => MoveState | undefined,
) => {
  const known = new Map<string, { readonly until: Millis; readonly state: MoveState | undefined }>()
  const looked = new Set<string>()
  /** Who was told of since their last look began, which may have been too early to see it. */
  const changed = new Set<string>()
  return {
    begin: (signal: AbortSignal): void =>
      changes((service) => {
        for (const each of service === null ? looked : [service]) {
          known.delete(each)
          changed.add(each)
        }
      }, signal),
    has: (service: string): boolean => {
      const quiet = known.get(service)
      return quiet !== undefined && clock.now() < quiet.until && stateOf(service) === quiet.state
    },
    /** A look begins. What it gives is told how long there can be nothing new, if nobody says otherwise meanwhile. */
    look: (service: string): ((until: Millis) => void) => {
      const state = stateOf(service)
      looked.add(service)
      changed.delete(service)
      known.delete(service)
      return (until) => {
        if (!changed.has(service)) known.set(service, { until, state })
      }
    },
  }
}

/** Runs, and from which tick on they are all that there were. */
const runsWithReach = async (
  schedules: Schedules,
  service: string,
  since: Millis,
  signal: AbortSignal,
): Promise<Answer<{ readonly runs: readonly Run[]; readonly reach: Millis }>> => {
  const runs = await schedules.runs(service, since, signal)
  if (runs.kind !== 'ok') return runs
  const reach = await schedules.recordsSince(service, signal)
  return reach.kind === 'ok' ? { kind: 'ok', value: { runs: runs.value, reach: reach.value } } : reach
}

/** null: it is between two owners, or what it should become did not come about. */
const ownedSince = ({ lanes: { schedule } }: MoveState): Millis | null => {
  if (schedule === undefined) return 0
  return schedule.outcome?.kind === 'done' ? (schedule.outcomeAt?.at ?? null) : null
}

/** A tick that ran twice or never is a matter for the journal; what ran as it should is an observation. */
const tellAnomalies = (service: string, ticks: readonly TickRow[], known: readonly string[], inbox: Inbox): void => {
  for (const { tick, blue, green, fate } of ticks)
    if ((fate === 'duplicate' || fate === 'missed') && !known.includes(`${service} ${tick} ${fate}`))
      inbox.put({ stream: releaseStream, event: { kind: 'tick', service, tick, blue, green, fate } })
}
