import { type CompiledCondition, compileCondition, type SideFacts } from '../config/conditions.ts'
import type { JournalState } from '../journal/fold.ts'
import { enoughReady, type MoveFacts, type Seen, type WorkloadFact } from '../moves/facts.ts'
import type { Millis } from '../moves/goal.ts'
import type { Plan } from '../plan/plan.ts'

type Declared = { readonly name: string; readonly condition: CompiledCondition }

const sideOf = (seen: Seen<WorkloadFact> | null): SideFacts | null =>
  seen === null
    ? null
    : {
        ready: seen.value.ready >= enoughReady(seen.value) && seen.value.desired > 0,
        replicas: seen.value.ready,
        version: seen.value.version,
      }

type Counts = { readonly requests: number; readonly errors: number }

const countsOf = (
  evidence: unknown,
): { readonly blue: Counts; readonly green: Counts; readonly seconds: number } | null => {
  if (typeof evidence !== 'object' || evidence === null || !('step' in evidence)) return null
  // What a verdict's evidence holds of its step; see the judge's summary.
  const { blue, green, observedMs } = evidence.step as {
    readonly blue: Counts
    readonly green: Counts
    readonly observedMs: Millis
  }
  return { blue, green, seconds: observedMs / 1000 }
}

/** The conditions of every move, compiled once, asked with what is known now. */
export const createConditions = (plan: Plan) => {
  const declared = new Map<string, readonly Declared[]>()
  for (const move of Object.values(plan.moves)) {
    const gates = move.steps.flatMap((step) => [...step.before, ...step.after])
    const compiled = gates.flatMap((gate) => {
      if (gate.kind !== 'condition') return []
      const result = compileCondition(gate.cel)
      return result.kind === 'ok' ? [{ name: gate.name, condition: result.condition }] : []
    })
    if (compiled.length > 0) declared.set(move.service, compiled)
  }
  return (
    service: string,
    facts: MoveFacts,
    journal: JournalState,
    now: Millis,
  ): Readonly<Record<string, boolean | null>> => {
    const own = declared.get(service)
    if (own === undefined) return {}
    const state = journal.moves.get(service)
    const counts = countsOf(state?.judged?.evidence)
    const ratio = (side: 'blue' | 'green'): number | null =>
      counts === null || counts[side].requests === 0 ? null : counts[side].errors / counts[side].requests
    const rate = (side: 'blue' | 'green'): number | null =>
      counts === null || counts.seconds === 0 ? null : counts[side].requests / counts.seconds
    const asked = {
      service,
      step: plan.moves[service]?.steps[state?.step ?? -1]?.name ?? '',
      wave: plan.moves[service]?.wave ?? 0,
      weight: facts.weights?.value.green ?? null,
      now,
      blue: sideOf(facts.workload.blue),
      green: sideOf(facts.workload.green),
      errors: { blue: ratio('blue'), green: ratio('green') },
      requests: { blue: rate('blue'), green: rate('green') },
    }
    return Object.fromEntries(
      own.map(({ name, condition }) => {
        const answer = condition(asked)
        return [name, answer === 'cannot tell' ? null : answer]
      }),
    )
  }
}
