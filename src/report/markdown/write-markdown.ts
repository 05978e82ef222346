import { duration, instant } from '../../views/words.ts'
import type { Note } from '../leftovers.ts'
import type { Report } from '../report.ts'

/** Nothing of what people and files wrote becomes markup, a link, a mention or a line of its own. */
export const escapeMarkdown = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\`*_{}[\]<>|#~&!]/g, (character) => `\\${character}`)
    .replaceAll('@', '@\u200b')
    .replaceAll('://', ':\u200b//')

const md = escapeMarkdown
const none = '–'

const table = (heads: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string =>
  [
    `| ${heads.join(' | ')} |`,
    `|${heads.map(() => ' --- ').join('|')}|`,
    ...rows
      .slice(0, 200)
      .map((cells) => `| ${cells.map((cell) => (cell === null ? none : String(cell))).join(' | ')} |`),
    ...(rows.length > 200 ? ['', `${rows.length - 200} more are left out here.`] : []),
  ].join('\n')

const entry = (position: number | null): string => (position === null ? '' : ` (entry ${position})`)
const took = (ms: number | null): string => (ms === null ? none : duration(ms))
const round = (value: number | null): string =>
  value === null ? none : value >= 1e6 ? '> 1 million' : String(Number(value.toPrecision(3)))

const notes = (title: string, list: readonly Note[]): readonly string[] =>
  list.length === 0
    ? []
    : [
        `### ${title}`,
        list
          .slice(0, 100)
          .map((note) => `- ${md(note.text)}${entry(note.entry)}`)
          .join('\n'),
      ]

/** For a pull request or a wiki: the same facts without drawings, and without the journal itself. */
export const writeMarkdown = (report: Report): string =>
  `${[
    `# Release ${md(report.release)}: ${report.summary.outcome}`,
    `**${md(report.summary.sentence)}**${report.summary.because === null ? '' : ` ${md(report.summary.because)}`}`,
    ...(report.summary.age === null ? [] : [`_${md(report.summary.age)}_`]),
    facts(report),
    ...notes('Action items', report.actions),
    ...notes('Went well', report.lessons.wentWell),
    ...notes('Went wrong', report.lessons.wentWrong),
    ...notes('Got lucky', report.lessons.gotLucky),
    ...services(report),
    ...steps(report),
    ...ticks(report),
    ...rollbacks(report),
    ...notes('Leftovers', report.leftovers),
    '### Not measured',
    report.notMeasured.map((text) => `- ${md(text)}`).join('\n'),
    `Written ${instant(report.at)}. Journal head: \`${report.journal.position}:${report.journal.hash}\``,
  ].join('\n\n')}\n`

const facts = ({ summary, times }: Report): string =>
  table(
    ['Figure', 'Value'],
    [
      ['Took', `${took(summary.tookMs)} (planned ${took(times.release.plannedMs)})`],
      ['On green', `${summary.services.green} of ${summary.services.all}`],
      [
        'Failed requests',
        summary.failedRequests === null
          ? 'not counted outside'
          : `${summary.failedRequests} of ${summary.requests ?? 'an unknown number'}`,
      ],
      [
        'Ticks exactly once',
        `${summary.ticks.exactlyOnce} of ${summary.ticks.expected}; ${summary.ticks.odd} duplicate, missed or unseen`,
      ],
      ['Steps proven', `${summary.proven.steps} of ${summary.proven.of}`],
    ],
  )

const services = (report: Report): readonly string[] =>
  report.services.length === 0
    ? []
    : [
        '### Services',
        table(
          ['Wave', 'Service', 'Kind', 'Where', 'State', 'Entry'],
          report.services.map((one) => [
            one.wave,
            md(one.service),
            one.kind,
            one.where,
            `${one.state}${one.label === null ? '' : `, ${one.label}`}`,
            one.entry,
          ]),
        ),
      ]

const steps = (report: Report): readonly string[] => {
  const rows = report.weights.flatMap(({ service, steps }) =>
    steps.map((step) => [
      md(service),
      md(step.step),
      md(step.how),
      took(step.observedMs),
      step.blue === null ? none : `${step.blue.errors} / ${step.blue.requests}`,
      step.green === null ? none : `${step.green.errors} / ${step.green.requests}`,
      step.ratio === null
        ? none
        : `${round(step.ratio.lower)} – ${step.ratio.upper === null ? '∞' : round(step.ratio.upper)}`,
      round(step.E),
      round(step.proof),
      step.entry,
    ]),
  )
  if (rows.length === 0) return []
  return [
    '### Weights and evidence',
    table(
      ['Service', 'Step', 'Verdict', 'Watched', 'Blue failed', 'Green failed', 'Ratio (95 %)', 'E', 'Proof', 'Entry'],
      rows,
    ),
  ]
}

const ticks = (report: Report): readonly string[] => {
  const ledger = report.ticks.rows.map(({ service, totals, onBlue, onGreen }) => [
    md(service),
    totals.expected,
    onBlue,
    onGreen,
    totals.duplicate,
    totals.missed,
    totals.skipped,
    totals.unseen,
  ])
  const handoffs = report.handoffs.map((one) => [
    md(one.service),
    one.to,
    instant(one.at),
    took(one.pauseMs),
    one.fenced.length,
    md(one.outcome),
    one.entry,
  ])
  return [
    ...(ledger.length === 0
      ? []
      : [
          '### Ticks',
          table(['Job', 'Ticks', 'On blue', 'On green', 'Duplicate', 'Missed', 'Skipped', 'Unseen'], ledger),
        ]),
    ...(handoffs.length === 0
      ? []
      : ['### Handoffs', table(['Job', 'To', 'At', 'Pause', 'Fenced ticks', 'Outcome', 'Entry'], handoffs)]),
  ]
}

const rollbacks = (report: Report): readonly string[] =>
  report.rollbacks.length === 0
    ? []
    : [
        '### Rollbacks',
        table(
          ['What', 'By', 'Because', 'First sign before the order', 'All back after the order', 'Entry'],
          report.rollbacks.map((one) => [
            one.everything ? 'everything' : md(one.services.join(', ')),
            md(one.by),
            md(one.because),
            took(one.detectionMs),
            one.lastBack === null ? `not yet: ${md(one.missing.join(', '))}` : took(one.recoveryMs),
            one.ordered.entry,
          ]),
        ),
      ]
