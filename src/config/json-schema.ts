import { z } from 'zod'
import { fallbackKey } from './documented.ts'
import { durationPattern, durationSchema } from './duration.ts'

/** The JSON Schema (draft 2020-12) of a file as people write it, for their editors. */
export const jsonSchemaOf = (schema: z.ZodType): Readonly<Record<string, unknown>> =>
  z.toJSONSchema(schema, {
    io: 'input',
    // A duration is text that is read as a number: what can't be said by types is said by a pattern.
    override: ({ zodSchema, jsonSchema }) => {
      if (isDuration(zodSchema)) jsonSchema.pattern = durationPattern.source
      if (fallbackKey in jsonSchema) {
        const { [fallbackKey]: fallback } = jsonSchema
        Reflect.deleteProperty(jsonSchema, fallbackKey)
        jsonSchema.default = fallback
      }
    },
  })

const readsDurations = durationSchema._zod.def.out

/** Describing a schema copies it; what it does with the text stays the same object. */
const isDuration = (schema: z.core.$ZodType): boolean => {
  const { def } = schema._zod
  return 'out' in def && def.out === readsDurations
}
