import type { Finding } from '../inventory/estate.ts'
import type { Millis } from '../moves/goal.ts'
import type { DifferenceClass } from './difference.ts'
import { rewriteReason } from './rewrites.ts'
import type { ParityRules, Waiver } from './rules.ts'

type Question = {
  readonly service: string
  readonly found: {
    readonly why: string
    /** Set: it needs no explanation from people, and this is it. */
    readonly required?: string | null
    readonly rewrittenBy?: readonly number[]
  }
  readonly rules: ParityRules
  /** Those that name this difference, ended ones too. */
  readonly waivers: readonly Waiver[]
  readonly now: Millis
}

/** The class of a difference: the platform's, a rewrite's, a waiver's, or nobody's, which blocks. */
export const explain = ({
  service,
  found,
  rules,
  waivers,
  now,
}: Question): { readonly class: DifferenceClass; readonly why: string } => {
  const { required, rewrittenBy = [] } = found
  if (typeof required === 'string') return { class: 'required', why: required }
  if (rewrittenBy.length > 0) return { class: 'declared', why: rewriteReason(rules.rewrites, rewrittenBy) }
  const holds = waivers.find(({ untilMs }) => untilMs === null || now < untilMs)
  if (holds !== undefined) return { class: 'declared', why: `waived: ${holds.reason}${untilText(holds, ' until ')}` }
  const skipped =
    rules.skipped !== undefined && Object.hasOwn(rules.skipped, service) ? rules.skipped[service] : undefined
  if (skipped !== undefined) return { class: 'declared', why: `the service is left out of parity: ${skipped}` }
  const [ended] = waivers
  const over = ended === undefined ? '' : `; its waiver (${ended.reason}) ended${untilText(ended, ' on ')}`
  return { class: 'unexplained', why: `${found.why}${over}` }
}

const untilText = ({ untilMs }: Waiver, word: string): string =>
  untilMs === null ? '' : `${word}${new Date(untilMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** The rules that explained something, as they are met. */
export type UsedRules = { readonly rewrites: Set<number>; readonly waivers: Set<Waiver> }

/** Rules that explain nothing any more, and waivers that ended. */
export const unusedRules = ({ rewrites, waivers }: ParityRules, used: UsedRules, now: Millis): readonly Finding[] => {
  const note = (service: string | null, message: string): Finding => ({
    severity: 'note',
    service,
    message,
    declare: null,
  })
  return [
    ...rewrites.flatMap((rule, index) =>
      used.rewrites.has(index) || rule.from === ''
        ? []
        : [note(null, `The rewrite ${rule.from} → ${rule.to} explains no difference; it can go.`)],
    ),
    ...waivers.flatMap((waiver) => {
      const { service, path, untilMs } = waiver
      if (!used.waivers.has(waiver))
        return [note(service, `The waiver of ${path} of ${service} matches no difference; it can go.`)]
      if (untilMs === null || now < untilMs) return []
      return [
        note(service, `The waiver of ${path} of ${service} (${waiver.reason}) ended${untilText(waiver, ' on ')}.`),
      ]
    }),
  ]
}
