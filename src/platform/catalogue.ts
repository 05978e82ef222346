import { byText } from '../inventory/ordering.ts'
import type { Platform } from './platforms.ts'
import type { Rule } from './rule.ts'
import { capacityRules } from './rules/capacity.ts'
import { identityRules } from './rules/identity.ts'
import { loggingRules } from './rules/logging.ts'
import { networkRules } from './rules/network.ts'
import { hostRules, podRules } from './rules/pods.ts'
import { profileRules } from './rules/profiles.ts'
import { scheduleRules } from './rules/schedules.ts'
import { sizeRules } from './rules/sizes.ts'
import { storageRules } from './rules/storage.ts'

/** All rules of EKS Fargate, by id. */
export const fargateRules: readonly Rule[] = [
  ...podRules,
  ...hostRules,
  ...storageRules,
  ...sizeRules,
  ...profileRules,
  ...identityRules,
  ...networkRules,
  ...scheduleRules,
  ...loggingRules,
  ...capacityRules,
].toSorted((a, b) => byText(a.id, b.id))

export const rulesOf: Readonly<Record<Platform, readonly Rule[]>> = { 'eks-fargate': fargateRules }
