/**
 * The turn loop on a real store, with all that it remembers and leaves out, against a reference that remembers nothing:
 * whatever happens, in whatever order, both decide the same. fast-check prints seed and path of what it finds; those that
 * were found stand below as examples.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type JournalEvent, moveStream, type PersonRequest, type Recorded, releaseStream } from '../journal/events.ts'
import { emptyJournal, foldJournal, type JournalState } from '../journal/fold.ts'
import { newMove } from '../journal/move-state.ts'
import { type Outcome, type Side, sides } from '../moves/goal.ts'
import { createRandom, randomPlan } from '../moves/testing/random-plan.ts'
import { createRandomWorld } from '../moves/testing/random-world.ts'
import type { Plan } from '../plan/plan.ts'
import { openStore } from '../store/open.ts'
import type { Append, AppendAnswer, Store } from '../store/store.ts'
import { byStream, decideSlowly } from './testing/slow-reference.ts'
import { createTurnLoop, type StreamEvent, type TurnLoop } from './turn-loop.ts'

const wholeState = ({ moves, ...rest }: JournalState) => ({ ...rest, moves: Object.fromEntries(moves) })

/** What is wrong with the next appends of the loop. */
type Mischief = 'none' | 'full' | 'somebody asks in between'

/** A release under way: the store, the loop that decides, the world as it was seen last. */
const openRelease = async (file: string, release: string, plan: Plan) => {
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

type Release = Awaited<ReturnType<typeof openRelease>>
/** The reference is asked inside each turn, so the model of the commands holds nothing. */
type Nothing = Record<string, never>

/** Something that happens, in one line, for whoever reads a counterexample. */
const happening = (
  text: string,
  happen: (release: Release) => Promise<void> | void,
): fc.AsyncCommand<Nothing, Release> => ({
  check: () => true,
  run: async (_, release) => {
    await happen(release)
    await release.turn()
  },
  toString: () => text,
})

const pickFrom = <T>(all: readonly T[], number: number): T | undefined => all[number % Math.max(1, all.length)]

const outcomes: readonly Outcome[] = [
  ...Array.from({ length: 6 }, (): Outcome => ({ kind: 'done', result: null })),
  { kind: 'done', result: { passed: true, summary: 'fine', figures: null } },
  { kind: 'done', result: { passed: false, summary: 'broken', figures: null } },
  { kind: 'refused', because: 'it says no' },
  { kind: 'unknown', because: 'no answer' },
]

/** What is under way comes out: one of it, or all. */
const comeOut = (number: number, outcome: Outcome, all: boolean) =>
  happening(`${all ? 'everything' : `intent ${number}`} comes out ${JSON.stringify(outcome)}`, (release) => {
    const open = release.services.flatMap((service) =>
      Object.values(release.state(service).lanes).flatMap((lane) => (lane.outcome === null ? [{ service, lane }] : [])),
    )
    const one = pickFrom(open, number)
    for (const { service, lane } of all ? open : one === undefined ? [] : [one]) {
      if (outcome.kind === 'done') release.world.carryOut(service, lane.goal)
      const passed = { passed: true, summary: 'fine', figures: null }
      const result = outcome.kind === 'done' && lane.goal.kind === 'test' ? (outcome.result ?? passed) : null
      release.take(service, {
        kind: 'came out',
        intent: lane.intent,
        outcome: outcome.kind === 'done' ? { kind: 'done', result } : outcome,
      })
      release.look(service)
    }
  })

const judge = (number: number, verdict: 'advance' | 'hold' | 'roll back' | 'blind', all: boolean) =>
  happening(`the judge says ${verdict} of ${all ? 'all' : number}`, (release) => {
    const judged = release.services.filter((service) => release.state(service).reachedAt !== null)
    const one = pickFrom(judged, number)
    for (const service of all ? judged : one === undefined ? [] : [one])
      release.take(service, {
        ...{ kind: 'judged', step: release.state(service).step, verdict, cause: 'evidence', evidence: null },
        ...{ against: verdict === 'roll back', untilPerson: false, because: `the judge says ${verdict}` },
      })
  })

const runEnds = (number: number, good: boolean) =>
  happening(`a run ends ${good ? 'well' : 'badly'}`, (release) => {
    const jobs = release.services.filter((service) => release.world.of(service).owner.green)
    const service = pickFrom(jobs, number)
    if (service !== undefined)
      release.take(service, { kind: 'run ended', run: `run ${number}`, side: 'green', tick: number, good, because: '' })
  })

const change = (number: number, side: Side, what: 'ready' | 'version' | 'weight' | 'replicas' | 'owner') =>
  happening(`${what} on ${side} changes by itself`, (release) => {
    const service = pickFrom(release.services, number) ?? ''
    const own = release.world.of(service)
    if (what === 'ready') own.ready[side] = !own.ready[side]
    if (what === 'version') own.version[side] = own.version[side] === '1' ? '2' : '1'
    if (what === 'weight' && release.plan.moves[service]?.kind === 'exposed') own.weight = number % 101
    if (what === 'replicas' && release.plan.moves[service]?.kind !== 'job') own.replicas[side] = number % 4
    if (what === 'owner' && release.state(service).lanes.schedule !== undefined) own.owner[side] = number % 2 === 0
    release.look(service)
  })

const ask = (number: number, kind: PersonRequest['kind'], everything: boolean) =>
  happening(`somebody asks: ${kind} ${everything ? 'everything' : number}`, async (release) => {
    const service = pickFrom(release.services, number) ?? ''
    const because = 'a person said so'
    const of = everything ? null : service
    const gate =
      pickFrom(['user traffic', 'release', 'sign off', 'acts at start', 'both sides take work'], number) ?? ''
    const requests: Readonly<Record<PersonRequest['kind'], PersonRequest>> = {
      approve: { kind: 'approve', service: of, gate, evidence: null, note: null },
      reject: { kind: 'reject', service: of, gate, evidence: null, note: null },
      hold: { kind: 'hold', service: of, because },
      resume: { kind: 'resume', service: of, because, clearStop: true },
      retry: { kind: 'retry', service: of, because },
      skip: { kind: 'skip', service, because },
      retire: { kind: 'retire', because },
      'roll back': {
        ...{ kind: 'roll back', because, assumeDead: null },
        scope: everything ? { kind: 'everything' } : { kind: 'service', service },
      },
    }
    await release.request(requests[kind])
  })

/** Far into a release nothing comes by chance alone. */
const goesWell = (rounds: number) =>
  happening(`all goes well for ${rounds} rounds`, async (release) => {
    for (let round = 0; round < rounds; round += 1) {
      for (const service of release.services) {
        const { lanes, reachedAt, step, goodRuns, settled } = release.state(service)
        for (const { goal, intent, outcome } of Object.values(lanes)) {
          if (outcome !== null) continue
          release.world.carryOut(service, goal)
          const result = goal.kind === 'test' ? { passed: true, summary: 'fine', figures: null } : null
          release.take(service, { kind: 'came out', intent, outcome: { kind: 'done', result } })
        }
        if (reachedAt !== null && settled === null)
          release.take(service, {
            ...{ kind: 'judged', step, verdict: 'advance', cause: 'proven', evidence: null },
            ...{ against: false, untilPerson: false, because: 'it is fine' },
          })
        if (release.world.of(service).owner.green && goodRuns < 3)
          release.take(service, {
            kind: 'run ended',
            run: `good ${round}`,
            side: 'green',
            tick: round,
            good: true,
            because: '',
          })
        release.look(service)
      }
      release.pass(3_000)
      await release.turn()
    }
  })

const passes = (ms: number) => happening(`${ms} ms pass`, (release) => release.pass(ms))

const fillsUp = happening('the next append finds no room', (release) => release.trouble('full'))

const restarts = happening('the engine is killed, and another begins', (release) => release.restart())

const commands = [
  fc.integer({ min: 1, max: 8 }).map(goesWell),
  fc.integer({ min: 1, max: 8 }).map(goesWell),
  fc.tuple(fc.nat(9), fc.constantFrom(...outcomes), fc.boolean()).map((of) => comeOut(...of)),
  fc.constant(comeOut(0, { kind: 'done', result: null }, true)),
  fc
    .tuple(fc.nat(9), fc.constantFrom('advance', 'advance', 'advance', 'hold', 'roll back', 'blind'), fc.boolean())
    .map((of) => judge(...of)),
  fc.constant(judge(0, 'advance', true)),
  fc.tuple(fc.nat(1_000), fc.boolean()).map((of) => runEnds(...of)),
  fc.nat(1_000).map((number) => runEnds(number, true)),
  fc
    .constantFrom(0, 1, 500, 3_000, 3_000, 12_000, 60_000)
    .map((ms) => happening(`${ms} ms pass`, (release) => release.pass(ms))),
  fc
    .tuple(fc.nat(1_000), fc.constantFrom(...sides), fc.constantFrom('ready', 'version', 'weight', 'replicas', 'owner'))
    .map((of) => change(...of)),
  fc
    .tuple(
      fc.nat(9),
      fc.constantFrom(
        'approve',
        'approve',
        'reject',
        'hold',
        'resume',
        'resume',
        'retry',
        'skip',
        'roll back',
        'retire',
      ),
      fc.boolean(),
    )
    .map((of) => ask(...of)),
  fc.boolean().map((open) =>
    happening(`calendar and condition ${open ? 'open' : 'close'}`, (release) => {
      release.world.setCalendar(open, open)
      for (const service of release.services) release.look(service)
    }),
  ),
  fc.constant(restarts),
  fc.constant(happening('another engine takes over', (release) => release.takeOver())),
  fc.constant(fillsUp),
  fc.constant(happening('somebody asks in between', (release) => release.trouble('somebody asks in between'))),
  fc.constant(
    happening('break-glass was used', (release) =>
      release.appendForeign({ kind: 'stop seen', where: 'green', by: 'eve', because: 'smoke' }),
    ),
  ),
] as const

let folder = ''
let count = 0
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'titrate-model-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const play = async (seed: number, happenings: Iterable<fc.AsyncCommand<Nothing, Release>>): Promise<void> => {
  const plan = randomPlan(createRandom(seed))
  if (plan === null) return
  count += 1
  const release = await openRelease(join(folder, 'journal.db'), `release ${count}`, plan)
  try {
    await release.turn()
    await fc.asyncModelRun(() => ({ model: {}, real: release }), happenings)
  } finally {
    await release.close()
  }
}

describe('the turn loop', () => {
  it.each<readonly [string, number, readonly fc.AsyncCommand<Nothing, Release>[]]>([
    [
      'two services ask to go back right after a restart',
      36_648,
      [goesWell(5), passes(60_000), restarts, goesWell(1), judge(0, 'roll back', true)],
    ],
    ['somebody asks of a move whose outcome waits to be written', 0, [fillsUp, ask(0, 'resume', false), goesWell(1)]],
    [
      'a call ends while another one begins',
      3,
      [
        change(0, 'blue', 'version'),
        goesWell(1),
        comeOut(0, { kind: 'done', result: null }, true),
        judge(0, 'blind', false),
        passes(60_000),
        goesWell(1),
      ],
    ],
  ])('decides what the slow way decides: %s', async (_, seed, happenings) => play(seed, happenings))

  it('decides what the slow way decides, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(100_000), fc.commands([...commands], { maxCommands: 60, size: 'max' }), play),
      { numRuns: Number(process.env['TITRATE_RUNS'] ?? 40) },
    )
  }, 600_000)
})
