import type { Millis, Side } from '../moves/goal.ts'
import { actsOf, outcomeWord, resultOf } from './intents.ts'
import { fields, numberAt, numbersAt, textAt } from './json-fields.ts'
import type { Material } from './material.ts'

/** A schedule that passed from one side to the other. Whatever was not measured is null. */
export type Handoff = {
  readonly service: string
  readonly to: Side
  readonly at: Millis
  readonly outcome: string
  /** How long neither side ran the schedule. */
  readonly pauseMs: Millis | null
  /** How long it waited for runs in flight. */
  readonly waitedMs: Millis | null
  readonly cursor: Millis | null
  /** Ticks that got a tombstone on the other side. */
  readonly fenced: readonly Millis[]
  /** Ticks that passed during the pause: let go by policy, or run by hand. */
  readonly skipped: readonly Millis[]
  readonly byHand: readonly Millis[]
  readonly late: readonly Millis[]
  readonly mayRunTwice: readonly Millis[]
  readonly note: string | null
  readonly entry: number
}

export const readHandoffs = (material: Material): readonly Handoff[] =>
  actsOf(material, 'schedule').flatMap((act) => {
    if (act.goal.kind !== 'schedule') return []
    const result = resultOf(act)
    const missed = fields(result)['missed']
    return [
      {
        service: act.service,
        to: act.goal.owner,
        at: act.outcomeAt ?? act.intendedAt,
        outcome: outcomeWord(act),
        pauseMs: numberAt(result, 'pauseMs'),
        waitedMs: numberAt(result, 'waitedMs'),
        cursor: numberAt(result, 'cursor'),
        fenced: numbersAt(result, 'fenced'),
        skipped: numbersAt(missed, 'skipped'),
        byHand: numbersAt(missed, 'byHand'),
        late: numbersAt(result, 'late'),
        mayRunTwice: numbersAt(result, 'mayRunTwice'),
        note: textAt(result, 'note'),
        entry: act.entry,
      },
    ]
  })

/** Replicas that went from one side to the other. */
export type Shift = {
  readonly service: string
  readonly at: Millis
  readonly before: { readonly blue: number; readonly green: number } | null
  readonly after: { readonly blue: number; readonly green: number }
  readonly outcome: string
  readonly readyMs: Millis | null
  readonly tookMs: Millis | null
  readonly note: string | null
  readonly entry: number
}

export const readShifts = (material: Material): readonly Shift[] =>
  actsOf(material, 'workload').flatMap((act) => {
    if (act.goal.kind !== 'workload') return []
    const result = resultOf(act)
    const before = fields(result)['before']
    const [blue, green] = [numberAt(before, 'blue'), numberAt(before, 'green')]
    return [
      {
        service: act.service,
        at: act.outcomeAt ?? act.intendedAt,
        before: blue === null || green === null ? null : { blue, green },
        after: { blue: act.goal.blue, green: act.goal.green },
        outcome: outcomeWord(act),
        readyMs: numberAt(result, 'readyMs'),
        tookMs: numberAt(result, 'totalMs'),
        note: textAt(result, 'note'),
        entry: act.entry,
      },
    ]
  })

export type TestRun = {
  readonly service: string
  readonly name: string
  readonly at: Millis
  readonly passed: boolean | null
  readonly summary: string
  readonly figures: readonly { readonly name: string; readonly value: string }[]
  readonly entry: number
}

export const readTests = (material: Material): readonly TestRun[] =>
  actsOf(material, 'test').flatMap((act) => {
    if (act.goal.kind !== 'test') return []
    const result = fields(resultOf(act))
    const figures = Object.entries(fields(result['figures'])).flatMap(([name, value]) =>
      typeof value === 'number' || typeof value === 'string' ? [{ name, value: String(value) }] : [],
    )
    return [
      {
        service: act.service,
        name: act.goal.name,
        at: act.outcomeAt ?? act.intendedAt,
        passed: typeof result['passed'] === 'boolean' ? result['passed'] : null,
        summary: typeof result['summary'] === 'string' ? result['summary'] : outcomeWord(act),
        figures,
        entry: act.entry,
      },
    ]
  })

/** The paired benchmark of a service is one of its tests, whose figures hold ratios. */
export const hasBenchmark = (tests: readonly TestRun[]): boolean => tests.some(({ name }) => /bench/i.test(name))
