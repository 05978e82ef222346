import { restWhenSettled, stayWhenStuck, takeNextStep } from './advance.ts'
import { type Decision, type MoveContext, type Rule, wakes } from './decision.ts'
import { goBackWhenOrdered } from './go-back.ts'
import type { Millis } from './goal.ts'
import {
  answerDrift,
  boundBlindness,
  boundEvidenceHold,
  goBackWhenGreenIsDown,
  goBackWhenHeldTooLong,
  leaveWhatWasSkipped,
  obeyHolds,
  pauseForNewVersion,
  pauseForUnreadyBlue,
  stopWhenGreenKeepsDying,
  stopWhenJudgedBad,
  waitAfterAsking,
} from './stop.ts'

type NamedRule = { readonly name: string; readonly rule: Rule }

/**
 * What may stop a move or send it back. Asked of every woken move before any move takes a step. What sends it back
 * comes first: a hold, a pause or a drift that waits for people must not keep a service on a green that fails.
 */
export const safetyRules: readonly NamedRule[] = [
  { name: 'goes back when ordered', rule: goBackWhenOrdered },
  { name: 'leaves what was skipped', rule: leaveWhatWasSkipped },
  { name: 'waits after asking to go back', rule: waitAfterAsking },
  { name: 'stops when judged bad', rule: stopWhenJudgedBad },
  { name: 'stops when green keeps dying', rule: stopWhenGreenKeepsDying },
  { name: 'goes back when green is down', rule: goBackWhenGreenIsDown },
  { name: 'goes back when held too long', rule: goBackWhenHeldTooLong },
  { name: 'answers drift', rule: answerDrift },
  { name: 'obeys holds', rule: obeyHolds },
  { name: 'bounds blindness', rule: boundBlindness },
  { name: 'pauses for a new version', rule: pauseForNewVersion },
  { name: 'pauses for an unready blue', rule: pauseForUnreadyBlue },
  { name: 'stays when stuck', rule: stayWhenStuck },
  { name: 'bounds a hold by evidence', rule: boundEvidenceHold },
]

export const progressRules: readonly NamedRule[] = [
  { name: 'rests when settled', rule: restWhenSettled },
  { name: 'takes the next step', rule: takeNextStep },
]

export type MoveDecision = Decision & { readonly rule: string }

const ask = (rules: readonly NamedRule[], context: MoveContext): MoveDecision | null => {
  let alarm: Millis | null = null
  for (const { name, rule } of rules) {
    const decision = rule(context)
    if (decision === null) continue
    const wakeAt = earlier(alarm, decision.wakeAt)
    if (decision.events.length > 0 || decision.waiting !== null) return { ...decision, wakeAt, rule: name }
    alarm = wakeAt
  }
  return alarm === null ? null : { ...wakes(alarm), rule: 'nothing to do yet' }
}

const earlier = (a: Millis | null, b: Millis | null): Millis | null =>
  a === null ? b : b === null ? a : Math.min(a, b)

/** The answer of the first safety rule that has one; null: nothing stands against going on, and nothing will by itself. */
export const decideSafety = (context: MoveContext): MoveDecision | null => ask(safetyRules, context)

/** Whether an answer is one, and not only an alarm: then no other rule is asked. */
export const isAnswer = (decision: MoveDecision | null): boolean =>
  decision !== null && (decision.events.length > 0 || decision.waiting !== null)

/**
 * What one move does next: events, when to ask again, and what it waits for. In the order of the rules; the first
 * that answers wins. Pure: the same state, plan, facts and time give the same answer. Called again after its events
 * were folded, until it has none. `safety`: what the safety rules say of the very same context, where that is known.
 */
export const decideMove = (context: MoveContext, safety = decideSafety(context)): MoveDecision => {
  if (safety !== null && isAnswer(safety)) return safety
  const progress = ask(progressRules, context)
  if (progress === null) return safety ?? { events: [], wakeAt: null, waiting: null, rule: 'nothing to do' }
  return { ...progress, wakeAt: earlier(safety?.wakeAt ?? null, progress.wakeAt) }
}
