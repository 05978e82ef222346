import { type Phase, phases } from '../journal/events.ts'
import type { Millis } from '../moves/goal.ts'
import type { MovePlan, Plan } from '../plan/plan.ts'
import { type EntryOf, entriesOf, type Material } from './material.ts'

/** A stretch of the release against its plan. `to` null: not over. `plannedMs` null: the plan says nothing of it. */
export type Stretch = {
  readonly plannedMs: Millis | null
  readonly from: Millis | null
  readonly to: Millis | null
  /** Until now where it is not over; null: not begun. */
  readonly tookMs: Millis | null
  readonly entry: number | null
}

export type StepTime = Stretch & {
  readonly name: string
  readonly attempt: number
  /** The gates that it passed, with what each rested on. */
  readonly gates: readonly { readonly gate: string; readonly because: string; readonly entry: number }[]
}

export const lifeStates = ['on blue', 'preparing', 'crossing', 'on green', 'going back'] as const
export type LifeState = (typeof lifeStates)[number]

/** Where a service was, stretch after stretch without holes, from the beginning of the release to its end or until now. */
export type Life = { readonly state: LifeState; readonly from: Millis; readonly to: Millis }

export type MoveTime = Stretch & {
  readonly service: string
  readonly attempts: number
  readonly steps: readonly StepTime[]
  readonly life: readonly Life[]
}
export type PhaseTime = Stretch & { readonly phase: Phase }
export type WaveTime = Stretch & { readonly wave: number; readonly services: readonly string[]; readonly phase: string }

export type Times = {
  readonly release: Stretch
  readonly phases: readonly PhaseTime[]
  readonly waves: readonly WaveTime[]
  readonly moves: readonly MoveTime[]
}

const stretch = (
  material: Material,
  plannedMs: Millis | null,
  begun: { readonly at: Millis; readonly position: number } | undefined,
  to: Millis | null,
): Stretch => ({
  plannedMs,
  from: begun?.at ?? null,
  to,
  tookMs: begun === undefined ? null : Math.max(0, (to ?? material.until) - begun.at),
  entry: begun?.position ?? null,
})

/** The services of a wave move side by side, so the longest move is what the wave takes. */
const wavePlanned = (plan: Plan, services: readonly string[]): Millis =>
  Math.max(0, ...services.map((service) => plan.moves[service]?.expectedMs ?? 0))

const phasePlanned = (plan: Plan, phase: Phase): Millis | null => {
  const sum = (of: 'non-exposed' | 'exposed') =>
    plan.waves.filter((wave) => wave.phase === of).reduce((all, wave) => all + wavePlanned(plan, wave.services), 0)
  if (phase === 'migrate') return sum('non-exposed')
  if (phase === 'parallel') return plan.policy.parallelMs
  // A bake is the last step of an exposed service's move, and what the phase after the transition waits for.
  const bakes = Object.values(plan.moves).flatMap(({ steps }) => steps.filter(({ name }) => name === 'bake'))
  const bake = Math.max(0, ...bakes.map(({ expectedMs }) => expectedMs))
  if (phase === 'transition') return Math.max(0, sum('exposed') - bake)
  if (phase === 'monitor') return bake
  return null
}

export const readTimes = (material: Material): Times => {
  const { plan, journal, entries } = material
  const { release } = journal
  const created = entriesOf(entries, 'created')[0]
  const end = release.ended?.at ?? null
  return {
    release: stretch(material, plan?.expectedMs ?? null, created, end),
    phases: readPhases(material, end),
    waves: (plan?.waves ?? []).map(({ number, services, phase }) => {
      const started = entriesOf(entries, 'wave started').filter(({ event }) => event.wave === number)[0]
      const settled = entriesOf(entries, 'wave settled').findLast(({ event }) => event.wave === number)
      const planned = plan === null ? null : wavePlanned(plan, services)
      return { wave: number, services, phase, ...stretch(material, planned, started, settled?.at ?? end) }
    }),
    moves: readMoves(material),
  }
}

const readPhases = (material: Material, end: Millis | null): readonly PhaseTime[] => {
  const entered = entriesOf(material.entries, 'phase entered')
  const { plan } = material
  return phases.flatMap((phase): readonly PhaseTime[] => {
    const index = entered.findIndex(({ event }) => event.phase === phase)
    const planned = plan === null ? null : phasePlanned(plan, phase)
    const begun = entered[index]
    if (begun === undefined && planned === null) return []
    return [
      { phase, ...stretch(material, planned, begun, begun === undefined ? null : (entered[index + 1]?.at ?? end)) },
    ]
  })
}

type OfMove = EntryOf<'ordered' | 'entered' | 'gate passed' | 'settled' | 'skipped' | 'baseline recorded'>

const readMoves = (material: Material): readonly MoveTime[] => {
  const byService = new Map<string, OfMove[]>()
  const kinds = ['ordered', 'entered', 'gate passed', 'settled', 'skipped', 'baseline recorded'] as const
  for (const entry of entriesOf(material.entries, ...kinds)) {
    if (entry.service === null) continue
    const own = byService.get(entry.service)
    if (own === undefined) byService.set(entry.service, [entry])
    else own.push(entry)
  }
  return (material.plan?.waves ?? []).flatMap((wave) =>
    wave.services.flatMap((service) => {
      const move = material.plan?.moves[service]
      return move === undefined ? [] : [readMove(material, move, byService.get(service) ?? [])]
    }),
  )
}

/** A step lasts until the next one is entered, or the move settles, is skipped, or is ordered back. */
const readMove = (material: Material, move: MovePlan, own: readonly OfMove[]): MoveTime => {
  const end = material.journal.release.ended?.at ?? null
  let attempt = 1
  const steps: StepTime[] = []
  own.forEach((entry, index) => {
    const { event } = entry
    // Counted from 0 in the journal, from 1 for people.
    if (event.kind === 'ordered') attempt = event.attempt + 1
    if (event.kind !== 'entered') return
    const rest = own.slice(index + 1)
    const next = rest.findIndex(({ event }) => endsStep(event))
    const within = next < 0 ? rest : rest.slice(0, next)
    const planned = move.steps[event.step]?.expectedMs ?? null
    const gates = within.flatMap(({ event, position }) =>
      event.kind === 'gate passed' ? [{ gate: event.gate, because: event.because, entry: position }] : [],
    )
    steps.push({ name: event.name, attempt, gates, ...stretch(material, planned, entry, rest[next]?.at ?? end) })
  })
  const last = own.findLast(({ event }) => event.kind === 'settled' || event.kind === 'skipped')
  const first = own.find(({ event }) => event.kind === 'entered')
  const attempts = new Set(steps.map((step) => step.attempt)).size
  return {
    service: move.service,
    attempts,
    steps,
    life: readLife(material, move, own),
    ...stretch(material, move.expectedMs, first, last?.at ?? end),
  }
}

const endsStep = (event: OfMove['event']): boolean =>
  event.kind === 'entered' ||
  event.kind === 'settled' ||
  event.kind === 'skipped' ||
  (event.kind === 'ordered' && event.order === 'back')

const readLife = (material: Material, move: MovePlan, own: readonly OfMove[]): readonly Life[] => {
  const life: Life[] = []
  let state: LifeState = 'on blue'
  let from = material.journal.release.createdAt
  for (const { event, at } of own) {
    const next = lifeAfter(event, state, move)
    if (next === state) continue
    if (at > from) life.push({ state, from, to: at })
    state = next
    from = at
  }
  return material.until > from || life.length === 0 ? [...life, { state, from, to: material.until }] : life
}

const lifeAfter = (event: OfMove['event'], state: LifeState, move: MovePlan): LifeState => {
  if (event.kind === 'settled') return event.on === 'green' ? 'on green' : 'on blue'
  if (event.kind === 'ordered' && event.order === 'back') return state === 'on blue' ? state : 'going back'
  if (event.kind !== 'entered') return state
  const crosses = state === 'crossing' || move.steps[event.step]?.crossing === true
  return crosses ? 'crossing' : 'preparing'
}
