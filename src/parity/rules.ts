import type { Millis } from '../moves/goal.ts'

/** A difference that is meant: text of blue that stands differently on green. Applied in order, to whatever may be rewritten. */
export type Rewrite = {
  readonly from: string
  readonly to: string
  /** null: all services. */
  readonly services: readonly string[] | null
  readonly reason: string | null
  /** What it applies to, such as `variables.REGION` or `command*` (`*` stands for anything). Absent: everything. */
  readonly path?: string
  /** `regex`: `from` is a regular expression (flags `gu`), and `to` may use `$1`. Absent: `literal`. */
  readonly match?: 'literal' | 'regex'
}

/** What no service has for itself: shared objects, and those of the whole environment. Differences of these are told, and waived, under this name. */
export const environmentService = 'environment'

/** A difference that somebody takes responsibility for. `service` and `path` may hold `*`. */
export type Waiver = {
  readonly service: string
  readonly path: string
  readonly reason: string
  /** The instant at which it ends; null: with the release. */
  readonly untilMs: Millis | null
}

export type ParityRules = {
  readonly rewrites: readonly Rewrite[]
  readonly waivers: readonly Waiver[]
  /** Services whose differences don't block, with the reason. */
  readonly skipped?: Readonly<Record<string, string>>
}

/** Whether a pattern with `*` (any text, also none) fits all of `text`. Walks both once: no pattern makes it slow. */
export const fits = (pattern: string, text: string): boolean => {
  const [first = '', ...rest] = pattern.split('*')
  if (!text.startsWith(first)) return false
  const last = rest.pop()
  if (last === undefined) return text === pattern
  let from = first.length
  for (const part of rest) {
    const at = text.indexOf(part, from)
    if (at === -1) return false
    from = at + part.length
  }
  return text.length - last.length >= from && text.endsWith(last)
}
