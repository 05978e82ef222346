/** Words that many commands understand. Everything that the tree itself needs stays this small: help must be quick. */

export const outputs = ['table', 'json', 'yaml'] as const
export type Output = (typeof outputs)[number]

export type ReleaseFlags = { readonly file: string; readonly output: Output }

export const text = (input: string): string => input

export const output = {
  kind: 'enum',
  values: outputs,
  default: 'table',
  brief: 'How the answer is written',
} as const

export const file = {
  kind: 'parsed',
  parse: text,
  default: 'release.yaml',
  placeholder: 'path',
  brief: 'The release file',
} as const

export const yes = {
  kind: 'boolean',
  default: false,
  withNegated: false,
  brief: 'Do it without asking',
} as const

export const releaseFlags = { file, output } as const
export const aliases = { f: 'file', o: 'output' } as const

/** A whole number, 0 or more. */
export const wholeNumber = (input: string): number => {
  if (/^\d{1,9}$/.test(input)) return Number(input)
  throw new SyntaxError(`found "${input}", expected a whole number, 0 or more`)
}

export const flag = (brief: string) => ({ kind: 'boolean', default: false, withNegated: false, brief }) as const

export const optionalText = (brief: string, placeholder: string) =>
  ({ kind: 'parsed', parse: text, optional: true, placeholder, brief }) as const

/** May be given again and again. */
export const several = (brief: string, placeholder: string) =>
  ({ kind: 'parsed', parse: text, optional: true, variadic: true, placeholder, brief }) as const

export const optionalNumber = (brief: string, placeholder: string) =>
  ({ kind: 'parsed', parse: wholeNumber, optional: true, placeholder, brief }) as const

export const one = (brief: string, placeholder: string) => ({
  kind: 'tuple' as const,
  parameters: [{ brief, parse: text, placeholder }] as const,
})

export const maybeOne = (brief: string, placeholder: string) => ({
  kind: 'tuple' as const,
  parameters: [{ brief, parse: text, placeholder, optional: true as const }] as const,
})

export const words = (brief: string, placeholder: string) => ({
  kind: 'array' as const,
  parameter: { brief, parse: text, placeholder },
  minimum: 1,
})
