import { expect, it } from 'vitest'
import type { Recorded } from '../../journal/events.ts'
import type { Json } from '../../moves/goal.ts'
import { ticksTakenForNothing } from './taken-ticks.ts'

const cameOut = (result: Json): Recorded => ({
  ...{ position: 1, stream: 'move/invoices', version: 1, at: 0, epoch: 1, observation: 0 },
  ...{ previous: '', hash: '' },
  event: { kind: 'came out', intent: 'invoices/schedule/1', outcome: { kind: 'done', result } },
})
const handedOver = cameOut({
  owner: 'green',
  cursor: 6,
  fenced: [2, 4, 6, 8],
  missed: { policy: 'latest', skipped: [4], byHand: [] },
})

it('names a tick that was taken before the cursor, did not run, and was not let go', () => {
  expect(ticksTakenForNothing('invoices', [handedOver], new Set([6]))).toEqual([2])
})

it('names none that ran, nor any of another service', () => {
  expect(ticksTakenForNothing('invoices', [handedOver], new Set([2, 6]))).toEqual([])
  expect(ticksTakenForNothing('mailer', [handedOver], new Set())).toEqual([])
})
