import type { Json } from '../moves/goal.ts'

export type JsonMap = Readonly<Record<string, Json>>
export type Step = string | number

/** Objects come from files and from API servers: nothing about their shape is taken for granted. */
export const isMap = (value: unknown): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What stands at a path; undefined: nothing does. */
export const at = (value: Json | undefined, ...path: readonly Step[]): Json | undefined => {
  let now = value
  for (const step of path) {
    if (typeof step === 'number') now = Array.isArray(now) ? (now as readonly Json[])[step] : undefined
    else now = isMap(now) && Object.hasOwn(now, step) ? now[step] : undefined
  }
  return now
}

const noMap: JsonMap = {}
const noList: readonly Json[] = []

/** The map at a path; an empty one where there is none. */
export const mapAt = (value: Json | undefined, ...path: readonly Step[]): JsonMap => {
  const found = at(value, ...path)
  return isMap(found) ? found : noMap
}

export const listAt = (value: Json | undefined, ...path: readonly Step[]): readonly Json[] => {
  const found = at(value, ...path)
  return Array.isArray(found) ? (found as readonly Json[]) : noList // an array of JSON holds JSON
}

/** The maps of a list, each with its place in it. */
export const mapsAt = (
  value: Json | undefined,
  ...path: readonly Step[]
): readonly { readonly map: JsonMap; readonly index: number }[] =>
  listAt(value, ...path).flatMap((map, index) => (isMap(map) ? [{ map, index }] : []))

export const textAt = (value: Json | undefined, ...path: readonly Step[]): string | null => {
  const found = at(value, ...path)
  return typeof found === 'string' ? found : null
}

export const textsAt = (value: Json | undefined, ...path: readonly Step[]): readonly string[] =>
  listAt(value, ...path).filter((one) => typeof one === 'string')

/** A number, also one that was written in quotes. */
export const numberAt = (value: Json | undefined, ...path: readonly Step[]): number | null => {
  const found = at(value, ...path)
  if (typeof found === 'number') return found
  return typeof found === 'string' && /^-?\d{1,15}$/.test(found) ? Number(found) : null
}

export const isTrueAt = (value: Json | undefined, ...path: readonly Step[]): boolean => at(value, ...path) === true

/** The texts of a map, such as labels; numbers and flags that somebody forgot to quote count as texts. */
export const textMapAt = (value: Json | undefined, ...path: readonly Step[]): Readonly<Record<string, string>> => {
  const found = mapAt(value, ...path)
  return Object.fromEntries(
    Object.entries(found).flatMap(([key, one]) =>
      one === null || typeof one === 'object' ? [] : [[key, String(one)] as const],
    ),
  )
}

/** A text, number or flag as it would be written; empty for anything else. */
export const scalarText = (value: Json | undefined): string =>
  value === undefined || value === null || typeof value === 'object' ? '' : String(value)
