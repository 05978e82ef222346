import type { Json } from '../moves/goal.ts'

/** Reading of plain JSON that another version may have written: whatever is not there, or of another type, is null. */
export type Fields = { readonly [key: string]: Json | undefined }

export const fields = (value: Json | undefined): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {} // an object, as just seen

export const numberAt = (value: Json | undefined, key: string): number | null => {
  const found = fields(value)[key]
  return typeof found === 'number' ? found : null
}

export const textAt = (value: Json | undefined, key: string): string | null => {
  const found = fields(value)[key]
  return typeof found === 'string' ? found : null
}

/** An empty list where there is none. */
export const listAt = (value: Json | undefined, key: string): readonly Json[] => {
  const found = fields(value)[key]
  return Array.isArray(found) ? found : []
}

export const numbersAt = (value: Json | undefined, key: string): readonly number[] =>
  listAt(value, key).filter((one) => typeof one === 'number')
