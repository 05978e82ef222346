import type { StopMark } from '../../engine/ports.ts'
import type { Fence } from '../../moves/goal.ts'

/** Whose environment it is, as it stands in the cluster. */
export type ClaimRecord = {
  readonly release: string | null
  /** The highest epoch seen. */
  readonly epoch: number
  /** `epoch`: the last that is stopped. */
  readonly stop: { readonly mark: StopMark; readonly epoch: number } | null
  /** Releases that gave it free, each with the last epoch of which nothing counts any more: neither acts nor stamps. */
  readonly freed: Readonly<Record<string, number>>
}

export const emptyClaim: ClaimRecord = { release: null, epoch: 0, stop: null, freed: {} }

/** A change of the record, or why there is none to be made. */
export type ClaimChange =
  | { readonly kind: 'change'; readonly record: ClaimRecord }
  | { readonly kind: 'holds' }
  | { readonly kind: 'refused'; readonly because: string }

const notYours = (record: ClaimRecord, environment: string, release: string, epoch: number): string | null => {
  if (record.release !== null && record.release !== release) {
    return `environment ${environment} belongs to release ${record.release}, not ${release}`
  }
  if (epoch >= record.epoch) return null
  return `epoch ${epoch} of release ${release} is older than ${record.epoch}, which environment ${environment} has seen`
}

export const claimedBy = (record: ClaimRecord, environment: string, release: string, epoch: number): ClaimChange => {
  const because = notYours(record, environment, release, epoch)
  if (because !== null) return { kind: 'refused', because }
  if (record.release === release && record.epoch === epoch) return { kind: 'holds' }
  return { kind: 'change', record: { ...record, release, epoch } }
}

export const freedBy = (record: ClaimRecord, environment: string, release: string, epoch: number): ClaimChange => {
  if (record.release === null) return { kind: 'holds' }
  const because = notYours(record, environment, release, epoch)
  if (because !== null) return { kind: 'refused', because }
  const highest = Math.max(epoch, record.epoch)
  const freed = { ...record.freed, [release]: Math.max(highest, record.freed[release] ?? 0) }
  return { kind: 'change', record: { ...record, release: null, epoch: highest, freed } }
}

/**
 * Never refused. Whoever stops with an epoch higher than all seen goes on with it, and all before it are stopped.
 * With one that was seen already (an engine took over in between) that one is stopped too. Made twice, it is one stop.
 */
export const stoppedBy = (record: ClaimRecord, mark: StopMark, epoch: number): ClaimChange => {
  const before = record.stop?.mark
  const again = before?.at === mark.at && before.by === mark.by && before.because === mark.because
  if (again && epoch === record.epoch) return { kind: 'holds' }
  const upTo = epoch > record.epoch ? epoch - 1 : record.epoch
  return {
    kind: 'change',
    record: { ...record, epoch: Math.max(epoch, record.epoch), stop: { mark, epoch: upTo } },
  }
}

export const unstopped = (record: ClaimRecord): ClaimChange =>
  record.stop === null ? { kind: 'holds' } : { kind: 'change', record: { ...record, stop: null } }

/** Whether an act may go on: it may, it may once the record has seen its epoch, or why not. */
export const admits = (record: ClaimRecord, environment: string, fence: Fence): ClaimChange => {
  const { stop } = record
  const because = notYours(record, environment, fence.release, fence.epoch)
  if (because !== null) return { kind: 'refused', because }
  if (stop !== null && fence.epoch <= stop.epoch) {
    const since = new Date(stop.mark.at).toISOString()
    const what = `${stop.mark.by} stopped environment ${environment} at ${since} (${stop.mark.because})`
    return { kind: 'refused', because: `${what}; after it: titrate resume --clear-stop` }
  }
  if (record.release === null && fence.epoch <= (record.freed[fence.release] ?? 0)) {
    return { kind: 'refused', because: `release ${fence.release} has given environment ${environment} free` }
  }
  return fence.epoch === record.epoch
    ? { kind: 'holds' }
    : { kind: 'change', record: { ...record, epoch: fence.epoch } }
}
