import { expect, it } from 'vitest'
import { readEnvironment } from '../inventory/kubernetes/read-environment.ts'
import { takeInventory } from '../inventory/take-inventory.ts'
import { compareObjects } from '../parity/kubernetes/compare-objects.ts'
import { samePlaces } from '../parity/kubernetes/expected-object.ts'
import { readAwsFacts } from '../platform/aws-facts.ts'
import { checkPlatform } from '../platform/check-platform.ts'
import { indexOf } from './testing/build-objects.ts'
import { oddEstates } from './testing/odd-objects.ts'

const digest = (text: string): string => `digest of ${text.length}`
const nobody = { name: 'green', provider: 'kubernetes', readAt: 0, services: [] }

it('is an answer and no crash, whatever stands in any field of an object', () => {
  const { facts } = readAwsFacts([])
  const [first] = oddEstates()
  const green = indexOf(...(first ?? []))
  const rules = { rewrites: [], waivers: [] }
  let tried = 0
  for (const bodies of oddEstates()) {
    const index = indexOf(...bodies)
    try {
      checkPlatform({ platform: 'eks-fargate', index, facts, waivers: [], now: 0 })
      takeInventory({ blue: readEnvironment(index, { name: 'blue', readAt: 0, digest }), green: nobody, overrides: {} })
      compareObjects({
        blue: index,
        green,
        places: samePlaces,
        dryRuns: null,
        rules,
        digest,
        platform: 'eks-fargate',
        now: 0,
      })
    } catch (cause) {
      throw new Error(`it crashed on ${JSON.stringify(bodies)}`, { cause })
    }
    tried += 1
  }
  expect(tried).toBeGreaterThan(1_000)
})
