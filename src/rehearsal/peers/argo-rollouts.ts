import type { Reading } from './reading.ts'
import { type Answer, type RuleSet, waits } from './rule-set.ts'
import { createScrapedWindow } from './scraped-window.ts'

const LEAST_SUCCESS = 0.95
const FAILURE_LIMIT = 3
const OWN_RAMP = [20, 40, 60, 80, 100] as const
/** `startingStep: 2`. */
const OWN_RAMP_ANALYSES_FROM = 40
const STEP_SAMPLES = 10 * 12

/**
 * Argo Rollouts' documented background analysis, https://argo-rollouts.readthedocs.io/en/stable/features/analysis/
 * ("Background Analysis", template `success-rate`): interval 5m, `successCondition: result[0] >= 0.95`, `failureLimit: 3`,
 * the query a ratio of two `irate(…[5m])`. The page's other interval is 60 s. Its rollout sets 20, 40, 60 and 80 % for ten
 * minutes each, analyses from 40 % on, and stops analysing when it is through.
 *
 * - A run fails when *more* measurements than the limit have failed (`failed > failureLimit` in analysis/analysis.go), in
 *   all, not in a row. The page's sentence speaks of three; the program counts four.
 * - `irate` sees the last two scrapes only. The first measurement is at once, then one per interval.
 * - NaN is not >= 0.95, so a measurement without requests fails (the page's "Handling Metric Results" has `isNaN` for that).
 */
export const argoRollouts = (options: { readonly intervalSamples: number; readonly reading: Reading }): RuleSet => ({
  words: `at the fourth measurement, one every ${options.intervalSamples / 12} min, that found less than 95 % success between the last two scrapes`,
  source: 'https://argo-rollouts.readthedocs.io/en/stable/features/analysis/',
  ownRamp: OWN_RAMP,
  begin: ({ ramp }) => {
    const window = createScrapedWindow(1)
    const failed = { errors: 0, empty: 0 }
    const analysesFrom = ramp === 'own' ? OWN_RAMP_ANALYSES_FROM : 0
    let [inStep, weight, sinceMeasured] = [0, 0, 0]
    const measure = (): Answer => {
      sinceMeasured = 0
      const ratio = window.successRatio(1)
      if (ratio === null) failed.empty += options.reading === 'to the letter' ? 1 : 0
      else if (ratio < LEAST_SUCCESS) failed.errors += 1
      if (failed.errors + failed.empty <= FAILURE_LIMIT) return waits
      return { kind: 'roll back', because: failed.errors > FAILURE_LIMIT ? 'errors' : 'no requests' }
    }
    const isWatched = () => weight >= analysesFrom && !(ramp === 'own' && weight === 100)
    return {
      enter: ({ weightGreen }) => {
        // At the very start nothing has been scraped: that first measurement is of nothing, and left out.
        if (analysesFrom > 0 && weight < analysesFrom && weightGreen >= analysesFrom)
          sinceMeasured = options.intervalSamples - 1
        inStep = 0
        weight = weightGreen
      },
      take: (sample) => {
        window.push(sample.green)
        inStep += 1
        if (!isWatched()) return inStep >= STEP_SAMPLES ? { kind: 'advance', because: '' } : waits
        sinceMeasured += 1
        const answer = sinceMeasured >= options.intervalSamples ? measure() : waits
        return answer.kind === 'wait' && inStep >= STEP_SAMPLES ? { kind: 'advance', because: '' } : answer
      },
    }
  },
})
