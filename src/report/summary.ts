import type { Millis } from '../moves/goal.ts'
import { sides } from '../moves/goal.ts'
import type { OutcomeWord } from '../views/status-view.ts'
import { duration, list, plural } from '../views/words.ts'
import type { Counted } from './counted.ts'
import type { Material } from './material.ts'
import type { Rollback } from './rollbacks.ts'
import type { ServiceReport } from './services.ts'
import type { Ticks } from './ticks.ts'

export type Summary = {
  readonly outcome: OutcomeWord
  /** The outcome in one sentence. */
  readonly sentence: string
  /** Why, in the engine's words; null: nothing to add. */
  readonly because: string | null
  readonly startedAt: Millis | null
  readonly endedAt: Millis | null
  readonly tookMs: Millis | null
  readonly services: { readonly green: number; readonly blue: number; readonly between: number; readonly all: number }
  /** null: nobody counted. */
  readonly requests: number | null
  readonly failedRequests: number | null
  readonly ticks: { readonly expected: number; readonly exactlyOnce: number; readonly odd: number }
  readonly proven: { readonly steps: number; readonly of: number }
  /** How old what is shown is, in words; null: the release has ended, nothing grows old. */
  readonly age: string | null
  readonly engine: string
}

export const summarize = (
  material: Material,
  parts: {
    readonly services: readonly ServiceReport[]
    readonly ticks: Ticks
    readonly counted: Counted
    readonly rollbacks: readonly Rollback[]
  },
): Summary => {
  const { status, until } = material
  const { services, ticks, counted } = parts
  const on = (place: string): number => services.filter(({ where }) => where === place).length
  const judged = services.flatMap(({ proven }) => proven ?? [])
  const places = { green: on('green'), blue: on('blue'), between: on('between'), all: services.length }
  return {
    outcome: status.outcome,
    sentence: sentenceOf(material, services, parts.rollbacks),
    because: status.because,
    startedAt: status.startedAt,
    endedAt: status.endedAt,
    tookMs: status.startedAt === null ? null : Math.max(0, until - status.startedAt),
    services: places,
    requests: counted.requests,
    failedRequests: counted.failedRequests,
    ticks: {
      expected: ticks.totals.expected,
      exactlyOnce: ticks.totals.ran,
      odd: ticks.totals.duplicate + ticks.totals.missed + ticks.totals.unseen,
    },
    proven: {
      steps: judged.reduce((sum, { steps }) => sum + steps, 0),
      of: judged.reduce((sum, { of }) => sum + of, 0),
    },
    age: ageOf(material),
    engine: status.engine.text,
  }
}

const sentenceOf = (
  { status, journal }: Material,
  services: readonly ServiceReport[],
  rollbacks: readonly Rollback[],
): string => {
  const green = services.filter(({ where }) => where === 'green')
  const left = services.filter(({ where }) => where !== 'green').map(({ service }) => service)
  const [blueName, greenName] = sides.map((side) => named(side, status[side]))
  const onGreen = `${green.length} of ${plural(services.length, 'service')} on ${greenName}`
  switch (status.outcome) {
    case 'done':
      return left.length === 0
        ? `Done: ${services.length === 1 ? 'the service runs' : `all ${services.length} services run`} on ${greenName}.`
        : `Done: ${onGreen}; left where it was: ${list(left)}.`
    case 'rolled back': {
      const took = rollbacks.at(-1)?.recoveryMs ?? null
      return `Rolled back: everything is on ${blueName} again${took === null ? '' : `, ${duration(took)} after the order`}.`
    }
    case 'failed':
      return [...journal.moves.values()].some((move) => move.intents > 0)
        ? `Failed, with ${onGreen}.`
        : 'Failed before anything was moved.'
    case 'held':
      return `Held for a person, with ${onGreen}.`
    case 'running':
      return `${status.engine.alive ? 'Running' : 'Not over, and no engine runs'}: phase ${status.phase ?? 'prepare'}, ${onGreen}.`
    case 'not started':
      return 'Not started.'
    default:
      return status.outcome satisfies never
  }
}

/** "green", or "green (staging-b)" where the environment has a name of its own. */
const named = (side: string, name: string | null): string =>
  name === null || name === side ? side : `${side} (${name})`

const ageOf = ({ status, journal }: Material): string | null => {
  if (journal.release.ended !== null || status.outcome === 'not started') return null
  const { journal: written, facts, engine } = status.ages
  const of = (what: string, ms: Millis | null): string => `${what} ${ms === null ? 'never' : `${duration(ms)} before`}`
  return `As things stood when this was written. ${of('Last journal entry:', written)}; ${of('last change seen in the world:', facts)}; ${of('last sign of life of an engine:', engine)}.`
}
