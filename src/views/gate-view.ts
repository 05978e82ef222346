import { hash } from 'node:crypto'
import { canonicalJson } from '../journal/canonical-json.ts'
import { type EvidenceSeen, evidenceOf, evidenceOfRelease } from './evidence-seen.ts'
import { type MoveSeen, seeMoves } from './report-moves.ts'
import { type Material, peopleOf } from './status-view.ts'
import { indexFacts } from './stored-facts.ts'

/** Those who wait for an approval, with the evidence that a person should see before giving it. */
export type GateWaiting = {
  readonly gate: string
  readonly waiting: readonly {
    readonly service: string | null
    readonly because: string
    readonly evidence: EvidenceSeen
  }[]
  /** Of all that is shown: what the approval is bound to. null: nothing waits for it. */
  readonly hash: string | null
  /** Other gates that wait now, as `service: gate`. */
  readonly others: readonly string[]
}

export const viewGate = (material: Material, gate: string, service: string | null): GateWaiting => {
  const { journal, facts, now } = material
  const { plan } = journal.release
  const moves: ReadonlyMap<string, MoveSeen> =
    plan === null ? new Map() : seeMoves(journal, plan, indexFacts(facts), now)
  const all = peopleOf(journal, moves).filter((wait) => wait.gate !== null)
  const waiting = all
    .filter((wait) => wait.gate === gate && (service === null || wait.service === service))
    .map((wait) => {
      const seen = wait.service === null ? undefined : moves.get(wait.service)
      const evidence =
        seen === undefined ? evidenceOfRelease(gate, journal) : evidenceOf(gate, seen.context.state, seen.report.step)
      return { service: wait.service, because: wait.because, evidence }
    })
  const hashes = waiting.map(({ evidence }) => evidence.hash)
  const [only] = hashes
  return {
    gate,
    waiting,
    hash: only === undefined ? null : hashes.length === 1 ? only : hash('sha256', canonicalJson(hashes), 'hex'),
    others: all
      .filter((wait) => wait.gate !== gate)
      .map((wait) => `${wait.service ?? 'the release'}: ${wait.gate ?? ''}`),
  }
}
