import type { LedgerTotals } from '../views/ledger-view.ts'
import type { OutcomeWord, PersonWait, Replicas, ServiceRow, StatusView } from '../views/status-view.ts'
import { verdictWords } from '../views/verdict-view.ts'
import { duration, instant } from '../views/words.ts'
import type { Look } from './print.ts'
import { indent, paint, type Shade, table } from './table.ts'

const outcomeShades: Readonly<Record<OutcomeWord, Shade>> = {
  'not started': 'grey',
  running: 'blue',
  held: 'yellow',
  done: 'green',
  'rolled back': 'red',
  failed: 'red',
}

export const renderStatus = (view: StatusView, look: Look): string =>
  [
    head(view, look),
    ...(view.people.length === 0 ? [] : [people(view.people, look)]),
    ...(view.requests.length === 0
      ? []
      : [`asked for, not answered yet:\n${indent(view.requests.map(({ by, text }) => `${by}: ${text}`).join('\n'))}`]),
    ...(view.services.length === 0 ? [] : [services(view.services, look), waves(view)]),
    ...(view.ledger.totals.expected === 0 ? [] : [`ticks  ${totalsWords(view.ledger.totals)}`]),
    ages(view, look),
  ].join('\n\n')

const head = (view: StatusView, look: Look): string => {
  const phase = view.phase === null ? '' : `, phase ${view.phase}`
  const title = `${paint(look, 'bold', view.release)}  ${paint(look, outcomeShades[view.outcome], view.outcome)}${phase}`
  const route = view.blue === null ? [] : [`from   ${view.blue} to ${view.green}`]
  const next = view.outcome === 'not started' ? ['next   titrate check, titrate plan, then titrate run'] : []
  const because = view.because === null ? [] : [`why    ${view.because}`]
  return [title, ...route, ...because, ...next, `engine ${view.engine.text}`].join('\n')
}

const people = (waits: readonly PersonWait[], look: Look): string =>
  [
    paint(look, 'yellow', 'waits for a person:'),
    ...waits.map(({ service, because, actions, evidence }) =>
      indent(
        [
          `${service ?? 'the release'}: ${because}`,
          ...(evidence === null ? [] : [`  evidence ${evidence.slice(0, 12)}`]),
          ...actions.map((action) => `  → ${action}`),
        ].join('\n'),
      ),
    ),
  ].join('\n')

const services = (rows: readonly ServiceRow[], look: Look): string =>
  table(
    ['service', 'kind', 'wave', 'on', 'weight', 'blue', 'green', 'state', 'step', 'verdict', 'waits for'],
    rows.map((row) => [
      row.service,
      row.kind,
      row.wave,
      row.where,
      row.weight === null ? '-' : `${row.weight} %`,
      replicas(row.replicas.blue),
      replicas(row.replicas.green),
      row.label === null ? row.state : `${row.state}, ${row.label}`,
      row.step === null ? '-' : `${row.step} (${row.steps.done + 1}/${row.steps.all})`,
      row.verdict === null ? '-' : verdictWords(row.verdict),
      row.waitsFor ?? '',
    ]),
    look,
  )

const replicas = (seen: Replicas | null): string => (seen === null ? '-' : `${seen.ready}/${seen.desired}`)

const waves = ({ waves: all }: StatusView): string =>
  `waves  ${all.map(({ number, state, settled, services: of }) => `${number} ${state}${state === 'moving' ? ` ${settled}/${of.length}` : ''}`).join(' · ')}`

export const totalsWords = ({ expected, ran, duplicate, missed, skipped, unseen }: LedgerTotals): string =>
  `${expected} expected, ${ran} ran once, ${duplicate} more than once, ${missed} missed, ${skipped} skipped, ${unseen} unseen`

const ages = ({ shownAt, ages: of, journal }: StatusView, look: Look): string => {
  const age = (ms: number | null): string => (ms === null ? 'none yet' : `${duration(ms)} old`)
  return paint(
    look,
    'grey',
    `shown ${instant(shownAt)}: journal at ${journal.position}, ${age(of.journal)}; last change seen in the environments ${age(of.facts)}`,
  )
}
