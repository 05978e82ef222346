import type { Call, Claims, Schedules, Workloads } from '../../../engine/ports.ts'
import type { Millis } from '../../../moves/goal.ts'

/** What a provider gives its contract suites: one environment for one test, with these services in it. */
export type ContractWorld = {
  readonly claims: Claims
  readonly workloads: Workloads
  readonly schedules: Schedules
  /** Brings the environment to an end. */
  end(): Promise<void>
}

/**
 * Opens an environment, awake or born asleep, with: `web`, which listens and is ready soon, of 1 replica; `worker`,
 * which doesn't listen, of 1 replica; `often`, a job due every period that ends at once (Allow); `long`, a job due
 * every period that takes about 1.5 of them (Forbid); `failing`, a job of which every run fails, suspended.
 */
export type ContractHarness = {
  readonly name: string
  /** The shortest time between two ticks that it knows. Where that is long, the tests run side by side. */
  readonly periodMs: Millis
  /** Tests that it can't run here; each is skipped, and counted. */
  readonly without: readonly ('network' | 'inventory')[]
  open(options: { readonly asleep: boolean }): Promise<ContractWorld>
}

let versions = 0

/** A call of release `shop` for a move, newer than all before it unless a version is given. */
export const callFor = (
  move: string,
  more: {
    readonly release?: string
    readonly epoch?: number
    readonly version?: number
    readonly revision?: string
    readonly intent?: string
  } = {},
): Call => {
  versions += 1
  const { release = 'shop', epoch = 1, version = versions, revision, intent } = more
  return {
    fence: { release, epoch, move, version },
    intent: intent ?? `${move}/workload/${version}`,
    signal: soon(),
    ...(revision === undefined ? {} : { revision }),
  }
}

export const soon = (): AbortSignal => AbortSignal.timeout(5_000)
