import type { StepEvidence } from '../evidence.ts'
import type { Report } from '../report.ts'
import type { Weights } from '../weights.ts'
import { weightChart } from './chart.ts'
import { html, type Markup } from './markup.ts'
import {
  alarm,
  type Clock,
  counts,
  grouped,
  more,
  none,
  note,
  ref,
  round,
  section,
  sideChip,
  table,
  took,
} from './parts.ts'

const shownCharts = 60

export const writeWeights = (report: Report, clock: Clock): Markup => {
  const shown = report.weights.slice(0, shownCharts)
  return section(
    'weights',
    'Weights and evidence',
    report.weights.length === 0
      ? note('No traffic and no worker was moved, so nothing was judged.')
      : note(
          'E is the evidence against green: without any harm it reaches the line "goes back" by chance with a probability of at most one divided by that line. A step is proven when the proof reaches its line; timed, unproven when only its longest time has passed. The ratio is green’s error rate as a multiple of blue’s, 95 %, valid at every moment.',
        ),
    shown.map((weights, index) => one(weights, `chart-${index + 1}`, clock)),
    more(report.weights.length - shown.length),
    shifts(report, clock),
  )
}

const one = (weights: Weights, id: string, clock: Clock): Markup => html`<h3>${weights.service}</h3>
<div class="pair"><div>${weightChart(id, weights, clock)}<p class="note">${grouped(weights.samples)} samples${weights.of === 'replicas' ? ' of a worker: its share is of replicas' : ''}.</p></div>
<div>${
  weights.steps.length === 0
    ? note('No step was judged.')
    : table(
        `Judged steps of ${weights.service}`,
        [
          'Step',
          'Verdict',
          { name: 'Watched', align: 'end' },
          { name: 'Blue failed / all', align: 'end' },
          { name: 'Green failed / all', align: 'end' },
          { name: 'Ratio', align: 'end' },
          { name: 'E', align: 'end' },
          { name: 'Proof', align: 'end' },
          'Entry',
        ],
        weights.steps.map((step) => [
          html`${step.step}${step.attempt > 1 ? html` <span class="note">attempt ${step.attempt}</span>` : null}`,
          verdict(step),
          took(step.observedMs),
          counts(step.blue),
          counts(step.green),
          ratio(step.ratio),
          step.E === null ? none : round(step.E),
          step.proof === null
            ? none
            : html`${round(step.proof)}${step.proofNeeded === null ? null : html` of ${round(step.proofNeeded)}`}`,
          ref(step.entry),
        ]),
      )
}</div></div>
`

const verdict = (step: StepEvidence): Markup => {
  if (step.how === 'proven') return html`<span class="green keep">✓ proven</span>`
  if (step.verdict === null || step.verdict === 'advance') return html`<span class="keep">${step.how}</span>`
  return html`<span class="keep" title="${step.because}">${alarm(step.how)}</span>`
}

const ratio = (value: StepEvidence['ratio']): Markup =>
  value === null ? none : html`${round(value.lower)} – ${value.upper === null ? '∞' : round(value.upper)}`

const shifts = ({ shifts: list }: Report, clock: Clock): Markup =>
  html`<h3>Replicas</h3>${
    list.length === 0
      ? note('No replicas were started or moved.')
      : table(
          'Replicas wanted on each side, change by change',
          [
            'Service',
            'At',
            'Before',
            'After',
            { name: 'Ready after', align: 'end' },
            { name: 'Took', align: 'end' },
            'Outcome',
            'Entry',
          ],
          list.map((shift) => [
            shift.service,
            clock.time(shift.at),
            replicas(shift.before),
            replicas(shift.after),
            took(shift.readyMs),
            took(shift.tookMs),
            html`${shift.outcome}${shift.note === null ? null : html`: ${shift.note}`}`,
            ref(shift.entry),
          ]),
        )
  }`

const replicas = (value: { readonly blue: number; readonly green: number } | null): Markup =>
  value === null ? none : html`${sideChip('blue')} ${value.blue} &nbsp;${sideChip('green')} ${value.green}`
