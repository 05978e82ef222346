import type { JournalEvent, PersonRequest, RollbackScope } from '../journal/events.ts'
import { isMap } from '../kubernetes/json.ts'
import { describeGoal } from '../moves/decision.ts'
import type { IntentId, Json, Outcome } from '../moves/goal.ts'
import { notShown } from '../protocols/weights.ts'
import { duration, instant, list } from './words.ts'

/**
 * One event as one plain sentence, without its time. `stream` says whose it is: a move's sentences begin with the
 * service. An unknown kind fails to compile.
 */
export const describeEvent = (stream: string, event: JournalEvent): string => {
  const who = stream.startsWith('move/') ? stream.slice('move/'.length) : 'the release'
  switch (event.kind) {
    // Of a move.
    case 'ordered':
      return `${who} ${orderWords[event.order]}: ${event.because}`
    case 'entered':
      return `${who} begins the step "${event.name}"`
    case 'intended':
      return `${who}: wanted: ${describeGoal(event.goal)} (${event.because})`
    case 'came out':
      return `${who}: ${outcomeWords(event.intent, event.outcome)}`
    case 'baseline recorded':
      return `${who}: how it was on blue is recorded, for the way back: ${baselineWords(event.baseline)}`
    case 'gate passed':
      return `${who} passes the gate "${event.gate}": ${event.because}`
    case 'judged':
      return `${who} is judged "${event.verdict}": ${event.because}`
    case 'run ended':
      return `${who}: the run ${event.run} on ${event.side} ended ${event.good ? 'well' : 'badly'}: ${event.because}`
    case 'drifted':
      return `${who}: somebody changed its ${laneWord(event.lane)} towards ${event.towards}: ${event.found}`
    case 'drift ended':
      return `${who}: its ${laneWord(event.lane)} is as it should be again: ${event.because}`
    case 'paused':
      return `${who} pauses: ${event.because}`
    case 'went on':
      return `${who} goes on: ${event.because}${event.anew ? '; its evidence starts anew' : ''}`
    case 'asked to go back':
      return `${who} asks to go back: ${event.because}`
    case 'stuck':
      return `${who} is stuck: ${event.because}`
    case 'skipped':
      return `${event.by} leaves ${who} where it is: ${event.because}`
    case 'settled':
      return `${who} has settled on ${event.on}${event.label === null ? '' : ` (${event.label})`}`
    // Of either.
    case 'held':
      return `${who} is held by ${event.by}: ${event.because}`
    case 'resumed':
      return `${who} is let go on by ${event.by}: ${event.because}`
    case 'approved':
      return `${event.by} approved "${event.gate}" for ${who}${event.note === null ? '' : `: ${event.note}`}`
    case 'rejected':
      return `${event.by} rejected "${event.gate}" for ${who}: ${event.because}`
    // Of the release.
    case 'created':
      return `the release ${event.release} begins: ${event.plan.blue} to ${event.plan.green}, ${Object.keys(event.plan.moves).length} services in ${event.plan.waves.length} waves (Titrate ${event.titrate})`
    case 'took over':
      return `the engine ${event.engine} took over as epoch ${event.epoch}${event.gap === null ? '' : `; nobody watched for ${duration(event.gap.until - event.gap.from)}`}`
    case 'left':
      return `the engine left: ${event.because}`
    case 'not watched':
      return `nobody watched for ${duration(event.until - event.from)}: ${event.because}`
    case 'checked':
      return event.blocking.length === 0
        ? `the checks found nothing that blocks, and ${event.notes.length} notes`
        : `the checks found what blocks: ${event.blocking.join('; ')}`
    case 'phase entered':
      return `the phase "${event.phase}" begins`
    case 'wave started':
      return `wave ${event.wave} starts`
    case 'wave settled':
      return `wave ${event.wave} has settled`
    case 'requested':
      return `${event.by} asks: ${describeRequest(event.request)}`
    case 'answered':
      return `the request is ${event.answer}: ${event.because}`
    case 'called a person':
      return `a person is needed for ${event.service ?? 'the release'}: ${event.because}`
    case 'rollback ordered':
      return `${event.everything ? 'everything' : list(event.services)} goes back to blue (ordered by ${event.by}): ${event.because}${event.assumeDead === null ? '' : `; ${event.assumeDead} is taken for dead`}`
    case 'retried':
      return `${event.by} tries ${list(event.services)} again`
    case 'call ended':
      return `nobody is needed any more: ${event.key.replace(/^\* /, '')}`
    case 'stop seen':
      return `${event.by} used break-glass on ${event.where}: ${event.because}; no engine acts until it is cleared`
    case 'stop cleared':
      return `${event.by} cleared the stop mark: the engine may act again`
    case 'tick':
      return `the tick ${instant(event.tick)} of ${event.service} ${event.fate === 'duplicate' ? 'ran more than once' : `is ${event.fate}`} (blue ${event.blue}, green ${event.green})`
    case 'retired':
      return `${event.by} retired blue: ${event.because}`
    case 'pruned':
      return `observations up to number ${event.observationsBefore} were removed; their hash is kept here`
    case 'ended':
      return `the release ended ${event.outcome}: ${event.because}`
    default:
      return event satisfies never
  }
}

const orderWords = {
  stay: 'stays where it is',
  prepare: 'prepares',
  cross: 'may cross to green',
  hold: 'holds',
  back: 'goes back to blue',
} as const

/** What people call a lane. */
const laneWord = (lane: string): string => (lane === 'weights' ? 'traffic' : lane)

/** `intent` is `<service>/<lane>/<number>`: the lane is what people know. */
const outcomeWords = (intent: IntentId, outcome: Outcome): string => {
  const what = `its ${laneWord(intent.split('/').at(-2) ?? intent)}`
  switch (outcome.kind) {
    case 'done':
      return `${what} ${what === 'its test' ? 'has run' : 'is as wanted'}${shownWords(outcome.result)}${noteWords(outcome.result)}`
    case 'refused':
      return `${what} was refused: ${outcome.because}`
    case 'unknown':
      return `whether ${what} is as wanted is not known: ${outcome.because}`
    case 'superseded':
      return `what was wanted of ${what} was overtaken by something newer`
    default:
      return outcome satisfies never
  }
}

/** By what a router that is slow to act was seen to have acted. */
const shownWords = (result: Json): string => {
  const shown = isMap(result) ? result['shown'] : undefined
  if (typeof shown !== 'string') return ''
  return shown === notShown
    ? ` (${notShown}: the router says so, and no figure or probe has shown it)`
    : ` (seen by ${shown})`
}

/** What people should know of what was done: that nothing but good will keeps blue's schedule stopped, for example. */
const noteWords = (result: Json): string => {
  const note = isMap(result) ? result['note'] : undefined
  return typeof note === 'string' ? `; ${note}` : ''
}

const baselineWords = (baseline: Extract<JournalEvent, { kind: 'baseline recorded' }>['baseline']): string =>
  [
    `version ${baseline.version}`,
    `${baseline.replicas} replicas`,
    ...(baseline.scheduleOwner === null
      ? []
      : [baseline.suspended ? 'schedule suspended' : `schedule on ${baseline.scheduleOwner}`]),
    ...(baseline.green === null ? [] : [`green ${baseline.green} %`]),
  ].join(', ')

export const describeScope = (scope: RollbackScope): string => {
  switch (scope.kind) {
    case 'everything':
      return 'everything'
    case 'service':
      return `${scope.service} and all that needs it`
    case 'wave':
      return `wave ${scope.wave} and all that needs it`
    default:
      return scope satisfies never
  }
}

export const describeRequest = (request: PersonRequest): string => {
  switch (request.kind) {
    case 'approve':
    case 'reject':
      return `${request.kind} "${request.gate}"${request.service === null ? '' : ` of ${request.service}`}${request.note === null ? '' : `: ${request.note}`}`
    case 'hold':
    case 'resume':
    case 'retry':
      return `${request.kind} ${request.service ?? 'the release'}${request.clearStop === true ? ', and clear the stop mark' : ''}: ${request.because}`
    case 'skip':
      return `skip ${request.service}: ${request.because}`
    case 'roll back':
      return `take back ${describeScope(request.scope)}: ${request.because}`
    case 'retire':
      return `retire blue: ${request.because}`
    default:
      return request satisfies never
  }
}
