import type { Finding } from '../inventory/estate.ts'
import type { Gate, Step } from './plan.ts'
import { crossing, type ServiceRules } from './plan-input.ts'

type Declared = { readonly gate: Gate; readonly before: string; readonly name: string }

/** Adds the approvals and conditions that people declared to the steps that they name. */
export const withDeclaredGates = (
  service: string,
  steps: readonly Step[],
  rules: ServiceRules,
): { readonly steps: readonly Step[]; readonly findings: readonly Finding[] } => {
  // Most services declare none, and a plan has thousands.
  if (rules.approvals === undefined && rules.conditions === undefined) return { steps, findings: [] }
  const declared: readonly Declared[] = [
    ...(rules.approvals ?? []).map(({ name, before }) => ({
      name: `approval ${name}`,
      before,
      gate: { kind: 'approval', name } as const,
    })),
    ...(rules.conditions ?? []).map(({ name, before, cel }) => ({
      name: `condition ${name}`,
      before,
      gate: { kind: 'condition', name, cel } as const,
    })),
  ]
  if (declared.length === 0) return { steps, findings: [] }
  const added = new Map<number, Gate[]>()
  const findings: Finding[] = []
  for (const one of declared) {
    const at = placeOf(steps, one)
    if (at === -1) findings.push(unknownStep(service, steps, one))
    else added.set(at, [...(added.get(at) ?? []), one.gate])
  }
  return {
    steps: steps.map((step, index) => {
      const gates = added.get(index)
      if (gates === undefined) return step
      // People look at what green does: the step `uat` has nothing to do but to wait for them.
      return step.name === 'uat'
        ? { ...step, after: [...gates, ...step.after] }
        : { ...step, before: [...gates, ...step.before] }
    }),
    findings,
  }
}

const placeOf = (steps: readonly Step[], { before, gate }: Declared): number => {
  if (before !== crossing) return steps.findIndex(({ name }) => name === before)
  const uat = gate.kind === 'approval' ? steps.findIndex(({ name }) => name === 'uat') : -1
  return uat === -1 ? steps.findIndex((step) => step.crossing) : uat
}

const unknownStep = (service: string, steps: readonly Step[], { name, before }: Declared): Finding => ({
  severity: 'blocks',
  service,
  message: `The ${name} of ${service} is declared before the step "${before}", which ${service} doesn't have; its steps are ${steps.map((step) => step.name).join(', ')}. Correct services.${service} in the release file.`,
  declare: null,
})
