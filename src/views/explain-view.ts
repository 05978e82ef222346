import type { Recorded } from '../journal/events.ts'
import type { JournalState } from '../journal/fold.ts'
import { currentStep, describeGoal } from '../moves/decision.ts'
import { askGate, gateName } from '../moves/gates.ts'
import type { Json, Millis } from '../moves/goal.ts'
import { lanes } from '../moves/goal.ts'
import { describeEvent } from './describe-event.ts'
import { type EngineView, viewEngine } from './engine-view.ts'
import { evidenceOf } from './evidence-seen.ts'
import { type JournalLine, viewJournal } from './journal-view.ts'
import { gateWords } from './plan-view.ts'
import { type MoveSeen, seeMoves } from './report-moves.ts'
import { type Material, type ServiceRow, serviceRow } from './status-view.ts'
import { indexFacts } from './stored-facts.ts'

export type GateView = {
  readonly gate: string
  readonly asks: string
  readonly when: 'before' | 'after'
  /** `passed`: in the journal. `met`: holds now. `open`: not yet. `failed`: waiting can't make it hold. */
  readonly answer: 'passed' | 'met' | 'open' | 'failed'
  readonly because: string
}

/** Why a service is where it is, what it waits for, and what a person can do about it. */
export type ExplainView = {
  readonly row: ServiceRow
  /** Why the plan moves it like this. */
  readonly plan: readonly string[]
  readonly needs: readonly { readonly service: string; readonly state: string }[]
  readonly order: { readonly order: string; readonly because: string; readonly attempt: number }
  /** The rule of the engine that decides now, and what it says. */
  readonly rule: string
  readonly waits: string | null
  /** What it would do next by itself; empty: it waits. */
  readonly next: readonly string[]
  readonly gates: readonly GateView[]
  readonly lanes: readonly { readonly lane: string; readonly goal: string; readonly outcome: string }[]
  readonly evidence: { readonly shown: Json; readonly hash: string } | null
  readonly actions: readonly string[]
  readonly history: readonly JournalLine[]
  readonly engine: EngineView
  readonly shownAt: Millis
}

/** null: the release has no such service. `entries` are the journal's newest, or all. */
export const viewExplain = (
  material: Material,
  entries: readonly Recorded[],
  service: string,
  historyLength = 12,
): ExplainView | null => {
  const { journal, now } = material
  const { plan } = journal.release
  const stored = indexFacts(material.facts)
  const moves = plan === null ? null : seeMoves(journal, plan, stored, now)
  const seen = moves?.get(service)
  if (moves === null || seen === undefined) return null
  const { context, decision, report } = seen
  const { state } = context
  const rows = material.samples.filter(({ subject }) => subject === `judge/${service}`)
  const gate = report.waiting?.approval ?? null
  return {
    row: serviceRow(seen, rows, journal.release.ended !== null),
    plan: context.plan.why,
    needs: context.plan.needs.map((need) => ({ service: need, state: needWords(moves.get(need)) })),
    order: { order: state.order, because: state.orderBecause, attempt: state.attempt },
    rule: decision.rule,
    waits: decision.waiting?.because ?? (state.order === 'stay' ? state.orderBecause : null),
    next: decision.events.map((event) => describeEvent(`move/${service}`, event)),
    gates: gatesOf(seen),
    lanes: lanes.flatMap((lane) => {
      const { goal, outcome } = state.lanes[lane] ?? {}
      if (goal === undefined) return []
      const because = outcome != null && 'because' in outcome ? `: ${outcome.because}` : ''
      return [{ lane, goal: describeGoal(goal), outcome: outcome == null ? 'under way' : `${outcome.kind}${because}` }]
    }),
    evidence: gate === null ? null : evidenceOf(gate, state, report.step),
    actions: actionsFor(seen, journal),
    history: viewJournal(entries, service).slice(-historyLength),
    engine: viewEngine(journal, stored, now),
    shownAt: now,
  }
}

const needWords = (seen: MoveSeen | undefined): string => {
  if (seen === undefined) return 'not in this release'
  const { report } = seen
  if (report.skipped) return 'skipped'
  if (report.settledOn !== null) return `settled on ${report.settledOn}`
  return report.begun ? `at "${report.step ?? 'its beginning'}"` : 'not begun'
}

const gatesOf = ({ context }: MoveSeen): readonly GateView[] => {
  const step = currentStep(context)
  if (step === null || context.state.settled !== null) return []
  const ask = (when: GateView['when']) => (gate: (typeof step.before)[number]) => {
    const name = gateName(gate)
    // The journal has a gate by this name, because the same one may stand before a step and after it.
    if (context.state.passed.includes(`${when} ${name}`))
      return { gate: name, asks: gateWords(gate), when, answer: 'passed' as const, because: 'it is in the journal' }
    const answer = askGate(gate, context)
    return { gate: name, asks: gateWords(gate), when, answer: answer.kind, because: answer.because }
  }
  return [...step.before.map(ask('before')), ...step.after.map(ask('after'))]
}

/** What a person can do now, most fitting first. */
const actionsFor = ({ context, report }: MoveSeen, { release }: JournalState): readonly string[] => {
  const { service, waiting } = report
  if (release.retired !== null) return []
  const rollback = report.begun && report.settledOn !== 'blue' ? [`titrate rollback ${service} --dry-run`] : []
  if (release.ended !== null || report.skipped) return rollback
  if (waiting?.approval != null) {
    const gate = /^[\w.-]+$/.test(waiting.approval) ? waiting.approval : `"${waiting.approval}"`
    return [`titrate approve ${gate} --service ${service}`, `titrate reject ${gate} --service ${service}`, ...rollback]
  }
  if (waiting?.person === true) return waiting.actions
  if (report.settledOn === 'blue' && release.back.includes(service))
    return [`titrate retry ${service}`, `titrate skip ${service} --because WHY`]
  if (report.settledOn !== null) return rollback
  const skip = context.state.order === 'stay' || !report.crossing ? [`titrate skip ${service} --because WHY`] : []
  return [`titrate hold ${service} --because WHY`, ...skip, ...rollback]
}
