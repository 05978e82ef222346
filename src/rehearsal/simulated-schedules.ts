import type { Answer, Call, Run, ScheduleSeen, Schedules, Stamp } from '../engine/ports.ts'
import type { ConcurrencyPolicy } from '../inventory/estate.ts'
import type { Json, Millis, Side } from '../moves/goal.ts'
import { admit, type Caller, call, conflictOf, look, type Versioned } from './simulated-calls.ts'
import { isStampOf, type SimulatedClaim, stampAfter } from './simulated-claim.ts'
import { between, type Random, type SimulatedClock } from './simulated-clock.ts'
import type { Timetable } from './timetable.ts'

export type SimulatedSchedule = {
  readonly service: string
  readonly timetable: Timetable
  readonly concurrency: ConcurrencyPolicy
  readonly deadlineMs: Millis | null
  readonly suspended: boolean
  readonly runMs: Millis
  /** Whether the run of a tick (null: a trial) fails. Absent: none does. */
  readonly fails?: (tick: Millis | null) => boolean
}

/** How the scheduler of a side behaves. */
export type SimulatedScheduler = {
  readonly passMs: Millis
  /** Share of passes that stand still between looking and acting, and for how long at most: they act on old state. */
  readonly stale: { readonly share: number; readonly forMs: Millis }
  /** A cursor write fails when the schedule was written since the look (Kubernetes), so the cursor lags for ever. */
  readonly cursorMayLag: boolean
  /** The environment remembers the highest fence and refuses older ones (a supervisor does, Kubernetes doesn't). */
  readonly keepsFences: boolean
  /** It can be told whether the scheduler has looked since the last change; otherwise only a barrier tells. */
  readonly countsPasses: boolean
  /** Records of ended runs vanish after so long; null: never. */
  readonly forgetsRunsAfterMs: Millis | null
  /** When it meets a tombstone at a tick, it stands still for up to so long (a Job-name collision in Kubernetes). */
  readonly backsOffMs: Millis
  /** It looks and acts in one transaction: nothing can come in between. A tick that is taken is dealt with for it. */
  readonly isAtomic: boolean
}

export const supervisorLike: SimulatedScheduler = {
  passMs: 40,
  stale: { share: 0, forMs: 0 },
  cursorMayLag: false,
  keepsFences: true,
  countsPasses: true,
  forgetsRunsAfterMs: null,
  backsOffMs: 0,
  isAtomic: true,
}

export const kubernetesLike: SimulatedScheduler = {
  passMs: 100,
  stale: { share: 0.02, forMs: 5_000 },
  cursorMayLag: true,
  keepsFences: false,
  countsPasses: false,
  forgetsRunsAfterMs: null,
  backsOffMs: 0,
  isAtomic: false,
}

type State = Versioned & {
  readonly definition: SimulatedSchedule
  readonly createdAt: Millis
  suspended: boolean
  cursor: Millis | null
  pending: Millis | null
  passesSinceChange: number
  /** No pass looks at it before. */
  restsUntil: Millis
  stamp: Stamp | null
  readonly runs: Map<Millis, Run>
  readonly trials: Map<string, Run>
  readonly tombstones: Set<Millis>
}

/** What really happened, for those who check; no port shows it. */
export type ScheduleTruth = {
  readonly runs: () => readonly Run[]
  readonly isActive: (service: string) => boolean
  /** Every change between suspended and active, in order. */
  readonly changes: readonly { readonly at: Millis; readonly service: string; readonly active: boolean }[]
  readonly cursor: (service: string) => Millis | null
}

export type SimulatedSide = {
  readonly truth: ScheduleTruth
  /** The ports as one caller has them: each engine gets its own, with its own faults. */
  readonly portsFor: (caller: Caller) => Schedules
  /** A person's change: no fence, no stamp. */
  readonly suspendByHand: (service: string, suspended: boolean) => void
  /** Nobody gets an answer while it is set; ticks go on. */
  readonly cutOff: (cut: boolean) => void
  /** A pass begins that stands so long between looking and acting, unless it does both at once. */
  readonly standStill: (forMs: Millis) => void
}

/**
 * One environment's schedules with the oddities of real schedulers: it looks, then acts (perhaps on what it saw long
 * ago); it catches up only the newest missed tick; a tick under `Forbid` waits hidden; a run's name exists once.
 */
export const createSimulatedSchedules = (options: {
  readonly side: Side
  readonly clock: SimulatedClock
  readonly random: Random
  readonly schedules: readonly SimulatedSchedule[]
  readonly scheduler: SimulatedScheduler
  readonly horizonMs: Millis
  /** Absent: each schedule keeps the newest fence by itself, where the scheduler keeps any. */
  readonly claim?: SimulatedClaim
  /** Gets every run as it starts. */
  readonly started?: (run: Run) => void
  /** Gets the name of every service whose schedule or runs changed. */
  readonly changed?: (service: string) => void
}): SimulatedSide => {
  const { side, clock, random, scheduler, claim } = options
  let isCutOff = false
  const changes: { at: Millis; service: string; active: boolean }[] = []
  const states = new Map(
    options.schedules.map((definition): [string, State] => {
      changes.push({ at: clock.now(), service: definition.service, active: !definition.suspended })
      return [
        definition.service,
        {
          definition,
          createdAt: clock.now(),
          suspended: definition.suspended,
          cursor: null,
          pending: null,
          revision: 1,
          passesSinceChange: 0,
          restsUntil: 0,
          highest: null,
          stamp: null,
          runs: new Map(),
          trials: new Map(),
          tombstones: new Set(),
        },
      ]
    }),
  )
  claim?.whenFreed(() => {
    for (const state of states.values()) state.stamp = null
  })
  const barriers = new Set<{ readonly asked: Millis; readonly passed: () => void }>()

  const changed = (state: State) => {
    state.revision += 1
    state.passesSinceChange = 0
    passSoon()
    options.changed?.(state.definition.service)
  }

  const asOf = (run: Run): Run =>
    run.endedAt !== null && run.endedAt > clock.now()
      ? { ...run, endedAt: null, result: 'running', exitCode: null }
      : run

  const isRunning = (run: Run): boolean => run.endedAt !== null && run.endedAt > clock.now()

  const runOf = (state: State, name: string, tick: Millis | null): Run => {
    const { service, runMs, fails } = state.definition
    const failed = fails?.(tick) === true
    const startedAt = clock.now()
    return {
      ...{ name, service, side, tick, startedAt, endedAt: startedAt + runMs },
      ...(failed ? ({ result: 'failed', exitCode: 1 } as const) : ({ result: 'succeeded', exitCode: 0 } as const)),
    }
  }
  const start = (state: State, tick: Millis) => {
    const { service, runMs } = state.definition
    const run = runOf(state, `${service}-${tick / 1_000}`, tick)
    state.runs.set(tick, run)
    options.started?.(run)
    if (options.changed === undefined) return
    options.changed(service)
    clock.at(clock.now() + runMs, () => {
      options.changed?.(service)
      return true
    })
  }

  const startTrial = (state: State, by: Call): Answer<'started' | 'exists'> => {
    const name = `${state.definition.service}-trial-${by.intent.split('/').at(-1) ?? by.intent}`
    if (state.trials.has(name)) return { kind: 'ok', value: 'exists' }
    state.trials.set(name, runOf(state, name, null))
    return { kind: 'ok', value: 'started' }
  }
  const setSuspended = (state: State, suspended: boolean) => {
    if (state.suspended !== suspended)
      changes.push({ at: clock.now(), service: state.definition.service, active: !suspended })
    state.suspended = suspended
  }

  const endActive = (state: State) => {
    for (const [tick, run] of state.runs) if (isRunning(run)) state.runs.set(tick, { ...run, endedAt: clock.now() })
  }

  type Look = { readonly suspended: boolean; readonly cursor: Millis; readonly revision: number }
  const lookAt = (state: State): Look => ({
    suspended: state.suspended,
    cursor: state.cursor ?? state.createdAt,
    revision: state.revision,
  })

  /** The newest tick after `from` that has passed; null: none has. */
  const newestTick = (timetable: Timetable, from: Millis, now: Millis): Millis | null =>
    timetable.between(from, now).at(-1) ?? null

  /** The second half of a pass: what is done about one schedule, on what was seen in the first half. */
  const actOn = (state: State, look: Look) => {
    const { concurrency, deadlineMs } = state.definition
    const tick = newestTick(state.definition.timetable, look.cursor, clock.now())
    if (look.suspended || tick === null || clock.now() < state.restsUntil) return
    if (deadlineMs !== null && tick + deadlineMs < clock.now()) return
    const isTaken = state.runs.has(tick) || state.tombstones.has(tick)
    const active = [...state.runs.values()].some(isRunning)
    if (!isTaken && active && concurrency === 'Forbid') {
      state.pending = tick
      return
    }
    if (!isTaken) {
      if (active && concurrency === 'Replace') endActive(state)
      start(state, tick)
    }
    if (state.tombstones.has(tick) && scheduler.backsOffMs > 0)
      state.restsUntil = clock.now() + between(random, 0, scheduler.backsOffMs)
    state.pending = null
    // A Job of another owner stands in its way: Kubernetes takes that for somebody else's business.
    if (!scheduler.isAtomic && state.tombstones.has(tick)) return
    if (scheduler.cursorMayLag && state.revision !== look.revision) return
    if (state.cursor === null || tick > state.cursor) {
      state.cursor = tick
      state.revision += 1
    }
  }

  /** When the next pass begins; null: one is being made. Passes in which nothing can happen are left out. */
  let nextPass: Millis | null = Number.POSITIVE_INFINITY
  let standsMs: Millis = 0
  const passBy = (at: Millis) => {
    if (nextPass === null || at >= nextPass) return
    nextPass = at
    clock.at(at, () => {
      if (nextPass === at) pass()
      return false
    })
  }
  const passSoon = () => passBy(clock.now() + between(random, 1, scheduler.passMs))

  const planNextPass = () => {
    const now = clock.now()
    for (const state of states.values()) {
      if (state.passesSinceChange === 0 || state.pending !== null) passBy(now + scheduler.passMs)
      const tick = state.suspended ? null : state.definition.timetable.next(now)
      if (tick !== null) passBy(tick + between(random, 0, scheduler.passMs))
      if (state.restsUntil > now) passBy(state.restsUntil)
    }
    if (barriers.size > 0) passBy(now + scheduler.passMs)
  }

  const pass = () => {
    nextPass = null
    const begun = clock.now()
    const looks = [...states.values()].map((state) => ({ state, look: lookAt(state) }))
    const stale =
      standsMs + (random() < scheduler.stale.share ? between(random, 0, scheduler.stale.forMs) : between(random, 0, 5))
    standsMs = 0
    const act = (): boolean => {
      for (const { state, look } of looks) {
        const isCurrent = state.revision === look.revision
        actOn(state, look)
        if (isCurrent) state.passesSinceChange += 1
      }
      const passed = [...barriers].filter((barrier) => barrier.asked <= begun)
      for (const barrier of passed) {
        barriers.delete(barrier)
        barrier.passed()
      }
      nextPass = Number.POSITIVE_INFINITY
      planNextPass()
      return passed.length > 0
    }
    if (!scheduler.isAtomic) clock.at(begun + stale, act)
    else if (act()) clock.at(begun, () => true)
  }
  passSoon()

  const portsFor = (caller: Caller): Schedules => {
    const missing = (service: string) => ({ kind: 'refused', because: `${side} has no schedule ${service}` }) as const
    const silence = <T>(): Answer<T> | null =>
      isCutOff ? { kind: 'unknown', because: `${side} does not answer` } : null
    const on = async <T>(
      by: Call,
      service: string,
      method: string,
      apply: (state: State) => Answer<T>,
    ): Promise<Answer<T>> => {
      const state = states.get(service)
      if (state === undefined) return missing(service)
      return call(caller, `${side} ${method}`, () => silence<T>() ?? apply(state), { service, by })
    }
    const read = async <T>(
      service: string,
      method: string,
      signal: AbortSignal,
      see: (state: State) => T,
    ): Promise<Answer<T>> => {
      const state = states.get(service)
      if (state === undefined) return missing(service)
      return look(caller, method, signal, () => silence<T>() ?? { kind: 'ok', value: see(state) })
    }
    const admitted = (state: State, by: Call): Answer<never> | null => {
      if (claim === undefined) return admit(state, by, scheduler.keepsFences, false)
      const because = claim.admit(by.fence)
      return because === null ? null : { kind: 'refused', because }
    }
    /** Writes to the schedule itself: fenced, and only on the revision that was read. */
    const write = (
      by: Call,
      service: string,
      method: string,
      change: { readonly holds: (state: State) => boolean; readonly make: (state: State) => void },
      baseline: Json = null,
    ) =>
      on(by, service, method, (state): Answer<{ readonly revision: string }> => {
        const no = admitted(state, by)
        if (no !== null) return no
        const revised = () => ({ kind: 'ok', value: { revision: String(state.revision) } }) as const
        if (change.holds(state) && isStampOf(state.stamp, by)) return revised()
        const conflict = conflictOf(state, by)
        if (conflict !== null) return conflict
        change.make(state)
        state.stamp = stampAfter(state.stamp, by, baseline)
        changed(state)
        return revised()
      })
    /** Writes beside it (tombstones, runs): Kubernetes knows no revision for these. */
    const beside = <T>(by: Call, service: string, method: string, apply: (state: State) => Answer<T>) =>
      on(
        by,
        service,
        method,
        (state) => admitted(state, by) ?? (scheduler.keepsFences ? conflictOf(state, by) : null) ?? apply(state),
      )
    const suspend = (by: Call, service: string, method: string, suspended: boolean) =>
      write(by, service, method, {
        holds: (state) => state.suspended === suspended,
        make: (state) => setSuspended(state, suspended),
      })
    const visible = (state: State, since = 0): readonly Run[] =>
      [...state.runs.values(), ...state.trials.values()].filter(
        (run) =>
          run.startedAt >= since &&
          (scheduler.forgetsRunsAfterMs === null ||
            run.endedAt === null ||
            run.endedAt + scheduler.forgetsRunsAfterMs > clock.now()),
      )
    const seen = (state: State): ScheduleSeen => {
      const runs = visible(state)
      const ticks = runs.flatMap((run) => (run.tick === null ? [] : [run.tick]))
      return {
        service: state.definition.service,
        cron: state.definition.timetable.cron,
        zone: state.definition.timetable.zone,
        unsure: null,
        concurrency: state.definition.concurrency,
        deadlineMs: state.definition.deadlineMs,
        suspended: state.suspended,
        cursor: state.cursor,
        createdAt: state.createdAt,
        active: runs.filter(isRunning).map(asOf),
        newestRun: ticks.length === 0 ? null : Math.max(...ticks),
        pending: state.pending,
        fenced: [...state.tombstones].filter((tick) => tick > (state.cursor ?? 0)).sort((a, b) => a - b),
        passesSinceChange: scheduler.countsPasses ? state.passesSinceChange : 0,
        unguarded: null,
        revision: String(state.revision),
        stamp: state.stamp,
        now: clock.now(),
      }
    }

    return {
      side,
      horizonMs: options.horizonMs,
      read: (service, signal) => read(service, 'read schedule', signal, seen),
      runs: (service, since, signal) =>
        read(service, 'read runs', signal, (state) =>
          visible(state, since)
            .map(asOf)
            .sort((a, b) => a.startedAt - b.startedAt),
        ),
      recordsSince: async () => ({ kind: 'ok', value: 0 }),
      ticks: async (service, from, until) => {
        const state = states.get(service)
        if (state === undefined) return missing(service)
        return { kind: 'ok', value: state.definition.timetable.between(from, until) }
      },
      stamp: (by, service, baseline: Json) =>
        write(by, service, 'stamp', { holds: () => true, make: () => undefined }, baseline),
      pause: (by, service) => suspend(by, service, 'pause', true),
      resume: (by, service) => suspend(by, service, 'resume', false),
      setCursor: (by, service, cursor) =>
        write(by, service, 'set cursor', {
          holds: (state) => state.cursor === cursor,
          make: (state) => {
            state.cursor = cursor
            state.pending = null
          },
        }),
      fence: (by, service, tick) =>
        beside(by, service, 'fence', (state) => {
          if (state.runs.has(tick)) return { kind: 'ok', value: 'ran' }
          state.tombstones.add(tick)
          return { kind: 'ok', value: 'fenced' }
        }),
      unfence: (by, service, after) =>
        beside(by, service, 'unfence', (state) => {
          const removed = [...state.tombstones].filter((tick) => tick > after).sort((a, b) => a - b)
          for (const tick of removed) state.tombstones.delete(tick)
          return { kind: 'ok', value: { removed } }
        }),
      barrier: (by, service) =>
        on(by, service, 'barrier', (state) => admitted(state, by) ?? ({ kind: 'ok', value: null } as const)).then(
          async (answer) => {
            if (answer.kind !== 'ok') return answer
            const passed = Promise.withResolvers<void>()
            barriers.add({ asked: clock.now(), passed: passed.resolve })
            passSoon()
            await passed.promise
            return answer
          },
        ),
      runNow: (by, service, tick) =>
        beside(by, service, 'run now', (state) => {
          if (tick === null) return startTrial(state, by)
          if (state.runs.has(tick)) return { kind: 'ok', value: 'exists' }
          if (state.tombstones.has(tick)) return { kind: 'refused', because: `tick ${tick} is fenced on ${side}` }
          start(state, tick)
          return { kind: 'ok', value: 'started' }
        }),
    }
  }

  return {
    truth: {
      runs: () => [...states.values()].flatMap((state) => [...state.runs.values()]),
      isActive: (service) => states.get(service)?.suspended === false,
      changes,
      cursor: (service) => states.get(service)?.cursor ?? null,
    },
    portsFor,
    suspendByHand: (service, suspended) => {
      const state = states.get(service)
      if (state === undefined || state.suspended === suspended) return
      setSuspended(state, suspended)
      changed(state)
    },
    cutOff: (cut) => {
      isCutOff = cut
    },
    standStill: (forMs) => {
      standsMs = forMs
      passBy(clock.now())
    },
  }
}
