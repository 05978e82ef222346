import { z } from 'zod'

/** Where the default is kept. Not as `default`: Zod leaves that out where text is read as something else. */
export const fallbackKey = 'fallback'

/**
 * A field that may be left out, with what it means and, where there is one, its default. Both go into the JSON Schema
 * and the reference page; the default is filled in by `normalise`, never by the schema, so that what a person wrote
 * can still be told from what was assumed.
 */
export const documented = <S extends z.ZodType>(schema: S, description: string, fallback?: unknown): z.ZodOptional<S> =>
  z.optional(
    fallback === undefined ? schema.meta({ description }) : schema.meta({ description, [fallbackKey]: fallback }),
  )

/** A field that must be there. */
export const required = <S extends z.ZodType>(schema: S, description: string): S => schema.meta({ description })
