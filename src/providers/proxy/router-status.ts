import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { sides } from '../../moves/goal.ts'

/** What a router says of itself. Addresses are `host:port`. */
export const routerStatusSchema = z.object({
  name: z.string(),
  pid: z.int(),
  startedAt: z.number(),
  metrics: z.string(),
  services: z.record(z.string(), z.string()),
  environments: z.record(
    z.enum(sides),
    z.object({
      name: z.string(),
      /** Whether its supervisor answers; otherwise the last list of replicas holds, and the router's own probes. */
      connected: z.boolean(),
      replicas: z.record(z.string(), z.object({ listed: z.int(), ready: z.int() })),
    }),
  ),
})
export type RouterStatus = Readonly<z.output<typeof routerStatusSchema>>

/** Where it listens, as the last start left it. */
export const addressesSchema = z.object({ metrics: z.string(), services: z.record(z.string(), z.string()) })

/** What an earlier run left; null: nothing, or nothing of use. */
export const readKept = <S extends z.ZodType>(path: string, schema: S): z.output<S> | null => {
  if (!existsSync(path)) return null
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return null
  }
}
