import type { Millis } from '../moves/goal.ts'
import { duration } from '../views/words.ts'
import type { TickCount } from './accounting.ts'
import type { AnsweredBy, Ended } from './load-counts.ts'
import type { DemoOutcome, Fault } from './scenario.ts'

/** The one document of `--output json`. Its fields are relied on by programs: add, never rename. */
export type DemoResult = {
  readonly outcome: DemoOutcome
  readonly expected: DemoOutcome
  readonly because: string
  /** From the first word to the end of the release; tidying up is not in it. */
  readonly durationSeconds: number
  readonly requests: number
  readonly failedRequests: number
  readonly failedBy: Readonly<Record<AnsweredBy, number>>
  readonly answeredBy: Readonly<Record<AnsweredBy, number>>
  readonly failures: readonly Ended[]
  readonly ticks: TickCount
  /** Where Titrate's ledger and the jobs themselves differ; empty: they agree. */
  readonly ledgerDisagrees: readonly string[]
  readonly queue: { readonly added: number; readonly done: number; readonly lost: number; readonly twice: number }
  readonly fault: string | null
  readonly injectedAfterSeconds: number | null
  readonly detectedAfterSeconds: number | null
  readonly backAfterSeconds: number | null
  /** How each weight step was passed: `proven` or `timed`. */
  readonly steps: readonly { readonly service: string; readonly step: string; readonly how: string }[]
  /** Where the report is; null: there is none. */
  readonly report: string | null
  readonly position: number
}

export const secondsBetween = (from: Millis | null, to: Millis | null): number | null =>
  from === null || to === null ? null : Math.round((to - from) / 10) / 100

/**
 * What a demo must keep, beside the outcome that its fault should have: each tick runs exactly once and no item of the queue
 * is lost or done twice, whatever the fault. Without a fault no user's request fails either. Empty: all is well.
 */
export const brokenPromises = (result: DemoResult): readonly string[] => {
  const { ticks, queue, outcome, expected } = result
  return [
    ...(outcome === expected ? [] : [`it ended ${outcome}, and should have ended ${expected}`]),
    ...(result.fault === null && result.failedRequests > 0
      ? [`${result.failedRequests} requests of users failed`]
      : []),
    ...(ticks.duplicate > 0 ? [`${ticks.duplicate} ticks ran more than once`] : []),
    ...(ticks.missed > 0 ? [`${ticks.missed} ticks never ran`] : []),
    ...(queue.lost > 0 ? [`${queue.lost} items of the queue were lost`] : []),
    ...(queue.twice > 0 ? [`${queue.twice} items of the queue were done twice`] : []),
  ]
}

const row = (name: string, text: string): string => `  ${name.padEnd(10)}${text}`

/** The answer for people. */
export const describeResult = (result: DemoResult, fault: Fault | null): string => {
  const { ticks, queue, failedBy, failedRequests } = result
  const broken = brokenPromises(result)
  const bySide =
    failedRequests === 0 ? '' : ` (blue ${failedBy.blue}, green ${failedBy.green}, at the router ${failedBy.router})`
  const seconds = (value: number | null): string => (value === null ? 'never' : duration(value * 1_000))
  const steps = result.steps.map(({ service, step, how }) => `${service} ${step}: ${how}`)
  return [
    `${result.outcome}: ${result.because}`,
    '',
    row('requests', `${result.requests} by users, ${failedRequests} failed${bySide}`),
    row(
      'ticks',
      `${ticks.expected} due, ${ticks.ran} ran exactly once, ${ticks.duplicate} more than once, ${ticks.missed} never (counted by the jobs; the ledger ${result.ledgerDisagrees.length === 0 ? 'agrees' : `differs in ${result.ledgerDisagrees.length}`})`,
    ),
    row('queue', `${queue.added} mails added, ${queue.done} done, ${queue.lost} lost, ${queue.twice} done twice`),
    ...(steps.length === 0 ? [] : [row('steps', steps.join(', '))]),
    ...(fault === null
      ? []
      : [
          row('fault', `${fault.name}: ${fault.brief}`),
          row('noticed', `${seconds(result.detectedAfterSeconds)} after it began`),
          ...(fault.expect === 'rolled back'
            ? [row('back', `all on blue ${seconds(result.backAfterSeconds)} after it began`)]
            : []),
        ]),
    row('took', duration(result.durationSeconds * 1_000)),
    row('report', result.report ?? 'none'),
    ...(broken.length === 0
      ? ['', fault === null ? 'All went as it should.' : `It ended as it should: ${fault.expect}.`]
      : ['', ...broken.map((text) => `NOT as it should: ${text}.`)]),
    '',
  ].join('\n')
}
