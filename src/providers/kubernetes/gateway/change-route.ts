import { idOf, isSame } from './backend.ts'
import type { HttpRoute, RouteRule } from './http-route.ts'
import { ruleKeys, type ServiceRecord } from './route-record.ts'
import { partsOf, type Refs, shareOf, type Within, weighed, weightOf, withoutGreen } from './weigh-rule.ts'

type OwnRule = { readonly rule: RouteRule; readonly key: string; readonly index: number }

/** The rules of a route that send something to the service, or did before somebody took blue out of them. */
export const rulesOf = (route: HttpRoute, within: Within, record: ServiceRecord | null): readonly OwnRule[] => {
  const rules = route.spec?.rules ?? []
  const keys = ruleKeys(rules)
  return rules.flatMap((rule, index) => {
    const key = keys[index] ?? ''
    const { blue } = partsOf(rule.backendRefs ?? [], within)
    const isOwn = (blue.length > 0 && shareOf(rule, within) !== null) || record?.originals[key] !== undefined
    return isOwn ? [{ rule, key, index }] : []
  })
}

/** Green's percentage of each rule of the service. */
export const sharesOf = (route: HttpRoute, within: Within, record: ServiceRecord | null): readonly number[] =>
  rulesOf(route, within, record).map(({ rule }) => shareOf(rule, within) ?? 0)

export type RouteChange =
  | {
      readonly kind: 'change'
      readonly rules: readonly RouteRule[]
      readonly originals: ServiceRecord['originals']
      /** The route has these weights already. */
      readonly holds: boolean
    }
  | { readonly kind: 'refused'; readonly because: string }

/** The route's rules when green has `percent` of the service. At 0 they are as they were recorded. */
export const changeRoute = (
  route: HttpRoute,
  percent: number,
  within: Within,
  record: ServiceRecord | null,
): RouteChange => {
  const rules = [...(route.spec?.rules ?? [])]
  const originals: Record<string, Refs> = {}
  let holds = true
  for (const { rule, key, index } of rulesOf(route, within, record)) {
    const current = rule.backendRefs ?? []
    const original = originalOf(current, record?.originals[key] ?? null, record?.green ?? 0, within)
    const wanted = weighed(original, percent, within)
    if (wanted.kind === 'refused') return wanted
    originals[key] = original
    if (areSame(current, wanted.refs, within)) continue
    holds = false
    rules[index] = { ...rule, backendRefs: wanted.refs }
  }
  return { kind: 'change', rules, originals, holds }
}

/**
 * What a rule would have without us. Weights of blue and green that somebody changed are drift, and nothing to go back
 * to; other backends that they added, took out or weighed anew since are theirs, and stay.
 */
const originalOf = (current: Refs, recorded: Refs | null, written: number, within: Within): Refs => {
  if (recorded === null) return current
  const { blue, green } = partsOf(current, within)
  // Green has nothing, and should have nothing: whatever people write there is how they want it.
  if (written === 0 && green.every((ref) => weightOf(ref) === 0) && blue.length > 0) return current
  const before = weighed(recorded, written, within)
  if (
    blue.length === 0 ||
    (before.kind === 'refs' && areSame(othersIn(current, within), othersIn(before.refs, within), within))
  )
    return recorded
  const base = withoutGreen(current, within)
  const hadGreen = partsOf(recorded, within).green.length > 0
  return hadGreen
    ? base
    : base.filter((ref) => !green.some((each) => isSame(idOf(each, within.namespace), idOf(ref, within.namespace))))
}

const othersIn = (refs: Refs, within: Within): Refs => {
  const { blue, green } = partsOf(refs, within)
  return refs.filter((ref) => !blue.includes(ref) && !green.includes(ref))
}

/** The same backends with the same weights, in the same order. */
const areSame = (a: Refs, b: Refs, { namespace }: Within): boolean =>
  a.length === b.length &&
  a.every((ref, index) => {
    const other = b[index]
    return (
      other !== undefined && weightOf(ref) === weightOf(other) && isSame(idOf(ref, namespace), idOf(other, namespace))
    )
  })
