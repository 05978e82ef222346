import type { Millis } from '../../moves/goal.ts'
import { explain, type UsedRules } from '../explain.ts'
import { fits, type ParityRules } from '../rules.ts'
import { differenceTitle, type ObjectDifference, type ObjectFound } from './object-difference.ts'

/** A difference with what was found, for those who mend it. */
export type Classified = { readonly difference: ObjectDifference; readonly found: ObjectFound }

/** The class of each difference of an object: the platform's, a rewrite's, a waiver's, or nobody's. */
export const classify = (
  { service, found }: { readonly service: string; readonly found: readonly ObjectFound[] },
  rules: ParityRules,
  now: Millis,
  used: UsedRules,
): readonly Classified[] =>
  found.map((one) => {
    for (const index of one.rewrittenBy) used.rewrites.add(index)
    const waivers = rules.waivers.filter((waiver) => fits(waiver.service, service) && names(waiver.path, one))
    for (const waiver of waivers) used.waivers.add(waiver)
    const { object, path, blue, green } = one
    const as = { service, object, path, blue, green }
    const { class: of, why } = explain({ service, found: one, rules, waivers, now })
    return { found: one, difference: { ...as, class: of, why, fix: of === 'unexplained' ? fixText(one) : null } }
  })

/** A waiver names a path, an object, or an object and a path in it: `spec.replicas`, `ConfigMap shop/app`, `ConfigMap shop/app data*`. */
const names = (pattern: string, found: ObjectFound): boolean =>
  fits(pattern, found.path) || fits(pattern, differenceTitle(found))

const fixText = ({ object, path, mend }: ObjectFound): string => {
  switch (mend.kind) {
    case 'set':
      return mend.to === undefined
        ? `remove ${path} from ${object} on green`
        : `set ${path} of ${object} on green as on blue`
    case 'create':
      return `create ${object} on green`
    case 'delete':
      return `delete ${object} on green, or give blue one`
    case 'by hand':
      return mend.what
    default:
      return mend satisfies never
  }
}
