import { plural } from '../../views/words.ts'
import type { Report } from '../report.ts'
import { html, type Markup } from './markup.ts'
import { alarm, type Clock, more, none, note, ref, section, table } from './parts.ts'

export const writeChecks = (report: Report): Markup => {
  const { parity } = report
  if (parity === null) return section('parity', 'Parity and checks', note('The release was not checked: not measured.'))
  const { counts } = parity
  return section(
    'parity',
    'Parity and checks',
    html`<p>${plural(parity.compared, 'service')} compared: ${counts.unexplained === 0 ? 'no unexplained difference' : alarm(`${plural(counts.unexplained, 'unexplained difference')}`)}, ${counts.declared} declared (waived or rewritten), ${counts.required} required by the platform. ${ref(parity.entry)}</p>`,
    parity.blocking.length === 0
      ? null
      : html`<h3>Blocking</h3><ul>${parity.blocking.map((text) => html`<li>${alarm(text)}</li>`)}</ul>`,
    parity.rows.length === 0
      ? null
      : table(
          'Differences between blue and green',
          ['Service', 'What', 'Class', 'Blue', 'Green', 'Why'],
          parity.rows.map((row) => [
            row.service,
            html`<code>${row.path}</code>`,
            row.class === 'unexplained' ? alarm(row.class) : row.class,
            row.blue === null ? none : html`<code>${row.blue}</code>`,
            row.green === null ? none : html`<code>${row.green}</code>`,
            html`<span class="text">${row.why}</span>`,
          ]),
        ),
    more(parity.left),
    parity.notes.length === 0
      ? null
      : html`<details><summary>${plural(parity.notes.length, 'note')} of the checks</summary><ul>${parity.notes.map((text) => html`<li>${text}</li>`)}</ul></details>`,
  )
}

export const writeTests = (report: Report, clock: Clock): Markup =>
  section(
    'tests',
    'Validation',
    report.tests.length === 0
      ? note('No test was run.')
      : table(
          'Tests of green, before users reached it and after',
          ['Service', 'Test', 'At', 'Result', 'What it said', 'Figures', 'Entry'],
          report.tests.map((test) => [
            test.service,
            test.name,
            clock.time(test.at),
            test.passed === null ? 'no result' : test.passed ? html`✓ passed` : alarm('failed'),
            html`<span class="text">${test.summary}</span>`,
            test.figures.length === 0
              ? none
              : test.figures.map(({ name, value }) => html`<div>${name}: ${value}</div>`),
            ref(test.entry),
          ]),
        ),
    outside(report),
  )

/** What was counted outside the release, where somebody did. */
const outside = ({ counted }: Report): Markup => {
  const by = (list: Report['counted']['failedBy']): string =>
    list.map(({ name, count }) => `${name} ${count}`).join(', ')
  const rows: readonly (readonly [string, string])[] = [
    ...(counted.requests === null
      ? []
      : [
          [
            'Requests',
            `${counted.requests}${counted.answeredBy.length === 0 ? '' : ` (answered by ${by(counted.answeredBy)})`}`,
          ] as const,
        ]),
    ...(counted.failedRequests === null
      ? []
      : [
          [
            'Failed requests',
            `${counted.failedRequests}${counted.failedBy.length === 0 ? '' : ` (${by(counted.failedBy)})`}`,
          ] as const,
        ]),
    ...(counted.queue === null
      ? []
      : [
          [
            'Queue',
            `${counted.queue.added} added, ${counted.queue.done} done, ${counted.queue.lost} lost, ${counted.queue.twice} done twice`,
          ] as const,
        ]),
    ...(counted.fault === null ? [] : [['Fault put in', counted.fault] as const]),
    ...(counted.detectedAfterSeconds === null
      ? []
      : [['Noticed', `${counted.detectedAfterSeconds} s after it began`] as const]),
    ...(counted.backAfterSeconds === null
      ? []
      : [['All back on blue', `${counted.backAfterSeconds} s after it began`] as const]),
  ]
  return rows.length === 0
    ? html``
    : table('Counted outside the release, by the load generator and the queue', ['What', 'Count'], rows)
}
