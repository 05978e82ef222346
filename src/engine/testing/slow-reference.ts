import { canonicalJson } from '../../journal/canonical-json.ts'
import { type JournalEvent, type Recorded, releaseStream } from '../../journal/events.ts'
import { emptyJournal, foldJournal } from '../../journal/fold.ts'
import { decideTurn } from '../../moves/decide-turn.ts'
import type { MoveFacts } from '../../moves/facts.ts'
import type { Millis } from '../../moves/goal.ts'
import type { Plan } from '../../plan/plan.ts'

export type Told = { readonly stream: string; readonly event: JournalEvent }

/**
 * What an engine has to decide, found the slow way: the whole journal folded from its beginning, every move asked, nothing
 * remembered. `wakeAt`: when it would have to be asked again; null: when something happens.
 */
export const decideSlowly = (given: {
  readonly plan: Plan
  readonly entries: readonly Recorded[]
  readonly facts: (service: string) => MoveFacts
  readonly now: Millis
  readonly epoch: number
}): { readonly events: readonly Told[]; readonly wakeAt: Millis | null } => {
  const { plan, facts, now, epoch } = given
  const entries = [...given.entries]
  const events: Told[] = []
  for (;;) {
    const result = decideTurn({
      journal: foldJournal(emptyJournal(plan.release), entries),
      woken: new Set(Object.keys(plan.moves)),
      reports: new Map(),
      ...{ plan, facts, now, epoch, observation: 0, maxSteps: 10_000 },
    })
    const wakes = [...result.wakeMoves.values(), result.wakeRelease].filter((at) => at !== null)
    if (result.events.length === 0) return { events, wakeAt: wakes.length === 0 ? null : Math.min(...wakes) }
    for (const { stream, event } of result.events) {
      events.push({ stream, event })
      const version = entries.filter((entry) => entry.stream === stream).length + 1
      const position = entries.length + 1
      entries.push({ position, stream, version, at: now, epoch, observation: 0, event, hash: '' })
    }
  }
}

const isCall = ({ kind }: JournalEvent): boolean => kind === 'called a person' || kind === 'call ended'

/**
 * Events by stream: between streams, the order in which moves are asked is nobody's business. So it is between calls of a
 * person that are about different things: what a move waits for is known from when it was asked last, and within a turn
 * an engine that has just begun asks sooner. They come last here, by what they say.
 */
export const byStream = (told: readonly Told[]): Readonly<Record<string, readonly JournalEvent[]>> =>
  Object.fromEntries(
    [releaseStream, ...new Set(told.map(({ stream }) => stream))].map((stream) => {
      const own = told.filter((one) => one.stream === stream).map(({ event }) => event)
      const calls = own.filter(isCall).toSorted((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1))
      return [stream, [...own.filter((event) => !isCall(event)), ...calls]]
    }),
  )
