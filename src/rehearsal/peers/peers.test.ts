import { describe, expect, test } from 'vitest'
import type { Arm, Sample } from '../../judge/sample.ts'
import { boundsMs } from '../streams/latency-model.ts'
import { argoRollouts } from './argo-rollouts.ts'
import { flagger } from './flagger.ts'
import { kayenta } from './kayenta.ts'
import type { Answer, RuleSet } from './rule-set.ts'
import { createScrapedWindow } from './scraped-window.ts'

/** All requests take up to `ms`, which is a bound of the histogram. */
const arm = (requests: number, errors: number, ms = 40): Arm => ({
  requests,
  errors,
  latency: { boundsMs, atOrBelow: boundsMs.map((bound) => (bound >= ms ? requests : 0)), count: requests },
})
const nobody = arm(0, 0)

type Made = { readonly green: Arm; readonly baseline?: Arm; readonly weight?: number }

/** What it answers to each of so many samples, at a weight that does not change. */
const answers = (rules: RuleSet, samples: number, make: (i: number) => Made, ramp: 'given' | 'own' = 'given') => {
  const watch = rules.begin({ history: [], ramp })
  watch.enter({ at: 0, weightGreen: make(1).weight ?? 10 })
  return Array.from({ length: samples }, (_, k): Answer => {
    const { green, baseline = arm(1000, 1), weight = 10 } = make(k + 1)
    const sample: Sample = {
      at: (k + 1) * 5000,
      durationMs: 5000,
      blue: arm(1000, 1),
      green,
      assigned: null,
      weightGreen: weight,
    }
    return watch.take(sample, () => baseline)
  })
}
/** The sample (from 1) at which it first answers so; 0: never. */
const first = (all: readonly Answer[], kind: Answer['kind']): number =>
  all.findIndex((answer) => answer.kind === kind) + 1

describe('Argo Rollouts', () => {
  const everyMinute = argoRollouts({ intervalSamples: 12, reading: 'kind' })

  test('goes back at the fourth failed measurement, in all and not in a row', () => {
    expect(
      first(
        answers(everyMinute, 100, () => ({ green: arm(100, 6) })),
        'roll back',
      ),
    ).toBe(48)
    const everyOther = answers(everyMinute, 200, (i) => ({ green: arm(100, (i / 12) % 2 === 0 ? 6 : 0) }))
    expect(first(everyOther, 'roll back')).toBe(96)
    expect(everyOther[95]?.because).toBe('errors')
  })

  test('takes 95 % as good enough, and looks at the last scrape only', () => {
    expect(
      first(
        answers(everyMinute, 500, () => ({ green: arm(100, 5) })),
        'roll back',
      ),
    ).toBe(0)
    expect(
      first(
        answers(everyMinute, 500, (i) => ({ green: arm(100, i % 12 === 0 ? 0 : 100) })),
        'roll back',
      ),
    ).toBe(0)
  })

  test('to the letter, a measurement without requests fails', () => {
    const literal = argoRollouts({ intervalSamples: 60, reading: 'to the letter' })
    const all = answers(literal, 300, () => ({ green: nobody }))
    expect(first(all, 'roll back')).toBe(240)
    expect(all[239]?.because).toBe('no requests')
    expect(
      first(
        answers(argoRollouts({ intervalSamples: 60, reading: 'kind' }), 300, () => ({ green: nobody })),
        'roll back',
      ),
    ).toBe(0)
  })

  test('on its own ramp it goes on after ten minutes, and watches from 40 % up to the last step', () => {
    expect(
      first(
        answers(everyMinute, 130, () => ({ green: arm(100, 100), weight: 20 }), 'own'),
        'advance',
      ),
    ).toBe(120)
    expect(
      first(
        answers(everyMinute, 130, () => ({ green: arm(100, 100), weight: 40 }), 'own'),
        'roll back',
      ),
    ).toBe(37)
    expect(
      first(
        answers(everyMinute, 500, () => ({ green: arm(100, 100), weight: 100 }), 'own'),
        'roll back',
      ),
    ).toBe(0)
  })
})

describe('Flagger', () => {
  test('halts at a failed check, and goes back at the check after the fifth', () => {
    const all = answers(flagger('tutorial', 'kind'), 100, () => ({ green: arm(100, 2) }))
    expect(first(all, 'hold')).toBe(12)
    expect(first(all, 'roll back')).toBe(72)
    expect(all[71]?.because).toBe('errors')
    expect(
      first(
        answers(flagger('podinfo chart', 'kind'), 100, () => ({ green: arm(100, 2) })),
        'roll back',
      ),
    ).toBe(33)
  })

  test('goes on at each check that passes, and counts failed ones together although others passed between', () => {
    expect(
      first(
        answers(flagger('tutorial', 'kind'), 12, () => ({ green: arm(100, 1) })),
        'advance',
      ),
    ).toBe(12)
    const everyOther = answers(flagger('tutorial', 'kind'), 300, (i) => ({
      green: arm(100, Math.ceil(i / 12) % 2 === 0 ? 9 : 0),
    }))
    expect(first(everyOther, 'roll back')).toBe(132)
  })

  test('a P99 above 500 ms fails the check', () => {
    const all = answers(flagger('tutorial', 'kind'), 80, () => ({ green: arm(100, 0, 1000) }))
    expect(all[71]).toEqual({ kind: 'roll back', because: 'latency' })
  })

  test('to the letter, a check without requests fails', () => {
    expect(
      first(
        answers(flagger('tutorial', 'to the letter'), 80, () => ({ green: nobody })),
        'roll back',
      ),
    ).toBe(72)
    expect(
      first(
        answers(flagger('tutorial', 'kind'), 80, () => ({ green: nobody })),
        'roll back',
      ),
    ).toBe(0)
  })

  test('on its own ramp nothing watches once the primary has the new version', () => {
    expect(flagger('tutorial', 'kind').ownRamp).toEqual([10, 20, 30, 40, 50, 100])
    const all = answers(flagger('tutorial', 'kind'), 200, () => ({ green: arm(100, 100), weight: 100 }), 'own')
    expect(first(all, 'roll back')).toBe(0)
  })
})

describe('Kayenta', () => {
  test('fails a canary whose errors are clearly above the baseline, at the end of a run', () => {
    const all = answers(kayenta('kind'), 60, (i) => ({ green: arm(100, 4 + (i % 3)), baseline: arm(100, i % 2) }))
    expect(all[58]?.kind).toBe('wait')
    expect(all[59]).toEqual({ kind: 'roll back', because: 'errors' })
  })

  test('fails one that is slower, and passes one that is better', () => {
    const slower = answers(kayenta('kind'), 60, () => ({ green: arm(100, 0, 100), baseline: arm(100, 0, 40) }))
    expect(slower[59]).toEqual({ kind: 'roll back', because: 'latency' })
    const better = answers(kayenta('kind'), 60, (i) => ({ green: arm(100, i % 2), baseline: arm(100, 4 + (i % 3)) }))
    expect(better[59]?.kind).toBe('advance')
  })

  test('two that are the same pass', () => {
    const all = answers(kayenta('to the letter'), 60, (i) => ({ green: arm(100, i % 3), baseline: arm(100, i % 3) }))
    expect(all[59]?.kind).toBe('advance')
  })

  test('without data it fails the canary to the letter, and waits by the kind reading', () => {
    const empty = () => ({ green: nobody, baseline: nobody })
    expect(answers(kayenta('to the letter'), 60, empty)[59]).toEqual({ kind: 'roll back', because: 'no requests' })
    expect(answers(kayenta('kind'), 60, empty)[59]?.kind).toBe('wait')
  })

  test('says nothing at 100 %, where there is no baseline', () => {
    expect(
      answers(kayenta('kind'), 200, () => ({ green: arm(100, 50), weight: 100 })).every(({ kind }) => kind === 'wait'),
    ).toBe(true)
  })
})

describe('a window of scrapes', () => {
  test('is empty without requests, and forgets what is too old', () => {
    const window = createScrapedWindow(3)
    expect(window.successRatio(3)).toBeNull()
    expect(window.quantile(0.99, 3)).toBeNull()
    for (const errors of [100, 0, 0, 50]) window.push(arm(100, errors))
    expect(window.successRatio(1)).toBe(0.5)
    expect(window.successRatio(12)).toBeCloseTo(1 - 50 / 300, 12)
    window.push(null)
    expect(window.successRatio(1)).toBeNull()
  })

  test('has the quantiles that PromQL has: a straight line within the bucket', () => {
    const window = createScrapedWindow(1)
    const latency = { boundsMs: [10, 20, 40], atOrBelow: [50, 80, 90], count: 100 }
    window.push({ requests: 100, errors: 0, latency })
    expect(window.quantile(0.5, 1)).toBe(10)
    expect(window.quantile(0.65, 1)).toBe(15)
    expect(window.quantile(0.25, 1)).toBe(5)
    // Above the last bound there is no line to follow.
    expect(window.quantile(0.99, 1)).toBe(40)
  })
})
