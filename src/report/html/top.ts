import { duration } from '../../views/words.ts'
import type { Report } from '../report.ts'
import { html, type Markup } from './markup.ts'
import { alarm, type Clock, grouped, note, notes, ref, section, sideChip, table, took } from './parts.ts'

/** Reasons are written without a capital and a stop, to stand in any sentence. */
const sentence = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`

type Figure = { readonly name: string; readonly value: string | Markup; readonly more: string | Markup | null }

/** The outcome in one sentence, and the figures that people ask for first. */
export const writeSummary = (report: Report, clock: Clock): Markup => {
  const { summary } = report
  const look = {
    done: 'done',
    'rolled back': 'rolled',
    failed: 'bad',
    held: 'bad',
    running: '',
    'not started': '',
  } as const
  const cut = report.journal.saidToBe !== null && report.journal.saidToBe > report.journal.position
  return html`<div class="card ${look[summary.outcome]}">
<p class="sentence">${summary.sentence}</p>
${summary.because === null ? null : html`<p>${sentence(summary.because)}</p>`}
${summary.age === null ? null : html`<p class="note">${summary.age} Engine: ${summary.engine}.</p>`}
${cut ? html`<p>${alarm(`The journal was cut off: the engine had written up to entry ${report.journal.saidToBe ?? 0}, and it ends at ${report.journal.position}.`)}</p>` : null}
<dl class="figures">${figuresOf(report, clock).map(({ name, value, more }) => html`<div><dt>${name}</dt><dd>${value}${more === null ? null : html`<small>${more}</small>`}</dd></div>`)}</dl>
</div>
`
}

const figuresOf = (report: Report, clock: Clock): readonly Figure[] => {
  const { summary, times, rollbacks } = report
  const { ticks, proven, requests, failedRequests, services } = summary
  const planned = times.release.plannedMs
  const rollback = rollbacks.at(-1)
  return [
    {
      name: summary.endedAt === null ? 'Under way for' : 'Took',
      value: summary.tookMs === null ? 'not begun' : duration(summary.tookMs),
      more: planned === null ? null : html`planned ${duration(planned)}; from ${clock.time(summary.startedAt)}`,
    },
    {
      name: 'On green',
      value: `${services.green} of ${services.all}`,
      more: `${services.blue} on blue, ${services.between} between`,
    },
    {
      name: 'Failed requests',
      value: failedRequests === null ? 'not counted' : failedRequests === 0 ? '0' : alarm(grouped(failedRequests)),
      more: requests === null ? 'by anybody outside' : `of ${grouped(requests)}`,
    },
    {
      name: 'Ticks exactly once',
      value: ticks.expected === 0 ? 'none due' : `${grouped(ticks.exactlyOnce)} of ${grouped(ticks.expected)}`,
      more: ticks.odd === 0 ? 'no duplicate, none missed' : alarm(`${ticks.odd} duplicate, missed or unseen`),
    },
    {
      name: 'Steps proven',
      value: proven.of === 0 ? 'none judged' : `${proven.steps} of ${proven.of}`,
      more: proven.steps === proven.of ? null : 'the others were timed, did not pass, or are not over',
    },
    ...(rollback === undefined
      ? []
      : [
          {
            name: 'Way back',
            value: took(rollback.recoveryMs),
            more: html`ordered ${rollback.detectionMs === null ? 'by a person' : `${duration(rollback.detectionMs)} after the first sign`}`,
          },
        ]),
  ]
}

export const writeServices = (report: Report, clock: Clock): Markup =>
  section(
    'services',
    'Services and waves',
    report.services.length === 0 ? note('There is no plan: nothing was to be moved.') : null,
    report.times.waves.length === 0 ? null : waves(report, clock),
    report.services.length === 0 ? null : services(report, clock),
  )

const services = (report: Report, clock: Clock): Markup =>
  table(
    'The verdict of each service',
    ['Service', 'Wave', 'Kind', 'Where', 'State', 'Settled', 'Because', 'Entry'],
    report.services.map((service) => [
      service.service,
      service.wave,
      service.kind,
      sideChip(service.where),
      html`${service.state}${service.label === null ? null : html`, ${service.label}`}${service.proven === null ? null : html`<br><span class="note">${service.proven.steps} of ${service.proven.of} steps proven</span>`}`,
      clock.time(service.settledAt),
      html`<span class="text">${service.because}</span>`,
      ref(service.entry),
    ]),
  )

const waves = ({ times }: Report, clock: Clock): Markup =>
  table(
    'The waves, and how long each took',
    [
      'Wave',
      'Of',
      'Began',
      'Ended',
      { name: 'Took', align: 'end' },
      { name: 'Planned', align: 'end' },
      'Services',
      'Entry',
    ],
    times.waves.map((wave) => [
      wave.wave,
      wave.phase,
      wave.from === null ? 'not started' : clock.time(wave.from),
      wave.from !== null && wave.to === null ? 'not over' : clock.time(wave.from === null ? null : wave.to),
      took(wave.tookMs),
      took(wave.plannedMs),
      html`<span class="text">${wave.services.join(', ')}</span>`,
      ref(wave.entry),
    ]),
  )

export const writeLessons = (report: Report): Markup => {
  const { lessons, actions } = report
  return section(
    'lessons',
    'What to take from it',
    html`<div class="columns"><div><h3>Went well</h3>${notes(lessons.wentWell, 'Nothing that could be shown.')}</div>
<div><h3>Went wrong</h3>${notes(lessons.wentWrong, 'Nothing that was seen.')}</div>
<div><h3>Got lucky</h3>${notes(lessons.gotLucky, 'Nothing that was seen.')}</div>
<div><h3>Action items</h3>${notes(actions, 'None.')}</div></div>`,
  )
}
