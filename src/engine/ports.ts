import type { ConcurrencyPolicy, EnvironmentSeen } from '../inventory/estate.ts'
import type { Fence, IntentId, Json, Millis, Side } from '../moves/goal.ts'

/**
 * The roles that providers play. Every acting method is safe to repeat with the same call, says what came of it
 * as a value, and never throws for what the world does. Reads return these types, never an SDK's.
 */

/**
 * - `ok`: it was done, or was so already.
 * - `conflict`: somebody wrote in between (or the revision is old): read again, decide again.
 * - `refused`: trying again cannot help (no such service, an older fence, not permitted).
 * - `unknown`: no answer; it may have acted and may yet act.
 */
export type Answer<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'conflict'; readonly because: string }
  | { readonly kind: 'refused'; readonly because: string }
  | { readonly kind: 'unknown'; readonly because: string }

/**
 * How an act is made: who acts, for which intent, on which revision (absent: whatever is there), and how long it may wait.
 * `urgent`: something goes back, so where requests wait for their turn it goes before what goes forward.
 */
export type Call = {
  readonly fence: Fence
  readonly intent: IntentId
  readonly revision?: string
  readonly urgent?: boolean
  readonly signal: AbortSignal
}

/** What Titrate leaves on an object in the write that first changes it. `baseline`: the fields as they were before. */
export type Stamp = { readonly fence: Fence; readonly intent: IntentId; readonly baseline: Json }

// ── Claim: whose environment is it ────────────────────────────────────────────

export type StopMark = { readonly at: Millis; readonly by: string; readonly because: string }

export type ClaimSeen = {
  /** The release that this environment belongs to; null: free. */
  readonly release: string | null
  /** The highest epoch seen in any fence; 0: none. */
  readonly epoch: number
  /** Break-glass was here: no engine may act until it is cleared. */
  readonly stop: StopMark | null
  /** The environment's own clock. */
  readonly now: Millis
}

/** One per environment (supervisor) and one for the router. */
export type Claims = {
  readonly name: string
  read(signal: AbortSignal): Promise<Answer<ClaimSeen>>
  /** Takes a free environment for a release, or raises the epoch of one already taken by it. Refused: another release's, or an older epoch. */
  claim(release: string, epoch: number, signal: AbortSignal): Promise<Answer<null>>
  /** Gives the environment free (retire, or a finished rollback). */
  free(release: string, epoch: number, signal: AbortSignal): Promise<Answer<null>>
  stop(mark: StopMark, epoch: number, signal: AbortSignal): Promise<Answer<null>>
  clearStop(signal: AbortSignal): Promise<Answer<null>>
}

// ── Workloads ─────────────────────────────────────────────────────────────────

export type WorkloadSeen = {
  readonly service: string
  readonly version: string
  /** Replicas wanted. Under an autoscaler: the most that it may have, whatever it has just now; 0 where it is put to sleep. */
  readonly desired: number
  /**
   * Where an autoscaler decides how many replicas there are. `least`: it never has fewer, so as many ready ones are enough.
   * `held`: that minimum is held for a release, so that no load falls into a gap. Absent: nobody scales it but people and us.
   */
  readonly autoscaled?: { readonly least: number; readonly held: boolean }
  /** Its replicas have numbers, and none may run on both sides at once. Absent: they are all the same. */
  readonly ordinals?: true
  /** Replicas that pass their health check and are not being drained. */
  readonly ready: number
  /** Processes alive, draining ones included. */
  readonly running: number
  readonly restarts: number
  /** Why it isn't ready, for people: "exited with code 1, 4 times; next start in 3 s". Never a secret. */
  readonly problem: string | null
  /** When its youngest ready replica became ready; null: none is. */
  readonly youngestReadyAt: Millis | null
  readonly revision: string
  readonly stamp: Stamp | null
}

export type Workloads = {
  readonly side: Side
  /** The whole environment as parity and inventory see it; secrets digested with `hmacKey`. */
  inventory(hmacKey: Uint8Array, signal: AbortSignal): Promise<Answer<EnvironmentSeen>>
  list(signal: AbortSignal): Promise<Answer<readonly WorkloadSeen[]>>
  read(service: string, signal: AbortSignal): Promise<Answer<WorkloadSeen>>
  /** Calls back whenever anything in the environment may have changed (a hint: read again). Ends with the signal. */
  watch(changed: (service: string | null) => void, signal: AbortSignal): void
  /** `watch` tells of every change, of schedules and their runs too: nothing need be read to find out. Absent: it may miss some. */
  readonly tellsAll?: true
  /** Makes the service exist here, asleep: 0 replicas, schedule suspended. Done already when it exists: then only stamps it. */
  provision(call: Call, service: string, baseline: Json): Promise<Answer<{ readonly revision: string }>>
  /**
   * Wants so many replicas; under an autoscaler so many at most, with a minimum that is held until the environment is given
   * free, when the autoscaler gets back what it had. Surplus ones leave the balancing, finish what they do, then end. Returns at once: `read` tells.
   */
  scale(call: Call, service: string, replicas: number, baseline: Json): Promise<Answer<{ readonly revision: string }>>
  logs(service: string, lines: number, signal: AbortSignal): Promise<Answer<readonly string[]>>
  /** A base URL that reaches this side's copy of the service directly, past the router; null: it doesn't listen or none is ready. */
  address(service: string, signal: AbortSignal): Promise<Answer<string | null>>
}

// ── Schedules ─────────────────────────────────────────────────────────────────

export type Run = {
  /** `<schedule>-<epoch seconds of the tick>`, unique in its environment; `<schedule>-trial-<intent number>` for a trial. */
  readonly name: string
  readonly service: string
  readonly side: Side
  /** null: a trial run, outside the schedule. */
  readonly tick: Millis | null
  readonly startedAt: Millis
  readonly endedAt: Millis | null
  readonly result: 'running' | 'succeeded' | 'failed'
  readonly exitCode: number | null
}

export type ScheduleSeen = {
  readonly service: string
  readonly cron: string
  readonly zone: string
  /** Why its ticks can't be told for sure, for people; null: they can. */
  readonly unsure: string | null
  readonly concurrency: ConcurrencyPolicy
  readonly deadlineMs: Millis | null
  readonly suspended: boolean
  /** The scheduler has dealt with every tick up to here; null: none yet. May lag behind the runs. */
  readonly cursor: Millis | null
  readonly createdAt: Millis
  readonly active: readonly Run[]
  /** The newest tick for which a run is known to have been made, whatever the cursor says; null: none. */
  readonly newestRun: Millis | null
  /** A tick held back by `Forbid` until the active run ends; null: none. */
  readonly pending: Millis | null
  /** Ticks after the cursor that carry our tombstone, ascending. */
  readonly fenced: readonly Millis[]
  /** Counts the scheduler's passes that began after the last change of this schedule: the barrier is passed when > 0. */
  readonly passesSinceChange: number
  /** Why nothing keeps others from starting it while it is paused, for people; null: something does, or nobody else would. */
  readonly unguarded: string | null
  readonly revision: string
  readonly stamp: Stamp | null
  /** The environment's own clock when this was read. */
  readonly now: Millis
}

export type Schedules = {
  readonly side: Side
  /** How far ahead ticks are fenced (at least to the next tick), and what limits a pause. */
  readonly horizonMs: Millis
  read(service: string, signal: AbortSignal): Promise<Answer<ScheduleSeen>>
  /** Runs by start, newest last, since an instant; also ended ones, as long as the environment keeps them. */
  runs(service: string, since: Millis, signal: AbortSignal): Promise<Answer<readonly Run[]>>
  /** From which tick on `runs` leaves none out. What ran before that, and is not among them, was perhaps run and forgotten. */
  recordsSince(service: string, signal: AbortSignal): Promise<Answer<Millis>>
  /**
   * The ticks of the schedule after `from` up to and including `until`, ascending; by this environment's own reading of cron
   * and zone. `phase`: from where `@every` counts; absent: from its cursor here, or its creation where it has none.
   */
  ticks(
    service: string,
    from: Millis,
    until: Millis,
    signal: AbortSignal,
    phase?: Millis,
  ): Promise<Answer<readonly Millis[]>>
  stamp(call: Call, service: string, baseline: Json): Promise<Answer<{ readonly revision: string }>>
  pause(call: Call, service: string): Promise<Answer<{ readonly revision: string }>>
  /** Inserts a tombstone for the tick. `ran`: this environment has already made a run of it. */
  fence(call: Call, service: string, tick: Millis): Promise<Answer<'fenced' | 'ran'>>
  /** Removes our tombstones of ticks after `after`. */
  unfence(call: Call, service: string, after: Millis): Promise<Answer<{ readonly removed: readonly Millis[] }>>
  /** Asks the scheduler for one pass that begins now; returns when it was made (`unknown`: not within the signal). */
  barrier(call: Call, service: string): Promise<Answer<null>>
  setCursor(call: Call, service: string, cursor: Millis): Promise<Answer<{ readonly revision: string }>>
  resume(call: Call, service: string): Promise<Answer<{ readonly revision: string }>>
  /** Makes the run of one tick with its deterministic name (a missed tick), or a trial (`tick` null). `exists`: it was made before. */
  runNow(call: Call, service: string, tick: Millis | null): Promise<Answer<'started' | 'exists'>>
}

// ── Traffic ───────────────────────────────────────────────────────────────────

/**
 * How far the last change of a weight has come, at a router that does not do it at once.
 *
 * - `pending`: not yet; why. The weight in force is the one before. Looking again is worth while after `forMs`.
 * - `accepted`: the router says that it does it, and no figure or probe has shown it.
 * - `seen`: by what it was shown.
 */
export type WeightShift =
  | { readonly kind: 'pending'; readonly because: string; readonly forMs: Millis }
  | { readonly kind: 'accepted' }
  | { readonly kind: 'seen'; readonly by: string }

export type WeightSeen = {
  readonly service: string
  /** What is set, percent. */
  readonly green: number
  /** What is in force now: 0 while green is unready and blue is ready. */
  readonly effectiveGreen: number
  /** Absent: what is set is in force, but for unready sides. */
  readonly shift?: WeightShift
  /** The router's own probes. null: the router can't tell. */
  readonly ready: { readonly blue: boolean | null; readonly green: boolean | null }
  readonly revision: string
  readonly stamp: Stamp | null
}

export type Traffic = {
  readonly supports: { readonly testRoute: boolean; readonly fences: boolean; readonly probes: boolean }
  list(signal: AbortSignal): Promise<Answer<readonly WeightSeen[]>>
  read(service: string, signal: AbortSignal): Promise<Answer<WeightSeen>>
  watch(changed: (service: string | null) => void, signal: AbortSignal): void
  setWeight(call: Call, service: string, green: number, baseline: Json): Promise<Answer<{ readonly revision: string }>>
  /** How a person reaches green before users do: header, cookie or URL; null: not supported. */
  testRoute(service: string): { readonly url: string; readonly header: string; readonly value: string } | null
}

// ── Metrics ───────────────────────────────────────────────────────────────────

/** Raw cumulative counters of one series: the judge takes differences itself, and a drop means a restart. */
export type CounterSeries = {
  /** What makes it unique: name and labels, canonical. */
  readonly series: string
  readonly service: string
  readonly side: Side
  /**
   * `requests` and `errors`: finished requests (or items of work), and those of them that failed; `assigned`: given by the
   * router to this side; `bucket`: cumulative histogram count at `le` seconds; `done`: items of work finished.
   */
  readonly measure: 'requests' | 'errors' | 'assigned' | 'bucket' | 'done'
  readonly le?: number
  /** The replica that it counts. Absent: the source doesn't tell replicas apart. */
  readonly replica?: string
  readonly value: number
}

export type GaugeSeries = {
  readonly service: string
  readonly side: Side | null
  readonly name: string
  readonly value: number
}

/** One scrape of everything, at one moment. `missing`: sources that did not answer, and why. */
export type MetricsSnapshot = {
  readonly at: Millis
  readonly counters: readonly CounterSeries[]
  readonly gauges: readonly GaugeSeries[]
  readonly missing: readonly { readonly source: string; readonly because: string }[]
}

export type Metrics = {
  /** Reads all sources side by side. `unknown` only when none of them answered. */
  read(signal: AbortSignal): Promise<Answer<MetricsSnapshot>>
}

// ── Notify ────────────────────────────────────────────────────────────────────

export const noticeKinds = ['hold', 'verdict', 'rollback', 'gate', 'call', 'end'] as const
export type Notice = {
  readonly kind: (typeof noticeKinds)[number]
  readonly release: string
  readonly service: string | null
  readonly at: Millis
  readonly text: string
  /** What a person can do now, as commands. */
  readonly actions: readonly string[]
  /** Position in the journal: a receiver can tell a repeat. */
  readonly entry: number
}

export type Notify = {
  /** Queues and returns at once; retries by itself, never throws, never blocks. */
  send(notice: Notice): void
  close(): Promise<void>
}

// ── Tests ─────────────────────────────────────────────────────────────────────

export type TestResult = {
  readonly passed: boolean
  readonly at: Millis
  readonly durationMs: Millis
  /** What a person needs: status, exit code, last lines. Secrets masked. */
  readonly summary: string
  readonly figures: Readonly<Record<string, number>>
}
