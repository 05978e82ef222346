import type { Goal, GoalKind, Json, Millis, Outcome } from '../moves/goal.ts'
import { entriesOf, type Material } from './material.ts'

/** An act with what came of it. */
export type Act = {
  readonly service: string
  readonly goal: Goal
  readonly intendedAt: Millis
  readonly intendedEntry: number
  /** null: under way, or nobody knows. */
  readonly outcome: Outcome | null
  readonly outcomeAt: Millis | null
  /** The entry to show for it: the outcome's, else the intent's. */
  readonly entry: number
}

/** Every act of a goal kind, in the order of the intents. */
export const actsOf = ({ entries }: Material, kind: GoalKind): readonly Act[] => {
  const outcomes = new Map(entriesOf(entries, 'came out').map((entry) => [entry.event.intent, entry]))
  return entriesOf(entries, 'intended').flatMap(({ position, at, service, event }) => {
    if (event.goal.kind !== kind || service === null) return []
    const came = outcomes.get(event.intent)
    const act: Act = {
      service,
      goal: event.goal,
      intendedAt: at,
      intendedEntry: position,
      outcome: came?.event.outcome ?? null,
      outcomeAt: came?.at ?? null,
      entry: came?.position ?? position,
    }
    return [act]
  })
}

/** What was measured on the way; null unless it is done. */
export const resultOf = ({ outcome }: Act): Json => (outcome?.kind === 'done' ? outcome.result : null)

export const outcomeWord = ({ outcome }: Act): string => {
  switch (outcome?.kind) {
    case undefined:
      return 'under way'
    case 'done':
      return 'done'
    case 'superseded':
      return 'overtaken by a newer one'
    case 'refused':
      return `refused: ${outcome.because}`
    case 'unknown':
      return `unknown: ${outcome.because}`
    default:
      return outcome satisfies never
  }
}
