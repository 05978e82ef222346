import { type JournalEvent, type PersonRequest, type Recorded, releaseStream } from '../journal/events.ts'
import { callKey } from '../journal/release-state.ts'
import type { Millis } from '../moves/goal.ts'
import type { Plan } from '../plan/plan.ts'
import type { Store } from '../store/store.ts'
import type { SimulatedClock } from './simulated-clock.ts'

type Call = Extract<JournalEvent, { kind: 'called a person' }>

/** What a person does who is called because something is wrong: lets it go on, or takes the service back. */
export type InTrouble = 'goes on' | 'takes back'

export type PersonWaited = {
  readonly service: string | null
  readonly from: Millis
  readonly until: Millis
  readonly for: string
}

const approvalAsked = /^titrate approve (.+?)(?: --service (\S+))?$/

/** Who may give this approval: one of those whom the plan names, or anyone. */
const approverOf = (plan: Plan, service: string | null, name: string): string => {
  const gates =
    service === null ? [] : (plan.moves[service]?.steps ?? []).flatMap(({ before, after }) => [...before, ...after])
  const gate = gates.find((one) => one.kind === 'approval' && one.name === name)
  return (gate?.kind === 'approval' ? gate.by?.[0] : undefined) ?? 'somebody'
}

const approves = (call: Call): { readonly gate: string; readonly service: string | null } | null => {
  const [, gate, service] =
    call.actions.map((action) => approvalAsked.exec(action)).find((found) => found !== null) ?? []
  return gate === undefined ? null : { gate, service: service ?? null }
}

const answerTo = (call: Call, inTrouble: InTrouble): PersonRequest | null => {
  const approval = approves(call)
  if (approval !== null) return { kind: 'approve', ...approval, evidence: null, note: null }
  const because = 'the rehearsal'
  const asks = (what: string): boolean => call.actions.some((action) => action.startsWith(`titrate ${what}`))
  if (inTrouble === 'takes back' && call.service !== null && asks('rollback'))
    return { kind: 'roll back', scope: { kind: 'service', service: call.service }, because, assumeDead: null }
  if (inTrouble === 'takes back') return null
  if (asks('resume') && call.service !== null) return { kind: 'resume', service: call.service, because }
  if (asks('retry')) return { kind: 'retry', service: null, because }
  return null
}

/**
 * The person whom the release asks and calls, as far as one is needed: approves what waits for an approval, and answers
 * to trouble as told, both after `answerMs`. `waited` has every time that somebody was waited for.
 */
export const createRehearsedPerson = (options: {
  readonly clock: SimulatedClock
  readonly store: Store
  readonly plan: Plan
  readonly answerMs: Millis
  readonly inTrouble: InTrouble
}) => {
  const { clock, store } = options
  const called = new Map<string, Call & { readonly at: Millis }>()
  const waited: PersonWaited[] = []
  /** What somebody is on the way to answer about: services, '' for the release. */
  const answering = new Set<string>()
  let requests = 0

  const over = (key: string): void => {
    const call = called.get(key)
    if (call === undefined) return
    called.delete(key)
    waited.push({ service: call.service, from: call.at, until: clock.now(), for: approves(call)?.gate ?? call.because })
  }
  const ask = (request: PersonRequest, by: string): void => {
    requests += 1
    const event = { kind: 'requested', id: `answer ${requests}`, by, seen: 0, request } as const
    // A store in memory with room takes it.
    void store.append({
      ...{ at: clock.now(), epoch: 0, observation: 0 },
      batches: [{ stream: releaseStream, expected: 'any', events: [event] }],
    })
  }
  /** To the newest call about it that is still open; false: nobody is needed any more. */
  const answerAbout = (service: string | null): boolean => {
    const call = [...called.values()].findLast((one) => one.service === service)
    const answer = call === undefined ? null : answerTo(call, options.inTrouble)
    if (call === undefined || answer === null) return false
    const approval = approves(call)
    ask(answer, approval === null ? 'somebody' : approverOf(options.plan, approval.service, approval.gate))
    return true
  }
  return {
    waited: (): readonly PersonWaited[] => waited,
    /** What nobody has answered yet. */
    open: (): readonly Call[] => [...called.values()],
    hear: (entries: readonly Recorded[]): void => {
      for (const { event } of entries) {
        if (event.kind === 'call ended') over(event.key)
        if (event.kind === 'ended') for (const key of called.keys()) over(key)
        if (event.kind !== 'called a person') continue
        const key = callKey(event.service, event.because)
        called.set(key, { ...event, at: clock.now() })
        const about = event.service ?? ''
        if (answering.has(about)) continue
        answering.add(about)
        clock.at(clock.now() + options.answerMs, () => {
          answering.delete(about)
          return answerAbout(event.service)
        })
      }
    },
  }
}
