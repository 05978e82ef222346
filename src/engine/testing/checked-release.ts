import { expect } from 'vitest'
import {
  type JournalEvent,
  moveStream,
  type PersonRequest,
  type Recorded,
  releaseStream,
} from '../../journal/events.ts'
import { emptyJournal, foldJournal, type JournalState } from '../../journal/fold.ts'
import { newMove } from '../../journal/move-state.ts'
import { createRandomWorld } from '../../moves/testing/random-world.ts'
import type { Plan } from '../../plan/plan.ts'
import { openStore } from '../../store/open.ts'
import type { Append, AppendAnswer, Store } from '../../store/store.ts'
import { createTurnLoop, type StreamEvent, type TurnLoop } from '../turn-loop.ts'
import { byStream, decideSlowly } from './slow-reference.ts'

const wholeState = ({ moves, ...rest }: JournalState) => ({ ...rest, moves: Object.fromEntries(moves) })

/** What is wrong with the next appends of the loop. */
type Mischief = 'none' | 'full' | 'somebody asks in between'

/** A release under way: the store, the loop that decides, the world as it was seen last. Each turn is held to the slow reference. */
export const openCheckedRelease = async (file: string, release: string, plan: Plan) => {
  const store = await openStore({ file, release })
  const world = createRandomWorld(plan)
  const services = Object.keys(plan.moves)
  let now = 1_000_000
  let epoch = 0
  let requests = 0
  let mischief: Mischief = 'none'
  let waiting: StreamEvent[] = []
  const woken = new Set<string>()

  const appendForeign = async (event: JournalEvent, stream: string = releaseStream): Promise<void> => {
    const batches = [{ stream, expected: 'any' as const, events: [event] }]
    await store.append({ at: now, epoch: 0, observation: 0, batches })
  }
  const request = (asked: PersonRequest): Promise<void> => {
    requests += 1
    return appendForeign({ kind: 'requested', id: `r${requests}`, by: 'ada', seen: 0, request: asked })
  }
  const hold: PersonRequest = { kind: 'hold', service: null, because: 'wait' }
  /** The store as the loop has it. */
  const troubled: Store = {
    ...store,
    append: async (append: Append): Promise<AppendAnswer> => {
      const kind = mischief
      mischief = 'none'
      if (kind === 'full') return { kind: 'full', because: 'the disk is full' }
      if (kind === 'somebody asks in between') await request(hold)
      return store.append(append)
    },
  }
  const begin = async (): Promise<TurnLoop> => {
    epoch = await store.claimEpoch(epoch)
    const took = {
      kind: 'took over',
      epoch,
      engine: 'test',
      gap: epoch === 1 ? null : { from: now, until: now },
    } as const
    await store.append({
      ...{ at: now, epoch, observation: 0 },
      batches: [{ stream: releaseStream, expected: 'any', events: [took] }],
    })
    const journal = foldJournal(emptyJournal(release), await store.read(0, 100_000))
    return createTurnLoop({ store: troubled, plan, epoch, journal, facts: (service) => world.of(service).facts })
  }

  await appendForeign({ kind: 'created', release, plan, titrate: 'test' })
  await appendForeign({ kind: 'checked', blocking: [], notes: [], findings: null })
  let loop = await begin()
  for (const service of services) world.look(service, now, 0)

  const entries = (): Promise<readonly Recorded[]> => store.read(0, 100_000)
  const slowly = (all: readonly Recorded[]) =>
    decideSlowly({ plan, entries: all, facts: (service) => world.of(service).facts, now, epoch })
  const told = (all: readonly Recorded[]) => all.map(({ stream, event }) => ({ stream, event }))

  /** One turn, as the engine makes it, and what has to be true of it. */
  const turn = async (): Promise<void> => {
    const foreign = await loop.catchUp()
    const taken = waiting
    waiting = []
    const before = loop.journal().position
    const asked = [...woken, ...(foreign.length > 0 ? services : [])]
    woken.clear()
    const outcome = await loop.turn(taken, asked, now, 0)
    if (outcome.refusal?.kind === 'full') {
      if (outcome.entries.length === 0) waiting = [...taken, ...waiting]
      for (const service of asked) woken.add(service)
      return
    }
    expect(outcome.refusal).toBeNull()
    const first = await entries()
    const [own, others] = [outcome.entries, outcome.others].map((all) => new Set(all.map(({ position }) => position)))
    expect(first.slice(before).every(({ position }) => own?.has(position) !== others?.has(position))).toBe(true)
    // What is asked in between is decided on in this turn or in the next: the streams of moves don't wait for it.
    const ours = first.slice(before).filter(({ position }) => own?.has(position))
    const known = [...first.slice(0, before), ...ours.slice(0, taken.length)]
    const all = [...known, ...outcome.others].toSorted((a, b) => a.position - b.position)
    const possible = [known, all].map((entries) => byStream(slowly(entries).events))
    expect(possible).toContainEqual(byStream(told(ours.slice(taken.length))))
    if (outcome.others.length > 0) await loop.turn([], services, now, 0)
    while (loop.isBehind()) await loop.turn([], [], now, 0)
    const journal = await entries()
    const rest = slowly(journal)
    expect(rest.events).toEqual([])
    if (rest.wakeAt !== null) expect(loop.wakeAt() ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(rest.wakeAt)
    expect(wholeState(loop.journal())).toEqual(wholeState(foldJournal(emptyJournal(release), journal)))
  }

  return {
    ...{ world, services, turn, request, appendForeign, plan },
    state: (service: string) => loop.journal().moves.get(service) ?? newMove(service),
    take: (service: string, event: StreamEvent['event']): void => {
      waiting.push({ stream: moveStream(service), event })
      woken.add(service)
    },
    look: (service: string): void => {
      world.look(service, now, loop.journal().position)
      woken.add(service)
    },
    pass: (ms: number): void => {
      now += ms
    },
    trouble: (kind: Mischief): void => {
      mischief = kind
    },
    restart: async (): Promise<void> => {
      waiting = []
      loop = await begin()
    },
    /** Another engine takes over while this one lives: it must be refused, and write nothing. */
    takeOver: async (): Promise<void> => {
      const first = loop
      mischief = 'none'
      loop = await begin()
      const { position } = await store.head()
      const late = { stream: releaseStream, event: { kind: 'left', because: 'too late' } } as const
      expect(await first.turn([late], services, now, 0)).toMatchObject({
        entries: [],
        refusal: { kind: 'fenced', epoch },
      })
      expect((await store.head()).position).toBe(position)
    },
    close: () => store.close(),
  }
}

export type CheckedRelease = Awaited<ReturnType<typeof openCheckedRelease>>
