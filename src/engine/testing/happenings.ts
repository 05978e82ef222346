import fc from 'fast-check'
import type { PersonRequest } from '../../journal/events.ts'
import { type Outcome, type Side, sides } from '../../moves/goal.ts'
import type { CheckedRelease } from './checked-release.ts'

/** The reference is asked inside each turn, so the model of the commands holds nothing. */
export type Nothing = Record<string, never>

/** Something that happens, in one line, for whoever reads a counterexample. */
const happening = (
  text: string,
  happen: (release: CheckedRelease) => Promise<void> | void,
): fc.AsyncCommand<Nothing, CheckedRelease> => ({
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
export const comeOut = (number: number, outcome: Outcome, all: boolean) =>
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

export const judge = (number: number, verdict: 'advance' | 'hold' | 'roll back' | 'blind', all: boolean) =>
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

export const change = (number: number, side: Side, what: 'ready' | 'version' | 'weight' | 'replicas' | 'owner') =>
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

export const ask = (number: number, kind: PersonRequest['kind'], everything: boolean) =>
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
export const goesWell = (rounds: number) =>
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

export const passes = (ms: number) => happening(`${ms} ms pass`, (release) => release.pass(ms))

export const fillsUp = happening('the next append finds no room', (release) => release.trouble('full'))

export const restarts = happening('the engine is killed, and another begins', (release) => release.restart())

export const happenings = [
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
