import type { JudgedEvidence, VerdictKind } from '../journal/events.ts'
import type { Json, Millis } from '../moves/goal.ts'
import { fields, numberAt } from './json-fields.ts'
import { type EntryOf, entriesOf, type Material } from './material.ts'

export type Counts = { readonly requests: number; readonly errors: number }

/** What the judge made of one step, by its last word in it. Whatever was not measured is null. */
export type StepEvidence = {
  readonly step: string
  /** From 1. */
  readonly attempt: number
  readonly from: Millis
  /** Green's part in percent. */
  readonly weight: number | null
  readonly observedMs: Millis | null
  readonly blue: Counts | null
  readonly green: Counts | null
  /** Green's error rate as a multiple of blue's, 95 %, over the whole attempt; `upper` null: unbounded. */
  readonly ratio: { readonly lower: number; readonly upper: number | null } | null
  readonly E: number | null
  readonly rollBackAt: number | null
  readonly proof: number | null
  readonly proofNeeded: number | null
  readonly verdict: VerdictKind | null
  /** `proven`; `timed, unproven`; what was found; or that there was no verdict. */
  readonly how: string
  readonly because: string
  readonly entry: number
}

const counts = (value: Json | undefined): Counts | null => {
  const [requests, errors] = [numberAt(value, 'requests'), numberAt(value, 'errors')]
  return requests === null || errors === null ? null : { requests, errors }
}

const ratio = (value: Json | undefined): StepEvidence['ratio'] => {
  const lower = numberAt(value, 'lower')
  return lower === null ? null : { lower, upper: numberAt(value, 'upper') }
}

const howOf = ({ verdict, cause }: JudgedEvidence): string => {
  switch (verdict) {
    case 'advance':
      return cause === 'timed' ? 'timed, unproven' : cause
    case 'hold':
      return `held: ${cause}`
    case 'roll back':
      return `roll back: ${cause}`
    case 'blind':
      return `blind: ${cause}`
    default:
      return verdict satisfies never
  }
}

type Entered = EntryOf<'entered'>
type Judged = EntryOf<'judged'>

const evidenceOf = (entered: Entered, attempt: number, judged: Judged | null): StepEvidence => {
  const evidence = judged?.event.evidence ?? null
  const step = fields(evidence)['step']
  return {
    step: entered.event.name,
    attempt,
    from: entered.at,
    weight: numberAt(step, 'weightGreen'),
    observedMs: numberAt(step, 'observedMs'),
    blue: counts(fields(step)['blue']),
    green: counts(fields(step)['green']),
    ratio: ratio(fields(evidence)['ratio']),
    E: numberAt(evidence, 'E'),
    rollBackAt: numberAt(evidence, 'rollBackAt'),
    proof: numberAt(evidence, 'proof'),
    proofNeeded: numberAt(evidence, 'proofNeeded'),
    verdict: judged?.event.verdict ?? null,
    how: judged === null ? 'no verdict' : howOf(judged.event),
    because: judged?.event.because ?? 'the judge said nothing in this step',
    entry: judged?.position ?? entered.position,
  }
}

/** By service, every step that is judged: it has a gate for a verdict, or the judge spoke in it. */
export const readEvidence = (material: Material): ReadonlyMap<string, readonly StepEvidence[]> => {
  const found = new Map<string, StepEvidence[]>()
  const open = new Map<string, { readonly entered: Entered; readonly attempt: number; judged: Judged | null }>()
  const attempts = new Map<string, number>()
  const close = (service: string): void => {
    const own = open.get(service)
    if (own === undefined) return
    open.delete(service)
    const gates = material.plan?.moves[service]?.steps[own.entered.event.step]?.after ?? []
    if (own.judged === null && !gates.some(({ kind }) => kind === 'verdict')) return
    found.set(service, [...(found.get(service) ?? []), evidenceOf(own.entered, own.attempt, own.judged)])
  }
  for (const entry of entriesOf(material.entries, 'ordered', 'entered', 'judged')) {
    const { service, event } = entry
    if (service === null) continue
    if (event.kind === 'ordered') {
      attempts.set(service, event.attempt + 1)
      continue
    }
    if (event.kind === 'entered') {
      close(service)
      // `event` was told apart from the others just now; the entry around it is the same.
      open.set(service, { entered: entry as Entered, attempt: attempts.get(service) ?? 1, judged: null })
      continue
    }
    const own = open.get(service)
    if (own !== undefined && own.entered.event.step === event.step) own.judged = entry as Judged // as above
  }
  for (const service of [...open.keys()]) close(service)
  return found
}
