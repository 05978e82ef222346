import type { Recorded } from '../journal/events.ts'
import type { Millis } from '../moves/goal.ts'
import type { MoveKind, Plan, Step } from '../plan/plan.ts'
import type { MovePlayed, StepPlayed, WavePlayed } from './rehearsal.ts'

const greenOf = (kind: MoveKind, { goal }: Step): number | null => {
  if (goal?.kind === 'weights') return goal.green
  if (kind !== 'worker' || goal?.kind !== 'workload' || goal.blue + goal.green === 0) return null
  return Math.round((100 * goal.green) / (goal.blue + goal.green))
}

/** The steps of one move as they were gone through, in its last attempt. */
const moveOf = (plan: Plan, service: string, entries: readonly Recorded[], begin: Millis): MovePlayed | null => {
  const move = plan.moves[service]
  if (move === undefined) return null
  const crosses = (step: number): boolean => move.steps[step]?.crossing === true
  let steps: {
    step: number
    name: string
    at: Millis
    until: Millis | null
    doneAt: Millis
    verdict: StepPlayed['verdict']
  }[] = []
  for (const { event, at } of entries) {
    if (event.kind === 'ordered' && event.order === 'stay') steps = []
    const last = steps.at(-1)
    // What is prepared waits for its wave: that is no time of the step.
    if (event.kind === 'gate passed' || event.kind === 'came out') if (last?.until === null) last.doneAt = at
    if (event.kind === 'judged' && event.verdict === 'advance' && last?.step === event.step)
      last.verdict = event.cause === 'proven' ? 'proven' : 'timed'
    if ((event.kind === 'entered' || event.kind === 'settled') && last !== undefined)
      last.until ??= crosses(event.kind === 'entered' ? event.step : -1) && !crosses(last.step) ? last.doneAt : at
    if (event.kind === 'entered')
      steps.push({ step: event.step, name: event.name, at, until: null, doneAt: at, verdict: null })
  }
  const [first] = steps
  const until = steps.at(-1)?.until ?? null
  if (first === undefined || until === null) return null
  const from = steps.find(({ step }) => crosses(step)) ?? first
  return {
    ...{ service, kind: move.kind, wave: move.wave, atMs: from.at - begin, tookMs: until - from.at },
    steps: steps.map(({ step, name, at, until: end, verdict }) => {
      const planned = move.steps[step]
      const isJudged = planned?.after.some(({ kind }) => kind === 'verdict') === true
      return {
        ...{ name, atMs: at - begin, tookMs: (end ?? until) - at, verdict: isJudged ? verdict : null },
        green: planned === undefined ? null : greenOf(move.kind, planned),
      }
    }),
  }
}

/** The waves and weights of one play. */
export const timelineOf = (plan: Plan, entries: readonly Recorded[], begin: Millis): readonly WavePlayed[] => {
  const byStream = Map.groupBy(entries, ({ stream }) => stream)
  return plan.waves.flatMap(({ number, phase, services }) => {
    const moves = services.flatMap(
      (service) => moveOf(plan, service, byStream.get(`move/${service}`) ?? [], begin) ?? [],
    )
    if (moves.length === 0) return []
    const atMs = Math.min(...moves.map((move) => move.atMs))
    const until = Math.max(...moves.map((move) => move.atMs + move.tookMs))
    return [{ number, phase, atMs, tookMs: until - atMs, moves: moves.toSorted((a, b) => a.atMs - b.atMs) }]
  })
}
