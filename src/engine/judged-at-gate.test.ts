import { describe, expect, it } from 'vitest'
import { type MoveState, newMove } from '../journal/move-state.ts'
import { movePlan, quickPolicy, stepsOf } from '../moves/testing/small-world.ts'
import { createJudging, makeSample, setUpJudge } from './judging.ts'

const plan = { ...movePlan('shop', 'exposed', 1, []), steps: stepsOf.exposed, policy: quickPolicy }
const weighed = plan.steps.findIndex(({ goal }) => goal?.kind === 'weights')

/** Green has a share by one step, and gates keep the next one from its goal. */
const atGate: MoveState = {
  ...newMove('shop'),
  order: 'cross',
  step: weighed + 1,
  lanes: {
    weights: {
      goal: { kind: 'weights', green: 5 },
      intent: 'shop/weights/1',
      actUntil: 0,
      intendedAt: { position: 1, at: 0 },
      outcome: { kind: 'done', result: null },
      outcomeAt: { position: 2, at: 0 },
    } as unknown as NonNullable<MoveState['lanes']['weights']>, // only its goal is read here
  },
}

const judgingAtGate = () => {
  const judging = createJudging()
  const { era } = atGate
  judging.restore('shop', [
    { kind: 'begin', era, at: 0, setup: setUpJudge(plan, null, []) },
    { kind: 'step', era, at: 0, step: weighed, weightGreen: 5 },
  ])
  let state = atGate
  let at = 0
  return (errors: number) => {
    at += 1_000
    const arm = (failed: number) => ({
      arm: { requests: 200, errors: failed, latency: null },
      assigned: 200,
    })
    const increments = { blue: arm(0), green: arm(errors) } as unknown as Parameters<typeof makeSample>[3]
    const facts = { workload: { blue: null, green: null } } as unknown as Parameters<typeof makeSample>[2]
    const { event } = judging.sample(state, plan, makeSample(state, plan, facts, increments, { at, durationMs: 1_000 }))
    if (event?.kind === 'judged') state = { ...state, judged: { ...event, at, since: at } }
    return event
  }
}

describe('a move that waits at a gate with users on green', () => {
  it('is told at once when green turns bad, by the step that is judged', () => {
    const sample = judgingAtGate()
    expect(sample(0)).toBeNull()
    const events = [sample(200), sample(200), sample(200)]
    expect(events.find((event) => event !== null)).toMatchObject({
      kind: 'judged',
      verdict: 'roll back',
      step: weighed,
    })
  })

  it('is not told what opens no gate of its step', () => {
    const sample = judgingAtGate()
    expect(Array.from({ length: 100 }, () => sample(0)).every((event) => event === null)).toBe(true)
  })
})

it('says the same again of a step whose goal was reached again since it was said', () => {
  const said = { verdict: 'hold', cause: 'dwell', step: weighed, at: 500, since: 500 }
  const reached: MoveState = { ...atGate, step: weighed, reachedAt: 1_500, judged: said as MoveState['judged'] }
  const judging = createJudging()
  judging.restore('shop', [
    { kind: 'begin', era: atGate.era, at: 0, setup: setUpJudge(plan, null, []) },
    { kind: 'step', era: atGate.era, at: 1_500, step: weighed, weightGreen: 5 },
  ])
  const arm = { arm: { requests: 200, errors: 0, latency: null }, assigned: 200 }
  const increments = { blue: arm, green: arm } as unknown as Parameters<typeof makeSample>[3]
  const facts = { workload: { blue: null, green: null } } as unknown as Parameters<typeof makeSample>[2]
  const say = (state: MoveState, at: number) =>
    judging.sample(state, plan, makeSample(state, plan, facts, increments, { at, durationMs: 100 })).event
  const event = say(reached, 1_600)
  expect(event).toMatchObject({ kind: 'judged', verdict: 'hold', cause: 'dwell' })
  const now = { ...said, at: 1_600, since: 1_600 } as MoveState['judged']
  expect(say({ ...reached, judged: now }, 1_700)).toBeNull()
})
