import type { Millis } from '../../moves/goal.ts'
import type { EvidencePoint, Weights } from '../weights.ts'
import { html, type Markup } from './markup.ts'
import { type Clock, round } from './parts.ts'

const width = 460
const left = 40
const right = 10
const weightTop = 20
const weightBottom = 90
const evidenceTop = 128
const evidenceBottom = 226
const height = 250

/** What lies below this, or far above the limits, lies on the edge. */
const leastDrawn = 0.01
/** How far above the highest limit is still drawn. */
const aboveLimits = 20

type Scale = (value: number) => number

const tenth = (value: number): number => Math.round(value * 10) / 10

const linear =
  (from: number, to: number, a: number, b: number): Scale =>
  (value) =>
    tenth(to === from ? a : a + ((value - from) / (to - from)) * (b - a))

/** Holds its value until the next one. */
const steps = (points: readonly { readonly x: number; readonly y: number }[], end: number): string => {
  const [first, ...rest] = points
  if (first === undefined) return ''
  return `M${first.x} ${first.y}${rest.map(({ x, y }) => `H${x}V${y}`).join('')}H${end}`
}

const line = (points: readonly { readonly x: number; readonly y: number }[]): string =>
  points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('')

/** Green's share above, the evidence below on a logarithmic scale, on the same time. */
export const weightChart = (id: string, weights: Weights, clock: Clock): Markup => {
  const from = weights.from ?? 0
  // Not beyond what was measured: a service that went back long ago would be a line at the edge.
  const until = Math.max(weights.points.at(-1)?.at ?? weights.until, weights.changes.at(-1)?.at ?? 0)
  const x = linear(from, until, left, width - right)
  const share = weights.of === 'traffic' ? "Green's share of the traffic" : "Green's share of the replicas"
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-t ${id}-d">
<title id="${id}-t">${weights.service}: ${share.toLowerCase()}, and the evidence, over time</title>
<desc id="${id}-d">${describe(weights)}</desc>
${sharePanel(weights, x, share)}
${evidencePanel(weights, x)}
${timeAxis(from, until, x, clock)}
</svg>`
}

const describe = ({ changes, steps, points }: Weights): string => {
  const shares =
    changes.length === 0 ? 'No change was made.' : `Steps: ${changes.map(({ green }) => `${green} %`).join(', ')}.`
  const most = points.reduce((max, { E }) => Math.max(max, E), 0)
  const evidence = points.length === 0 ? 'No samples.' : `The most evidence against green was ${round(most)}.`
  return `${shares} ${evidence} ${steps.length} judged steps; the table has the figures.`
}

const sharePanel = ({ changes }: Weights, x: Scale, title: string): Markup => {
  const y = linear(0, 100, weightBottom, weightTop)
  const drawn = [{ x: left, y: weightBottom }, ...changes.map(({ at, green }) => ({ x: x(at), y: y(green) }))]
  const path = steps(drawn, width - right)
  const dots = changes
    .slice(0, 100)
    .map(
      ({ at, green, entry }) =>
        html`<a href="#entry-${entry}"><circle class="dot" cx="${x(at)}" cy="${y(green)}" r="3.5"><title>${green} % on green, entry ${entry}</title></circle></a>`,
    )
  return html`<text class="strong" x="${left}" y="12">${title}</text>
<rect class="frame" x="${left}" y="${weightTop}" width="${width - left - right}" height="${weightBottom - weightTop}"/>
<text x="${left - 5}" y="${weightTop + 8}" text-anchor="end">100 %</text><text x="${left - 5}" y="${weightBottom}" text-anchor="end">0 %</text>
<path class="area" d="${path}V${weightBottom}H${left}Z"/><path class="weight" d="${path}"/>${dots}`
}

const evidencePanel = ({ points, rollBackAt, proofNeeded }: Weights, x: Scale): Markup => {
  const values = points.flatMap(({ E, proof }) => [E, proof ?? E])
  const limits = [rollBackAt, proofNeeded].filter((limit) => limit !== null)
  const low = Math.max(leastDrawn, Math.min(0.1, ...values))
  const highest = Math.max(10, ...limits) * aboveLimits
  const high = Math.min(highest, Math.max(10, ...values, ...limits.map((limit) => limit * 2)))
  const log = linear(Math.log(low), Math.log(high), evidenceBottom, evidenceTop)
  const y: Scale = (value) => log(Math.log(Math.min(high, Math.max(low, value))))
  const decades = [0.01, 0.1, 1, 10, 100, 1_000, 10_000].filter((value) => value >= low && value <= high)
  const legend = evidenceTop - 24
  const path = (of: (point: EvidencePoint) => number | null): string =>
    line(
      points.flatMap((point) => {
        const value = of(point)
        return value === null ? [] : [{ x: x(point.at), y: y(value) }]
      }),
    )
  return html`<text class="strong" x="${left}" y="${legend + 4}">Evidence</text>
<path class="e" d="M${left + 62} ${legend}h18"/><text x="${left + 84}" y="${legend + 4}">E, against green</text>
<path class="proof" d="M${left + 180} ${legend}h22"/><text x="${left + 206}" y="${legend + 4}">proof that it is not worse</text>
<rect class="frame" x="${left}" y="${evidenceTop}" width="${width - left - right}" height="${evidenceBottom - evidenceTop}"/>
${decades.map((value) => html`<text x="${left - 5}" y="${y(value) + 4}" text-anchor="end">${value}</text>`)}

<path class="proof" d="${path(({ proof }) => proof)}"/><path class="e" d="${path(({ E }) => E)}"/>
${limitLine(rollBackAt, y, 'limit', 'goes back at')}${limitLine(proofNeeded, y, 'needed', 'proven at')}
${points.length === 0 ? html`<text x="${left + 10}" y="${(evidenceTop + evidenceBottom) / 2}">no samples: not measured</text>` : html``}`
}

const limitLine = (value: number | null, y: Scale, kind: 'limit' | 'needed', words: string): Markup =>
  value === null
    ? html``
    : html`<path class="${kind}" d="M${left} ${y(value)}H${width - right}"/><text class="over" x="${left + 6}" y="${y(value) + (kind === 'limit' ? -3 : 11)}">${words} ${round(value)}</text>`

const timeAxis = (from: Millis, until: Millis, x: Scale, clock: Clock): Markup => {
  const text = (at: Millis): string =>
    new Date(at)
      .toISOString()
      .slice(clock.day === null ? 5 : 11, 19)
      .replace('T', ' ')
  const middle = from + (until - from) / 2
  return html`<text x="${left}" y="${height - 6}">${text(from)}</text><text x="${x(middle)}" y="${height - 6}" text-anchor="middle">${text(middle)}</text><text x="${width - right}" y="${height - 6}" text-anchor="end">${text(until)}</text>`
}
