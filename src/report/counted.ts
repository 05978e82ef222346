import type { Json } from '../moves/goal.ts'
import { fields, listAt, numberAt, textAt } from './json-fields.ts'
import type { Material } from './material.ts'

export type ByWhom = readonly { readonly name: string; readonly count: number }[]

/** What was counted outside the release. null: it was not. */
export type Counted = {
  readonly requests: number | null
  readonly failedRequests: number | null
  readonly answeredBy: ByWhom
  readonly failedBy: ByWhom
  readonly queue: {
    readonly added: number
    readonly done: number
    readonly lost: number
    readonly twice: number
  } | null
  readonly fault: string | null
  readonly detectedAfterSeconds: number | null
  readonly backAfterSeconds: number | null
  readonly ledgerDisagrees: readonly string[]
}

const byWhom = (value: Json | undefined): ByWhom =>
  Object.entries(fields(value)).flatMap(([name, count]) => (typeof count === 'number' ? [{ name, count }] : []))

const queueOf = (value: Json | undefined): Counted['queue'] => {
  const [added, done] = [numberAt(value, 'added'), numberAt(value, 'done')]
  const [lost, twice] = [numberAt(value, 'lost'), numberAt(value, 'twice')]
  return added === null || done === null || lost === null || twice === null ? null : { added, done, lost, twice }
}

export const readCounted = ({ extra }: Material): Counted => {
  const own = fields(extra)
  return {
    requests: numberAt(extra, 'requests'),
    failedRequests: numberAt(extra, 'failedRequests'),
    answeredBy: byWhom(own['answeredBy']),
    failedBy: byWhom(own['failedBy']),
    queue: queueOf(own['queue']),
    fault: textAt(extra, 'fault'),
    detectedAfterSeconds: numberAt(extra, 'detectedAfterSeconds'),
    backAfterSeconds: numberAt(extra, 'backAfterSeconds'),
    ledgerDisagrees: listAt(extra, 'ledgerDisagrees').filter((one) => typeof one === 'string'),
  }
}
