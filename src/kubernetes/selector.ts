import type { Json } from '../moves/goal.ts'
import { isMap, mapsAt, textAt, textMapAt, textsAt } from './json.ts'

export type Labels = Readonly<Record<string, string>>

type Expression = { readonly key: string; readonly operator: string; readonly values: readonly string[] }

/** A label selector; one without any condition selects everything. */
export type Selector = { readonly labels: Labels; readonly expressions: readonly Expression[] }

export const everything: Selector = { labels: {}, expressions: [] }

/** A selector as Deployments, policies and budgets write it; null: there is none, so nothing is selected. */
export const readSelector = (value: Json | undefined): Selector | null => {
  if (!isMap(value)) return null
  return {
    labels: textMapAt(value, 'matchLabels'),
    expressions: mapsAt(value, 'matchExpressions').map(({ map }) => ({
      key: textAt(map, 'key') ?? '',
      operator: textAt(map, 'operator') ?? '',
      values: textsAt(map, 'values'),
    })),
  }
}

/** A plain map of labels, as Services and node selectors write it; null: an empty one selects nothing. */
export const readLabelSelector = (value: Json | undefined): Selector | null => {
  const labels = textMapAt(value)
  return Object.keys(labels).length === 0 ? null : { labels, expressions: [] }
}

export const isEmptySelector = ({ labels, expressions }: Selector): boolean =>
  Object.keys(labels).length === 0 && expressions.length === 0

export const selects = ({ labels, expressions }: Selector, of: Labels): boolean =>
  Object.entries(labels).every(([key, value]) => Object.hasOwn(of, key) && of[key] === value) &&
  expressions.every((expression) => fulfils(expression, of))

/** An operator that isn't known selects nothing, as an API server would refuse it. */
const fulfils = ({ key, operator, values }: Expression, of: Labels): boolean => {
  const value = Object.hasOwn(of, key) ? of[key] : undefined
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}
