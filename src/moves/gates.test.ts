import fc from 'fast-check'
import { expect, it } from 'vitest'
import { newMove } from '../journal/move-state.ts'
import type { Gate } from '../plan/plan.ts'
import type { MoveContext } from './decision.ts'
import { askGate } from './gates.ts'
import { movePlan } from './testing/small-world.ts'

/** Also what every object answers to although nobody put it there. */
const name = fc.oneof(fc.constantFrom(...Object.getOwnPropertyNames(Object.prototype)), fc.string())

const nothingHappened: MoveContext = {
  state: { ...newMove('web'), step: 0, enteredAt: 0, reachedAt: 0 },
  plan: movePlan('web', 'exposed', 1, []),
  facts: {
    workload: { blue: null, green: null },
    schedule: { blue: null, green: null },
    weights: null,
    windows: {},
    conditions: {},
  },
  gaps: [],
  now: 1_000_000,
}

it('waits for an approval that is called like something that every object has', () => {
  expect(askGate({ kind: 'approval', name: 'constructor' }, nothingHappened)).toMatchObject({
    kind: 'open',
    approval: 'constructor',
  })
})

it('keeps every gate closed, whatever its name is, until what it asks for has happened', () => {
  const gate: fc.Arbitrary<Gate> = fc.oneof(
    name.map((one): Gate => ({ kind: 'approval', name: one })),
    name.map((one): Gate => ({ kind: 'window', name: one })),
    fc.record({ kind: fc.constant('test' as const), name, maxAgeMs: fc.nat() }),
    fc.record({ kind: fc.constant('condition' as const), name, cel: fc.string() }),
    fc.constantFrom<Gate>(
      { kind: 'verdict' },
      { kind: 'ready' },
      { kind: 'same version' },
      { kind: 'good runs', count: 1 },
    ),
  )
  fc.assert(
    fc.property(gate, (one) => {
      expect(askGate(one, nothingHappened)).toMatchObject({ kind: 'open' })
    }),
    { numRuns: 500 },
  )
})
