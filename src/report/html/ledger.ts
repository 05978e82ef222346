import type { TickFate } from '../../journal/events.ts'
import { plural } from '../../views/words.ts'
import type { Handoff } from '../handoffs.ts'
import type { Report } from '../report.ts'
import type { TickDot, TickRow } from '../ticks.ts'
import { html, type Markup } from './markup.ts'
import { alarm, type Clock, none, note, ref, section, sideChip, table, took } from './parts.ts'

/** Each fate has a sign and a word of its own: colour only helps. */
const signs: Readonly<Record<Exclude<TickFate, 'ran'>, string>> = {
  duplicate: '▲',
  missed: '✕',
  skipped: '–',
  unseen: '?',
}

const dot = (tick: TickDot, clock: Clock): Markup => {
  const at = new Date(tick.tick).toISOString().slice(clock.day === null ? 5 : 11, 19)
  if (tick.fate === 'ran')
    return html`<span class="${tick.side ?? 'off'}" title="${at} on ${tick.side ?? 'unknown'}">${tick.side === 'green' ? '◆' : '●'}</span>`
  const kind = tick.fate === 'skipped' || tick.fate === 'unseen' ? 'off' : 'odd'
  return html`<span class="${kind}" title="${at} ${tick.fate}, blue ${tick.blue}, green ${tick.green}">${signs[tick.fate]}</span>`
}

const row = ({ service, totals, onBlue, onGreen, dots, earlier, odd }: TickRow, clock: Clock): Markup => {
  const words = `${service}: ${plural(totals.expected, 'tick')}; ${onBlue} ran once on blue, ${onGreen} once on green, ${totals.duplicate} duplicate, ${totals.missed} missed, ${totals.skipped} skipped, ${totals.unseen} unseen`
  return html`<h3>${service}</h3>
${earlier === 0 ? null : note(`The ${earlier} ticks before these are counted, and not shown.`)}
<p class="dots" role="img" aria-label="${words}">${dots.map((one) => dot(one, clock))}</p>
${
  odd.length === 0
    ? null
    : table(
        `Ticks of ${service} that did not run exactly once`,
        [
          'Tick',
          'What became of it',
          { name: 'Runs on blue', align: 'end' },
          { name: 'Runs on green', align: 'end' },
          'Entry',
        ],
        odd.map((tick) => [
          clock.time(tick.tick),
          tick.fate === 'skipped' ? 'skipped by the policy for missed runs' : alarm(tick.fate),
          tick.blue,
          tick.green,
          ref(tick.entry),
        ]),
      )
}`
}

export const writeLedger = (report: Report, clock: Clock): Markup => {
  const { rows } = report.ticks
  const n = (name: string) => ({ name, align: 'end' as const })
  return section(
    'ledger',
    'Tick ledger',
    rows.length === 0 ? note('No schedule was followed in this release.') : null,
    rows.length === 0
      ? null
      : table(
          'Every due time of every schedule, and where it ran',
          ['Job', n('Ticks'), n('On blue'), n('On green'), n('Duplicate'), n('Missed'), n('Skipped'), n('Unseen')],
          rows.map(({ service, totals, onBlue, onGreen }) => [
            service,
            totals.expected,
            onBlue,
            onGreen,
            totals.duplicate === 0 ? 0 : alarm(String(totals.duplicate)),
            totals.missed === 0 ? 0 : alarm(String(totals.missed)),
            totals.skipped,
            totals.unseen,
          ]),
        ),
    rows.length === 0
      ? null
      : html`<p class="key"><span class="blue">● ran once, on blue</span><span class="green">◆ ran once, on green</span><span class="alarm">▲ ran more than once</span><span class="alarm">✕ missed</span><span>– skipped by policy</span><span>? unseen: no record says</span></p>`,
    rows.map((one) => row(one, clock)),
    handoffs(report.handoffs, clock),
  )
}

const ticksOf = (ticks: readonly number[], clock: Clock): Markup =>
  ticks.length === 0
    ? none
    : html`${ticks.slice(0, 6).map((tick, index) => html`${index === 0 ? '' : ', '}${clock.time(tick)}`)}${ticks.length > 6 ? `, and ${ticks.length - 6} more` : ''}`

const handoffs = (list: readonly Handoff[], clock: Clock): Markup =>
  list.length === 0
    ? html`<h3>Handoffs</h3>${note('No schedule was handed over.')}`
    : html`<h3>Handoffs</h3>${table(
        'Schedules handed from one side to the other',
        [
          'Job',
          'To',
          'At',
          { name: 'Pause', align: 'end' },
          { name: 'Waited for runs', align: 'end' },
          'Cursor',
          'Fenced ticks',
          'Passed meanwhile',
          'Outcome',
          'Entry',
        ],
        list.map((one) => [
          one.service,
          sideChip(one.to),
          clock.time(one.at),
          took(one.pauseMs),
          took(one.waitedMs),
          clock.time(one.cursor),
          ticksOf(one.fenced, clock),
          passed(one, clock),
          html`${one.outcome}${one.note === null ? null : html`: ${one.note}`}${one.mayRunTwice.length === 0 ? null : html` ${alarm('may run twice:')} ${ticksOf(one.mayRunTwice, clock)}`}`,
          ref(one.entry),
        ]),
      )}`

const passed = ({ late, skipped, byHand }: Handoff, clock: Clock): Markup => {
  const parts = [
    ...(late.length === 0 ? [] : [html`late: ${ticksOf(late, clock)}`]),
    ...(byHand.length === 0 ? [] : [html`run by hand: ${ticksOf(byHand, clock)}`]),
    ...(skipped.length === 0 ? [] : [html`skipped: ${ticksOf(skipped, clock)}`]),
  ]
  return parts.length === 0 ? none : html`${parts.map((part) => html`<div>${part}</div>`)}`
}
