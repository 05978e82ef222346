import { describe, expect, it } from 'vitest'
import { progressRules, safetyRules } from './decide-move.ts'
import { releaseRules } from './decide-release.ts'
import { type Played, type PlayOptions, playRandomRelease, shrink } from './testing/random-release.ts'

/** `TITRATE_SEED=17` plays that one again; `TITRATE_RELEASES=20000` plays more of them. */
const only = process.env.TITRATE_SEED === undefined ? null : Number(process.env.TITRATE_SEED)
const many = Number(process.env.TITRATE_RELEASES ?? 450)

const optionsOf = (seed: number): PlayOptions => ({ seed, length: seed % 5 === 0 ? 30 : 100 })

/** What went wrong and the shortest story that shows it. */
const tell = (seed: number): string => {
  const options = optionsOf(seed)
  const shortest = playRandomRelease({ ...options, without: shrink(options) })
  return [`TITRATE_SEED=${seed}`, ...(shortest?.story.slice(-60) ?? []), ...(shortest?.problems ?? [])].join('\n')
}

const play = (): readonly { readonly seed: number; readonly played: Played }[] => {
  const first = only ?? 1
  const seeds = Array.from({ length: only === null ? many : 1 }, (_, index) => first + index)
  return seeds.flatMap((seed) => {
    const played = playRandomRelease(optionsOf(seed))
    return played === null ? [] : [{ seed, played }]
  })
}

describe('random releases', () => {
  const all = play()

  it('keep every invariant, whatever happens to them, and come to an end', () => {
    const bad = all.filter(({ played }) => played.problems.length > 0)
    if (bad[0] !== undefined) console.log(tell(bad[0].seed))
    expect(bad.map(({ seed }) => seed)).toEqual([])
  }, 600_000)

  it.skipIf(only !== null)('ask every rule of the deciders at least once', () => {
    const answered = new Set(all.flatMap(({ played }) => [...played.rules]))
    const rules = [...safetyRules, ...progressRules, ...releaseRules].map(({ name }) => name)
    expect(rules.filter((name) => !answered.has(name))).toEqual([])
  })

  it.skipIf(only !== null)('end in every way that there is', () => {
    expect(new Set(all.map(({ played }) => played.outcome))).toEqual(new Set(['done', 'rolled back', 'failed']))
  })
})
