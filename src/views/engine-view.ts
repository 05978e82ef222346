import type { JournalState } from '../journal/fold.ts'
import type { Millis } from '../moves/goal.ts'
import { aliveSubject, type StoredFacts } from './stored-facts.ts'
import { duration, instant } from './words.ts'

/** An engine gives a sign of life every second; without one for so long it counts as dead. */
export const aliveForMs: Millis = 5_000

export type EngineView = {
  readonly alive: boolean
  readonly engine: string | null
  readonly epoch: number
  /** The last sign of life; null: none was ever given. */
  readonly seenAt: Millis | null
  /** What it is doing now, by intent. */
  readonly underWay: readonly string[]
  /** In words, with its age. */
  readonly text: string
}

export const viewEngine = (journal: JournalState, stored: StoredFacts, now: Millis): EngineView => {
  const { release } = journal
  const fact = stored.get(aliveSubject)
  const seenAt = fact?.at ?? release.engineSince
  const hasLeft = release.left !== null && (seenAt === null || release.left.at >= (release.engineSince ?? 0))
  const alive = fact !== undefined && !hasLeft && release.ended === null && now - fact.at < aliveForMs
  return {
    alive,
    engine: release.engine,
    epoch: release.epoch,
    seenAt,
    underWay: alive ? underWayOf(fact.body) : [],
    text: engineWords(journal, seenAt, alive, now),
  }
}

const underWayOf = (body: unknown): readonly string[] => {
  if (typeof body !== 'object' || body === null || !('underWay' in body) || !Array.isArray(body.underWay)) return []
  return body.underWay.map((one: unknown) => {
    if (typeof one === 'string') return one
    return typeof one === 'object' && one !== null && 'intent' in one ? String(one.intent) : JSON.stringify(one)
  })
}

const engineWords = ({ release }: JournalState, seenAt: Millis | null, alive: boolean, now: Millis): string => {
  if (alive)
    return `running (${release.engine ?? 'unknown'}, epoch ${release.epoch}), seen ${duration(now - (seenAt ?? now))} ago`
  if (release.ended !== null) return `no engine is needed: the release ended ${instant(release.ended.at)}`
  if (release.left !== null) return `not running since ${instant(release.left.at)}: ${release.left.because}`
  if (seenAt === null) return 'no engine has run yet'
  return `not running since ${instant(seenAt)} (${duration(now - seenAt)} ago), and it did not say why: "titrate run" goes on`
}
