import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { allMutants } from './all-mutants.ts'
import { invariantOf } from './invariant-of.ts'
import { mutate } from './mutant.ts'
import { parseMutantOptions, sampleOf } from './mutant-options.ts'
import { runMutants } from './run-mutants.ts'
import { tableOf } from './table.ts'
import { checkout } from './workshop.ts'

const sourceOf = (file: string): string => readFileSync(join(checkout, file), 'utf8')

const run = async (...argv: string[]) => {
  const said: string[] = []
  const complained: string[] = []
  const code = await runMutants(
    argv,
    (line) => void said.push(line),
    (line) => void complained.push(line),
  )
  return { code, said, complained: complained.join('\n') }
}

describe('mutants', () => {
  it('are at least 25, each with a name of its own', () => {
    const ids = allMutants.map(({ id }) => id)
    expect(ids.length).toBeGreaterThanOrEqual(25)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it.each(allMutants)('$id finds what it changes exactly once', ({ edits, caughtBy }) => {
    for (const edit of edits) {
      const mutated = mutate(sourceOf(edit.file), edit)
      expect(mutated).toMatchObject({ kind: 'ok' })
      expect(edit.replace).not.toBe(edit.find)
    }
    if (caughtBy.kind === 'suite') expect(existsSync(join(checkout, caughtBy.path))).toBe(true)
  })

  it('are told to be written anew when what they change is not there, or there twice', () => {
    const edit = { file: 'src/a.ts', find: 'one', replace: 'two' }
    expect(mutate('a one', edit)).toEqual({ kind: 'ok', text: 'a two' })
    expect(mutate('nobody', edit)).toMatchObject({
      kind: 'stale',
      because: expect.stringContaining('has 0 times "one"'),
    })
    expect(mutate('one one', edit)).toMatchObject({ kind: 'stale', because: expect.stringContaining('has 2 times') })
  })

  it('take a replacement to the letter', () => {
    expect(mutate('a', { file: 'f', find: 'a', replace: '$& $1' })).toEqual({ kind: 'ok', text: '$& $1' })
  })
})

describe('npm run mutants', () => {
  it('sees that the sources as they are pass, and finds a bug by simulated releases', async () => {
    const { code, said } = await run('starts-wave-early', '--releases', '3', '--seed', '1', '--workers', '1')
    expect(said[1]).toMatch(/^the sources as they are pass/)
    expect(said[2]).toMatch(/^caught {3}starts-wave-early +3 \(waves\), \d releases?: wave \d starts before \w+/)
    expect(said.at(-1)).toBe('1 passed, 0 failed')
    expect(code).toBe(0)
  })

  it('shows all of them', async () => {
    const { code, said } = await run('--list')
    expect(code).toBe(0)
    expect(said).toHaveLength(allMutants.length)
  })

  it.each([
    [['nobody'], 'there is no mutant nobody; "--list" shows them all'],
    [['--releases', '0'], '--releases is "0", but takes a whole number from 1 to 1000000'],
    [['--seed', '-'], '--seed is "-"'],
    [['--sead', '1'], "Unknown option '--sead'"],
  ])('refuses %j and says what it takes', async (argv, words) => {
    const { code, complained } = await run(...argv)
    expect(code).toBe(2)
    expect(complained).toContain(words)
    expect(complained).toContain('Usage: npm run mutants')
  })

  it('takes 2,000 releases, seed 1 and two at a time by itself', () => {
    const parsed = parseMutantOptions([], 0)
    expect(parsed).toMatchObject({ kind: 'ok', options: { releases: 2000, seed: 1, workers: 2, write: false } })
  })

  it('takes other ones every day, and all of them within some days', () => {
    const days = Array.from({ length: 10 }, (_, day) => sampleOf(allMutants, 7, 20_000 + day))
    expect(days.every((sample) => sample.length === 7)).toBe(true)
    expect(new Set(days.flat()).size).toBe(allMutants.length)
  })

  it('says which invariant a problem is about', () => {
    expect(invariantOf('wave 2 starts before cart')).toBe('3 (waves)')
    expect(invariantOf('tick 2026-01-07T12:00:12.000Z of cart runs on blue, and again on green')).toBe('1 (ticks)')
    expect(invariantOf('the moon is full')).toBe('other')
  })

  it('writes a table that any text fits into', () => {
    const [mutant] = allMutants
    if (mutant === undefined) throw new Error('there are none')
    const table = tableOf(
      [{ mutant, fate: { kind: 'caught', by: '3 (waves)', words: 'a | b\nc', after: '1 release' } }],
      'npm run mutants',
    )
    expect(table).toContain(`| \`${mutant.id}\` | ${mutant.breaks} | 3 (waves) | a \\| b | 1 release |`)
  })
})
