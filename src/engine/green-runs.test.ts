import { describe, expect, it } from 'vitest'
import { newMove } from '../journal/move-state.ts'
import { movePlan } from '../moves/testing/small-world.ts'
import { createGreenRuns } from './green-runs.ts'
import type { Run } from './ports.ts'

const job = movePlan('invoices', 'job', 1, [])
const crossing = { ...newMove('invoices'), step: 2, order: 'cross' as const }
const run = (tick: number, result: Run['result'] = 'succeeded', side: Run['side'] = 'green'): Run => ({
  name: `invoices-${tick}`,
  service: 'invoices',
  side,
  tick: tick * 1000,
  startedAt: tick * 1000,
  endedAt: tick * 1000 + 200,
  result,
  exitCode: result === 'failed' ? 1 : 0,
})

describe('runs of a job on green', () => {
  it('are taken in once, however often and however late they are read', () => {
    const runs = createGreenRuns(job)
    const all = Array.from({ length: 500 }, (_, index) => run(index))
    expect(runs.take(all, crossing)).toHaveLength(500)
    expect(runs.take(all, crossing)).toHaveLength(0)
  })

  it('are not taken in again by the next engine', () => {
    const all = Array.from({ length: 500 }, (_, index) => run(index))
    const state = { ...crossing, runs: all.slice(-100).map(({ name }) => name), ranAt: 500_000 }
    expect(createGreenRuns(job).take([...all, run(500)], state)).toMatchObject([{ run: 'invoices-500' }])
  })

  it('do not count while the job is still on blue', () => {
    expect(createGreenRuns(job).take([run(1)], { ...crossing, step: 0 })).toHaveLength(0)
  })

  it('are worth an event only when they fail, once the job has settled', () => {
    const settled = { ...crossing, settled: { on: 'green' as const, label: null, at: 0 } }
    expect(createGreenRuns(job).take([run(1), run(2, 'failed')], settled)).toMatchObject([
      { run: 'invoices-2', good: false },
    ])
  })

  it('send the job back when they fail far more often than on blue', () => {
    const runs = createGreenRuns(job)
    const blue = Array.from({ length: 100 }, (_, index) => run(index, 'succeeded', 'blue'))
    const green = [201, 202, 203, 204].map((tick) => run(tick, 'failed'))
    expect(runs.take([...blue, ...green], crossing).at(-1)).toMatchObject({ kind: 'judged', verdict: 'roll back' })
  })
})
