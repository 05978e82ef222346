import { renameSync, writeFileSync } from 'node:fs'
import type { Side } from '../moves/goal.ts'

/**
 * What can be wrong with a process of the shop, made from outside:
 * - `errors`: this share of requests gets 500. `latency`: every answer takes so many milliseconds longer.
 * - `hang`: this share of requests is never answered. `crash`: the process ends so many milliseconds after its start.
 * - `unhealthy`: the health check fails, everything else works. `stuck`: work is taken and never done.
 * - `fail`: runs of a job end with a failure.
 */
export type TroubleKind = 'errors' | 'latency' | 'hang' | 'crash' | 'unhealthy' | 'stuck' | 'fail'

export type Trouble = {
  readonly environment: Side
  readonly service: string
  readonly what: TroubleKind
  /** A share of requests, or milliseconds; see the kinds. 0 where it means nothing. */
  readonly amount: number
}

/** Written aside and renamed, so that no process ever reads half of it. */
export const writeTrouble = (file: string, trouble: readonly Trouble[]): void => {
  writeFileSync(`${file}.new`, JSON.stringify(trouble))
  renameSync(`${file}.new`, file)
}
