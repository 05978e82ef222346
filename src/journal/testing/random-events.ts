import fc from 'fast-check'
import type { Goal, Json, Outcome } from '../../moves/goal.ts'
import { lanes, sides } from '../../moves/goal.ts'
import { smallPlan } from '../../moves/testing/small-world.ts'
import {
  type Baseline,
  type JournalEvent,
  type MoveEvent,
  moveStream,
  orders,
  type PersonRequest,
  phases,
  type Recorded,
  type ReleaseEvent,
  releaseStream,
  tickFates,
  verdictKinds,
} from '../events.ts'

/**
 * Events as they may stand in a journal, each by itself: what is told makes no sense together, and a fold must take it
 * all the same. Names are few, so that things meet; some are those that every object answers to.
 */
const name = fc.constantFrom('web', 'constructor', '__proto__')
const text = fc.string({ maxLength: 8 })
const millis = fc.nat(100_000)
const side = fc.constantFrom(...sides)
const lane = fc.constantFrom(...lanes)
const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json> // what JSON can hold, by its own type of the library
/** Given its place among the others below. */
const intent = fc.constant('')

const goal: fc.Arbitrary<Goal> = fc.oneof(
  fc.constant<Goal>({ kind: 'provision' }),
  fc.record({ kind: fc.constant('workload'), blue: fc.nat(9), green: fc.nat(9), exclusive: fc.boolean() }),
  fc.record({ kind: fc.constant('schedule'), owner: side }),
  fc.record({ kind: fc.constant('weights'), green: fc.nat(100) }),
  fc.record({ kind: fc.constant('data'), primary: side }),
  fc.record({ kind: fc.constant('test'), name }),
)

const testResult = fc.record({ passed: fc.boolean(), summary: text, figures: json })
const handoffResult = fc.record({ missed: fc.record({ skipped: fc.array(millis, { maxLength: 3 }) }) })
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({ kind: fc.constant('done'), result: fc.oneof(json, testResult, handoffResult) }),
  fc.record({ kind: fc.constantFrom('refused', 'unknown'), because: text }),
  fc.constant<Outcome>({ kind: 'superseded' }),
)

const baseline: fc.Arbitrary<Baseline> = fc.record({
  ...{ replicas: fc.nat(9), version: text, scheduleOwner: fc.option(side), suspended: fc.boolean() },
  green: fc.option(fc.nat(100)),
})

type Shapes<E extends { readonly kind: string }> = {
  readonly [K in E['kind']]: fc.Arbitrary<Omit<Extract<E, { readonly kind: K }>, 'kind'>>
}

/** The compiler asks for every kind that there is. */
const moveShapes: Shapes<MoveEvent> = {
  ordered: fc.record({ order: fc.constantFrom(...orders), attempt: fc.nat(3), because: text }),
  entered: fc.record({ step: fc.nat(6), name: text, restarts: fc.nat(3) }),
  intended: fc.record({ intent, goal, because: text, actUntil: millis }),
  'came out': fc.record({ intent, outcome }),
  'baseline recorded': fc.record({ baseline }),
  'gate passed': fc.record({
    step: fc.nat(6),
    gate: fc.constantFrom('after verdict', 'before window x'),
    because: text,
  }),
  judged: fc.record({
    ...{ step: fc.nat(6), verdict: fc.constantFrom(...verdictKinds), because: text },
    ...{ cause: fc.constantFrom('proven', 'timed', 'guard'), against: fc.boolean(), untilPerson: fc.boolean() },
    evidence: json,
  }),
  'run ended': fc.record({
    ...{ run: fc.constantFrom('r1', 'r2', 'r3'), side, tick: fc.option(millis), good: fc.boolean(), because: text },
  }),
  drifted: fc.record({ lane, found: text, towards: side }),
  'drift ended': fc.record({ lane, because: text }),
  paused: fc.record({ cause: fc.constantFrom('version', 'blue unready'), because: text }),
  'went on': fc.record({ because: text, anew: fc.boolean() }),
  held: fc.record({ because: text, by: text }),
  resumed: fc.record({ because: text, by: text }),
  approved: fc.record({ gate: name, by: text, evidence: text, note: fc.option(text) }),
  rejected: fc.record({ gate: name, by: text, because: text }),
  'asked to go back': fc.record({ because: text }),
  stuck: fc.record({ because: text }),
  skipped: fc.record({ by: text, because: text }),
  settled: fc.record({ on: side, label: fc.constantFrom('proven', 'unproven', 'suspended', null) }),
}

const request: fc.Arbitrary<PersonRequest> = fc.oneof(
  fc.record({
    ...{ kind: fc.constantFrom('approve', 'reject'), service: fc.option(name), gate: name },
    ...{ evidence: fc.option(text), note: fc.option(text) },
  }),
  fc.record({ kind: fc.constantFrom('hold', 'resume', 'retry'), service: fc.option(name), because: text }),
  fc.record({ kind: fc.constant('skip'), service: name, because: text }),
  fc.record({ kind: fc.constant('retire'), because: text }),
)

const releaseShapes: Shapes<ReleaseEvent> = {
  created: fc.record({ release: text, plan: fc.constant(smallPlan()), titrate: text }),
  'took over': fc.record({
    ...{ epoch: fc.nat(9), engine: text, gap: fc.option(fc.record({ from: millis, until: millis })) },
  }),
  left: fc.record({ because: text }),
  'not watched': fc.record({ from: millis, until: millis, because: text }),
  checked: fc.record({
    blocking: fc.array(text, { maxLength: 2 }),
    notes: fc.array(text, { maxLength: 2 }),
    findings: json,
  }),
  'phase entered': fc.record({ phase: fc.constantFrom(...phases) }),
  'wave started': fc.record({ wave: fc.nat(4) }),
  'wave settled': fc.record({ wave: fc.nat(4) }),
  requested: fc.record({ id: fc.constantFrom('r1', 'r2'), by: text, seen: fc.nat(9), request }),
  answered: fc.record({
    ...{ id: fc.constantFrom('r1', 'r2'), answer: fc.constantFrom('accepted', 'refused'), because: text },
  }),
  approved: moveShapes.approved,
  'called a person': fc.record({ service: fc.option(name), because: text, actions: fc.array(text, { maxLength: 2 }) }),
  'rollback ordered': fc.record({
    ...{ services: fc.array(name, { maxLength: 3 }), everything: fc.boolean(), because: text, by: text },
    assumeDead: fc.option(side),
  }),
  retried: fc.record({ services: fc.array(name, { maxLength: 3 }), by: text }),
  'call ended': fc.record({ key: text }),
  held: moveShapes.held,
  resumed: moveShapes.resumed,
  'stop seen': fc.record({ where: text, by: text, because: text }),
  'stop cleared': fc.record({ by: text }),
  tick: fc.record({
    ...{ service: name, tick: millis, blue: fc.nat(2), green: fc.nat(2), fate: fc.constantFrom(...tickFates) },
  }),
  retired: fc.record({ by: text, because: text }),
  pruned: fc.record({ observationsBefore: fc.nat(9), hash: text }),
  ended: fc.record({ outcome: fc.constantFrom('done', 'rolled back', 'failed'), because: text }),
}

/** Only together do they say much, so there are more of them. */
const often: ReadonlySet<string> = new Set(['intended', 'came out', 'run ended'])

/** Each shape stands under its own kind. */
const anyOf = (shapes: Readonly<Record<string, fc.Arbitrary<object>>>): fc.Arbitrary<object> =>
  fc.oneof(
    ...Object.entries(shapes).map(([kind, shape]) => ({
      weight: often.has(kind) ? 8 : 1,
      arbitrary: shape.map((fields) => ({ kind, ...fields })),
    })),
  )

/** What the shapes give is an event, by their type; the compiler can't follow it through their union. */
const drawn = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ stream: name.map(moveStream), event: anyOf(moveShapes) as fc.Arbitrary<JournalEvent> }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      stream: fc.constant(releaseStream),
      event: anyOf(releaseShapes) as fc.Arbitrary<JournalEvent>,
    }),
  },
)

/** No intent is given twice, and what comes out is mostly one that was given. */
const withIntents = (event: JournalEvent, number: number, given: string[]): JournalEvent => {
  if (event.kind === 'intended') {
    const own = `intent ${given.length + 1}`
    given.push(own)
    return { ...event, intent: own }
  }
  if (event.kind !== 'came out') return event
  return { ...event, intent: given.at(number % (given.length + 1)) ?? 'an intent of nobody' }
}

/** A journal's entries: positions and versions as a store gives them. */
export const randomEntries: fc.Arbitrary<readonly Recorded[]> = fc
  .array(fc.record({ of: drawn, later: fc.nat(1_000) }), { maxLength: 60 })
  .map((all) => {
    const versions = new Map<string, number>()
    const intents = new Map<string, string[]>()
    let at = 1_000
    return all.map(({ of: { stream, event: drawn }, later }, index): Recorded => {
      at += later
      const given = intents.get(stream) ?? []
      intents.set(stream, given)
      const event = withIntents(drawn, index + later, given)
      const version = (versions.get(stream) ?? 0) + 1
      versions.set(stream, version)
      return { position: index + 1, stream, version, at, epoch: 1, observation: 0, event, hash: `hash ${index + 1}` }
    })
  })
