import type { Finding } from '../inventory/estate.ts'
import { guardOf } from './needed-rights.ts'
import { type Right, rightText } from './right.ts'

/** A namespace of blue in which the release may need a policy that keeps others from unsuspending schedules. */
export type GuardReview = {
  /** What people call it, such as `blue (ec2/shop)`. */
  readonly side: string
  readonly namespace: string
  /** The rights that the release needs there; without schedules none of them is about the policy. */
  readonly needed: readonly Right[]
  readonly missing: readonly Right[]
}

/** Whether a cluster has such policies at all. */
export type PoliciesServed =
  | { readonly kind: 'served' | 'not served' }
  | { readonly kind: 'not known'; readonly because: string }

const untilThen =
  'Once handed over, they stay suspended there until someone unsuspends them, as the next deployment may'

/** For each namespace with schedules, whether those that are handed over will be kept from being unsuspended. */
export const guardFindings = (
  reviews: readonly GuardReview[],
  served: PoliciesServed,
  release: string,
): readonly Finding[] =>
  reviews.flatMap(({ side, namespace, needed, missing }): readonly Finding[] => {
    const isOfGuard = ({ name }: Right): boolean => name === guardOf(namespace)
    if (!needed.some(isOfGuard)) return []
    const message = messageOf(side, served, missing.filter(isOfGuard), release)
    return [{ severity: 'note', service: null, message, declare: null }]
  })

const messageOf = (side: string, served: PoliciesServed, missing: readonly Right[], release: string): string => {
  switch (served.kind) {
    case 'not known':
      return `${side}: not checked whether schedules are guarded: ${served.because}. ${untilThen}, unless an admission policy can be made.`
    case 'not served':
      return `${side}: schedules are not guarded: the cluster has no ValidatingAdmissionPolicy (Kubernetes 1.30 and later do). ${untilThen}.`
    case 'served': {
      if (missing.length === 0)
        return `${side}: schedules that are handed over are guarded by an admission policy: only Titrate can unsuspend them.`
      const rights = missing.map(rightText).join(', ')
      return `${side}: schedules are not guarded: the identity that Titrate uses lacks the rights to ${rights}. ${untilThen}. "titrate access ${release}" prints the roles that give them.`
    }
    default:
      return served satisfies never
  }
}
