import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Stamp } from '../../../engine/ports.ts'
import { canonicalJson } from '../../../journal/canonical-json.ts'
import type { Millis } from '../../../moves/goal.ts'
import { annotation } from '../annotations.ts'
import type { ClaimRecord } from '../claim-record.ts'
import { isFreed, stampSchema } from '../stamps.ts'
import type { HttpRoute, RouteRule } from './http-route.ts'
import type { Refs } from './weigh-rule.ts'

/** What Titrate did to the rules of one service in a route. */
export type ServiceRecord = {
  readonly stamp: Stamp
  /** Green's percentage that was written last, and what it was before that. */
  readonly green: number
  readonly was: number
  /** When, by the API server's clock. */
  readonly at: Millis
  /** The backends of each rule as they were before the first change, by `ruleKeys`. */
  readonly originals: Readonly<Record<string, Refs>>
}

/** A route may have rules of several services, so each has a record of its own in one annotation. */
export type RouteRecords = Readonly<Record<string, ServiceRecord>>

const backendRef = z.looseObject({
  name: z.string(),
  group: z.string().exactOptional(),
  kind: z.string().exactOptional(),
  namespace: z.string().exactOptional(),
  port: z.number().exactOptional(),
  weight: z.number().exactOptional(),
  filters: z.array(z.looseObject({})).exactOptional(),
})
const recordsSchema = z.record(
  z.string(),
  z.object({
    stamp: stampSchema,
    green: z.number(),
    was: z.number(),
    at: z.number(),
    originals: z.record(z.string(), z.array(backendRef)),
  }),
)

/** The records on a route, without those of releases that gave it free. People may edit annotations: what can't be read is none. */
export const recordsOn = (route: HttpRoute, claim: ClaimRecord): RouteRecords => {
  const records = read.get(route) ?? recordsIn(route)
  read.set(route, records)
  if (records === none) return none
  return Object.fromEntries(Object.entries(records).filter(([, { stamp }]) => !isFreed(stamp, claim)))
}

const none: RouteRecords = {}

/** Objects of a watch never change: each is read once, however often it is asked for. */
const read = new WeakMap<HttpRoute, RouteRecords>()

const recordsIn = (route: HttpRoute): RouteRecords => {
  const text = route.metadata?.annotations?.[annotation.traffic]
  return text === undefined ? none : parsed(text)
}

const parsed = (text: string): RouteRecords => {
  try {
    return recordsSchema.parse(JSON.parse(text))
  } catch {
    return {}
  }
}

export const writtenRecords = (records: RouteRecords): Readonly<Record<string, string>> => ({
  [annotation.traffic]: JSON.stringify(records),
})

/** Names rules by what they match, as people may insert others; of equal ones, also by which it is. */
export const ruleKeys = (rules: readonly RouteRule[]): readonly string[] => {
  const seen = new Map<string, number>()
  return rules.map(({ backendRefs: _, ...rule }) => {
    const hash = createHash('sha256').update(canonicalJson(rule)).digest('hex').slice(0, 12)
    const count = seen.get(hash) ?? 0
    seen.set(hash, count + 1)
    return count === 0 ? hash : `${hash}.${count}`
  })
}
