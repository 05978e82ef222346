import { ownMember } from '../inventory/own-member.ts'
import type { Gate } from '../plan/plan.ts'
import { type MoveContext, reachedSince } from './decision.ts'
import { enoughReady, observedBetween } from './facts.ts'
import type { Millis } from './goal.ts'

/**
 * - `met`: goes on; `because` is what it rests on.
 * - `open`: not yet. `person`: only a person can make it so.
 * - `failed`: it can't become so by waiting; a person is called.
 */
export type GateAnswer =
  | { readonly kind: 'met'; readonly because: string }
  | {
      readonly kind: 'open'
      readonly because: string
      readonly wakeAt: Millis | null
      readonly approval: string | null
    }
  | { readonly kind: 'failed'; readonly because: string }

const met = (because: string): GateAnswer => ({ kind: 'met', because })
const open = (because: string, wakeAt: Millis | null = null): GateAnswer => ({
  kind: 'open',
  because,
  wakeAt,
  approval: null,
})

/** The name that a gate has in the journal and in commands. */
export const gateName = (gate: Gate): string => {
  switch (gate.kind) {
    case 'approval':
    case 'test':
    case 'window':
    case 'condition':
      return `${gate.kind} ${gate.name}`
    case 'verdict':
    case 'soak':
    case 'good runs':
    case 'ready':
    case 'same version':
      return gate.kind
    default:
      return gate satisfies never
  }
}

const seconds = (ms: Millis): string => `${Math.ceil(ms / 100) / 10} s`

const askVerdict = (context: MoveContext): GateAnswer => {
  const { judged, step } = context.state
  const reachedAt = reachedSince(context)
  if (judged === null || judged.step !== step || reachedAt === null || judged.at < reachedAt)
    return open('the judge has not seen a sample of this step yet')
  return judged.verdict === 'advance' ? met(judged.because) : open(judged.because)
}

const askSoak = (context: MoveContext, forMs: Millis): GateAnswer => {
  const { gaps, now } = context
  const since = reachedSince(context)
  if (since === null) return open('its goal is not reached yet')
  const watched = observedBetween(since, now, gaps)
  if (watched >= forMs) return met(`watched for ${seconds(watched)}, nothing against it`)
  return open(`it is watched for ${seconds(forMs)}; ${seconds(forMs - watched)} to go`, now + forMs - watched)
}

const askReady = ({ facts, plan }: MoveContext): GateAnswer => {
  const green = facts.workload.green?.value
  if (green === undefined) return open('green has not been seen yet')
  const enough = enoughReady(green)
  if (green.ready >= enough && green.desired > 0)
    return met(`${green.ready} of ${Math.max(enough, green.ready)} replicas are ready on green`)
  if (plan.kind === 'job') return met('a job has no replicas')
  return open(
    `green has ${green.ready} of ${enough} replicas ready${green.problem === null ? '' : `: ${green.problem}`}`,
  )
}

const askVersion = ({ facts }: MoveContext): GateAnswer => {
  const { blue, green } = facts.workload
  if (blue === null || green === null) return open('the versions of both sides have not been seen yet')
  if (blue.value.version === green.value.version) return met(`both sides run ${blue.value.version}`)
  return open(`blue runs ${blue.value.version} and green ${green.value.version}; deploy the same version on both`)
}

const askTest = ({ state, now }: MoveContext, name: string, maxAgeMs: Millis): GateAnswer => {
  const test = ownMember(state.tests, name)
  if (test === undefined || (state.enteredAt !== null && test.at < state.enteredAt && now - test.at > maxAgeMs))
    return open(`the test "${name}" has not run yet`)
  return test.passed ? met(test.summary) : { kind: 'failed', because: `the test "${name}" failed: ${test.summary}` }
}

/** Asks one gate. Pure: every answer rests on the state, the facts and `now`. */
export const askGate = (gate: Gate, context: MoveContext): GateAnswer => {
  const { state, facts } = context
  switch (gate.kind) {
    case 'verdict':
      return askVerdict(context)
    case 'approval': {
      const approval = ownMember(state.approvals, gate.name)
      if (approval !== undefined) return met(`approved by ${approval.by}`)
      return { kind: 'open', because: `waits for the approval "${gate.name}"`, wakeAt: null, approval: gate.name }
    }
    case 'soak':
      return askSoak(context, gate.forMs)
    case 'good runs':
      if (state.goodRuns >= gate.count) return met(`${state.goodRuns} good runs on green`)
      return open(`${state.goodRuns} of ${gate.count} good runs on green so far`)
    case 'ready':
      return askReady(context)
    case 'same version':
      return askVersion(context)
    case 'test':
      return askTest(context, gate.name, gate.maxAgeMs)
    case 'window': {
      const window = ownMember(facts.windows, gate.name)
      if (window === undefined) return open(`the calendar "${gate.name}" has not been read yet`)
      return window.open ? met(`"${gate.name}" is open`) : open(`"${gate.name}" is closed`, window.changesAt)
    }
    case 'condition': {
      const holds = ownMember(facts.conditions, gate.name)
      if (holds === true) return met(`"${gate.name}" holds: ${gate.cel}`)
      return open(
        holds === false ? `"${gate.name}" does not hold: ${gate.cel}` : `"${gate.name}" can't be told yet: ${gate.cel}`,
      )
    }
    default:
      return gate satisfies never
  }
}
