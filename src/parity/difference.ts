import type { Json } from '../moves/goal.ts'

export const differenceClasses = ['required', 'declared', 'unexplained'] as const
/** `required`: the platform or Titrate asks for it. `declared`: a rewrite or a waiver says so. `unexplained`: it blocks. */
export type DifferenceClass = (typeof differenceClasses)[number]

/** One difference between blue and green. No secret is in it: neither values nor lengths. */
export type Difference = {
  /** The name on blue. */
  readonly service: string
  /** What differs: `service`, `command`, `variables.NAME`, `files.PATH`, `schedule.cron`, `port.health`… Waivers name it. */
  readonly path: string
  /** As people are shown it; null: blue doesn't have it. For secrets: which secret, and that it differs. */
  readonly blue: string | null
  readonly green: string | null
  readonly class: DifferenceClass
  readonly why: string
  /** YAML that would bring green in line, or a comment that says what to do where YAML can't; null: nothing is to be done. */
  readonly fix: string | null
  /** The same as data: a merge patch (RFC 7396) on green's environment; null: no patch does it. */
  readonly patch: Json
}

/** A difference before anyone asked whether it is explained. */
export type Found = {
  readonly path: string
  readonly blue: string | null
  readonly green: string | null
  readonly why: string
  /** Set: it needs no explanation from people, and this is it. */
  readonly required?: string
  /** The rewrites (by number) that turn blue's value into green's; absent or empty: none does. */
  readonly rewrittenBy?: readonly number[]
  /** What green's service would have to say; null: nothing that can be written there settles it, and `remedy` says what does. */
  readonly patch: { readonly [key: string]: Json } | null
  readonly remedy?: string
}
