import { describe } from 'vitest'
import { schedulesContract } from '../../src/providers/contract/testing/schedules.ts'
import { hasClusters } from './clusters.ts'
import { kubernetesHarness } from './contract-world.ts'

describe.skipIf(!hasClusters)('contract', () => {
  schedulesContract(kubernetesHarness)
})
