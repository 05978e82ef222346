import { restWhenSettled, stayWhenStuck, takeNextStep } from './advance.ts'
import type { Decision, MoveContext, Rule } from './decision.ts'
import { goBackWhenOrdered } from './go-back.ts'
import {
  answerDrift,
  boundBlindness,
  boundEvidenceHold,
  leaveWhatWasSkipped,
  obeyHolds,
  pauseForNewVersion,
  pauseForUnreadyBlue,
  stopWhenGreenKeepsDying,
  stopWhenJudgedBad,
  waitAfterAsking,
} from './stop.ts'

/** In this order; the first that answers wins. Safety stands before progress, going back before everything. */
export const moveRules: readonly { readonly name: string; readonly rule: Rule }[] = [
  { name: 'goes back when ordered', rule: goBackWhenOrdered },
  { name: 'leaves what was skipped', rule: leaveWhatWasSkipped },
  { name: 'waits after asking to go back', rule: waitAfterAsking },
  { name: 'stops when judged bad', rule: stopWhenJudgedBad },
  { name: 'stops when green keeps dying', rule: stopWhenGreenKeepsDying },
  { name: 'bounds blindness', rule: boundBlindness },
  { name: 'obeys holds', rule: obeyHolds },
  { name: 'answers drift', rule: answerDrift },
  { name: 'pauses for a new version', rule: pauseForNewVersion },
  { name: 'pauses for an unready blue', rule: pauseForUnreadyBlue },
  { name: 'stays when stuck', rule: stayWhenStuck },
  { name: 'bounds a hold by evidence', rule: boundEvidenceHold },
  { name: 'rests when settled', rule: restWhenSettled },
  { name: 'takes the next step', rule: takeNextStep },
]

export type MoveDecision = Decision & { readonly rule: string }

/**
 * What one move does next: events, when to ask again, and what it waits for. Pure: the same state, plan, facts and
 * time give the same answer. Called again after its events were folded, until it has none.
 */
export const decideMove = (context: MoveContext): MoveDecision => {
  for (const { name, rule } of moveRules) {
    const decision = rule(context)
    if (decision !== null) return { ...decision, rule: name }
  }
  return { events: [], wakeAt: null, waiting: null, rule: 'nothing to do' }
}
