import type { BackView, RollbackView } from '../views/rollback-view.ts'
import type { BreakGlassResult } from './deps.ts'
import type { Look } from './print.ts'
import { indent, paint, table } from './table.ts'

export const renderRollback = ({ text, services, warnings }: RollbackView, look: Look): string => {
  const moving = services.filter(({ acts }) => acts.length > 0)
  const untouched = services.filter(({ acts }) => acts.length === 0).map(({ service }) => service)
  return [
    `${paint(look, 'bold', `takes back ${text}`)}, in this order:`,
    ...moving.map(
      ({ service, kind, on, acts, after, stays }, index) =>
        `  ${index + 1}. ${paint(look, 'bold', service)} (${kind}, on ${on}): ${acts.join('; ')}${after.length === 0 ? '' : `; after ${after.join(', ')}`}${stays.length === 0 ? '' : `\n     stays: ${stays.join('; ')}`}`,
    ),
    ...(moving.length === 0 ? ['  nothing: all of it is on blue'] : []),
    ...(untouched.length === 0 || moving.length === 0 ? [] : [`  on blue already: ${untouched.join(', ')}`]),
    ...warnings.map((warning) => `  note: ${warning}`),
  ].join('\n')
}

export const renderBack = ({ back, notBack, because }: BackView, look: Look): string =>
  [
    notBack.length === 0 ? paint(look, 'green', 'back on blue') : paint(look, 'yellow', 'not all is back on blue'),
    `why       ${because}`,
    `on blue   ${back.join(', ') || 'nothing'}`,
    ...notBack.map(
      ({ service, because: why }) => `not back  ${service}: ${why}\n          → titrate explain ${service}`,
    ),
  ].join('\n')

export const renderBreakGlass = ({ services, marked }: BreakGlassResult, look: Look): string =>
  [
    'stop marks',
    indent(
      marked
        .map(
          ({ where, done, because }) =>
            `${done ? 'left' : 'NOT LEFT'}  ${where}${because === null ? '' : `: ${because}`}`,
        )
        .join('\n'),
    ),
    'services',
    indent(
      table(
        ['service', 'lane', 'done', 'what'],
        services.map(({ service, lane, done, what }) => [service, lane, done ? 'yes' : 'NO', what]),
        look,
      ),
    ),
    'No engine acts on these environments until "titrate resume --clear-stop".',
  ].join('\n')
