import type { IncomingMessage } from 'node:http'
import type { Millis, Side } from '../../moves/goal.ts'
import type { Replicas } from './replicas.ts'
import { type Choice, type ChoiceRules, chooseSide, effectiveGreen } from './side-choice.ts'
import type { Code, TrafficCounters } from './traffic-metrics.ts'

/** One service as the router serves it: its two sides, and what decides between them. */
export type Route = {
  readonly service: string
  readonly timeoutMs: Millis
  readonly rules: ChoiceRules
  readonly sides: Readonly<
    Record<Side, { readonly environment: string; readonly replicas: Replicas; readonly counters: TrafficCounters }>
  >
  /** The share of green that is set, in percent. */
  readonly setGreen: () => number
  readonly now: () => Millis
  /** In [0, 1). */
  readonly random: () => number
}

/** The share of green in force now. */
export const greenNow = ({ setGreen, sides }: Route): number =>
  effectiveGreen(setGreen(), { blue: sides.blue.replicas.ready(), green: sides.green.replicas.ready() })

/** One request on its way, counted: as assigned when it is first sent, as finished when `end` is first called. */
export type Passage = {
  readonly choice: Choice
  readonly replicas: Replicas
  readonly environment: string
  /** It goes to this replica; the first one is whom it counts as assigned to, the last one finishes it. */
  sendTo(replica: string): void
  /** The time that counts is the one until here: what follows is an endless stream. */
  stopClock(): void
  end(code: Code): void
  ended(): boolean
}

export const beginPassage = (route: Route, request: IncomingMessage): Passage => {
  const choice = chooseSide(request.headers, route.rules, greenNow(route), route.now(), route.random)
  const { counters, replicas, environment } = route.sides[choice.side]
  const startedAt = performance.now()
  let stoppedAt: number | null = null
  let ended = false
  let sentTo: string | null = null
  return {
    choice,
    replicas,
    environment,
    sendTo: (replica) => {
      if (sentTo === null && !choice.forced) counters.assign(replica)
      sentTo = replica
    },
    stopClock: () => {
      stoppedAt ??= performance.now()
    },
    end: (code) => {
      if (ended) return
      ended = true
      if (choice.forced) {
        counters.finishTest(code)
        return
      }
      if (sentTo === null) counters.assign(null)
      counters.finish(sentTo, code, ((stoppedAt ?? performance.now()) - startedAt) / 1000)
    },
    ended: () => ended,
  }
}
