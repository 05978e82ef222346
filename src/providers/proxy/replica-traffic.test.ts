import { expect, test } from 'vitest'
import { metricNameDefaults } from '../../config/defaults.ts'
import { createBlueHistory } from '../../engine/blue-history.ts'
import { createScraper } from '../scrape/create-scraper.ts'
import { createRouterWorld, get } from './testing/router-world.ts'

test("what the router counts of each replica becomes blue's history", async () => {
  const world = await createRouterWorld()
  try {
    await world.backend('blue')
    // The second replica fails now and then, the first one never.
    let asked = 0
    await world.backend('blue', (_, res) => {
      asked += 1
      res.statusCode = asked % 4 === 0 ? 500 : 200
      res.end()
    })
    const router = await world.run()
    const metrics = createScraper({
      sources: [{ name: 'router', url: router.metricsAddress() ?? '' }],
      names: { blue: null, green: null, ...metricNameDefaults },
      sides: { blue: 'blue', green: 'green' },
      clock: { now: Date.now },
    })
    const history = createBlueHistory(1)
    const take = async (at: number): Promise<void> => {
      const answer = await metrics.read(AbortSignal.timeout(5_000))
      if (answer.kind !== 'ok') throw new Error(answer.because)
      history.take(answer.value, { at, durationMs: 5_000 }, () => true)
    }
    // A replica is known from its first request on.
    for (let n = 0; n < 4; n++) await get(router.url)
    await take(5_000)
    for (let n = 0; n < 40; n++) await get(router.url)
    await take(10_000)
    const [sample, ...rest] = history.of('shop')
    expect(rest).toEqual([])
    expect(sample).toMatchObject({ at: 10_000, a: { errors: 0 }, b: { errors: 5 } })
    expect([sample?.a.requests, sample?.b.requests]).toEqual([20, 20])
    expect(sample?.assigned).toEqual({ a: 20, b: 20 })
    expect(sample?.a.latency?.count).toBe(20)
  } finally {
    await world.close()
  }
})
