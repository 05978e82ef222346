import type { Recorded } from '../../src/journal/events.ts'
import { emptyJournal, foldJournal, type JournalState } from '../../src/journal/fold.ts'
import { type Lane, laneOf, type Millis, sides } from '../../src/moves/goal.ts'
import { environmentStatus } from '../../src/providers/local/supervisor-control.ts'
import { openStore, type StorePlace } from '../../src/store/open.ts'
import type { Ended } from '../follow-command.ts'
import type { Shop } from './shop.ts'

/** What the journal and the world say when the release has ended. */
export type WhatIsLeft = {
  readonly outcome: string | null
  readonly verified: Ended
  readonly ledger: Ended
  /** Sizes of pieces in which the journal folds to another state than as a whole. */
  readonly foldsThatDiffer: readonly number[]
  /** Where the world is not as the newest goals say, in words. */
  readonly differencesOfWorld: readonly string[]
  /** Entries of engines that another had taken over from before. */
  readonly lateEntries: readonly string[]
  readonly intents: number
  /** Intents that neither came out nor were replaced by a newer one of their lane. */
  readonly open: readonly string[]
  /** Ticks that a handoff let go, by its own outcome. */
  letGo(service: string): readonly Millis[]
}

const placeOf = ({ estate, store }: Shop): StorePlace => {
  if (store.kind === 'SQLite') return { file: estate.path('.titrate/releases/trouble/journal.db') }
  const url = new URL(store.url)
  url.password = store.password
  return { url: url.href }
}

const readAll = async (shop: Shop): Promise<readonly Recorded[]> => {
  const store = await openStore({ ...placeOf(shop), release: 'trouble' })
  try {
    return await store.read(0, 100_000)
  } finally {
    await store.close()
  }
}

const foldInPieces = (entries: readonly Recorded[], size: number): JournalState => {
  let state = emptyJournal('trouble')
  for (let from = 0; from < entries.length; from += size) state = foldJournal(state, entries.slice(from, from + size))
  return state
}

const text = ({ moves, ...rest }: JournalState): string => JSON.stringify({ ...rest, moves: [...moves] })

const openIntents = (entries: readonly Recorded[]) => {
  const newest = new Map<string, string>()
  const out = new Set<string>()
  let intents = 0
  for (const { stream, event } of entries) {
    if (event.kind === 'intended') {
      intents += 1
      newest.set(`${stream} ${laneOf(event.goal)}`, event.intent)
    }
    if (event.kind === 'came out') out.add(event.intent)
  }
  return { intents, open: [...newest.values()].filter((intent) => !out.has(intent)) }
}

/** By the epoch that each entry was written with; 0: a person's command, which is no engine's. */
const lateEntries = (entries: readonly Recorded[]): readonly string[] => {
  let newest = 0
  return entries.flatMap(({ epoch, position, event }) => {
    newest = Math.max(newest, epoch)
    return epoch === 0 || epoch === newest ? [] : [`${position}, ${event.kind}: epoch ${epoch} after ${newest}`]
  })
}

/** The newest goal of each lane against what supervisors and router say of themselves. */
const compareWithWorld = async ({ estate }: Shop, { moves }: JournalState): Promise<readonly string[]> => {
  const found: string[] = []
  const differ = (service: string, lane: Lane, wanted: unknown, is: unknown): void => {
    if (JSON.stringify(wanted) !== JSON.stringify(is))
      found.push(`${service}, ${lane}: ${JSON.stringify(wanted)} is wanted, ${JSON.stringify(is)} is there`)
  }
  const [blue, green] = await Promise.all(sides.map((side) => environmentStatus(estate.path(`${side}.yaml`))))
  const of = (status: typeof blue, service: string) => status?.services.find((one) => one.service === service)
  for (const { service, lanes } of moves.values()) {
    const [onBlue, onGreen] = [of(blue, service), of(green, service)]
    for (const { goal } of Object.values(lanes)) {
      if (goal.kind === 'workload')
        differ(service, 'workload', [goal.blue, goal.green], [onBlue?.desired, onGreen?.desired])
      if (goal.kind === 'weights') differ(service, 'weights', goal.green, await estate.weight())
      if (goal.kind === 'schedule') {
        const active = [onBlue, onGreen].map((one) => one?.schedule?.suspended === false)
        differ(service, 'schedule', [goal.owner === 'blue', goal.owner === 'green'], active)
      }
    }
  }
  return found
}

export const readWhatIsLeft = async (shop: Shop): Promise<WhatIsLeft> => {
  const { estate } = shop
  const entries = await readAll(shop)
  const journal = foldJournal(emptyJournal('trouble'), entries)
  return {
    outcome: journal.release.ended?.outcome ?? null,
    verified: await estate.titrate('journal', 'verify'),
    ledger: await estate.titrate('ledger'),
    foldsThatDiffer: [1, 2, 7, 50].filter((size) => text(foldInPieces(entries, size)) !== text(journal)),
    differencesOfWorld: await compareWithWorld(shop, journal),
    lateEntries: lateEntries(entries),
    ...openIntents(entries),
    letGo: (service) => journal.moves.get(service)?.ticksLetGo ?? [],
  }
}
