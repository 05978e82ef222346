import type { Report } from '../report.ts'
import { html, type Markup } from './markup.ts'
import { type Clock, none, note, notes, ref, section, table } from './parts.ts'

export const writeAfter = (report: Report): Markup =>
  section(
    'after',
    'What can still go back, and what is left over',
    report.reversible.length === 0
      ? note('Nothing is on green.')
      : table(
          'What can still go back to blue',
          ['Service', 'How', 'Until', 'Entry'],
          report.reversible.map(({ service, text, until, entry }) => [service, text, until, ref(entry)]),
        ),
    html`<h3>Leftovers</h3>${notes(report.leftovers, 'None.')}`,
  )

export const writeSize = (report: Report): Markup => {
  const seen = (value: Report['sizes'][number]['now']['blue']): Markup =>
    value === null ? none : html`${value.ready} of ${value.desired}`
  return section(
    'size',
    'Cost and size',
    report.sizes.length === 0
      ? null
      : table(
          'Replicas before and after (ready of wanted, as last seen)',
          [
            'Service',
            { name: 'Blue before', align: 'end' },
            { name: 'Blue now', align: 'end' },
            { name: 'Green now', align: 'end' },
            'Version on blue',
            'Version on green',
          ],
          report.sizes.map(({ service, before, now, version }) => [
            service,
            before,
            seen(now.blue),
            seen(now.green),
            version.blue ?? none,
            version.green ?? none,
          ]),
        ),
    html`<h3>Not measured</h3><ul>${report.notMeasured.map((text) => html`<li>${text}</li>`)}</ul>`,
  )
}

/** All of a journal of this length is shown; of a longer one its ends, and what the report refers to. */
const wholeUpTo = 12_000
const firstRows = 2_000
const lastRows = 6_000
const longestText = 600
const inOneTable = 1_000

/** `referred`: positions that links of the report lead to. */
export const writeJournal = ({ journal }: Report, referred: ReadonlySet<number>, clock: Clock): Markup => {
  const { rows, position, hash } = journal
  const isWhole = rows.length <= wholeUpTo
  const shown = isWhole
    ? rows
    : rows.filter((row, index) => index < firstRows || index >= rows.length - lastRows || referred.has(row.position))
  const parts = Array.from({ length: Math.ceil(shown.length / inOneTable) }, (_, index) =>
    shown.slice(index * inOneTable, (index + 1) * inOneTable),
  )
  return section(
    'journal',
    'The journal',
    html`<div class="head"><p><strong>Head: entry ${position}</strong></p><p class="hash">${position}:${hash}</p>
<p class="note">Keep it: <code>titrate journal verify --head ${position}:${hash}</code> finds an entry that was changed or removed since, and a journal whose end was cut off.</p></div>`,
    isWhole
      ? null
      : note(`${rows.length - shown.length} of ${rows.length} entries are left out here: "titrate journal" shows all.`),
    rows.length === 0 ? note('It is empty.') : null,
    parts.map((part) => journalTable(part, parts.length, clock)),
  )
}

const journalTable = (part: Report['journal']['rows'], of: number, clock: Clock): Markup => {
  const title = `Entries ${part[0]?.position ?? 0} to ${part.at(-1)?.position ?? 0}`
  const rows = part.map(
    ({ position, at, service, text }) =>
      html`<tr id="entry-${position}"><th scope="row">${position}</th><td>${shortTime(at, clock)}</td><td>${service ?? 'release'}</td><td>${text.length > longestText ? `${text.slice(0, longestText)}…` : text}</td></tr>\n`,
  )
  const whole = html`<div class="scroll journal"><table><caption>${title}</caption><thead><tr><th scope="col">Entry</th><th scope="col">At</th><th scope="col">Of</th><th scope="col">What happened</th></tr></thead><tbody>
${rows}</tbody></table></div>`
  return of === 1 ? whole : html`<details open><summary>${title}</summary>${whole}</details>`
}

/** Without the exact instant of `clock.time`: thousands of them would be half of the report. */
const shortTime = (at: number, clock: Clock): string => {
  const text = new Date(at).toISOString()
  return clock.day === null ? text.slice(5, 19).replace('T', ' ') : text.slice(11, 19)
}
