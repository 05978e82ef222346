import type { Recorded } from '../journal/events.ts'
import type { Millis } from '../moves/goal.ts'
import type { MovePlan, Plan } from '../plan/plan.ts'
import type { Assumptions } from './assumption.ts'
import { bringFault, isFirstCrossing, withFault } from './bring-fault.ts'
import type { Fault } from './fault.ts'
import { type Play, playRelease, type Stage } from './play-release.ts'
import type { FaultPlayed, Noticed } from './rehearsal.ts'
import type { SimulatedService } from './simulated-world.ts'

export type FaultPlay = {
  readonly noticed: Noticed
  readonly because: string | null
  readonly step: string | null
  readonly cost: number
  readonly noticeMs: Millis | null
  readonly backMs: Millis | null
  /** How long its copies on green took to get ready; null: it has none, or they did not. */
  readonly readyMs: Millis | null
}

const serviceOf = (stream: string): string => stream.slice('move/'.length)

/** Services that were ordered back after they had begun, and are not on blue yet. */
const goingBack = (entries: readonly Recorded[]): ReadonlySet<string> => {
  const begun = new Set<string>()
  const back = new Set<string>()
  for (const { stream, event } of entries) {
    const service = serviceOf(stream)
    if (event.kind === 'intended') begun.add(service)
    if (event.kind === 'asked to go back' || (event.kind === 'ordered' && event.order === 'back' && begun.has(service)))
      back.add(service)
    if (event.kind === 'settled' && event.on === 'blue') back.delete(service)
  }
  return back
}

/** Over when the service has settled anywhere, and whatever had to go back with it is back. */
const isOverFor = (service: string) => {
  let seen = 0
  let settled = false
  return (entries: readonly Recorded[]): boolean => {
    for (; seen < entries.length; seen += 1) {
      const { stream, event } = entries[seen] ?? { stream: '', event: null }
      if (event?.kind === 'settled' && serviceOf(stream) === service) settled = true
    }
    return settled && goingBack(entries).size === 0
  }
}

type Light = { readonly noticed: Noticed; readonly at: Millis; readonly because: string }

/**
 * What first brought it to light: that the service asked to go back, or that a person was called about it. Where both
 * happened, it went back by itself, and was noticed at the earlier moment.
 */
const lightOf = (service: string, entries: readonly Recorded[], from: Millis): Light | null => {
  let first: Light | null = null
  for (const { at, stream, event } of entries) {
    if (at < from) continue
    if (event.kind === 'asked to go back' && serviceOf(stream) === service)
      return { noticed: 'went back', at: first?.at ?? at, because: event.because }
    if (event.kind === 'called a person' && event.service === service)
      first ??= { noticed: 'called a person', at, because: event.because }
  }
  return first
}

/** From the first time that copies were wanted on green until they were there. */
const readyMsOf = (own: readonly Recorded[]): Millis | null => {
  const wanted = own.find(
    ({ event }) => event.kind === 'intended' && event.goal.kind === 'workload' && event.goal.green > 0,
  )
  if (wanted?.event.kind !== 'intended') return null
  const { intent } = wanted.event
  const cameOut = own.find(({ event }) => event.kind === 'came out' && event.intent === intent)
  return cameOut?.event.kind === 'came out' && cameOut.event.outcome.kind === 'done' ? cameOut.at - wanted.at : null
}

const costOf = (fault: Fault, service: SimulatedService, { world }: Play): number => {
  if (fault.kind === 'blind metrics' || fault.kind === 'slow start') return 0
  const { definition, behaviour } = service
  if (fault.kind === 'job failures')
    return world.green.schedules.truth
      .runs()
      .filter((run) => run.service === definition.name && run.result === 'failed').length
  if (behaviour.users !== null) {
    const { requests, errors } = world.users.counts(definition.name, 'green')
    if (fault.kind === 'latency') return requests
    // What would have failed on blue as well is no cost of the fault.
    return Math.max(0, Math.round(errors - requests * behaviour.users.answering.blue.errorRatio))
  }
  if (behaviour.queue === null) return 0
  const series = world.queues.series(definition.name).filter(({ side }) => side === 'green')
  const count = (measure: string): number => series.find((one) => one.measure === measure)?.value ?? 0
  return Math.max(0, Math.round(count('errors') - count('requests') * behaviour.queue.failRatio.blue))
}

export const costIsOf = (fault: Fault, move: MovePlan): FaultPlayed['cost']['of'] => {
  if (fault.kind === 'blind metrics' || fault.kind === 'slow start') return 'nothing'
  if (fault.kind === 'job failures') return 'runs failed'
  if (move.kind === 'worker') return 'items failed'
  return fault.kind === 'latency' ? 'requests slowed' : 'requests failed'
}

export type FaultOptions = {
  readonly stage: Stage
  /** As `narrowPlan` gives it. */
  readonly plan: Plan
  readonly services: readonly SimulatedService[]
  readonly target: string
  /** null: as a good green. */
  readonly fault: Fault | null
  readonly seed: number
  readonly assumed: Assumptions
  readonly signal: AbortSignal
}

/** Plays one fault of one service's green: until it is back on blue with all that had to go with it, or has settled on green. */
export const playFault = async (options: FaultOptions): Promise<FaultPlay> => {
  const { fault, target, plan, assumed } = options
  const move = plan.moves[target]
  const good = options.services.find(({ definition }) => definition.name === target)
  if (move === undefined || good === undefined) throw new Error(`the plan has no ${target}`)
  const services = options.services
    .filter(({ definition }) => plan.moves[definition.name] !== undefined)
    .map((service) => (service === good && fault !== null ? withFault(service, fault) : service))
  const play = await playRelease({
    ...{ stage: options.stage, plan, services, seed: options.seed, begin: assumed.begin },
    ...{ answerMs: assumed.of('answer', null), inTrouble: 'takes back', patienceMs: assumed.of('patience', null) },
    ...(fault === null ? {} : { trouble: bringFault(fault, move, good, assumed.of('probe', null)) }),
    isOver: isOverFor(target),
    signal: options.signal,
  })
  const { entries } = play
  const from = entries.find((entry) => isFirstCrossing(move, entry))?.at ?? play.until
  const light = lightOf(target, entries, from)
  const own = entries.filter(({ stream }) => serviceOf(stream) === target)
  const steps = own.filter(({ at }) => light !== null && at <= light.at).map(({ event }) => event)
  const step = steps.findLast((event) => event.kind === 'entered')
  const settled = own.findLast(({ event }) => event.kind === 'settled')
  const backAt = entries.findLast(({ event }) => event.kind === 'settled' && event.on === 'blue')?.at ?? null
  const isBack = settled?.event.kind === 'settled' && settled.event.on === 'blue'
  return {
    noticed: light?.noticed ?? 'not noticed',
    because: light?.because ?? null,
    step: step?.kind === 'entered' ? step.name : null,
    cost: fault === null ? 0 : costOf(fault, good, play),
    noticeMs: light === null ? null : light.at - from,
    backMs: isBack && backAt !== null ? backAt - from : null,
    readyMs: readyMsOf(own),
  }
}
