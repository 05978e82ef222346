import { assumptionKinds } from '../rehearsal/assumption.ts'
import type {
  FaultPlayed,
  MovePlayed,
  Rehearsal,
  Sight,
  Spread,
  StepPlayed,
  TimePlayed,
} from '../rehearsal/rehearsal.ts'
import { noticedWords, phaseWords, sourceWords, toTheMinute, writeValue } from '../rehearsal/words.ts'
import { duration, instant, plural } from '../views/words.ts'
import type { Look } from './print.ts'
import { indent, paint, table, wrap } from './table.ts'

export const renderRehearsal = (rehearsal: Rehearsal, look: Look): string => {
  const { release, blue, green, services, seed, begin, time } = rehearsal
  const runs = time === null ? '' : `, played ${plural(time.runs, 'time')}`
  return [
    `${paint(look, 'bold', release)}: ${plural(services, 'service')} from ${blue} to ${green}${runs}; begins ${instant(begin)}, seed ${seed}`,
    ...(rehearsal.notes.length === 0 ? [] : [rehearsal.notes.join('\n')]),
    ...(rehearsal.outcome === 'cannot end' ? [renderStuck(rehearsal, look)] : []),
    ...(time === null ? [] : [renderTime(time, look), renderTimeline(time, look)]),
    ...(rehearsal.faults.length === 0 ? [] : [renderFaults(rehearsal.faults, look)]),
    ...(rehearsal.sight.length === 0 ? [] : [renderSight(rehearsal.sight, look)]),
    renderAssumptions(rehearsal, look),
    ...(time === null ? [] : [renderAdvice(rehearsal, look)]),
  ].join('\n\n')
}

const title = (look: Look, text: string): string => paint(look, 'bold', text)

const renderStuck = ({ stuck }: Rehearsal, look: Look): string =>
  [
    paint(look, 'red', 'It cannot end. What waits for what:'),
    indent(
      table(
        ['service', 'step', 'waits because'],
        stuck.map(({ service, step, because }) => [service ?? 'the release', step ?? 'not begun', because]),
        look,
      ),
    ),
  ].join('\n')

const dayMs = 86_400_000
const long = (ms: number): string => (ms < dayMs ? duration(ms) : toTheMinute(ms))

const renderTime = ({ total, runs, phases, falseAlarms }: TimePlayed, look: Look): string =>
  [
    title(look, 'How long it takes, with a good green'),
    `  in the middle ${long(total.p50)}; 95 % within ${long(total.p95)}${runs < 20 ? ` (the slowest of ${runs})` : ''}; from ${long(total.least)} to ${long(total.most)}`,
    indent(
      table(
        ['of that', 'in the middle', 'share'],
        phases
          .filter(({ share }) => share > 0)
          .map(({ phase, p50, share }) => [phaseWords[phase], duration(p50), `${Math.round(100 * share)} %`]),
        look,
      ),
    ),
    ...(falseAlarms.length === 0 ? [] : [`  taken back by mistake: ${falseAlarms.join(', ')}`]),
  ].join('\n')

const renderTimeline = ({ waves }: TimePlayed, look: Look): string =>
  [
    title(look, 'When what moves, in the play in the middle'),
    ...waves.map(({ number, phase, atMs, tookMs, moves }) =>
      [
        `  wave ${number} (${phase === 'exposed' ? 'users' : 'no users'}), after ${duration(atMs)}, takes ${duration(tookMs)}`,
        indent(
          table(
            ['service', 'takes', 'steps'],
            moves.map((move) => [move.service, duration(move.tookMs), stepsOf(move)]),
            look,
          ),
          4,
        ),
      ].join('\n'),
    ),
  ].join('\n')

const stepsOf = ({ steps }: MovePlayed): string => steps.map(stepWords).join(' → ')

const stepWords = ({ name, tookMs, verdict }: StepPlayed): string =>
  `${name}: ${duration(tookMs)}${verdict === 'timed' ? ' (unproven)' : ''}`

const spread = (value: Spread | null, write: (one: number) => string): string => {
  if (value === null) return '-'
  return write(value.p50) === write(value.p95) ? write(value.p50) : `${write(value.p50)} (${write(value.p95)})`
}

const renderFaults = (faults: readonly FaultPlayed[], look: Look): string =>
  [
    title(look, 'If green were bad, from its first request on'),
    '  in the middle of the plays; in brackets, 95 % of them',
    indent(
      table(
        ['fault', 'of', 'ends', 'at', 'lost', 'noticed after', 'all back after'],
        faults.map((one) => [
          one.fault,
          one.service,
          noticedWords(one),
          one.step ?? '-',
          one.cost.of === 'nothing' ? '-' : `${spread(one.cost, String)} ${one.cost.of}`,
          spread(one.noticeMs, duration),
          one.laterMs === null ? spread(one.backMs, duration) : `ready ${spread(one.laterMs, duration)} later`,
        ]),
        look,
      ),
    ),
    ...unnoticed(faults).map((text) => `  ${text}`),
  ].join('\n')

/** By the judge's formulas, said so. */
const unnoticed = (faults: readonly FaultPlayed[]): readonly string[] =>
  faults.flatMap(({ fault, service, would, because, step }) => {
    if (would === null) return step === null && because !== null ? [`${fault} of ${service}: ${because}`] : []
    const when = would.ms === null ? 'never: it is within the margin' : `after about ${duration(would.ms)}`
    return [`${fault} of ${service}: by the judge's formulas it would be noticed at ${would.atGreen} % ${when}`]
  })

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`

const renderSight = (sight: readonly Sight[], look: Look): string =>
  [
    title(look, 'What the judge can see, by its own formulas'),
    indent(
      table(
        ['service', 'rate', 'fails on blue', 'least that is noticed', 'while watched for', 'twice as many noticed'],
        sight.map((one) => [
          one.service,
          `${Number(one.rate.toPrecision(3))}/s`,
          percent(one.base),
          one.leastNoticed === null ? 'not even all' : `${percent(one.leastNoticed)} more`,
          duration(one.withinMs),
          one.doubledMs === null ? 'never, it is within the margin' : `after ${duration(one.doubledMs)}`,
        ]),
        look,
      ),
    ),
  ].join('\n')

const renderAssumptions = ({ assumptions }: Rehearsal, look: Look): string =>
  [
    title(look, 'What it rests on ("--assume KEY=VALUE" sets it)'),
    indent(
      table(
        ['key', 'value', 'from', 'what it is'],
        assumptions.map(({ key, service, value, source, note }) => [
          service === null ? key : `${key}.${service}`,
          writeValue(key, value),
          `${sourceWords[source]}${note === null ? '' : `, ${note}`}`,
          assumptionKinds[key].about,
        ]),
        look,
      ),
    ),
  ].join('\n')

const renderAdvice = ({ advice }: Rehearsal, look: Look): string =>
  advice.length === 0
    ? 'No advice: the rehearsal shows nothing that the policy could do better.'
    : [
        title(look, 'Advice'),
        ...advice.map(
          ({ because, yaml }) =>
            `${indent(wrap(`${because}. In the release file:`, look.columns - 2))}\n${indent(yaml, 6)}`,
        ),
      ].join('\n')
