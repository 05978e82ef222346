import { createHash } from 'node:crypto'
import { prepareObservation, prunedLine, readObservation } from '../entries.ts'
import type { Store } from '../store.ts'
import type { Session } from './session.ts'

/** So many are sorted in a few milliseconds. */
const few = 10_000

/** The observations' part of a store. */
export const createObservations = (session: Session): Pick<Store, 'observe' | 'facts' | 'observations' | 'prune'> => {
  const { db, sql, attempt, commit, findRelease, findOrAddRelease } = session

  const record = (observations: readonly ReturnType<typeof prepareObservation>[]): number => {
    const row = findOrAddRelease()
    let id = row.observation
    for (const observation of observations) {
      id += 1
      sql.addObservation.run({ ...observation, release: row.id, id })
      if (observation.kind === 'fact') sql.setLatestFact.run(row.id, observation.subject, id)
    }
    sql.setObservation.run(id, row.id)
    return id
  }

  return {
    observe: async (observations) => {
      const prepared = observations.map(prepareObservation)
      // Not synced by itself: the log is one, so the sync of the next event carries what was observed before it.
      db.pragma('synchronous = normal')
      try {
        return commit(() => record(prepared))
      } finally {
        db.pragma('synchronous = full')
      }
    },

    facts: async () =>
      attempt(() => {
        const row = findRelease()
        return row === undefined ? [] : sql.facts.all(row.id).map(readObservation)
      }),

    observations: async ({ kind, subjectPrefix, after, limit }) =>
      attempt(() => {
        const row = findRelease()
        if (row === undefined) return []
        const page = { release: row.id, kind, after, limit }
        if (subjectPrefix === '') return sql.allObservations.all(page).map(readObservation)
        const below = { ...page, from: subjectPrefix, to: `${subjectPrefix}\u{10ffff}` }
        const areMany = sql.countBelow.get({ ...below, most: few }) === few
        return (areMany ? sql.manyBelow : sql.fewBelow).all(below).map(readObservation)
      }),

    prune: async (upTo) =>
      commit(() => {
        const { id } = findOrAddRelease()
        const hash = createHash('sha256')
        for (const row of sql.prunable.iterate(id, upTo)) hash.update(prunedLine(row))
        return { removed: sql.prune.run(id, upTo).changes, hash: hash.digest('hex') }
      }),
  }
}
