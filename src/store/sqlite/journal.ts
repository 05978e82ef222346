import { TitrateError } from '../../errors.ts'
import { genesis } from '../../journal/chain.ts'
import { eventFormat, type PreparedAppend, planAppend, prepareAppend, readEntry } from '../entries.ts'
import type { AppendAnswer, Head, Store } from '../store.ts'
import { damaged, noRoom } from './failure.ts'
import type { Session } from './session.ts'
import { watchFile } from './watch.ts'

/** The journal's part of a store. */
export const createJournal = (session: Session): Pick<Store, 'append' | 'read' | 'head' | 'claimEpoch' | 'watch'> => {
  const { file, db, sql, attempt, commit, findRelease, findOrAddRelease } = session
  const watchers = new Set<() => void>()
  /** The journal's end as far as it is known here: what stands beyond it was appended by somebody else. */
  let known = session.openedAt

  const see = (position: number, { ours }: { readonly ours: number }): void => {
    const isForeign = position - ours > known
    known = Math.max(known, position)
    if (isForeign) for (const appended of watchers) queueMicrotask(appended)
  }

  /** Versions of streams, as long as the journal ends where it did: then nobody else has appended. */
  const versions = new Map<string, number>()
  let versionsAt = -1

  const versionIn = (id: number, stream: string): number => {
    const known = versions.get(stream)
    if (known !== undefined) return known
    const version = sql.version.get(id, stream) ?? 0
    if (!Number.isSafeInteger(version)) throw damaged(file, `the version of stream ${stream} isn't a whole number`)
    versions.set(stream, version)
    return version
  }

  const write = (append: PreparedAppend): AppendAnswer => {
    const { id, epoch, position, hash } = findOrAddRelease()
    if (position !== versionsAt) versions.clear()
    versionsAt = position
    const versionOf = (stream: string): number => versionIn(id, stream)
    const plan = planAppend(append, { head: { position, hash }, epoch, versionOf })
    if (plan.kind !== 'write') return plan
    for (const { entry, json } of plan.written) {
      const { event: _, ...fields } = entry
      sql.addEvent.run({ ...fields, release: id, format: eventFormat, body: json })
    }
    sql.setHead.run({ id, epoch: plan.epoch, ...plan.head })
    return { kind: 'appended', entries: plan.written.map(({ entry }) => entry) }
  }

  return {
    append: async (append) => {
      const prepared = prepareAppend(append)
      try {
        const answer = commit(() => write(prepared))
        const last = answer.kind === 'appended' ? answer.entries.at(-1) : undefined
        if (answer.kind === 'appended' && last !== undefined) {
          see(last.position, { ours: answer.entries.length })
          for (const { stream, version } of answer.entries) versions.set(stream, version)
          versionsAt = last.position
        }
        return answer
      } catch (error) {
        versionsAt = -1
        const because = noRoom(error instanceof TitrateError ? error.cause : error)
        if (because === null) throw error
        return { kind: 'full', because: `The store ${file} took nothing: ${because}.` }
      }
    },

    read: async (after, limit) =>
      attempt(() => {
        const row = findRelease()
        return row === undefined || row.position <= after ? [] : sql.events.all(row.id, after, limit).map(readEntry)
      }),

    head: async () =>
      attempt((): Head => {
        const { position, hash } = findRelease() ?? genesis
        return { position, hash }
      }),

    claimEpoch: async (atLeast) =>
      commit(() => {
        const { id, position, hash, epoch: highest } = findOrAddRelease()
        const epoch = Math.max(highest, atLeast) + 1
        sql.setHead.run({ id, position, hash, epoch })
        return epoch
      }),

    watch: (appended, signal) => {
      if (signal.aborted) return
      watchers.add(appended)
      signal.addEventListener('abort', () => watchers.delete(appended), { once: true })
      let seen = db.pragma('data_version', { simple: true })
      const look = (): void => {
        try {
          // Changes with every commit of another connection, and costs no read of the file.
          const version = db.pragma('data_version', { simple: true })
          if (version === seen) return
          seen = version
          see(findRelease()?.position ?? 0, { ours: 0 })
        } catch {
          // Only a hint was missed; the store's other calls tell what is wrong.
        }
      }
      watchFile(file, look, signal)
    },
  }
}
