import { expect, test } from 'vitest'
import { BOUNDS, poisson, seeded } from '../../test/traffic.ts'
import { type BlueHalves, calibrate } from './calibrate.ts'
import { judgeSetup, latencySetup, throughputSetup } from './setup.ts'

const half = (n: number, errors: number, slow: number) => ({
  requests: n,
  errors,
  latency: { boundsMs: BOUNDS, atOrBelow: [n * 0.5, n - 3 * slow, n - slow], count: n },
})

/** An hour of blue against itself; `bunch` is how many errors come at once, all on one half. */
const hour = (bunch: number, seed = 11): readonly BlueHalves[] => {
  const random = seeded(seed)
  return Array.from({ length: 720 }, (_, i) => ({
    at: (i + 1) * 5000,
    durationMs: 5000,
    a: half(500, bunch * poisson(1 / bunch, random), poisson(10, random)),
    b: half(500, bunch * poisson(1 / bunch, random), poisson(10, random)),
    assigned: { a: 500, b: 500 },
  }))
}

const setup = judgeSetup('checkout', {
  latency: latencySetup({ boundsMs: BOUNDS, atOrBelow: [500, 940, 980], count: 1000 }),
  drops: [throughputSetup()],
})

test('a quiet blue is measured as nearly Poisson, and every check may roll back', () => {
  const { errors, latency, drops } = calibrate(setup, hour(1))
  expect(errors.phi).toBeLessThan(1.3)
  expect(errors.holdOnly).toBe(false)
  // Slower than 100 ms are three times as many as slower than 250 ms here, always together: bunches of three.
  expect(latency).toMatchObject({
    thresholds: [
      { ms: 100, holdOnly: false },
      { ms: 250, holdOnly: false },
    ],
  })
  const [at100, at250] = latency?.kind === 'judged' ? latency.thresholds : []
  expect(at100?.phi).toBeGreaterThan(2)
  expect(at250?.phi).toBeLessThan(1.3)
  expect(drops[0]).toMatchObject({ phi: 1, holdOnly: false })
})

test('errors that come in bunches raise the dispersion of errors only', () => {
  const { errors, drops } = calibrate(setup, hour(6))
  expect(errors.phi).toBeGreaterThan(4)
  expect(errors.phi).toBeLessThanOrEqual(16)
  expect(drops[0]?.phi).toBe(1)
})

test('one half that is worse than the other alarms whatever the dispersion: errors may only hold', () => {
  const skewed = hour(1).map((one) => ({ ...one, a: { ...one.a, errors: 40 }, b: { ...one.b, errors: 1 } }))
  const { errors, drops } = calibrate(setup, skewed)
  expect(errors).toMatchObject({ phi: 16, holdOnly: true })
  expect(drops[0]?.holdOnly).toBe(false)
})

test('without history the setup stays as it is', () => {
  expect(calibrate(setup, [])).toBe(setup)
})
