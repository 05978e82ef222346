import { describe } from 'vitest'
import { claimsContract } from '../../src/providers/contract/testing/claims.ts'
import { workloadsContract } from '../../src/providers/contract/testing/workloads.ts'
import { hasClusters } from './clusters.ts'
import { kubernetesHarness } from './contract-world.ts'

describe.skipIf(!hasClusters)('contract', () => {
  claimsContract(kubernetesHarness)
  workloadsContract(kubernetesHarness)
})
