import type { Millis } from '../moves/goal.ts'

/** Who answered; `router`: the router itself did, or nobody. */
export type AnsweredBy = 'blue' | 'green' | 'router'

/** How one request of a user ended. `status` null: no answer within the limit, or the connection broke. */
export type Ended = {
  readonly at: Millis
  readonly service: string
  readonly by: AnsweredBy
  readonly status: number | null
  readonly because: string
}

export type LoadCounts = {
  readonly sent: number
  readonly answered: Readonly<Record<AnsweredBy, number>>
  readonly failed: Readonly<Record<AnsweredBy, number>>
  /** The first failures, to look at. */
  readonly failures: readonly Ended[]
  readonly firstFailureAt: Millis | null
  readonly lastFailureAt: Millis | null
}

export const noCounts: LoadCounts = {
  sent: 0,
  answered: { blue: 0, green: 0, router: 0 },
  failed: { blue: 0, green: 0, router: 0 },
  failures: [],
  firstFailureAt: null,
  lastFailureAt: null,
}

const keptFailures = 50

/** A user is failed by a 5xx, a broken connection, or no answer in time. What was asked wrongly (4xx) would be our own fault. */
export const isFailure = ({ status }: Ended): boolean => status === null || status >= 400

/** Counts as they go: mutable inside, because it is called for every request. */
export const createLoadCounts = () => {
  let sent = 0
  const answered = { ...noCounts.answered }
  const failed = { ...noCounts.failed }
  const failures: Ended[] = []
  let firstFailureAt: Millis | null = null
  let lastFailureAt: Millis | null = null
  return {
    send: (): void => {
      sent += 1
    },
    end: (ended: Ended): void => {
      if (ended.status !== null) answered[ended.by] += 1
      if (!isFailure(ended)) return
      failed[ended.by] += 1
      firstFailureAt ??= ended.at
      lastFailureAt = ended.at
      if (failures.length < keptFailures) failures.push(ended)
    },
    read: (): LoadCounts => ({
      sent,
      answered: { ...answered },
      failed: { ...failed },
      failures: [...failures],
      firstFailureAt,
      lastFailureAt,
    }),
  }
}

export const totalFailed = ({ failed }: LoadCounts): number => failed.blue + failed.green + failed.router
