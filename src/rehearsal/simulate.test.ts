import { describe, expect, it } from 'vitest'
import { playScenario } from './testing/play.ts'
import { playSeed } from './testing/play-seed.ts'
import { drawScenario } from './testing/scenario.ts'
import { shrink } from './testing/shrink.ts'
import { failedSeeds, simulate } from './testing/simulate.ts'
import { parseSimulateOptions } from './testing/simulate-options.ts'

const run = async (...argv: string[]) => {
  const said: string[] = []
  const complained: string[] = []
  const code = await simulate(
    argv,
    (line) => void said.push(line),
    (line) => void complained.push(line),
  )
  return { code, said, complained: complained.join('\n') }
}

describe('releases with everything going wrong', () => {
  it('keep all invariants', async () => {
    const first = Number(process.env.TITRATE_SEED ?? Math.floor(Math.random() * 2 ** 32))
    const seeds = Array.from({ length: 100 }, (_, index) => (first + index) % 2 ** 32)
    for (const seed of seeds) {
      const { problems } = await playSeed(seed)
      expect(problems, `npm run simulate -- --replay ${seed}`).toEqual([])
    }
  })

  it.each(failedSeeds)('keep them where they once did not: seed %i', async (seed) => {
    expect((await playSeed(seed)).problems).toEqual([])
  })

  it('are the same to the letter for the same seed', async () => {
    const [one, again] = [await playScenario(drawScenario(77)), await playScenario(drawScenario(77))]
    expect(JSON.stringify(again.entries)).toBe(JSON.stringify(one.entries))
    expect(again.coverage).toEqual(one.coverage)
  })

  it('are shrunk to what a failure needs', async () => {
    const scenario = Array.from({ length: 200 }, (_, seed) => drawScenario(seed)).find(
      ({ troubles, estate }) =>
        troubles.length > 5 &&
        estate.services.length > 2 &&
        troubles.some((trouble) => trouble.on === 'time' && trouble.what.kind === 'freeze'),
    )
    if (scenario === undefined) throw new Error('no such scenario among 200')
    /** As if every freeze were the end of it. */
    const play: typeof playScenario = async ({ troubles }) => ({
      ...{ outcome: 'open', entries: [], coverage: {}, simulatedMs: 0 },
      problems: troubles.some((trouble) => trouble.on === 'time' && trouble.what.kind === 'freeze') ? ['frozen'] : [],
    })
    const shrunk = await shrink(scenario, await play(scenario), play)
    expect(shrunk.scenario.troubles).toMatchObject([{ on: 'time', what: { kind: 'freeze' } }])
    expect(shrunk.scenario.estate.services).toHaveLength(1)
  })
})

describe('npm run simulate', () => {
  it('ends with a tally, and says what was met and what was not', async () => {
    const { code, said } = await run('--releases', '25', '--seed', '5')
    expect(code).toBe(0)
    expect(said.at(-1)).toMatch(new RegExp(`^${25 + failedSeeds.length} releases, 0 failed, \\d+ releases/s$`))
    expect(said.at(-2)).toBe(`${25 + failedSeeds.length} passed, 0 failed`)
    expect(said.join('\n')).toMatch(/rules of the two deciders: \d+ of \d+ met/)
    expect(said.join('\n')).toMatch(/not met: handoff to/)
  })

  it('plays one release again, for people to read', async () => {
    const { code, said } = await run('--replay', '5')
    expect(code).toBe(0)
    expect(said.join('\n')).toContain('#1 release (1) {"kind":"created"')
    expect(said.join('\n')).toMatch(/ s     green provision \w+ for/)
  })

  it('plays no more once it is stopped, and tells what it has played', async () => {
    const stop = new AbortController()
    const said: string[] = []
    const say = (line: string): void => {
      said.push(line)
      if (line.startsWith('seed 5')) stop.abort()
    }
    expect(await simulate(['--seconds', '600', '--seed', '5', '--workers', '1'], say, say, stop.signal)).toBe(0)
    expect(said.join('\n')).toMatch(/stopped after \d+ s/)
    expect(said.at(-1)).toMatch(new RegExp(`^${failedSeeds.length} releases, 0 failed`))
  })

  it('draws a seed and says it where none was given', async () => {
    expect((await run('--releases', '1')).said[0]).toMatch(/^seed \d+ \(drawn/)
  })

  it.each([
    [['--seed', 'x'], '--seed is "x", but takes a whole number from 0 to 4294967295'],
    [['--releases', '0'], '--releases is "0", but takes a whole number from 1'],
    [['--releases'], '--releases needs a number after it'],
    [['--relases', '5'], '"--relases" is unknown here; there are --releases, --seconds'],
    [['--seed=1.5'], '--seed is "1.5"'],
  ])('refuses %j and says what it takes', async (argv, words) => {
    const { code, complained } = await run(...argv)
    expect(code).toBe(2)
    expect(complained).toContain(words)
    expect(complained).toContain('Usage: npm run simulate')
  })

  it('takes every flag with or without "="', () => {
    expect(parseSimulateOptions(['--seed=3', '--workers', '2', '--seconds=9', '--releases', '4'])).toEqual({
      kind: 'ok',
      options: { seed: 3, workers: 2, seconds: 9, releases: 4, replay: null },
    })
  })
})
