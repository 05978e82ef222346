import type { Answer, Call, Run, ScheduleSeen, Schedules, Stamp } from '../engine/ports.ts'
import type { ConcurrencyPolicy } from '../inventory/estate.ts'
import type { Fence, Json, Millis, Side } from '../moves/goal.ts'
import { admit, type Caller, call } from './simulated-calls.ts'
import { between, type Random, type SimulatedClock } from './simulated-clock.ts'

export type SimulatedSchedule = {
  readonly service: string
  readonly periodMs: Millis
  readonly offsetMs: Millis
  readonly concurrency: ConcurrencyPolicy
  readonly deadlineMs: Millis | null
  readonly suspended: boolean
  readonly runMs: Millis
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
}

export const supervisorLike: SimulatedScheduler = {
  passMs: 40,
  stale: { share: 0, forMs: 0 },
  cursorMayLag: false,
  keepsFences: true,
  countsPasses: true,
  forgetsRunsAfterMs: null,
}

export const kubernetesLike: SimulatedScheduler = {
  passMs: 100,
  stale: { share: 0.02, forMs: 5_000 },
  cursorMayLag: true,
  keepsFences: false,
  countsPasses: false,
  forgetsRunsAfterMs: null,
}

type State = {
  readonly definition: SimulatedSchedule
  readonly createdAt: Millis
  suspended: boolean
  cursor: Millis | null
  pending: Millis | null
  revision: number
  passesSinceChange: number
  highest: Fence | null
  stamp: Stamp | null
  readonly runs: Map<Millis, Run>
  readonly tombstones: Set<Millis>
}

/** What really happened, for those who check; no port shows it. */
export type ScheduleTruth = {
  readonly runs: () => readonly Run[]
  readonly isActive: (service: string) => boolean
  /** Every change between suspended and active, in order. */
  readonly changes: readonly { readonly at: Millis; readonly service: string; readonly active: boolean }[]
}

export type SimulatedSide = {
  readonly truth: ScheduleTruth
  /** The ports as one caller has them: each engine gets its own, with its own faults. */
  readonly portsFor: (caller: Caller) => Schedules
}

const ticksBetween = ({ periodMs, offsetMs }: SimulatedSchedule, from: Millis, until: Millis): readonly Millis[] => {
  const first = Math.floor((from - offsetMs) / periodMs + 1) * periodMs + offsetMs
  return first > until
    ? []
    : Array.from({ length: Math.floor((until - first) / periodMs) + 1 }, (_, n) => first + n * periodMs)
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
}): SimulatedSide => {
  const { side, clock, random, scheduler } = options
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
          highest: null,
          stamp: null,
          runs: new Map(),
          tombstones: new Set(),
        },
      ]
    }),
  )
  const barriers = new Set<{ readonly asked: Millis; readonly passed: () => void }>()

  const changed = (state: State) => {
    state.revision += 1
    state.passesSinceChange = 0
    passSoon()
  }

  const asOf = (run: Run): Run =>
    run.endedAt !== null && run.endedAt > clock.now()
      ? { ...run, endedAt: null, result: 'running', exitCode: null }
      : run

  const isRunning = (run: Run): boolean => run.endedAt !== null && run.endedAt > clock.now()

  const start = (state: State, tick: Millis) => {
    const { service, runMs } = state.definition
    state.runs.set(tick, {
      name: `${service}-${tick / 1_000}`,
      service,
      side,
      tick,
      startedAt: clock.now(),
      endedAt: clock.now() + runMs,
      result: 'succeeded',
      exitCode: 0,
    })
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

  /** The second half of a pass: what is done about one schedule, on what was seen in the first half. */
  const actOn = (state: State, look: Look) => {
    const { concurrency, deadlineMs } = state.definition
    const tick = ticksBetween(state.definition, look.cursor, clock.now()).at(-1)
    if (look.suspended || tick === undefined) return
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
    state.pending = null
    if (scheduler.cursorMayLag && state.revision !== look.revision) return
    if (state.cursor === null || tick > state.cursor) {
      state.cursor = tick
      state.revision += 1
    }
  }

  /** When the next pass begins; null: one is being made. Passes in which nothing can happen are left out. */
  let nextPass: Millis | null = Number.POSITIVE_INFINITY
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
      const tick = state.suspended ? undefined : ticksBetween(state.definition, now, now + state.definition.periodMs)[0]
      if (tick !== undefined) passBy(tick + between(random, 0, scheduler.passMs))
    }
    if (barriers.size > 0) passBy(now + scheduler.passMs)
  }

  const pass = () => {
    nextPass = null
    const begun = clock.now()
    const looks = [...states.values()].map((state) => ({ state, look: lookAt(state) }))
    const stale = random() < scheduler.stale.share ? between(random, 0, scheduler.stale.forMs) : between(random, 0, 5)
    clock.at(begun + stale, () => {
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
    })
  }
  passSoon()

  const portsFor = (caller: Caller): Schedules => {
    const on = async <T>(service: string, method: string, apply: (state: State) => Answer<T>): Promise<Answer<T>> => {
      const state = states.get(service)
      if (state === undefined) return { kind: 'refused', because: `${side} has no schedule ${service}` }
      return call(caller, method, () => apply(state))
    }
    const read = async <T>(service: string, apply: (state: State) => T): Promise<Answer<T>> => {
      const state = states.get(service)
      if (state === undefined) return { kind: 'refused', because: `${side} has no schedule ${service}` }
      await clock.sleep(clock.now() + 1 + between(random, 0, caller.latencies.callMs))
      return { kind: 'ok', value: apply(state) }
    }
    /** Writes to the schedule itself: fenced, and only on the revision that was read. */
    const write = (by: Call, service: string, method: string, apply: (state: State) => void) =>
      on(service, method, (state): Answer<{ readonly revision: string }> => {
        const no = admit(state, by, scheduler.keepsFences, true)
        if (no !== null) return no
        apply(state)
        changed(state)
        return { kind: 'ok', value: { revision: String(state.revision) } }
      })
    /** Writes beside it (tombstones, runs): Kubernetes knows no revision for these. */
    const beside = <T>(by: Call, service: string, method: string, apply: (state: State) => Answer<T>) =>
      on(service, method, (state) => admit(state, by, scheduler.keepsFences, scheduler.keepsFences) ?? apply(state))
    const suspend = (by: Call, service: string, method: string, suspended: boolean) =>
      write(by, service, method, (state) => {
        if (state.suspended !== suspended) changes.push({ at: clock.now(), service, active: !suspended })
        state.suspended = suspended
      })
    const visible = (state: State): readonly Run[] =>
      [...state.runs.values()].filter(
        (run) =>
          scheduler.forgetsRunsAfterMs === null ||
          run.endedAt === null ||
          run.endedAt + scheduler.forgetsRunsAfterMs > clock.now(),
      )
    const seen = (state: State): ScheduleSeen => {
      const runs = visible(state)
      const ticks = runs.flatMap((run) => (run.tick === null ? [] : [run.tick]))
      return {
        service: state.definition.service,
        cron: `@every ${state.definition.periodMs / 1_000}s`,
        zone: 'UTC',
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
        revision: String(state.revision),
        stamp: state.stamp,
        now: clock.now(),
      }
    }

    return {
      side,
      horizonMs: options.horizonMs,
      read: (service) => read(service, seen),
      runs: (service, since) =>
        read(service, (state) =>
          visible(state)
            .filter((run) => run.startedAt >= since)
            .map(asOf),
        ),
      ticks: async (service, from, until) => {
        const state = states.get(service)
        if (state === undefined) return { kind: 'refused', because: `${side} has no schedule ${service}` }
        return { kind: 'ok', value: ticksBetween(state.definition, from, until) }
      },
      stamp: (by, service, baseline: Json) =>
        write(by, service, 'stamp', (state) => {
          state.stamp = { fence: by.fence, intent: by.intent, baseline: state.stamp?.baseline ?? baseline }
        }),
      pause: (by, service) => suspend(by, service, 'pause', true),
      resume: (by, service) => suspend(by, service, 'resume', false),
      setCursor: (by, service, cursor) =>
        write(by, service, 'setCursor', (state) => {
          state.cursor = cursor
          state.pending = null
        }),
      fence: (by, service, tick) =>
        beside(by, service, 'fence', (state) => {
          if (state.runs.has(tick)) return { kind: 'ok', value: 'ran' }
          state.tombstones.add(tick)
          return { kind: 'ok', value: 'fenced' }
        }),
      unfence: (by, service, after) =>
        beside(by, service, 'unfence', (state) => {
          const removed = [...state.tombstones].filter((tick) => tick > after)
          for (const tick of removed) state.tombstones.delete(tick)
          return { kind: 'ok', value: { removed } }
        }),
      barrier: (_by, service) =>
        on(service, 'barrier', () => ({ kind: 'ok', value: null }) as const).then(async (answer) => {
          if (answer.kind !== 'ok') return answer
          const passed = Promise.withResolvers<void>()
          barriers.add({ asked: clock.now(), passed: passed.resolve })
          passSoon()
          await passed.promise
          return answer
        }),
      runNow: (by, service, tick) =>
        beside(by, service, 'runNow', (state) => {
          if (tick === null) return { kind: 'ok', value: 'started' }
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
    },
    portsFor,
  }
}
