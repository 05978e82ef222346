import type { Phase } from '../journal/events.ts'
import type { JournalState } from '../journal/fold.ts'
import type { MoveState } from '../journal/move-state.ts'
import type { Millis } from '../moves/goal.ts'
import type { MoveKind, Plan } from '../plan/plan.ts'
import type { StoredObservation } from '../store/store.ts'
import { describeRequest } from './describe-event.ts'
import { type EngineView, viewEngine } from './engine-view.ts'
import { evidenceOf, evidenceOfRelease } from './evidence-seen.ts'
import { type LedgerTotals, viewLedger } from './ledger-view.ts'
import { type MoveSeen, seeMoves } from './report-moves.ts'
import { indexFacts, newestFactAt } from './stored-facts.ts'
import { type VerdictView, viewVerdict } from './verdict-view.ts'
import { type Place, placeOf, type StateWord, stateWordOf } from './where.ts'

/** What views are made from: the journal's fold, the latest facts, stored samples, and what time it is. */
export type Material = {
  readonly journal: JournalState
  readonly facts: readonly StoredObservation[]
  /** Rows of judging and of the ledger; the newest of each are enough. */
  readonly samples: readonly StoredObservation[]
  readonly now: Millis
}

export type OutcomeWord = 'not started' | 'running' | 'held' | 'done' | 'rolled back' | 'failed'

export type Replicas = { readonly ready: number; readonly desired: number }

export type ServiceRow = {
  readonly service: string
  readonly kind: MoveKind
  readonly wave: number
  readonly where: Place
  /** Percent of its traffic that green gets; null: it has no traffic of its own. */
  readonly weight: number | null
  readonly replicas: { readonly blue: Replicas | null; readonly green: Replicas | null }
  readonly state: StateWord
  /** Proven, timed or suspended: how it settled. */
  readonly label: string | null
  readonly step: string | null
  readonly steps: { readonly done: number; readonly all: number }
  readonly verdict: VerdictView | null
  readonly waitsFor: string | null
  readonly person: boolean
  readonly problem: string | null
}

export type WaveRow = {
  readonly number: number
  readonly phase: 'non-exposed' | 'exposed'
  readonly state: 'waiting' | 'moving' | 'settled' | 'going back' | 'back'
  readonly services: readonly string[]
  readonly settled: number
}

/** Something that only a person can answer. `evidence`: hash of what an approval rests on; null: it is no gate. */
export type PersonWait = {
  readonly service: string | null
  readonly gate: string | null
  readonly because: string
  readonly actions: readonly string[]
  readonly evidence: string | null
}

export type StatusView = {
  readonly release: string
  readonly blue: string | null
  readonly green: string | null
  readonly outcome: OutcomeWord
  /** Why it is held, failed or ended; null: nothing to add. */
  readonly because: string | null
  readonly phase: Phase | null
  readonly phaseSince: Millis | null
  readonly startedAt: Millis | null
  readonly endedAt: Millis | null
  readonly engine: EngineView
  readonly shownAt: Millis
  /** How old what is shown is, in milliseconds; null: there is none of it yet. */
  readonly ages: { readonly journal: Millis | null; readonly facts: Millis | null; readonly engine: Millis | null }
  readonly journal: { readonly position: number; readonly hash: string }
  readonly waves: readonly WaveRow[]
  readonly services: readonly ServiceRow[]
  readonly people: readonly PersonWait[]
  /** What people asked for and no engine has answered yet. */
  readonly requests: readonly { readonly id: string; readonly by: string; readonly at: Millis; readonly text: string }[]
  readonly ledger: { readonly totals: LedgerTotals; readonly services: Readonly<Record<string, LedgerTotals>> }
}

/** Where everything is, by the store alone: as good with the engine dead as with it living. Pure. */
export const viewStatus = (material: Material): StatusView => {
  const { journal, now } = material
  const { release } = journal
  const { plan } = release
  const stored = indexFacts(material.facts)
  const moves = plan === null ? new Map<string, MoveSeen>() : seeMoves(journal, plan, stored, now)
  const rows = rowsBySubject(material.samples)
  const people = peopleOf(journal, moves)
  const ledger = viewLedger(material.samples, null)
  const engine = viewEngine(journal, stored, now)
  const factsAt = newestFactAt(stored)
  return {
    release: release.release,
    blue: plan?.blue ?? null,
    green: plan?.green ?? null,
    ...outcomeOf(journal, [...moves.values()], people),
    phase: release.phase,
    phaseSince: release.phaseAt,
    startedAt: plan === null ? null : release.createdAt,
    endedAt: release.ended?.at ?? null,
    engine,
    shownAt: now,
    ages: {
      journal: journal.position === 0 ? null : Math.max(0, now - journal.lastAt),
      facts: factsAt === null ? null : Math.max(0, now - factsAt),
      engine: engine.seenAt === null ? null : Math.max(0, now - engine.seenAt),
    },
    journal: { position: journal.position, hash: journal.hash },
    waves: plan === null ? [] : wavesOf(journal, plan, moves),
    services: inOrder(plan, moves).map((seen) =>
      serviceRow(seen, rows.get(seen.report.service) ?? [], release.ended !== null),
    ),
    people,
    requests: release.pending.map(({ id, by, at, request }) => ({ id, by, at, text: describeRequest(request) })),
    ledger: {
      totals: ledger.totals,
      services: Object.fromEntries(ledger.services.map(({ service, totals }) => [service, totals])),
    },
  }
}

const inOrder = (plan: Plan | null, moves: ReadonlyMap<string, MoveSeen>): readonly MoveSeen[] =>
  (plan?.waves ?? []).flatMap((wave) => wave.services.flatMap((service) => moves.get(service) ?? []))

const rowsBySubject = (samples: readonly StoredObservation[]): ReadonlyMap<string, readonly StoredObservation[]> => {
  const found = new Map<string, StoredObservation[]>()
  for (const row of samples) {
    if (!row.subject.startsWith('judge/')) continue
    const service = row.subject.slice('judge/'.length)
    const rows = found.get(service)
    if (rows === undefined) found.set(service, [row])
    else rows.push(row)
  }
  return found
}

/** One service as its row. `samples` are its own rows of judging; `isOver`: the release has ended. */
export const serviceRow = (
  { context, decision, report }: MoveSeen,
  samples: readonly StoredObservation[],
  isOver: boolean,
): ServiceRow => {
  const { state, plan, facts } = context
  const { blue, green } = facts.workload
  const replicas = (seen: typeof blue): Replicas | null =>
    seen === null || plan.kind === 'job' ? null : { ready: seen.value.ready, desired: seen.value.desired }
  const goal = state.lanes.weights?.goal
  const settledHere = state.settled !== null
  const person = report.waiting?.person === true && !isOver
  return {
    service: plan.service,
    kind: plan.kind,
    wave: plan.wave,
    where: placeOf(state, plan, facts),
    weight:
      plan.kind === 'exposed' ? (facts.weights?.value.green ?? (goal?.kind === 'weights' ? goal.green : 0)) : null,
    replicas: { blue: replicas(blue), green: replicas(green) },
    state: stateWordOf(state, plan, report, isOver),
    label: state.settled?.label ?? null,
    step: settledHere ? null : report.step,
    steps: { done: settledHere ? plan.steps.length : Math.max(0, state.step), all: plan.steps.length },
    verdict: viewVerdict(state, samples),
    waitsFor: settledHere && !person ? null : waitsFor({ context, decision, report }),
    person,
    problem: green?.value.problem ?? blue?.value.problem ?? null,
  }
}

const waitsFor = ({ context, decision }: MoveSeen): string | null => {
  const { state } = context
  if (decision.waiting !== null) return decision.waiting.because
  if (decision.events.length > 0) return null
  return state.order === 'stay' ? state.orderBecause : null
}

/** All that waits for a person: the release's own waits first. Nothing does once the release has ended. */
export const peopleOf = (journal: JournalState, moves: ReadonlyMap<string, MoveSeen>): readonly PersonWait[] =>
  journal.release.ended === null ? [...peopleOfRelease(journal), ...[...moves.values()].flatMap(peopleOfMove)] : []

const peopleOfMove = ({ context, report }: MoveSeen): readonly PersonWait[] => {
  const { waiting, service, step } = report
  const gate = waiting?.approval ?? null
  if (waiting === null || (!waiting.person && gate === null)) return []
  return [
    {
      service,
      gate,
      because: waiting.because,
      actions: gate === null ? waiting.actions : approvalActions(gate, service),
      evidence: gate === null ? null : evidenceOf(gate, context.state, step).hash,
    },
  ]
}

const quoted = (word: string): string => (/^[\w.-]+$/.test(word) ? word : `"${word}"`)

const approvalActions = (gate: string, service: string | null): readonly string[] => {
  const of = service === null ? '' : ` --service ${service}`
  return [`titrate approve ${quoted(gate)}${of}`, `titrate reject ${quoted(gate)}${of}`]
}

const approvalPattern = /^waits for the approval "(.*)"$/

/** Calls for the release as a whole, as the journal keeps them: `* <because>`. */
const peopleOfRelease = (journal: JournalState): readonly PersonWait[] =>
  journal.release.called.flatMap((key) => {
    if (!key.startsWith('* ')) return []
    const because = key.slice(2)
    const gate = approvalPattern.exec(because)?.[1] ?? null
    return [
      {
        service: null,
        gate,
        because,
        actions: gate === null ? releaseActions(journal) : approvalActions(gate, null),
        evidence: gate === null ? null : evidenceOfRelease(gate, journal).hash,
      },
    ]
  })

const releaseActions = ({ release }: JournalState): readonly string[] =>
  release.stop === null
    ? ['titrate retry SERVICE', 'titrate skip SERVICE --because WHY', 'titrate rollback']
    : ['titrate resume --clear-stop']

const wavesOf = ({ release }: JournalState, plan: Plan, moves: ReadonlyMap<string, MoveSeen>): readonly WaveRow[] =>
  plan.waves.map(({ number, phase, services }) => ({
    number,
    phase,
    services,
    state: waveState(release, number, services, moves),
    settled: services.filter((service) => {
      const report = moves.get(service)?.report
      return report?.settledOn === 'green' || report?.skipped === true
    }).length,
  }))

const waveState = (
  release: JournalState['release'],
  number: number,
  services: readonly string[],
  moves: ReadonlyMap<string, MoveSeen>,
): WaveRow['state'] => {
  const back = services.filter((service) => release.back.includes(service) && moves.get(service)?.report.begun === true)
  if (back.length > 0)
    return back.every((service) => moves.get(service)?.report.settledOn === 'blue') ? 'back' : 'going back'
  if (release.wavesSettled.includes(number)) return 'settled'
  return release.wavesStarted.includes(number) ? 'moving' : 'waiting'
}

/** Held: a person stopped it, or nothing that is under way can go on without one. */
const outcomeOf = (
  { release, position }: JournalState,
  moves: readonly MoveSeen[],
  people: readonly PersonWait[],
): { readonly outcome: OutcomeWord; readonly because: string | null } => {
  if (release.ended !== null) return { outcome: release.ended.outcome, because: release.ended.because }
  if (position === 0 || release.plan === null) return { outcome: 'not started', because: null }
  if (release.stop !== null)
    return { outcome: 'held', because: `${release.stop.by} used break-glass: ${release.stop.because}` }
  if (release.held !== null) return { outcome: 'held', because: `held by ${release.held.by}: ${release.held.because}` }
  const call = people[0]
  if (call === undefined) return { outcome: 'running', because: release.rollback?.because ?? null }
  const open = moves.filter(
    ({ context: { state }, report }) =>
      report.settledOn === null &&
      !report.skipped &&
      (report.order === 'cross' || report.order === 'back' || isUnderWay(state)),
  )
  const allWait = open.every(({ report }) => report.waiting?.person === true || report.waiting?.approval != null)
  const because = call.service === null ? call.because : `${call.service}: ${call.because}`
  return { outcome: allWait ? 'held' : 'running', because }
}

const isUnderWay = ({ lanes }: MoveState): boolean => Object.values(lanes).some(({ outcome }) => outcome === null)
