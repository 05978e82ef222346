import { createRequire } from 'node:module'
import type { Millis } from '../moves/goal.ts'
import { nearestWord } from './nearest.ts'

type Cel = typeof import('@bufbuild/cel')

let loaded: Cel | null = null

/** It takes longer to load than all the rest of a release file to read, and few files have conditions. */
const cel = (): Cel => {
  // The package's own types describe what it gives to `require` too.
  loaded ??= createRequire(import.meta.url)('@bufbuild/cel') as Cel
  return loaded
}

/** What a condition can ask about, with what it means. The reference page prints this table. */
export const conditionVariables = {
  service: 'name of the service (text)',
  step: 'name of the step that would begin (text)',
  wave: 'number of its wave (number)',
  weight: 'green’s share of its traffic now, in percent (number)',
  now: 'the time (timestamp)',
  'blue.ready': 'whether all of blue’s replicas are ready (true or false)',
  'blue.replicas': 'how many replicas are ready (number)',
  'blue.version': 'what is deployed (text)',
  'green.ready': 'the same for green',
  'green.replicas': 'the same for green',
  'green.version': 'the same for green',
  'errors.blue': 'part of the requests that failed in the last sample, 0 to 1 (number)',
  'errors.green': 'the same for green',
  'requests.blue': 'requests a second in the last sample (number)',
  'requests.green': 'the same for green',
} as const satisfies Readonly<Record<string, string>>

/** What was seen of a service. null: not known, and a condition that depends on it can't be told. */
export type ConditionFacts = {
  readonly service: string
  readonly step: string
  readonly wave: number
  readonly weight: number | null
  readonly now: Millis
  readonly blue: SideFacts | null
  readonly green: SideFacts | null
  readonly errors: { readonly blue: number | null; readonly green: number | null }
  readonly requests: { readonly blue: number | null; readonly green: number | null }
}

export type SideFacts = { readonly ready: boolean; readonly replicas: number; readonly version: string }

export type ConditionAnswer = boolean | 'cannot tell'
export type CompiledCondition = (facts: ConditionFacts) => ConditionAnswer
export type Compiled =
  | { readonly kind: 'ok'; readonly condition: CompiledCondition }
  | { readonly kind: 'fault'; readonly expected: string; readonly suggestion: string | null }

/** Facts with which a new condition is tried once: what fails on them would fail always. */
const sampleFacts: ConditionFacts = {
  service: 'storefront',
  step: 'weight 5',
  wave: 1,
  weight: 1,
  now: 0,
  blue: { ready: true, replicas: 1, version: '1' },
  green: { ready: true, replicas: 1, version: '1' },
  errors: { blue: 0, green: 0 },
  requests: { blue: 1, green: 1 },
}

const maxLength = 2_000

/** Compiles a CEL expression (Google’s Common Expression Language). It must give true or false. */
export const compileCondition = (expression: string): Compiled => {
  const { celEnv, isCelError, parse, plan } = cel()
  const fault = (expected: string, suggestion: string | null = null): Compiled => ({
    kind: 'fault',
    expected,
    suggestion,
  })
  if (expression.length > maxLength) return fault(`at most ${maxLength} letters`)
  try {
    const parsed = parse(expression)
    for (const path of pathsIn(parsed.expr, new Set())) {
      if (known.has(path)) continue
      const meant = nearestWord(path, [...known])
      return fault(
        `${path} is not a fact; one of ${Object.keys(conditionVariables).join(', ')}`,
        meant && `did you mean ${meant}?`,
      )
    }
    const evaluate = plan(celEnv(), parsed)
    const tried = evaluate(bindings(sampleFacts))
    if (isCelError(tried)) return fault(`an expression that can be evaluated: ${tried.message}`)
    if (typeof tried !== 'boolean') return fault('an expression that gives true or false', 'compare it with something')
    return {
      kind: 'ok',
      condition: (facts) => {
        const answer = evaluate(bindings(facts))
        return typeof answer === 'boolean' ? answer : 'cannot tell'
      },
    }
  } catch (error) {
    return fault(
      `a CEL expression: ${error instanceof Error ? error.message.replace(/^<input>:/, 'at ') : String(error)}`,
    )
  }
}

const known: ReadonlySet<string> = new Set(
  Object.keys(conditionVariables).flatMap((path) => [path, path.split('.')[0] ?? path]),
)

/** Facts that aren't known are left out, so that what depends on them is an error, and `a || b` may still be told. */
const bindings = (facts: ConditionFacts) => ({
  service: facts.service,
  step: facts.step,
  wave: facts.wave,
  now: timestamp(facts.now),
  ...withoutNulls({ weight: facts.weight, blue: facts.blue, green: facts.green }),
  errors: withoutNulls(facts.errors),
  requests: withoutNulls(facts.requests),
})

const withoutNulls = <T>(values: Readonly<Record<string, T | null>>): Record<string, T> => {
  const kept: Record<string, T> = {}
  for (const [key, value] of Object.entries(values)) if (value !== null) kept[key] = value
  return kept
}

/** The library takes instants as messages of its own; CEL itself is the shortest way to one. */
const timestamp = (at: Millis) => {
  const { isCelError, run } = cel()
  const value = run('timestamp(iso)', { iso: new Date(at).toISOString() })
  // An ISO 8601 text of a Date is always a timestamp.
  if (isCelError(value)) throw value
  return value
}

type Expr = NonNullable<ReturnType<Cel['parse']>['expr']>

/** Every name that an expression reads, with its field where it selects one: `green.ready`, `weight`. */
const pathsIn = (expr: Expr | undefined, bound: ReadonlySet<string>): string[] => {
  if (expr === undefined) return []
  const { exprKind } = expr
  switch (exprKind.case) {
    case 'identExpr':
      return bound.has(exprKind.value.name) ? [] : [exprKind.value.name]
    case 'selectExpr': {
      const { operand, field } = exprKind.value
      const { exprKind: inner } = operand ?? { exprKind: { case: undefined } }
      if (inner.case === 'identExpr' && !bound.has(inner.value.name)) return [`${inner.value.name}.${field}`]
      return pathsIn(operand, bound)
    }
    case 'callExpr':
      return [exprKind.value.target, ...exprKind.value.args].flatMap((part) => pathsIn(part, bound))
    case 'listExpr':
      return exprKind.value.elements.flatMap((part) => pathsIn(part, bound))
    case 'structExpr':
      return exprKind.value.entries.flatMap(({ keyKind, value }) => [
        ...(keyKind.case === 'mapKey' ? pathsIn(keyKind.value, bound) : []),
        ...pathsIn(value, bound),
      ])
    case 'comprehensionExpr': {
      const { iterVar, iterVar2, accuVar, iterRange, accuInit, loopCondition, loopStep, result } = exprKind.value
      const within = new Set([...bound, iterVar, iterVar2, accuVar])
      return [
        ...[iterRange, accuInit].flatMap((part) => pathsIn(part, bound)),
        ...[loopCondition, loopStep, result].flatMap((part) => pathsIn(part, within)),
      ]
    }
    default:
      return []
  }
}
