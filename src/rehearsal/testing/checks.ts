import type { Call, Run } from '../../engine/ports.ts'
import type { Recorded } from '../../journal/events.ts'
import type { Goal, Side } from '../../moves/goal.ts'
import { createInvariants } from '../../moves/testing/invariants.ts'
import type { Plan } from '../../plan/plan.ts'
import type { ByHand } from './happen.ts'
import { plantedSecret } from './random-estate.ts'

export type Intended = {
  readonly service: string
  readonly goal: Goal
  readonly version: number
  readonly epoch: number
  readonly at: number
}

/** An intent handed back has its own name on the objects; in the journal it is the one that it hands back. */
export const intentOf = (intent: string): { readonly intent: string; readonly handsBack: boolean } =>
  intent.endsWith('/back')
    ? { intent: intent.slice(0, -'/back'.length), handsBack: true }
    : { intent, handsBack: false }

const isBreakGlass = (intent: string): boolean => intent.includes('/break-glass-')

/**
 * What has to hold at every moment, told from the entries of the journal and the truth of the world alone: it shares no
 * code with what it checks. `problems` is empty as long as all holds.
 */
export const createChecks = (plan: Plan, byHand: ByHand, isUntroubled: boolean) => {
  /** Lanes that somebody moved towards blue by hand, as the journal has it. */
  const towardsBlue = new Set<string>()
  const invariants = createInvariants(plan, { seen: (service, lane) => towardsBlue.has(`${service} ${lane}`) })
  const { problems } = invariants
  const intents = new Map<string, Intended>()
  const highest = { epoch: 0, tookOver: 0 }
  const ran = new Map<string, Side>()
  const goneBack = new Map<string, number>()
  const allowedBack = new Map<string, number>()
  let wishes = 0

  /** The judge may err: once in a hundred services, by its own word. */
  const accused = new Set<string>()
  const isJudged = (service: string | null): boolean => (service === null ? accused.size > 0 : accused.has(service))
  const broken = (what: string): void => void problems.push(what)
  const forget = (service: string | null): void => {
    for (const key of towardsBlue) if (service === null || key.startsWith(`${service} `)) towardsBlue.delete(key)
  }

  const takeMove = (service: string, entry: Recorded): void => {
    const { event } = entry
    switch (event.kind) {
      case 'intended':
        intents.set(event.intent, {
          service,
          goal: event.goal,
          version: entry.version,
          epoch: entry.epoch,
          at: entry.at,
        })
        return
      case 'judged':
        if (event.against) accused.add(service)
        return
      case 'drifted':
        if (event.towards === 'blue') towardsBlue.add(`${service} ${event.lane}`)
        return
      case 'drift ended':
        towardsBlue.delete(`${service} ${event.lane}`)
        return
      case 'resumed':
        return forget(service)
      case 'ordered': {
        if (event.order !== 'back') return
        forget(service)
        const times = (goneBack.get(service) ?? 0) + 1
        goneBack.set(service, times)
        // Once by itself, and as often as people let it try again or asked for it.
        if (times > 1 + (allowedBack.get(service) ?? 0) + wishes)
          broken(`${service} goes back for the ${times}th time although nobody asked for another attempt`)
        return
      }
      default:
        return
    }
  }
  const takeRelease = (entry: Recorded): void => {
    const { event } = entry
    switch (event.kind) {
      case 'took over':
        if (event.epoch <= highest.tookOver) broken(`epoch ${event.epoch} takes over after epoch ${highest.tookOver}`)
        highest.tookOver = event.epoch
        return
      case 'retried':
        for (const service of event.services) {
          forget(service)
          allowedBack.set(service, (allowedBack.get(service) ?? 0) + 1)
        }
        return
      case 'called a person':
        if (isUntroubled && !event.because.startsWith('waits for the approval') && !isJudged(event.service))
          broken(`a person is called although nothing is wrong: ${event.because}`)
        return
      case 'requested':
        if (event.request.kind === 'roll back') wishes += 1
        // Whoever says no brings about the rest.
        if (event.request.kind !== 'approve') isUntroubled = false
        return
      case 'resumed':
        return forget(null)
      case 'stop cleared':
        // What was on its way back when break-glass stopped it is sent back again, and goes on with it.
        wishes += 1
        for (const service of goneBack.keys()) allowedBack.set(service, (allowedBack.get(service) ?? 0) + 1)
        return
      default:
        return
    }
  }

  return {
    problems,
    intents: intents as ReadonlyMap<string, Intended>,
    startTurn: invariants.startTurn,
    take: (entries: readonly Recorded[]): void => {
      for (const entry of entries) {
        invariants.take(entry.stream, entry.event)
        if (entry.epoch !== 0 && entry.epoch < highest.epoch)
          broken(
            `entry ${entry.position} (${entry.event.kind}) is of epoch ${entry.epoch}, after epoch ${highest.epoch}`,
          )
        if (entry.stream === 'release') takeRelease(entry)
        else takeMove(entry.stream.slice('move/'.length), entry)
        highest.epoch = Math.max(highest.epoch, entry.epoch)
      }
    },
    /** Before every act of an engine: its intent stands in the journal, and is the very one that it says. */
    acts: (method: string, service: string, by: Call): void => {
      if (isBreakGlass(by.intent)) return
      const intended = intents.get(intentOf(by.intent).intent)
      if (intended === undefined) return broken(`${method} of ${service} for ${by.intent}, which is in no journal`)
      if (intended.service !== service || by.fence.move !== service)
        broken(`${method} of ${service} for ${by.intent}, which is of ${intended.service}`)
      if (by.fence.epoch < intended.epoch)
        broken(
          `${method} of ${service} by epoch ${by.fence.epoch} for ${by.intent}, which is of epoch ${intended.epoch}`,
        )
      if (by.fence.version !== intended.version)
        broken(
          `${method} of ${service} by version ${by.fence.version}, but ${by.intent} is version ${intended.version}`,
        )
    },
    weightSet: (service: string, green: number, by: Call | null): void => {
      // Whatever was moved towards blue by hand before, this is the newest that a person wants.
      if (by === null) return void towardsBlue.delete(`${service} weights`)
      if (isBreakGlass(by.intent)) return
      const authorised = invariants.authorised(service)
      if (green > authorised) broken(`${service} gets ${green} % where ${authorised} % was authorised`)
    },
    /** Whatever a person moved towards blue before, this is the newest that they want. */
    changedByHand: (service: string, lane: 'workload' | 'schedule'): void => {
      towardsBlue.delete(`${service} ${lane}`)
    },
    /** `isForbidden`: it was suspended on blue before, and stays so. */
    runStarted: ({ service, side, tick }: Run, isForbidden: boolean): void => {
      if (tick === null || byHand.has(`${service} schedule`)) return
      const key = `${service} ${tick}`
      const before = ran.get(key)
      if (before !== undefined)
        broken(`tick ${new Date(tick).toISOString()} of ${service} runs on ${before}, and again on ${side}`)
      if (isForbidden) broken(`${service} runs on ${side} although it was suspended`)
      ran.set(key, side)
    },
    /** Of a service of which only one copy may run. */
    runsTwice: (service: string): void => {
      if (!byHand.has(`${service} workload`)) broken(`copies of ${service} run on both sides, where only one may`)
    },
    text: (what: string, text: string): void => {
      if (text.includes(plantedSecret)) broken(`a secret is in ${what}`)
    },
  }
}
