import type { Estate } from '../../inventory/estate.ts'
import { makePlan, type Planned } from '../make-plan.ts'
import type { MovePlan, Plan } from '../plan.ts'
import type { PlanInput, ServiceRules } from '../plan-input.ts'
import type { Policy, ReleasePolicy } from '../policy.ts'

const minute = 60_000

/** The policy that the design gives where nobody says anything. */
export const aPolicy = (parts: Partial<Policy> = {}): Policy => ({
  weights: [1, 5, 25, 50, 100],
  dwell: { minMs: minute, maxMs: 30 * minute },
  soakMs: 10 * minute,
  bakeMs: 60 * minute,
  missed: 'latest',
  blindLimitMs: 5 * minute,
  holdLimit: { afterMs: 10 * minute, then: 'call' },
  stepLimitMs: 60 * minute,
  goodRuns: null,
  trialRun: false,
  shares: [25, 50, 100],
  judge: {
    intervalMs: 5_000,
    alpha: 0.01,
    errorRatio: 1.2,
    errorDelta: 0.0003,
    latencyMargin: 1.05,
    latencyRollbackMargin: 1.25,
    throughputRatio: 0.9,
    toleratedExtra: null,
    warmUpMs: 4 * minute,
    maxErrorRatio: null,
    maxLatencySeconds: null,
    dispersion: null,
  },
  ...parts,
})

export const aReleasePolicy = (parts: Partial<ReleasePolicy> = {}): ReleasePolicy => ({
  parallelMs: 24 * 60 * minute,
  maxPerWave: 5,
  afterRollback: 'hold',
  approvals: { beforeUserTraffic: false, beforeRelease: false },
  ...parts,
})

const noRules: ServiceRules = {}
const policy = aPolicy()

/** Every exposed service has a router, and every job 288 runs a day, unless something else is given. */
export const aPlanInput = (estate: Estate, parts: Partial<PlanInput> = {}): PlanInput => ({
  release: 'shop',
  blue: 'blue',
  green: 'green',
  estate,
  policy: aReleasePolicy(),
  policyOf: () => policy,
  rulesOf: () => noRules,
  files: { 'release.yaml': 'f00d' },
  runsPerDay: Object.fromEntries(estate.services.map(({ name }) => [name, 288])),
  routerServices: estate.services.map(({ name }) => name),
  ...parts,
})

export const planned = (outcome: Planned): Plan => {
  if (outcome.kind === 'refused') throw new Error(outcome.findings.map(({ message }) => message).join('\n'))
  return outcome.plan
}

export const aPlan = (estate: Estate, parts: Partial<PlanInput> = {}): Plan =>
  planned(makePlan(aPlanInput(estate, parts)))

export const moveOf = (plan: Plan, service: string): MovePlan => {
  const move = plan.moves[service]
  if (!move) throw new Error(`the plan has no ${service}`)
  return move
}

/** A step in one line: its name, goal and gates; `!` marks one that crosses. */
export const stepLines = ({ steps }: MovePlan): readonly string[] =>
  steps.map(({ name, crossing, before, goal, after }) => {
    const gates = (list: typeof before): string =>
      list.map((gate) => ('name' in gate ? `${gate.kind} ${gate.name}` : gate.kind)).join(', ')
    const { kind = 'nothing', ...rest } = goal ?? {}
    const values = Object.values(rest).filter((value) => value !== false)
    return `${crossing ? '!' : ''}${name}: [${gates(before)}] ${[kind, ...values].join(' ')} [${gates(after)}]`
  })
