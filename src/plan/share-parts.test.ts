import { describe, expect, it } from 'vitest'
import { movePlan, smallPlan } from '../moves/testing/small-world.ts'
import type { Plan } from './plan.ts'
import { shareParts } from './share-parts.ts'

describe('the parts of a plan that came from a journal', () => {
  const moves = {
    web: movePlan('web', 'exposed', 1, []),
    shop: movePlan('shop', 'exposed', 1, []),
    big: { ...movePlan('big', 'exposed', 1, []), replicas: 9 },
    mail: movePlan('mail', 'internal', 1, []),
  }
  const plan: Plan = { ...smallPlan({ parallelMs: 0 }), moves }
  const read = JSON.parse(JSON.stringify(plan)) as Plan // what a journal gives back

  it('are those of every move that is alike, and say what they said', () => {
    const shared = shareParts(read)
    expect(shared).toEqual(read)
    expect(read.moves['web']?.steps).not.toBe(read.moves['shop']?.steps)
    expect(shared.moves['web']?.steps).toBe(shared.moves['shop']?.steps)
    expect(shared.moves['web']?.policy).toBe(shared.moves['mail']?.policy)
    expect(shared.moves['web']?.steps).not.toBe(shared.moves['mail']?.steps)
  })

  it('are shared step by step where moves differ in one', () => {
    const steps = (moves.big.steps ?? []).map((step, index) => (index === 1 ? { ...step, limitMs: 1 } : step))
    const odd = { ...read, moves: { ...read.moves, big: { ...moves.big, steps } } }
    const { web, big } = shareParts(odd).moves
    expect(big?.steps[0]).toBe(web?.steps[0])
    expect(big?.steps[1]).not.toEqual(web?.steps[1])
  })
})
