import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createGathering } from './gathering.ts'

describe('the schedules that a pass of the barrier waits for', () => {
  it('are those that are on their way, until the last of them is here', async () => {
    const gathering = createGathering()
    for (const schedule of ['invoices', 'reports']) gathering.expect(schedule)
    const order: string[] = []
    const over = gathering.over().then(() => order.push('over'))
    gathering.came('invoices')
    // Longer than a pass waits for whom it does not know of.
    await pause(200)
    order.push('the last came')
    gathering.came('reports')
    await over
    expect(order).toEqual(['the last came', 'over'])
  })

  it('are given up after a second, so that one that never comes holds nobody up', async () => {
    const gathering = createGathering()
    gathering.expect('invoices')
    const began = performance.now()
    await gathering.over()
    expect(performance.now() - began).toBeGreaterThan(850)
  })

  it('are none where nobody is on the way', async () => {
    const gathering = createGathering()
    gathering.expect('invoices')
    gathering.came('invoices')
    const order: string[] = []
    await Promise.all([
      gathering.over().then(() => order.push('over')),
      pause(900).then(() => order.push('much later')),
    ])
    expect(order).toEqual(['over', 'much later'])
  })
})
