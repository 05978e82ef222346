import type { Millis } from '../moves/goal.ts'
import { fits } from '../parity/rules.ts'
import type { PlatformFinding } from './rule.ts'

/** A finding that somebody takes responsibility for. `object` may hold `*`, such as `Deployment shop/*`. */
export type PlatformWaiver = {
  readonly rule: string
  readonly object: string
  readonly reason: string
  /** The instant at which it ends; null: never. */
  readonly untilMs: Millis | null
}

export type Waived = PlatformFinding & { readonly waiver: { readonly reason: string; readonly until: string | null } }

/** Findings that stay and those that are waived. A waiver that has ended, or that waives nothing, is a finding itself. */
export const applyWaivers = (
  findings: readonly PlatformFinding[],
  waivers: readonly PlatformWaiver[],
  now: Millis,
): { readonly findings: readonly PlatformFinding[]; readonly waived: readonly Waived[] } => {
  const used = new Set<PlatformWaiver>()
  const left: PlatformFinding[] = []
  const waived: Waived[] = []
  for (const finding of findings) {
    const matching = waivers.filter(({ rule, object }) => rule === finding.rule && fits(object, finding.object))
    for (const one of matching) used.add(one)
    const holds = matching.find((one) => !hasEnded(one, now))
    if (holds === undefined) left.push(finding)
    else waived.push({ ...finding, waiver: { reason: holds.reason, until: dayOf(holds) } })
  }
  return { findings: [...left, ...waivers.flatMap((one) => aboutWaiver(one, used.has(one), now))], waived }
}

const hasEnded = ({ untilMs }: PlatformWaiver, now: Millis): boolean => untilMs !== null && now >= untilMs

const dayOf = ({ untilMs }: PlatformWaiver): string | null =>
  untilMs === null ? null : `${new Date(untilMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`

const aboutWaiver = (waiver: PlatformWaiver, used: boolean, now: Millis): readonly PlatformFinding[] => {
  const { rule, object, reason } = waiver
  const finding = (severity: 'warn' | 'info', message: string, fix: string): readonly PlatformFinding[] => [
    { rule, severity, object, path: 'waiver', message, fix, source: 'the waiver' },
  ]
  if (hasEnded(waiver, now)) {
    return finding(
      'warn',
      `the waiver of ${rule} (${reason}) ended on ${dayOf(waiver)}`,
      'Mend what it waived, or agree on a new date.',
    )
  }
  return used ? [] : finding('info', `the waiver of ${rule} (${reason}) waives nothing`, 'Remove it.')
}
