import type { MoveKind, MovePlan, Plan } from '../plan/plan.ts'
import type { Assumptions } from './assumption.ts'
import { describeFault, type Fault, faultOf, kindsOf } from './fault.ts'
import { narrowPlan } from './narrow-plan.ts'
import { costIsOf, type FaultPlay, playFault } from './play-fault.ts'
import type { Stage } from './play-release.ts'
import type { FaultPlayed, Noticed, Spread } from './rehearsal.ts'
import type { SimulatedService } from './simulated-world.ts'
import { spreadOf } from './spread.ts'
import { wouldNotice } from './would-notice.ts'

export type FaultsOptions = {
  readonly stage: Stage
  readonly plan: Plan
  readonly services: readonly SimulatedService[]
  readonly assumed: Assumptions
  readonly faults: readonly string[]
  /** Whose green is bad; empty: the busiest and the quietest of each kind that a fault can have. */
  readonly targets: readonly string[]
  readonly runs: number
  readonly seed: number
  readonly tell: (what: string) => void
  readonly signal: AbortSignal
}

const rateOf = ({ behaviour }: SimulatedService): number =>
  behaviour.users?.requestsPerSecond ?? behaviour.queue?.itemsPerSecond ?? 0

/** At the busiest a fault costs most, and at the quietest it is least noticed. */
const extremesOf = (services: readonly SimulatedService[]): readonly string[] => {
  const sorted = services.toSorted((a, b) => rateOf(b) - rateOf(a))
  const [most, least] = [sorted[0], sorted.at(-1)]
  if (most === undefined || least === undefined) return []
  return rateOf(most) === rateOf(least) ? [most.definition.name] : [most.definition.name, least.definition.name]
}

const isMoving = (plan: Plan, service: string): boolean => plan.moves[service]?.suspended === false

export const targetsOf = ({ plan, services, targets }: FaultsOptions, fault: Fault): readonly string[] => {
  const ofKind = (kind: MoveKind): readonly SimulatedService[] =>
    services.filter(({ definition: { name } }) => plan.moves[name]?.kind === kind && isMoving(plan, name))
  const chosen = (kind: MoveKind): readonly string[] => {
    const own = ofKind(kind)
    if (targets.length > 0) return own.flatMap(({ definition: { name } }) => (targets.includes(name) ? [name] : []))
    return kind === 'exposed' ? extremesOf(own) : extremesOf(own).slice(0, 1)
  }
  return kindsOf[fault.kind].flatMap(chosen)
}

const most = <T>(values: readonly T[]): T | null => {
  const counts = new Map<T, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? null
}

const spreadOrNull = (values: readonly (number | null)[]): Spread | null => {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : spreadOf(known)
}

/** Why it is no wonder that nobody noticed; null: nothing says so. */
const withinMargin = ({ policy: { judge } }: MovePlan, fault: Fault): string | null =>
  fault.kind === 'latency' && fault.factor <= judge.latencyMargin
    ? `${fault.factor} times as slow is within the margin of the policy, ${judge.latencyMargin} times`
    : null

const summarize = (
  options: FaultsOptions,
  named: { readonly name: string; readonly fault: Fault; readonly target: string },
  plays: readonly FaultPlay[],
  good: FaultPlay,
): FaultPlayed | null => {
  const move = options.plan.moves[named.target]
  if (move === undefined) return null
  const { fault, target } = named
  const count = (noticed: Noticed): number => plays.filter((play) => play.noticed === noticed).length
  const noticed = {
    'went back': count('went back'),
    'called a person': count('called a person'),
    'not noticed': count('not noticed'),
  }
  const service = options.services.find(({ definition }) => definition.name === target)
  const step = most(plays.flatMap((play) => play.step ?? []))
  const isUnseen = noticed['not noticed'] > 0 && fault.kind === 'errors'
  return {
    ...{ fault: named.name, service: target, what: describeFault(fault, move.kind), runs: plays.length, noticed, step },
    because: plays.find((play) => play.step === step)?.because ?? withinMargin(move, fault),
    cost: { ...spreadOf(plays.map(({ cost }) => cost)), of: costIsOf(fault, move) },
    noticeMs: spreadOrNull(plays.map(({ noticeMs }) => noticeMs)),
    backMs: spreadOrNull(plays.map(({ backMs }) => backMs)),
    laterMs:
      fault.kind === 'slow start' && noticed['not noticed'] === plays.length
        ? spreadOrNull(plays.map(({ readyMs }) => (readyMs ?? 0) - (good.readyMs ?? 0)))
        : null,
    would: isUnseen && service !== undefined ? wouldNotice(move, service, fault.share) : null,
  }
}

/** Plays each fault with each service that it may concern. */
export const rehearseFaults = async (options: FaultsOptions): Promise<readonly FaultPlayed[]> => {
  const played: FaultPlayed[] = []
  const goods = new Map<string, FaultPlay>()
  const play = (target: string, plan: Plan, fault: Fault | null, run: number): Promise<FaultPlay> =>
    playFault({ ...options, plan, target, fault, seed: options.seed + run })
  for (const name of options.faults) {
    const fault = faultOf(name)
    if (fault === null) continue
    for (const target of targetsOf(options, fault)) {
      if (options.signal.aborted) return played
      options.tell(`${name} of ${target}`)
      const plan = narrowPlan(options.plan, target)
      const plays: FaultPlay[] = []
      for (let run = 0; run < options.runs; run += 1) plays.push(await play(target, plan, fault, run))
      const good = goods.get(target) ?? (fault.kind === 'slow start' ? await play(target, plan, null, 0) : null)
      if (good !== null) goods.set(target, good)
      const one = summarize(options, { name, fault, target }, plays, good ?? noPlay)
      if (one !== null) played.push(one)
    }
  }
  return played
}

const noPlay: FaultPlay = {
  ...{ noticed: 'not noticed', because: null, step: null, cost: 0, noticeMs: null, backMs: null, readyMs: null },
}
