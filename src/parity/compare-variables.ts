import type { Variable } from '../inventory/estate.ts'
import { byText } from '../inventory/ordering.ts'
import { ownMember } from '../inventory/own-member.ts'
import { type Shown, showVariable } from '../inventory/shown-text.ts'
import type { Json } from '../moves/goal.ts'
import type { Found } from './difference.ts'
import type { Rewriter } from './rewrites.ts'

/** Names as they are on green, by the name on blue. */
export type GreenNames = (service: string) => string

type Sides = {
  readonly service: string
  readonly name: string
  readonly blue: Variable | null
  readonly green: Variable | null
  readonly greenNames: GreenNames
  readonly rewrite: Rewriter
}

type Variables = { readonly variables: Readonly<Record<string, Variable>> }

/** What of a service is looked at here, whatever else is known of it. `green` null: green doesn't have it. */
type WithVariables = { readonly name: string; readonly blue: Variables; readonly green: Variables | null }

export const compareVariables = (
  { name: service, blue, green }: WithVariables,
  greenNames: GreenNames,
  rewrite: Rewriter,
): readonly Found[] => {
  if (green === null) return []
  const names = [...new Set([...Object.keys(blue.variables), ...Object.keys(green.variables)])].sort(byText)
  return names.flatMap((name) =>
    compareVariable({
      service,
      name,
      blue: ownMember(blue.variables, name) ?? null,
      green: ownMember(green.variables, name) ?? null,
      greenNames,
      rewrite,
    }),
  )
}

const compareVariable = (sides: Sides): readonly Found[] => {
  const { name, blue, green, greenNames } = sides
  const path = `variables.${name}`
  if (blue === null) {
    // Absent on blue: how it would be shown depends on green alone.
    const shown = green === null ? null : shownOf(name, green).text
    return [{ path, blue: null, green: shown, why: 'only green has it', patch: { variables: { [name]: null } } }]
  }
  const patch = patchOf(name, blue, greenNames)
  if (green === null) {
    const remedy = patch === null ? copyByHand(name) : undefined
    const base: Found = { path, blue: shownOf(name, blue).text, green: null, why: "green doesn't have it", patch }
    return [remedy === undefined ? base : { ...base, remedy }]
  }
  if (blue.kind === 'plain' && green.kind === 'plain') return comparePlain(sides, blue.value, green.value)
  if (blue.kind === 'secret' && green.kind === 'secret') {
    if (blue.digest === green.digest) return []
    return [
      {
        path,
        blue: `${shownOf(name, blue).text}, differs`,
        green: `${shownOf(name, green).text}, differs`,
        why: 'the two secrets have different contents',
        patch: null,
        remedy: `put the same secret where green reads ${green.reference} as blue has in ${blue.reference}`,
      },
    ]
  }
  if (blue.kind === 'address' && green.kind === 'address' && greenNames(blue.service) === green.service) return []
  return [compareKinds(sides, blue, green)]
}

/** Different sorts of variables, or addresses of different services. */
const compareKinds = ({ name, greenNames }: Sides, blue: Variable, green: Variable): Found => {
  const patch = patchOf(name, blue, greenNames)
  // What one side keeps secret must not be shown because the other side doesn't.
  const guarded = blue.kind === 'secret' || green.kind === 'secret'
  const shown = (variable: Variable): string =>
    guarded && variable.kind === 'plain' ? 'a plain value, not shown' : shownOf(name, variable).text
  const usable = guarded && blue.kind === 'plain' ? null : patch
  const found: Found = {
    path: `variables.${name}`,
    blue: shown(blue),
    green: shown(green),
    why:
      blue.kind === green.kind
        ? 'it is the address of another service'
        : `it is ${sorts[blue.kind]} on blue and ${sorts[green.kind]} on green`,
    patch: usable,
  }
  return usable === null ? { ...found, remedy: copyByHand(name) } : found
}

const sorts: Readonly<Record<Variable['kind'], string>> = {
  plain: 'a plain value',
  secret: 'a secret',
  address: 'the address of a service',
}

const comparePlain = ({ service, name, rewrite }: Sides, blue: string, green: string): readonly Found[] => {
  const path = `variables.${name}`
  if (blue === green || (sameNumber(blue, green) && !versionName.test(name))) return []
  const rewritten = rewrite(service, path, blue)
  const meant = rewritten.text === green
  const fixed = showVariable(name, rewritten.text)
  const patch = fixed.masked ? null : { variables: { [name]: rewritten.text } }
  const [blueShown, greenShown] = apart(showVariable(name, blue), showVariable(name, green))
  const found: Found = {
    path,
    blue: blueShown,
    green: greenShown,
    why: rewritten.by.length > 0 && !meant ? `blue's value, rewritten, would be ${fixed.text}` : 'the values differ',
    rewrittenBy: meant ? rewritten.by : [],
    patch,
  }
  return [patch === null ? { ...found, remedy: copyByHand(name) } : found]
}

/** Two different values that look the same once their secret part is left out. */
const apart = (blue: Shown, green: Shown): readonly [string, string] =>
  blue.text === green.text ? [`${blue.text}, differs`, `${green.text}, differs`] : [blue.text, green.text]

/** 1.10 and 1.1 are one number, but two versions. */
const versionName = /version|release|build|tag|revision/i
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i

/** Whether both are written as decimal numbers of the same value. Long ones, which a float can't hold, are texts. */
const sameNumber = (a: string, b: string): boolean =>
  a.length <= 15 && b.length <= 15 && decimal.test(a) && decimal.test(b) && Number(a) === Number(b)

const shownOf = (name: string, variable: Variable): Shown => {
  switch (variable.kind) {
    case 'plain':
      return showVariable(name, variable.value)
    case 'secret':
      return { text: `secret (${variable.reference})`, masked: true }
    case 'address':
      return { text: `address of ${variable.service}`, masked: false }
    default:
      return variable satisfies never
  }
}

const copyByHand = (name: string): string =>
  `give ${name} on green what it has on blue; it isn't printed here, because it holds a secret or looks like it`

/** null: it can't be written without showing what may be secret. */
const patchOf = (name: string, variable: Variable, greenNames: GreenNames): { readonly [key: string]: Json } | null => {
  const written = writtenOf(name, variable, greenNames)
  return written === null ? null : { variables: { [name]: written } }
}

/** The variable as an environment's file writes it; null: it would show what may be secret. */
export const writtenOf = (name: string, variable: Variable, greenNames: GreenNames): Json => {
  switch (variable.kind) {
    case 'plain':
      return showVariable(name, variable.value).masked ? null : variable.value
    case 'secret': {
      // References are written `file PATH` or `variable NAME`.
      const [, sort, place] = /^(file|variable) (.+)$/.exec(variable.reference) ?? []
      return sort === undefined || place === undefined ? null : { secret: { [sort]: place } }
    }
    case 'address':
      return { address: greenNames(variable.service) }
    default:
      return variable satisfies never
  }
}
