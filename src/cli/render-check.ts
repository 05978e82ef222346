import type { CheckView, EstateView } from '../views/check-view.ts'
import { plural } from '../views/words.ts'
import type { Look } from './print.ts'
import { indent, paint, table } from './table.ts'

export const renderCheck = (view: CheckView, look: Look): string =>
  [
    renderEstate(view.estate, look),
    differences(view, look),
    ...(view.notes.length === 0 ? [] : [`notes\n${indent(view.notes.join('\n'))}`]),
    ...(view.blocking.length === 0 ? [] : [`${paint(look, 'red', 'blocks')}\n${indent(view.blocking.join('\n'))}`]),
    ...declarations(view),
    view.ok
      ? paint(look, 'green', 'ok: the release may begin; "titrate plan" shows what would be done')
      : paint(look, 'red', `not ok: ${plural(view.blocking.length, 'thing')} in the way; nothing was changed`),
  ].join('\n\n')

const differences = ({ parity }: CheckView, look: Look): string => {
  const lines = parity.differing.flatMap(({ service, differences: found }) =>
    found.map((one) => [service, one.path, one.class, one.blue ?? '-', one.green ?? '-', one.why]),
  )
  const same = `the same on both sides: ${parity.same.join(', ') || 'nothing'}`
  if (lines.length === 0) return `parity: ${same}`
  return [
    `parity: ${parity.unexplained} unexplained; ${same}`,
    indent(table(['service', 'what', 'class', 'blue', 'green', 'why'], lines, look)),
  ].join('\n')
}

/** What people can write to settle what was found. */
const declarations = ({ findings }: CheckView): readonly string[] => {
  const written = findings.flatMap(({ severity, message, declare }) =>
    severity === 'blocks' && declare !== null ? [`# ${message}\n${declare.trimEnd()}`] : [],
  )
  return written.length === 0 ? [] : [`what to write\n${indent(written.join('\n\n'))}`]
}

/** What runs where: each service, its kind and why, whom it calls and where that was seen. */
export const renderEstate = ({ services, cycles, onlyOnGreen, stays }: EstateView, look: Look): string =>
  [
    `${plural(services.length, 'service')}`,
    ...services.map((row) =>
      indent(
        [
          `${paint(look, 'bold', row.service)}  ${row.kinds.join(', ') || paint(look, 'red', 'kind unknown')}${row.greenName === row.service ? '' : `, on green ${row.greenName}`}${row.onGreen ? '' : ', not on green'}`,
          ...row.reasons.map((reason) => `  why: ${reason}`),
          ...(row.exclusive === null ? [] : [`  only one copy may run: ${row.exclusive}`]),
          ...row.calls.map(({ service, evidence }) => `  calls ${service} (${evidence})`),
          ...row.outside.map(
            ({ host, port, evidence }) => `  calls ${host}${port === null ? '' : `:${port}`} outside (${evidence})`,
          ),
          ...row.mayCall.map(({ services: maybe, evidence }) => `  may call ${maybe.join(' or ')} (${evidence})`),
          ...row.managedBy.map(({ who, how }) => `  managed by ${who} (${how})`),
          ...(row.uses.length === 0 ? [] : [`  uses ${row.uses.join(', ')}`]),
          ...(row.fixed === null ? [] : [`  ${paint(look, 'yellow', "can't be moved as it is")}: ${row.fixed}`]),
        ].join('\n'),
      ),
    ),
    ...cycles.map((cycle) => `need each other: ${cycle.services.join(' ↔ ')} (${cycle.source})`),
    ...stays.map(({ object, because }) => `stays: ${object}: ${because}`),
    ...(onlyOnGreen.length === 0 ? [] : [`only on green: ${onlyOnGreen.join(', ')}`]),
  ].join('\n')
