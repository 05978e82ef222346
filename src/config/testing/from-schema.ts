import fc from 'fast-check'
import type { z } from 'zod'
import { parseDuration } from '../duration.ts'

type Def = z.core.$ZodTypes['_zod']['def']
type Check = z.core.$ZodChecks['_zod']['def']

/** Text with what YAML could take for something else: colons, quotes, blanks of all sorts, other alphabets. */
const hardText = fc.oneof(
  fc.stringMatching(/^[a-z]{1,8}$/),
  fc.constantFrom(
    'yes',
    'null',
    '~',
    '1.10',
    '0x1',
    '- a',
    'a: b',
    '# a',
    '"',
    "'",
    ' a ',
    'é',
    '日本',
    'a\nb',
    '\u2028',
  ),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
)

const duration = fc
  .tuple(fc.integer({ min: 0, max: 900 }), fc.constantFrom('ms', 's', 'm', 'h', 'd'))
  .map(([count, unit]) => `${count}${unit}`)

const checksOf = (def: Def): readonly Check[] =>
  ('checks' in def ? (def.checks ?? []) : []).map((check) => check._zod.def as Check) // all checks are of these kinds

const patternOf = (checks: readonly Check[]): RegExp | null => {
  for (const check of checks)
    if (check.check === 'string_format' && 'pattern' in check && check.pattern) return check.pattern
  return null
}

const lengthsOf = (checks: readonly Check[]): { readonly minLength: number; readonly maxLength: number } => {
  const minLength = Math.max(0, ...checks.flatMap((check) => (check.check === 'min_length' ? [check.minimum] : [])))
  return { minLength, maxLength: Math.max(3, minLength) }
}

const textOf = (checks: readonly Check[]): fc.Arbitrary<string> => {
  const pattern = patternOf(checks)
  return pattern === null ? hardText : fc.stringMatching(pattern)
}

/** Numbers at, and near, the limits as well as between them. */
const numberOf = (checks: readonly Check[]): fc.Arbitrary<number> => {
  const low = checks.flatMap((check) => (check.check === 'greater_than' ? [Number(check.value)] : []))
  const high = checks.flatMap((check) => (check.check === 'less_than' ? [Number(check.value)] : []))
  const [min, max] = [Math.max(0, ...low), Math.min(100, ...high)]
  return fc.oneof(
    fc.integer({ min: Math.ceil(min), max: Math.max(Math.ceil(min), Math.floor(max)) }),
    fc.constantFrom(min, max, (min + max) / 2),
  )
}

/** Optional fields are there one time in three: with all of them at once, little that was written would be small. */
const fieldsOf = (shape: Readonly<Record<string, z.core.$ZodType>>): fc.Arbitrary<object> => {
  const fields = Object.entries(shape).map(([key, field]) => {
    const value = drawn(field).map((one): readonly (readonly [string, unknown])[] => [[key, one]])
    const isNeeded = field._zod.optin !== 'optional'
    return isNeeded ? value : fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: value })
  })
  return fc.tuple(...fields).map((parts) => Object.fromEntries(parts.flat()))
}

const drawn = (schema: z.core.$ZodType): fc.Arbitrary<unknown> => {
  const def = schema._zod.def as Def
  switch (def.type) {
    case 'object':
      return fieldsOf(def.shape)
    case 'record':
      return fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,6}[a-z0-9]$/), drawn(def.valueType), { maxKeys: 2 })
    case 'array':
      return fc.array(drawn(def.element), lengthsOf(checksOf(def)))
    case 'union':
      return fc.oneof(...def.options.map(drawn))
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries))
    case 'literal':
      return fc.constantFrom(...def.values)
    case 'string':
      return textOf(checksOf(def))
    case 'number':
      return numberOf(checksOf(def))
    case 'boolean':
      return fc.boolean()
    case 'optional':
      return drawn(def.innerType)
    // The only texts that are read as something else.
    case 'pipe':
      return duration.filter((text) => parseDuration(text) !== null)
    default:
      throw new Error(`a schema of type ${def.type} is new here`)
  }
}

/** Whatever a schema takes, of every field that it has: in this form people would write it. */
export const fromSchema = <S extends z.ZodType>(schema: S): fc.Arbitrary<z.input<S>> =>
  drawn(schema).filter((value): value is z.input<S> => schema.safeParse(value).success)
