import type { Call, Claims, Schedules, Workloads } from '../../../engine/ports.ts'

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
 * which doesn't listen, of 1 replica; `often`, a job due every second that ends at once (Allow); `long`, a job due
 * every second that takes about 1.5 s (Forbid); `failing`, a job of which every run fails, suspended.
 */
export type ContractHarness = {
  readonly name: string
  /** Nothing in it can be called over the network: what needs that is skipped, and counted. */
  readonly listens?: false
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
