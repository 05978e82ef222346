import type { Millis } from '../moves/goal.ts'
import { describeRequest } from '../views/describe-event.ts'
import { entriesOf, type Material } from './material.ts'

export type Asked = {
  readonly id: string
  readonly by: string
  readonly at: Millis
  readonly text: string
  /** null: not answered yet. */
  readonly answer: 'accepted' | 'refused' | null
  readonly because: string | null
  readonly answeredAt: Millis | null
  readonly entry: number
  readonly answerEntry: number | null
}

export type Approval = {
  readonly gate: string
  /** null: the release as a whole. */
  readonly service: string | null
  readonly by: string
  readonly at: Millis
  readonly approved: boolean
  /** SHA-256 of the evidence that the person saw; null for a rejection. */
  readonly evidence: string | null
  readonly note: string | null
  readonly entry: number
}

export type People = { readonly requests: readonly Asked[]; readonly approvals: readonly Approval[] }

export const readPeople = ({ entries }: Material): People => {
  const answers = new Map(entriesOf(entries, 'answered').map((entry) => [entry.event.id, entry]))
  return {
    requests: entriesOf(entries, 'requested').map(({ event, at, position }) => {
      const answer = answers.get(event.id)
      return {
        id: event.id,
        by: event.by,
        at,
        text: describeRequest(event.request),
        answer: answer?.event.answer ?? null,
        because: answer?.event.because ?? null,
        answeredAt: answer?.at ?? null,
        entry: position,
        answerEntry: answer?.position ?? null,
      }
    }),
    approvals: entriesOf(entries, 'approved', 'rejected').map(({ event, at, position, service }) => ({
      gate: event.gate,
      service,
      by: event.by,
      at,
      approved: event.kind === 'approved',
      evidence: event.kind === 'approved' ? event.evidence : null,
      note: event.kind === 'approved' ? event.note : event.because,
      entry: position,
    })),
  }
}
