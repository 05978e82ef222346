import type { Millis } from '../../moves/goal.ts'
import { duration } from '../../views/words.ts'
import type { Report } from '../report.ts'
import { lifeStates, type MoveTime, type Stretch } from '../times.ts'
import { html, type Markup } from './markup.ts'
import { type Clock, more, none, note, ref, section, table, took } from './parts.ts'

const className = (state: string): string => `l-${state.replaceAll(' ', '-')}`
const shownMoves = 300

/** Where every service was over time, then planned beside actual for phases and steps. */
export const writeTimes = (report: Report, clock: Clock): Markup => {
  const { times } = report
  const moves = times.moves.slice(0, shownMoves)
  return section(
    'times',
    'Planned and actual times',
    times.release.from === null ? note('The release has not begun.') : lifelines(report, moves, clock),
    table(
      'Phases',
      [{ name: 'Phase' }, 'Began', 'Ended', { name: 'Took', align: 'end' }, { name: 'Planned', align: 'end' }, 'Entry'],
      [
        ...times.phases.map((phase) => [phase.phase, ...timesOf(phase, clock)]),
        ['whole release', ...timesOf(times.release, clock)],
      ],
    ),
    html`<h3>Steps of each move</h3>`,
    moves.map((move) => steps(move, clock)),
    more(times.moves.length - moves.length),
  )
}

const timesOf = (stretch: Stretch, clock: Clock): readonly Markup[] => [
  clock.time(stretch.from),
  stretch.from !== null && stretch.to === null ? html`not over` : clock.time(stretch.to),
  took(stretch.tookMs),
  stretch.plannedMs === null ? html`<span class="note">not planned</span>` : took(stretch.plannedMs),
  ref(stretch.entry),
]

const steps = (move: MoveTime, clock: Clock): Markup => {
  const planned = move.plannedMs === null ? '' : `, planned ${duration(move.plannedMs)}`
  const summary = move.tookMs === null ? 'not begun' : `${duration(move.tookMs)}${planned}`
  const attempts = move.attempts > 1 ? `, ${move.attempts} attempts` : ''
  return html`<details><summary><strong>${move.service}</strong> <span class="note">${summary}${attempts}</span></summary>
${
  move.steps.length === 0
    ? note('No step was entered.')
    : table(
        `Steps of ${move.service}`,
        [
          'Step',
          'Began',
          'Ended',
          { name: 'Took', align: 'end' },
          { name: 'Planned', align: 'end' },
          'Entry',
          'Gates passed',
        ],
        move.steps.map((step) => [
          html`${step.name}${move.attempts > 1 ? html` <span class="note">attempt ${step.attempt}</span>` : null}`,
          ...timesOf(step, clock),
          step.gates.length === 0
            ? none
            : step.gates.map(
                ({ gate, because, entry }) => html`<div class="text">${gate}: ${because} ${ref(entry)}</div>`,
              ),
        ]),
      )
}</details>
`
}

const lifelines = (report: Report, moves: readonly MoveTime[], clock: Clock): Markup => {
  const from = report.times.release.from ?? 0
  const to = Math.max(from + 1, ...moves.flatMap(({ life }) => life.map((one) => one.to)))
  const percent = (at: Millis): number => Math.round(((at - from) / (to - from)) * 10_000) / 100
  const track = ({
    service,
    life,
  }: MoveTime): Markup => html`<div class="row"><span class="name" title="${service}">${service}</span><div class="track" role="img" aria-label="${service}: ${life.map((one) => `${one.state} for ${duration(one.to - one.from)}`).join(', then ')}">${life.map(
    (one) =>
      html`<span class="${className(one.state)}" style="left:${percent(one.from)}%;width:${Math.max(0.2, percent(one.to) - percent(one.from))}%" title="${one.state}, ${duration(one.to - one.from)}"></span>`,
  )}</div></div>
`
  return html`<div class="life"><div class="key">${lifeStates.map((state) => html`<span><i class="${className(state)}"></i>${state}</span>`)}</div>
${moves.map(track)}<div class="axis"><span>${clock.time(from)}</span><span>${clock.time(to)}</span></div></div>
`
}
