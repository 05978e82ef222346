import { describe, expect, it } from 'vitest'
import { countTicks, disagreements, dueTicks, parseRuns, type RunLine, seeTicks } from './accounting.ts'

const second = 1_000
const everyThree = { service: 'invoices', cron: '*/3 * * * * *', suspended: false }
const run = (tick: number | null, environment: string, what: RunLine['what'] = 'began'): RunLine => ({
  what,
  service: 'invoices',
  environment,
  run: `invoices-${tick}-${environment}`,
  tick,
  at: 0,
})
const range = { from: 0, until: 9 * second }

describe('ticks that are due', () => {
  it('lie after the beginning, up to and with the end', () => {
    expect(dueTicks(everyThree, 0, 9 * second)).toEqual([3_000, 6_000, 9_000])
  })

  it('are none for a suspended schedule', () => {
    expect(dueTicks({ ...everyThree, suspended: true }, 0, 9 * second)).toEqual([])
  })
})

describe('the count of ticks by the jobs themselves', () => {
  const count = (runs: readonly RunLine[]) => {
    const { from, until } = range
    return countTicks(seeTicks([everyThree], runs, from, until), [everyThree], range, [])
  }

  it('finds a tick that ran on both sides', () => {
    const runs = [run(3_000, 'blue'), run(6_000, 'blue'), run(6_000, 'green'), run(9_000, 'green')]
    expect(count(runs)).toEqual({ expected: 3, ran: 2, duplicate: 1, missed: 0, unseen: 0 })
  })

  it('finds a tick that ran twice on one side, and one that never ran', () => {
    expect(count([run(3_000, 'blue'), run(3_000, 'blue'), run(9_000, 'green')])).toEqual({
      expected: 3,
      ran: 1,
      duplicate: 1,
      missed: 1,
      unseen: 0,
    })
  })

  it('leaves out runs outside the schedule, and lines that only tell how a run ended', () => {
    const runs = [run(null, 'green'), run(3_000, 'blue'), run(3_000, 'blue', 'ended'), run(6_000, 'blue')]
    expect(count([...runs, run(9_000, 'blue')])).toMatchObject({ ran: 3, duplicate: 0 })
  })

  it('counts a run of a suspended schedule as seen although nothing was due', () => {
    const suspended = { ...everyThree, suspended: true }
    expect(seeTicks([suspended], [run(3_000, 'green')], 0, 9 * second)).toEqual([
      { service: 'invoices', tick: 3_000, ranOn: { blue: 0, green: 1 } },
    ])
  })

  it('takes what the ledger could not see from the ledger', () => {
    const ledger = [{ service: 'invoices', tick: 3_000, blue: 0, green: 0, fate: 'unseen' as const }]
    expect(countTicks([], [everyThree], range, ledger).unseen).toBe(1)
  })
})

describe('the comparison with the ledger', () => {
  const ticks = seeTicks([everyThree], [run(3_000, 'blue'), run(6_000, 'green')], 0, 6 * second)
  const row = (tick: number, blue: number, green: number) =>
    ({ service: 'invoices', tick, blue, green, fate: 'ran' }) as const

  it('is silent where both say the same', () => {
    expect(disagreements(ticks, [row(3_000, 1, 0), row(6_000, 0, 1)])).toEqual([])
  })

  it('names a tick of which they say different things', () => {
    expect(disagreements(ticks, [row(3_000, 0, 1)])[0]).toMatch(/jobs say blue 1, green 0.*ledger says blue 0, green 1/)
  })

  it('leaves out ticks that only the ledger knows', () => {
    expect(disagreements(ticks, [row(60_000, 0, 0)])).toEqual([])
  })
})

describe('the file of runs', () => {
  it('is read up to its last whole line', () => {
    const whole = JSON.stringify(run(3_000, 'blue'))
    expect(parseRuns(`${whole}\n{"what":"beg`)).toEqual([run(3_000, 'blue')])
    expect(parseRuns('')).toEqual([])
  })
})
