import { evidenceWords } from '../judge/words.ts'
import type { Millis } from '../moves/goal.ts'
import { duration, list, plural } from '../views/words.ts'
import type { Counted } from './counted.ts'
import { readEvidence } from './evidence.ts'
import type { Handoff, TestRun } from './handoffs.ts'
import { actsOf } from './intents.ts'
import type { Note } from './leftovers.ts'
import { entriesOf, type Material } from './material.ts'
import type { Parity } from './parity.ts'
import type { Rollback } from './rollbacks.ts'
import type { Ticks } from './ticks.ts'
import type { Trouble } from './troubles.ts'
import type { Weights } from './weights.ts'

export type Lessons = {
  readonly wentWell: readonly Note[]
  readonly wentWrong: readonly Note[]
  /** What ended well without our doing: near misses, steps that were only timed, times without watch. */
  readonly gotLucky: readonly Note[]
}

export type Seen = {
  readonly ticks: Ticks
  readonly counted: Counted
  readonly handoffs: readonly Handoff[]
  readonly tests: readonly TestRun[]
  readonly rollbacks: readonly Rollback[]
  readonly troubles: readonly Trouble[]
  readonly parity: Parity | null
  readonly weights: readonly Weights[]
}

/** Drawn from the facts alone: each line names what it rests on. */
export const readLessons = (material: Material, seen: Seen): Lessons => ({
  wentWell: [...wellJudged(material), ...wellCounted(seen), ...wellDone(seen)],
  wentWrong: [...wrongCounted(seen), ...wrongDone(material, seen)],
  gotLucky: [
    ...unproven(material),
    ...nearMisses(seen),
    ...notWatched(seen),
    ...restarts(material),
    ...maybe(material),
  ],
})

const note = (text: string, entry: number | null = null): Note => ({ text, entry })

const stepsOf = (material: Material) =>
  [...readEvidence(material)].flatMap(([service, steps]) => steps.map((step) => ({ service, ...step })))

const wellJudged = (material: Material): readonly Note[] => {
  const steps = stepsOf(material)
  const proven = steps.filter(({ how }) => how === 'proven')
  if (proven.length === 0) return []
  return [
    note(
      `${proven.length} of ${plural(steps.length, 'judged step')} ${steps.length === 1 ? 'was' : 'were'} proven, by evidence that green is not worse`,
      proven[0]?.entry,
    ),
  ]
}

const wellCounted = ({ ticks, counted, handoffs }: Seen): readonly Note[] => {
  const { expected, ran, duplicate, missed, unseen } = ticks.totals
  const pauses = handoffs.flatMap(({ pauseMs, entry }) => (pauseMs === null ? [] : [{ pauseMs, entry }]))
  const longest = pauses.reduce<{ pauseMs: Millis; entry: number } | null>(
    (a, b) => (a === null || b.pauseMs > a.pauseMs ? b : a),
    null,
  )
  return [
    ...(expected > 0 && duplicate + missed + unseen === 0
      ? [note(`each of ${plural(ran, 'tick')} that should run ran exactly once`)]
      : []),
    ...(longest === null
      ? []
      : [
          note(
            `${plural(pauses.length, 'handoff')} of a schedule; the longest pause was ${duration(longest.pauseMs)}`,
            longest.entry,
          ),
        ]),
    ...(counted.requests !== null && counted.failedRequests === 0
      ? [note(`none of ${counted.requests} requests failed`)]
      : []),
    ...(counted.queue !== null && counted.queue.lost + counted.queue.twice === 0
      ? [note(`none of ${counted.queue.added} queue items was lost or done twice`)]
      : []),
  ]
}

const wellDone = ({ rollbacks, troubles, parity }: Seen): readonly Note[] => [
  ...rollbacks.flatMap(({ recoveryMs, services, lastBack }) =>
    recoveryMs === null
      ? []
      : [
          note(
            `${plural(services.length, 'service')} went back to blue within ${duration(recoveryMs)} of the order`,
            lastBack?.entry,
          ),
        ],
  ),
  ...troubles.flatMap(({ kind, to, service, entry }) =>
    kind === 'drift' && to !== null
      ? [note(`a change by somebody else to ${service ?? 'the release'} was seen, and ended`, entry)]
      : [],
  ),
  ...(parity !== null && parity.blocking.length > 0
    ? [note('the checks stopped it before anything was moved', parity.entry)]
    : []),
]

const wrongCounted = ({ ticks, counted }: Seen): readonly Note[] => [
  ...ticks.rows.flatMap(({ service, totals, odd }) =>
    totals.duplicate + totals.missed === 0
      ? []
      : [
          note(
            `${service}: ${plural(totals.duplicate, 'tick')} ran more than once, ${totals.missed} never ran`,
            odd[0]?.entry ?? null,
          ),
        ],
  ),
  ...(counted.failedRequests === null || counted.failedRequests === 0
    ? []
    : [
        note(
          `${plural(counted.failedRequests, 'request')} of ${counted.requests ?? 'an unknown number'} failed${counted.failedBy.length === 0 ? '' : ` (${counted.failedBy.map(({ name, count }) => `${name} ${count}`).join(', ')})`}`,
        ),
      ]),
  ...(counted.queue === null || counted.queue.lost + counted.queue.twice === 0
    ? []
    : [
        note(
          `of ${counted.queue.added} queue items ${counted.queue.lost} were lost and ${counted.queue.twice} done twice`,
        ),
      ]),
  ...counted.ledgerDisagrees.map((text) => note(`the ledger and the jobs disagree: ${text}`)),
]

const troubleWords = {
  drift: 'somebody else changed it',
  pause: 'it paused',
  hold: 'it was held',
  blind: 'it could not be measured',
  call: 'a person was needed',
  stop: 'break-glass was used',
  'not watched': 'nobody watched',
} as const

const wrongDone = (material: Material, { rollbacks, troubles, tests, parity, handoffs }: Seen): readonly Note[] => [
  ...(parity?.blocking ?? []).map((text) => note(`the checks found: ${text}`, parity?.entry)),
  ...rollbacks.map(({ services, because, ordered }) =>
    note(`${list(services)} went back to blue: ${because}`, ordered.entry),
  ),
  ...entriesOf(material.entries, 'run ended').flatMap(({ event, service, position }) =>
    event.good || event.side === 'blue'
      ? []
      : [note(`${service}: the run ${event.run} failed on green: ${event.because}`, position)],
  ),
  ...entriesOf(material.entries, 'stuck').map(({ event, service, position }) =>
    note(`${service} was stuck: ${event.because}`, position),
  ),
  ...tests.flatMap(({ passed, service, name, summary, entry }) =>
    passed === false ? [note(`${service}: the test "${name}" failed: ${summary}`, entry)] : [],
  ),
  ...handoffs.flatMap(({ mayRunTwice, service, entry }) =>
    mayRunTwice.length === 0 ? [] : [note(`${service}: ${plural(mayRunTwice.length, 'tick')} may run twice`, entry)],
  ),
  ...troubles.flatMap(({ kind, service, because, entry }) =>
    // Times without sight ended well or badly by luck; the call after a rollback says the same once more.
    kind === 'not watched' || kind === 'blind' || rollbacks.some((one) => because.includes(one.because))
      ? []
      : [note(`${service ?? 'the release'}: ${troubleWords[kind]}: ${because}`, entry)],
  ),
]

const unproven = (material: Material): readonly Note[] => [
  ...stepsOf(material).flatMap(({ service, step, how, because, entry }) =>
    how === 'timed, unproven' ? [note(`${service} passed "${step}" by time, unproven: ${because}`, entry)] : [],
  ),
  ...entriesOf(material.entries, 'settled').flatMap(({ service, event, position }) =>
    event.label === 'unproven' && event.on === 'green'
      ? [
          note(
            `${service} settled unproven: ${material.plan?.moves[service ?? '']?.unproven ?? 'nothing could prove it'}`,
            position,
          ),
        ]
      : [],
  ),
]

/** From here on evidence against green was a near miss: a tenth of what takes it back. */
const nearMissShare = 0.1

const nearMisses = ({ weights }: Seen): readonly Note[] =>
  weights.flatMap(({ service, points, rollBackAt, steps }) => {
    const last = steps.at(-1)
    if (rollBackAt === null || last === undefined || last.verdict === 'roll back') return []
    const most = points.reduce((max, { E }) => Math.max(max, E), 0)
    if (most < nearMissShare * rollBackAt) return []
    return [
      note(
        `${service}: evidence against green rose to ${evidenceWords(most)} of ${evidenceWords(rollBackAt)}, and faded`,
        last.entry,
      ),
    ]
  })

const notWatched = ({ troubles }: Seen): readonly Note[] =>
  troubles.flatMap(({ kind, service, from, to, because, entry }) => {
    if (kind !== 'not watched' && kind !== 'blind') return []
    const time = to === null ? 'and still' : `for ${duration(to - from)}`
    return [
      note(`${kind === 'blind' ? `${service} could not be measured` : 'nobody watched'} ${time}: ${because}`, entry),
    ]
  })

const restarts = ({ status, facts, entries }: Material): readonly Note[] =>
  status.services.flatMap(({ service }) => {
    const body = facts.find(({ subject }) => subject === `green/workload/${service}`)?.body
    const count = typeof body === 'object' && body !== null && 'restarts' in body ? body.restarts : 0
    if (typeof count !== 'number' || count === 0) return []
    const entry = entriesOf(entries, 'entered').findLast((one) => one.service === service)?.position ?? null
    return [note(`${service} was restarted ${plural(count, 'time')} on green`, entry)]
  })

/** An act without an answer, whose goal was reached in the end all the same. */
const maybe = (material: Material): readonly Note[] =>
  (['provision', 'workload', 'schedule', 'weights'] as const)
    .flatMap((kind) => actsOf(material, kind))
    .flatMap(({ outcome, service, goal, entry }) =>
      outcome?.kind === 'unknown'
        ? [note(`${service}: an act (${goal.kind}) had no clear answer: ${outcome.because}`, entry)]
        : [],
    )
