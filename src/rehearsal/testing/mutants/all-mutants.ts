import { coreMutants } from './core-mutants.ts'
import { engineMutants } from './engine-mutants.ts'
import type { Mutant } from './mutant.ts'
import { protocolMutants } from './protocol-mutants.ts'
import { providerMutants } from './provider-mutants.ts'
import { storeMutants } from './store-mutants.ts'

export const allMutants: readonly Mutant[] = [
  ...coreMutants,
  ...protocolMutants,
  ...engineMutants,
  ...storeMutants,
  ...providerMutants,
]
