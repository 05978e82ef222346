import type { MovePlanView, PlanView, StepView } from '../views/plan-view.ts'
import { duration, list, plural } from '../views/words.ts'
import type { Look } from './print.ts'
import { indent, paint, wrap } from './table.ts'

export const renderPlan = (plan: PlanView, look: Look): string => {
  const count = plan.waves.reduce((sum, { moves }) => sum + moves.length, 0)
  return [
    `${paint(look, 'bold', plan.release)}: ${plural(count, 'service')} from ${plan.blue} to ${plan.green} in ${plural(plan.waves.length, 'wave')}, expected to take ${duration(plan.expectedMs)}`,
    ...plan.waves.map(({ number, phase, why, moves }) =>
      [
        `${paint(look, 'bold', `wave ${number}`)} (${phase === 'exposed' ? 'exposed: user traffic' : 'not exposed'})${why === '' ? '' : `: ${why}`}`,
        ...moves.map((move) => indent(renderMove(move, look))),
      ].join('\n'),
    ),
    ...(plan.cycles.length === 0
      ? []
      : [`need each other, so they move as one wave: ${plan.cycles.map((cycle) => cycle.join(' ↔ ')).join('; ')}`]),
    wrap(plan.falseAlarms, look.columns),
  ].join('\n\n')
}

const renderMove = ({ service, kinds, needs, why, unproven, expectedMs, steps }: MovePlanView, look: Look): string =>
  [
    `${paint(look, 'bold', service)}  ${kinds.join(', ')}, about ${duration(expectedMs)}${needs.length === 0 ? '' : `, needs ${list(needs)}`}`,
    ...why.map((reason) => `  why: ${reason}`),
    ...(unproven === null ? [] : [`  ${paint(look, 'yellow', `unproven: ${unproven}`)}`]),
    ...steps.map((step) => `  ${step.crossing ? '»' : '·'} ${renderStep(step)}`),
  ].join('\n')

const renderStep = ({ name, goal, before, after, expectedMs }: StepView): string => {
  const gates = [
    ...(before.length === 0 ? [] : [`first: ${before.join('; ')}`]),
    ...(after.length === 0 ? [] : [`until: ${after.join('; ')}`]),
  ]
  return `${name}${goal === null ? '' : `: ${goal}`}${gates.length === 0 ? '' : ` [${gates.join(' | ')}]`} (${duration(expectedMs)})`
}

export const renderFindings = (blocking: readonly string[], notes: readonly string[]): string =>
  [...blocking.map((text) => `  blocks: ${text}\n`), ...notes.map((text) => `  note: ${text}\n`)].join('')
