import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEstate, type Estate } from './estate.ts'

/** What each fault is, is tested beside the reader; here: what a person sees, and the exit code. */
describe('a release file with faults', () => {
  let estate: Estate
  beforeAll(() => {
    estate = createEstate()
  })
  afterAll(() => estate.close(), 60_000)

  const head = 'apiVersion: titrate.dev/v1alpha1\nkind: Release\nname: trouble\nblue: blue.yaml\ngreen: green.yaml\n'
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
  for (const [n, name] of 'bcdefghij'.split('').entries())
    bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefghij'[n]}`).join(', ')}]`)

  it.each<[string, string | Buffer, readonly string[]]>([
    [
      'wrong types, unknown keys, weights out of order and a bad zone, all at once',
      `${head}polcy: {}\npolicy:\n  weights: [50, 5]\n  soak: soon\n  maxPerWave: many\ncalendar: { zone: Mars/Base }\n`,
      ['polcy', 'policy', '50', 'soon', 'many', 'Mars/Base', 'release.yaml:6'],
    ],
    ['an environment that is not there', head.replace('green.yaml', 'gren.yaml'), ['gren.yaml', 'release.yaml:5']],
    ['a bomb of aliases', `${head}${bomb.join('\n')}\n`, ['release.yaml']],
    ['10 MB', `${head}# ${'x'.repeat(10 * 1024 * 1024)}\n`, ['release.yaml']],
    ['not UTF-8', Buffer.from([...Buffer.from(head), 0x23, 0xff, 0xfe, 0x0a]), ['release.yaml', 'UTF-8']],
  ])('is refused by every command that reads it, with %s', async (_, content, said) => {
    writeFileSync(estate.path('release.yaml'), content)
    for (const command of [['check'], ['run', '--yes']]) {
      const { code, out, err } = await estate.titrate(...command)
      expect(code).toBe(1)
      expect(out).toBe('')
      expect(err).toContain('RELEASE_FILE')
      expect(err).not.toContain('BUG')
      for (const words of said) expect(err).toContain(words)
    }
  })

  it('names a service that no environment has, once both are looked at', async () => {
    estate.writeRelease({ services: { storefrnt: { policy: { soak: '1s' } } } })
    await estate.up()
    const { code, err } = await estate.titrate('check')
    expect(code).toBe(1)
    expect(err).toContain('storefrnt')
    expect(err).toContain('storefront')
  })

  it('names a cycle that somebody declared', async () => {
    estate.writeRelease({ services: { storefront: { needs: ['catalogue'] }, catalogue: { needs: ['storefront'] } } })
    const { code, out, err } = await estate.titrate('check')
    expect(code).toBe(1)
    expect(`${out}${err}`).toMatch(/in a circle/)
  })

  it('is refused with 2 when the command itself is wrong', async () => {
    expect((await estate.titrate('check', '--fiel', 'release.yaml')).code).toBe(2)
    expect((await estate.titrate('rollback', 'storefront', '--wave', '1')).code).toBe(2)
  })
})
