import { createHash } from 'node:crypto'
import { genesis } from '../../journal/chain.ts'
import type { Recorded } from '../../journal/events.ts'
import type { Json } from '../../moves/goal.ts'
import { checkName, planAppend, prepareAppend, prepareObservation, prunedLine } from '../entries.ts'
import type { Append, AppendAnswer, Head, Observation, Store, StoredObservation, StoreListing } from '../store.ts'

/** Where stores in memory are: what one of them writes, the others of the same place read. */
export type MemoryPlace = {
  open(release: string): Promise<Store>
  list(): Promise<readonly StoreListing[]>
}

export type MemoryOptions = {
  /** Why an append finds no room; null: there is room. */
  readonly full?: () => string | null
  /** Every append of every store of the place, as soon as it is written. */
  readonly appended?: (release: string, entries: readonly Recorded[]) => void
  /**
   * Events and observations are kept as they are given, and not as text; hashes are then no hashes. Much cheaper, for
   * those who change nothing that they gave, and verify no chain.
   */
  readonly keepsGiven?: boolean
}

type Observed = {
  readonly id: number
  readonly kind: Observation['kind']
  readonly subject: string
  readonly at: number
}
type Body = { readonly text: string } | { readonly given: Json }

type Release = {
  readonly name: string
  readonly entries: Recorded[]
  readonly versions: Map<string, number>
  readonly latest: Map<string, number>
  readonly watchers: Map<() => void, object>
  head: Head
  epoch: number
  observed: (Observed & { readonly body: Body })[]
  lastObserved: number
  holder: object | null
}

const newRelease = (name: string): Release => ({
  name,
  entries: [],
  versions: new Map(),
  latest: new Map(),
  watchers: new Map(),
  head: genesis,
  epoch: 0,
  observed: [],
  lastObserved: 0,
  holder: null,
})

/**
 * Stores in the memory of this process, by the rules of all others: for simulation and tests. Nothing outlives the
 * process, and nothing is shared with another one.
 */
export const createMemoryPlace = (options: MemoryOptions = {}): MemoryPlace => {
  const releases = new Map<string, Release>()
  return {
    open: async (name) => {
      checkName('release', name)
      const release = releases.get(name) ?? newRelease(name)
      releases.set(name, release)
      return openMemoryStore(release, options)
    },
    list: async () =>
      [...releases.values()].flatMap(({ name, entries: [first], head }) =>
        first === undefined ? [] : [{ release: name, createdAt: first.at, head }],
      ),
  }
}

const openMemoryStore = (release: Release, options: MemoryOptions): Store => {
  const self = {}
  return {
    release: release.name,
    where: 'memory',
    append: async (append) => {
      const full = options.full?.() ?? null
      const answer = options.keepsGiven === true ? keep(release, append, full) : write(release, append, full)
      if (answer.kind !== 'appended' || answer.entries.length === 0) return answer
      options.appended?.(release.name, answer.entries)
      for (const [hint, of] of release.watchers) if (of !== self) queueMicrotask(hint)
      return answer
    },
    // Positions count from 1 without gaps.
    read: async (after, limit) => release.entries.slice(after, after + limit),
    head: async () => release.head,
    claimEpoch: async (atLeast) => {
      release.epoch = Math.max(release.epoch, atLeast) + 1
      return release.epoch
    },
    ...lockOf(release, self),
    ...observationsOf(release, options.keepsGiven === true),
    watch: (appended, signal) => {
      if (signal.aborted) return
      // A function of its own, so that one that watches twice is told twice.
      const hint = (): void => appended()
      release.watchers.set(hint, self)
      signal.addEventListener('abort', () => release.watchers.delete(hint), { once: true })
    },
    close: async () => {
      for (const [hint, of] of release.watchers) if (of === self) release.watchers.delete(hint)
      if (release.holder === self) release.holder = null
    },
  }
}

const noRoom = (full: string): AppendAnswer => ({ kind: 'full', because: `The store took nothing: ${full}.` })

const take = (release: Release, entries: readonly Recorded[], epoch: number, head: Head): AppendAnswer => {
  for (const entry of entries) {
    release.entries.push(entry)
    release.versions.set(entry.stream, entry.version)
  }
  release.head = head
  release.epoch = epoch
  return { kind: 'appended', entries }
}

const write = (release: Release, append: Append, full: string | null): AppendAnswer => {
  const { head, epoch, versions } = release
  const plan = planAppend(prepareAppend(append), { head, epoch, versionOf: (stream) => versions.get(stream) ?? 0 })
  if (plan.kind !== 'write') return plan
  if (full !== null) return noRoom(full)
  const entries = plan.written.map(({ entry }) => entry)
  return take(release, entries, plan.epoch, plan.head)
}

/** As `write`, but for text and hashes. */
const keep = (release: Release, append: Append, full: string | null): AppendAnswer => {
  const { at, epoch, observation } = append
  if (epoch !== 0 && epoch < release.epoch) return { kind: 'fenced', epoch: release.epoch }
  const versions = new Map<string, number>()
  const entries: Recorded[] = []
  let { position } = release.head
  for (const { stream, expected, events } of append.batches) {
    let version = versions.get(stream) ?? release.versions.get(stream) ?? 0
    if (expected !== 'any' && expected !== version) return { kind: 'conflict', stream, version }
    for (const event of events) {
      version += 1
      position += 1
      entries.push({ position, stream, version, at, epoch, observation, event, hash: `entry ${position}` })
    }
    versions.set(stream, version)
  }
  if (full !== null) return noRoom(full)
  const head = { position, hash: position === release.head.position ? release.head.hash : `entry ${position}` }
  return take(release, entries, Math.max(epoch, release.epoch), head)
}

const lockOf = (release: Release, self: object): Pick<Store, 'lock'> => ({
  lock: async () => {
    if (release.holder !== null) return null
    release.holder = self
    let isHeld = true
    return {
      lost: new AbortController().signal,
      release: async () => {
        if (isHeld && release.holder === self) release.holder = null
        isHeld = false
      },
    }
  },
})

const read = ({ body, ...row }: Release['observed'][number]): StoredObservation => ({
  ...row,
  body: 'given' in body ? body.given : (JSON.parse(body.text) as Json), // Written by `observe` below.
})

const textOf = (body: Body): string => ('given' in body ? JSON.stringify(body.given) : body.text)

const observationsOf = (
  release: Release,
  keepsGiven: boolean,
): Pick<Store, 'observe' | 'facts' | 'observations' | 'prune'> => ({
  observe: async (observations) => {
    // All are prepared before the first is kept: one that is no JSON refuses them all.
    const bodies = observations.map(
      (one): Body => (keepsGiven ? { given: one.body } : { text: prepareObservation(one).body }),
    )
    for (const [index, { kind, subject, at }] of observations.entries()) {
      const body = bodies[index] as Body // one for each
      release.lastObserved += 1
      release.observed.push({ id: release.lastObserved, kind, subject, at, body })
      if (kind === 'fact') release.latest.set(subject, release.lastObserved)
    }
    return release.lastObserved
  },
  facts: async () => {
    const latest = new Set(release.latest.values())
    return release.observed.filter(({ id }) => latest.has(id)).map(read)
  },
  observations: async ({ kind, subjectPrefix, after, limit }) => {
    const found: StoredObservation[] = []
    for (const row of release.observed) {
      if (found.length === limit) break
      if (row.id > after && row.kind === kind && row.subject.startsWith(subjectPrefix)) found.push(read(row))
    }
    return found
  },
  prune: async (upTo) => {
    const latest = new Set(release.latest.values())
    const goes = ({ id }: Observed): boolean => id <= upTo && !latest.has(id)
    const removed = release.observed.filter(goes)
    const hash = createHash('sha256')
    for (const { id, kind, subject, at, body } of removed)
      hash.update(prunedLine({ id, kind, subject, at, body: textOf(body) }))
    release.observed = release.observed.filter((row) => !goes(row))
    return { removed: removed.length, hash: hash.digest('hex') }
  },
})
