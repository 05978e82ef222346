import { assumptionKinds } from '../../rehearsal/assumption.ts'
import type { FaultPlayed, MovePlayed, Rehearsal, Sight, Spread, TimePlayed } from '../../rehearsal/rehearsal.ts'
import { noticedWords, phaseWords, sourceWords, toTheMinute, writeValue } from '../../rehearsal/words.ts'
import { duration, instant, plural } from '../../views/words.ts'
import { frame } from './frame.ts'
import { html, type Markup } from './markup.ts'
import { alarm, grouped, none, note, section, sideChip, table } from './parts.ts'

/** A rehearsal as one page, in the report's style. */
export const writeRehearsal = (rehearsal: Rehearsal): string => {
  const { release, blue, green, services, seed, begin, time } = rehearsal
  const contents: readonly (readonly [string, string])[] = [
    ...(time === null
      ? [['stuck', 'What waits for what'] as const]
      : ([
          ['time', 'How long it takes'],
          ['timeline', 'What moves when'],
        ] as const)),
    ...(rehearsal.faults.length === 0 ? [] : [['faults', 'If green were bad'] as const]),
    ...(rehearsal.sight.length === 0 ? [] : [['sight', 'What the judge can see'] as const]),
    ...(time === null ? [] : [['advice', 'Advice'] as const]),
    ['assumptions', 'What it rests on'],
  ]
  return frame({
    title: `${release}: rehearsal · Titrate`,
    kicker: 'Titrate rehearsal: nothing of this has happened',
    heading: release,
    below: html`${plural(services, 'service')} from ${sideChip('blue')} ${blue} to ${sideChip('green')} ${green} · begins ${instant(begin)} · seed ${seed}`,
    contents,
    summary: writeSummary(rehearsal),
    main: html`${time === null ? writeStuck(rehearsal) : html`${writeTime(time)}${writeTimeline(time)}`}${writeFaults(rehearsal.faults)}${writeSight(rehearsal.sight)}${time === null ? null : writeAdvice(rehearsal)}${writeAssumptions(rehearsal)}`,
  })
}

const dayMs = 86_400_000
const long = (ms: number): string => (ms < dayMs ? duration(ms) : toTheMinute(ms))

const writeSummary = ({ time, faults, advice, notes }: Rehearsal): Markup => {
  if (time === null)
    return html`<div class="card bad"><p class="sentence">${alarm('This release cannot end.')}</p></div>`
  const costs = faults.filter(({ cost }) => cost.of === 'requests failed').toSorted((a, b) => b.cost.p95 - a.cost.p95)
  const [worst] = costs
  const unseen = faults.filter(({ noticed, laterMs }) => laterMs === null && noticed['not noticed'] > 0)
  const figures: readonly (readonly [string, string | Markup, string | null])[] = [
    ['In the middle', long(time.total.p50), `of ${plural(time.runs, 'play')} with a good green`],
    ['95 % within', long(time.total.p95), time.runs < 20 ? `the slowest of ${time.runs}` : null],
    ...(worst === undefined
      ? []
      : [['Costs at most', `${grouped(worst.cost.p95)} requests`, `${worst.fault} of ${worst.service}`] as const]),
    ['Not noticed', unseen.length === 0 ? '0' : alarm(String(unseen.length)), `of ${plural(faults.length, 'fault')}`],
    ['Advice', String(advice.length), advice.length === 0 ? 'nothing to change' : null],
  ]
  return html`<div class="card done"><p class="sentence">It ends, in about ${long(time.total.p50)}.</p>
<dl class="figures">${figures.map(([name, value, more]) => html`<div><dt>${name}</dt><dd>${value}${more === null ? null : html`<small>${more}</small>`}</dd></div>`)}</dl>${notes.map((text) => html`<p>${text}.</p>`)}</div>`
}

const writeStuck = ({ stuck }: Rehearsal): Markup =>
  section(
    'stuck',
    'What waits for what',
    table(
      'Services that can not get where they should be',
      ['Service', 'Step', 'Waits because'],
      stuck.map(({ service, step, because }) => [
        service ?? 'the release',
        step ?? 'not begun',
        html`<span class="text">${because}</span>`,
      ]),
    ),
  )

const writeTime = ({ total, runs, phases, falseAlarms }: TimePlayed): Markup =>
  section(
    'time',
    'How long it takes',
    html`<p>With a green as good as blue, ${plural(runs, 'play')} took from ${long(total.least)} to ${long(total.most)}.</p>`,
    table(
      'What the time goes into',
      ['Phase', { name: 'In the middle', align: 'end' }, { name: 'Share', align: 'end' }],
      phases
        .filter(({ share }) => share > 0)
        .map(({ phase, p50, share }) => [phaseWords[phase], duration(p50), `${Math.round(100 * share)} %`]),
    ),
    falseAlarms.length === 0
      ? note('No service was taken back by mistake.')
      : html`<p>${alarm('Taken back by mistake:')} ${falseAlarms.join(', ')}</p>`,
  )

const writeTimeline = (time: TimePlayed): Markup =>
  section(
    'timeline',
    'What moves when',
    note('The play whose time is the middle one.'),
    lifelines(time),
    time.waves.map(({ number, phase, atMs, tookMs, moves }) =>
      table(
        `Wave ${number} (${phase === 'exposed' ? 'users' : 'no users'}), after ${duration(atMs)}, takes ${duration(tookMs)}`,
        ['Service', 'Kind', { name: 'Takes', align: 'end' }, 'Steps'],
        moves.map((move) => [move.service, move.kind, duration(move.tookMs), steps(move)]),
      ),
    ),
  )

const steps = (move: MovePlayed): Markup =>
  html`<span class="text">${move.steps.map(
    ({ name, tookMs, verdict }, index) =>
      html`${index === 0 ? null : ' → '}<span class="keep">${name}: ${duration(tookMs)}</span>${verdict === 'timed' ? html` ${alarm('unproven')}` : null}`,
  )}</span>`

const lifelines = ({ waves, total }: TimePlayed): Markup => {
  const percent = (ms: number): number => Math.round((ms / Math.max(1, total.p50)) * 10_000) / 100
  const bar = (from: number, until: number, state: string): Markup =>
    html`<span class="l-${state.replaceAll(' ', '-')}" style="left:${percent(from)}%;width:${Math.max(0.2, percent(until) - percent(from))}%" title="${state}, ${duration(until - from)}"></span>`
  const row = ({ service, atMs, tookMs }: MovePlayed): Markup =>
    html`<div class="row"><span class="name" title="${service}">${service}</span><div class="track" role="img" aria-label="${service} crosses after ${duration(atMs)}, for ${duration(tookMs)}">${bar(0, atMs, 'on blue')}${bar(atMs, atMs + tookMs, 'crossing')}${bar(atMs + tookMs, total.p50, 'on green')}</div></div>
`
  const key = ['on blue', 'crossing', 'on green'].map(
    (state) => html`<span><i class="l-${state.replaceAll(' ', '-')}"></i>${state}</span>`,
  )
  return html`<div class="life"><div class="key">${key}</div>
${waves.flatMap(({ moves }) => moves.map(row))}<div class="axis"><span>begins</span><span>${long(total.p50)}</span></div></div>
`
}

const spread = (value: Spread | null, write: (one: number) => string): Markup => {
  if (value === null) return none
  const more = write(value.p50) === write(value.p95) ? null : html` <span class="note">(${write(value.p95)})</span>`
  return html`<span class="keep">${write(value.p50)}</span>${more}`
}

const writeFaults = (faults: readonly FaultPlayed[]): Markup => {
  if (faults.length === 0) return html``
  return section(
    'faults',
    'If green were bad',
    note('Bad from its first request, item or run on. In the middle of the plays; in brackets, 95 % of them.'),
    table(
      'Each fault, of one service at a time',
      [
        'Fault',
        'Of',
        'Ends',
        'At',
        { name: 'Lost', align: 'end' },
        { name: 'Noticed after', align: 'end' },
        { name: 'All back after', align: 'end' },
      ],
      faults.map((one) => [
        html`<span title="${one.what}">${one.fault}</span>`,
        keep(one.service),
        one.noticed['not noticed'] > 0 && one.laterMs === null ? alarm(noticedWords(one)) : noticedWords(one),
        one.step === null ? none : keep(one.step),
        one.cost.of === 'nothing' ? none : html`${spread(one.cost, grouped)} ${one.cost.of}`,
        spread(one.noticeMs, duration),
        one.laterMs === null ? spread(one.backMs, duration) : html`ready ${spread(one.laterMs, duration)} later`,
      ]),
    ),
    html`<details><summary>Why each ended so</summary>${table(
      'What it was like, and what made it known',
      ['Fault', 'Of', 'What', 'Because'],
      faults.map((one) => [
        one.fault,
        keep(one.service),
        html`<span class="text">${one.what}</span>`,
        html`<span class="text">${one.because ?? would(one)}</span>`,
      ]),
    )}</details>`,
  )
}

const keep = (text: string): Markup => html`<span class="keep">${text}</span>`

/** By the judge's formulas, said so. */
const would = ({ would: seen, what, fault }: FaultPlayed): string => {
  if (seen === null) return fault.startsWith('slow-start') ? 'It only takes longer.' : what
  return seen.ms === null
    ? "By the judge's formulas it is within the margin, so it is never noticed."
    : `By the judge's formulas it would be noticed at ${seen.atGreen} % after about ${duration(seen.ms)}.`
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`

const writeSight = (sight: readonly Sight[]): Markup => {
  if (sight.length === 0) return html``
  return section(
    'sight',
    'What the judge can see',
    note("By the judge's own formulas, at 100 %: what is expected, not what one release will show."),
    table(
      'The least that is noticed, by rate',
      [
        'Service',
        { name: 'Rate', align: 'end' },
        { name: 'Fails on blue', align: 'end' },
        { name: 'Least that is noticed', align: 'end' },
        { name: 'While watched for', align: 'end' },
        { name: 'Twice as many noticed after', align: 'end' },
      ],
      sight.map((one) => [
        one.service,
        `${Number(one.rate.toPrecision(3))}/s`,
        percent(one.base),
        one.leastNoticed === null ? 'not even all' : `${percent(one.leastNoticed)} more`,
        duration(one.withinMs),
        one.doubledMs === null ? 'never: within the margin' : duration(one.doubledMs),
      ]),
    ),
  )
}

const writeAdvice = ({ advice }: Rehearsal): Markup =>
  section(
    'advice',
    'Advice',
    advice.length === 0
      ? note('None: the rehearsal shows nothing that the policy could do better.')
      : advice.map(({ because, yaml }) => html`<p>${because}. In the release file:</p><pre><code>${yaml}</code></pre>`),
  )

const writeAssumptions = ({ assumptions }: Rehearsal): Markup =>
  section(
    'assumptions',
    'What it rests on',
    html`<p class="note">Set one with <code>titrate rehearse --assume KEY=VALUE</code>.</p>`,
    table(
      'What was measured, and what is assumed',
      ['Key', 'Value', 'From', 'What it is'],
      assumptions.map(({ key, service, value, source, note: more }) => [
        html`<code>${service === null ? key : `${key}.${service}`}</code>`,
        html`<span class="keep">${writeValue(key, value)}</span>`,
        `${sourceWords[source]}${more === null ? '' : `, ${more}`}`,
        assumptionKinds[key].about,
      ]),
    ),
  )
