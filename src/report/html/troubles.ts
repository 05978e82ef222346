import { duration } from '../../views/words.ts'
import type { Report } from '../report.ts'
import type { Rollback } from '../rollbacks.ts'
import { html, type Markup } from './markup.ts'
import { alarm, type Clock, none, note, ref, section, table, took } from './parts.ts'

export const writeRollbacks = (report: Report, clock: Clock): Markup =>
  section(
    'rollbacks',
    'Rollbacks',
    report.rollbacks.length === 0 ? note('Nothing was ordered back.') : null,
    report.rollbacks.map((rollback, index) => one(rollback, index + 1, clock)),
  )

const one = (rollback: Rollback, number: number, clock: Clock): Markup => {
  const { firstSign, ordered, trafficBack, lastBack, missing } = rollback
  const what = rollback.everything ? 'everything' : rollback.services.join(', ')
  const since = (at: number | undefined): Markup =>
    at === undefined ? none : at < ordered.at ? html`${duration(ordered.at - at)} before` : took(at - ordered.at)
  return html`<h3>${number}. ${what} <span class="note">ordered by ${rollback.by}</span></h3>
<p>${rollback.because} ${ref(ordered.entry)}</p>
${table(
  'From the first sign to the last service back',
  ['Moment', 'At', { name: 'After the order', align: 'end' }, 'What', 'Entry'],
  [
    firstSign === null
      ? ['First sign', none, none, 'no sign against green came before it', none]
      : [
          'First sign',
          clock.time(firstSign.at),
          html`${duration(ordered.at - firstSign.at)} before`,
          html`<span class="text">${firstSign.text}</span>`,
          ref(firstSign.entry),
        ],
    ['Rollback ordered', clock.time(ordered.at), took(0), ordered.text, ref(ordered.entry)],
    ...(trafficBack === null
      ? []
      : [
          [
            'All traffic on blue',
            clock.time(trafficBack.at),
            since(trafficBack.at),
            trafficBack.text,
            ref(trafficBack.entry),
          ],
        ]),
    ...rollback.back.map((back) => [
      `${back.service} back`,
      clock.time(back.at),
      took(back.afterMs),
      none,
      ref(back.entry),
    ]),
    lastBack === null
      ? [
          'All back',
          none,
          none,
          missing.length === 0 ? 'nothing had to go back' : alarm(`not yet: ${missing.join(', ')}`),
          none,
        ]
      : ['All back', clock.time(lastBack.at), since(lastBack.at), html`last was ${lastBack.text}`, ref(lastBack.entry)],
  ],
)}`
}

export const writeTroubles = (report: Report, clock: Clock): Markup =>
  section(
    'troubles',
    'Drift, pauses, holds, and gaps in watching',
    report.troubles.length === 0
      ? note('None: it was watched without a gap, and nobody stopped it or changed what it had set.')
      : table(
          'Everything that stood in the way, by its beginning',
          ['Kind', 'Service', 'From', { name: 'Lasted', align: 'end' }, 'Because', 'How it ended', 'Entries'],
          report.troubles.map((trouble) => [
            trouble.kind,
            trouble.service ?? 'the release',
            clock.time(trouble.from),
            trouble.to === null ? alarm('not over') : took(trouble.to - trouble.from),
            html`<span class="text">${trouble.because}</span>`,
            html`<span class="text">${trouble.ended ?? none}</span>`,
            html`${ref(trouble.entry)} ${trouble.endEntry === trouble.entry ? null : ref(trouble.endEntry)}`,
          ]),
        ),
  )

export const writePeople = (report: Report, clock: Clock): Markup => {
  const { requests, approvals } = report.people
  return section(
    'people',
    'What people asked and approved',
    requests.length === 0 && approvals.length === 0 ? note('Nobody had to, and nobody did.') : null,
    requests.length === 0
      ? null
      : table(
          'Requests and their answers',
          ['Who', 'At', 'What', 'Answer', { name: 'Within', align: 'end' }, 'Entries'],
          requests.map((one) => [
            one.by,
            clock.time(one.at),
            html`<span class="text">${one.text}</span>`,
            one.answer === null
              ? alarm('no answer yet')
              : html`<span class="text">${one.answer}: ${one.because}</span>`,
            one.answeredAt === null ? none : took(one.answeredAt - one.at),
            html`${ref(one.entry)} ${ref(one.answerEntry)}`,
          ]),
        ),
    approvals.length === 0
      ? null
      : table(
          'Approvals, each bound to the evidence that was seen',
          ['Gate', 'Of', 'Who', 'At', 'Answer', 'Note', 'Hash of the evidence', 'Entry'],
          approvals.map((one) => [
            one.gate,
            one.service ?? 'the release',
            one.by,
            clock.time(one.at),
            one.approved ? 'approved' : alarm('rejected'),
            one.note,
            one.evidence === null || one.evidence === '' ? none : html`<span class="hash">${one.evidence}</span>`,
            ref(one.entry),
          ]),
        ),
  )
}
