type Plain = Readonly<Record<string, unknown>>

const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value)

/** `over` on top of `under`, map by map: lists are replaced as a whole, and what is absent in `over` stays. */
export const merged = <T extends object>(under: T, over: object | undefined): T => {
  if (over === undefined) return under
  const result: Record<string, unknown> = Object.fromEntries(Object.entries(under))
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue
    const below = Object.hasOwn(result, key) ? result[key] : undefined
    result[key] = isPlain(below) && isPlain(value) ? merged(below, value) : value
  }
  return result as T // the schemas give a key the same shape in both layers
}
