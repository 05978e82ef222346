import { instant } from '../../views/words.ts'
import type { Report } from '../report.ts'
import { writeChecks, writeTests } from './checks.ts'
import { writeAfter, writeJournal, writeSize } from './end.ts'
import { frame } from './frame.ts'
import { writeLedger } from './ledger.ts'
import { html, type Markup } from './markup.ts'
import { clockOf, sideChip } from './parts.ts'
import { writeTimes } from './timeline.ts'
import { writeLessons, writeServices, writeSummary } from './top.ts'
import { writePeople, writeRollbacks, writeTroubles } from './troubles.ts'
import { writeWeights } from './weights.ts'

const contents: readonly (readonly [string, string])[] = [
  ['lessons', 'What to take from it'],
  ['services', 'Services and waves'],
  ['weights', 'Weights and evidence'],
  ['ledger', 'Tick ledger'],
  ['rollbacks', 'Rollbacks'],
  ['troubles', 'Drift, pauses, gaps'],
  ['people', 'People'],
  ['times', 'Times'],
  ['tests', 'Validation'],
  ['parity', 'Parity'],
  ['after', 'Still reversible, leftovers'],
  ['size', 'Cost and size'],
  ['journal', 'Journal'],
]

/** The report as one page. */
export const writeHtml = (report: Report): string => {
  const rows = report.journal.rows
  const from = rows[0]?.at ?? report.at
  const clock = clockOf(from, rows.at(-1)?.at ?? report.at)
  const summary = writeSummary(report, clock)
  const body = html`${writeLessons(report)}${writeServices(report, clock)}${writeWeights(report, clock)}${writeLedger(report, clock)}${writeRollbacks(report, clock)}${writeTroubles(report, clock)}${writePeople(report, clock)}${writeTimes(report, clock)}${writeTests(report, clock)}${writeChecks(report)}${writeAfter(report)}${writeSize(report)}`
  const referred = referredIn(html`${summary}${body}`)
  return frame({
    title: `${report.release}: ${report.summary.outcome} · Titrate release report`,
    kicker: 'Titrate release report',
    heading: report.release,
    below: html`${environments(report)} · written ${instant(report.at)}${report.titrate === null ? '' : ` · Titrate ${report.titrate}`} · times are UTC${clock.day === null ? '' : ` on ${clock.day}`} · numbers such as <span class="ref">1</span> lead to the journal`,
    contents,
    summary,
    main: html`${body}${writeJournal(report, referred, clock)}`,
  })
}

const environments = ({ blue, green }: Report): Markup => {
  const name = (side: 'blue' | 'green', own: string | null): Markup =>
    html`${sideChip(side)}${own === null || own === side ? null : html` ${own}`}`
  return html`${name('blue', blue)} to ${name('green', green)}`
}

const referredIn = ({ markup }: Markup): ReadonlySet<number> =>
  new Set([...markup.matchAll(/href="#entry-(\d+)"/g)].map(([, position]) => Number(position)))
