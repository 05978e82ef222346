import type { ExplainView, GateView } from '../views/explain-view.ts'
import { verdictWords } from '../views/verdict-view.ts'
import { instant } from '../views/words.ts'
import type { Look } from './print.ts'
import { indent, paint } from './table.ts'

export const renderExplain = (view: ExplainView, look: Look): string =>
  [
    head(view, look),
    ...section('why it waits', waiting(view)),
    ...section('gates of this step', view.gates.map(gateLine)),
    ...section(
      'what was set',
      view.lanes.map(({ lane, goal, outcome }) => `${lane}: ${goal}: ${outcome}`),
    ),
    ...section(
      'needs',
      view.needs.map(({ service, state }) => `${service}: ${state}`),
    ),
    ...section('why it moves like this', view.plan),
    ...section(
      'what happened last',
      view.history.map(({ at, position, text }) => `${instant(at)}  #${position}  ${text}`),
    ),
    ...section(
      'what you can do',
      view.actions.map((action) => `→ ${action}`),
    ),
  ].join('\n\n')

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`${title}\n${indent(lines.join('\n'))}`]

const head = ({ row, order, engine }: ExplainView, look: Look): string => {
  const weight = row.weight === null ? '' : `, green gets ${row.weight} % of its traffic`
  return [
    `${paint(look, 'bold', row.service)}  ${row.kind}, wave ${row.wave}: ${row.state}${row.label === null ? '' : ` (${row.label})`}`,
    `on      ${row.where}${weight}`,
    ...(row.step === null
      ? []
      : [`step    ${row.step} (${row.steps.done + 1} of ${row.steps.all}), attempt ${order.attempt}`]),
    `order   ${order.order}: ${order.because}`,
    ...(row.verdict === null
      ? []
      : [`verdict ${verdictWords(row.verdict)}: ${row.verdict.because} (${instant(row.verdict.at)})`]),
    ...(row.problem === null ? [] : [`problem ${row.problem}`]),
    `engine  ${engine.text}`,
  ].join('\n')
}

const waiting = ({ waits, rule, next, evidence }: ExplainView): readonly string[] => [
  ...(waits === null ? [] : [waits]),
  ...(evidence === null ? [] : [`evidence ${evidence.hash}`]),
  ...next.map((one) => `next: ${one}`),
  `the rule that decides: ${rule}`,
]

const gateLine = ({ asks, answer, because }: GateView): string => `${answer.padEnd(6)}  ${asks}: ${because}`
