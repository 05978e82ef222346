import { planOf } from './estate.ts'
import { type Played, playScenario } from './play.ts'
import type { Scenario } from './trouble.ts'

export type Shrunk = { readonly scenario: Scenario; readonly played: Played; readonly tries: number }

/** Enough for a scenario of five services and twenty troubles; one that does not end takes its time. */
const mostTries = 200
const longestMs = 30_000

/** Smaller ones that may still fail: with fewer troubles, with fewer services, without what else can be left out. */
function* smaller(scenario: Scenario): Generator<Scenario> {
  const { troubles, estate } = scenario
  for (let size = Math.ceil(troubles.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let from = 0; from < troubles.length; from += size)
      yield { ...scenario, troubles: troubles.filter((_, index) => index < from || index >= from + size) }
  for (const { definition } of estate.services) {
    const services = estate.services.filter((service) => service.definition.name !== definition.name)
    const fewer = { ...estate, services }
    const concerns = (trouble: Scenario['troubles'][number]): boolean =>
      trouble.on === 'time' && JSON.stringify(trouble.what).includes(`"${definition.name}"`)
    if (services.length > 0 && planOf(fewer) !== null)
      yield { ...scenario, estate: fewer, troubles: troubles.filter((trouble) => !concerns(trouble)) }
  }
  if (scenario.backAgain) yield { ...scenario, backAgain: false }
}

/** The smallest scenario that was found to go wrong still, though perhaps in another way. */
export const shrink = async (scenario: Scenario, played: Played, play = playScenario): Promise<Shrunk> => {
  let best: Shrunk = { scenario, played, tries: 0 }
  let tries = 0
  const began = performance.now()
  const isEnough = (): boolean => tries >= mostTries || performance.now() - began > longestMs
  for (let isSmaller = true; isSmaller && !isEnough(); ) {
    isSmaller = false
    for (const candidate of smaller(best.scenario)) {
      tries += 1
      const again = await play(candidate)
      if (again.problems.length > 0) {
        best = { scenario: candidate, played: again, tries }
        isSmaller = true
        break
      }
      if (isEnough()) break
    }
  }
  return { ...best, tries }
}
