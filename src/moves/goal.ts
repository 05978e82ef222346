/** Instants are milliseconds since the Unix epoch, durations are milliseconds; both are whole numbers. */
export type Millis = number

export const sides = ['blue', 'green'] as const
export type Side = (typeof sides)[number]

export const otherSide = (side: Side): Side => (side === 'blue' ? 'green' : 'blue')

/**
 * One thing of a service that is changed by itself: its workload (existence and replicas), its schedule,
 * its share of traffic, its data, its tests. A lane has at most one outstanding intent.
 */
export const lanes = ['workload', 'schedule', 'weights', 'data', 'test'] as const
export type Lane = (typeof lanes)[number]

/**
 * What should be. A goal is absolute ("green 5", "owner green"), so that carrying it out twice is the same as once.
 *
 * - `provision`: green's copy exists and is asleep: 0 replicas, schedule suspended.
 * - `workload`: so many replicas on each side, the new ones ready and the surplus drained. `exclusive` means that
 *   at no moment may both sides have a running copy (`concurrency: one`): one side is stopped before the other starts.
 * - `schedule`: the side that runs the ticks.
 * - `weights`: the percentage of traffic that green gets, 0 to 100.
 * - `data`: the side whose database is the primary.
 * - `test`: a named test was run; its dated result is read by a gate.
 */
export type Goal =
  | { readonly kind: 'provision' }
  | { readonly kind: 'workload'; readonly blue: number; readonly green: number; readonly exclusive: boolean }
  | { readonly kind: 'schedule'; readonly owner: Side }
  | { readonly kind: 'weights'; readonly green: number }
  | { readonly kind: 'data'; readonly primary: Side }
  | { readonly kind: 'test'; readonly name: string }

export type GoalKind = Goal['kind']

const laneByGoal: Readonly<Record<GoalKind, Lane>> = {
  provision: 'workload',
  workload: 'workload',
  schedule: 'schedule',
  weights: 'weights',
  data: 'data',
  test: 'test',
}

export const laneOf = (goal: Goal): Lane => laneByGoal[goal.kind]

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * What came of an intent.
 *
 * - `done`: the goal holds; `result` says what was measured on the way (replicas, cursor, ticks fenced, exit code).
 * - `refused`: trying again cannot help. `unknown`: it may have acted and may yet act; the world must be read first.
 * - `superseded`: a newer intent of the same lane took over before this one ended.
 */
export type Outcome =
  | { readonly kind: 'done'; readonly result: Json }
  | { readonly kind: 'refused' | 'unknown'; readonly because: string }
  | { readonly kind: 'superseded' }

/** `<service>/<lane>/<number>`, the number counting the intents of that move. Identity, idempotency key and fence at once. */
export type IntentId = string

/**
 * Who acts: the release, the engine's epoch, the move (service) and the version of the move's stream at the intent.
 * Whatever can be fenced remembers the highest (epoch, version) that it saw for (release, move) and refuses older ones.
 */
export type Fence = {
  readonly release: string
  readonly epoch: number
  readonly move: string
  readonly version: number
}

/** Negative when `a` is older than `b`, 0 when they are the same, positive when `a` is newer. */
export const compareFences = (a: Fence, b: Fence): number => a.epoch - b.epoch || a.version - b.version
