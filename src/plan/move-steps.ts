import type { Goal } from '../moves/goal.ts'
import { actMs, soakOf, testMs } from './expected-time.ts'
import type { Gate, Step, TestDefinition } from './plan.ts'
import type { Confirmation, ServiceRules, ServiceTest } from './plan-input.ts'
import type { Policy, ReleasePolicy } from './policy.ts'

/** What the steps of one move are made from. The service's name is not in it: services that are alike share their steps. */
export type MoveFacts = {
  readonly policy: Policy
  readonly release: ReleasePolicy
  readonly rules: ServiceRules
  readonly replicas: number
  readonly exclusive: boolean
  /** The schedule is suspended on blue. */
  readonly suspended: boolean
  /** 0 for what isn't a job. */
  readonly runsPerDay: number
  readonly healthPath: string | null
  readonly listens: boolean
  /** What a person has to confirm; those that were confirmed in the release file are left out already. */
  readonly confirm: ReadonlySet<Confirmation>
}

/** The steps of a move, what its tests are, sentences on both for people, and why it can't be proven (null: it can). */
export type MoveSteps = {
  readonly steps: readonly Step[]
  readonly tests: Readonly<Record<string, TestDefinition>>
  readonly why: readonly string[]
  readonly unproven: string | null
}

type StepParts = Partial<Step> & { readonly name: string; readonly crossing: boolean }

/** Shared by all steps: a plan of ten thousand services has hundreds of thousands of gates. */
export const ready: Gate = { kind: 'ready' }
export const verdict: Gate = { kind: 'verdict' }
const onlySameVersion: readonly Gate[] = [{ kind: 'same version' }]
const provisionGoal: Goal = { kind: 'provision' }

export const step = ({ policy }: MoveFacts, parts: StepParts): Step => {
  const { before = [], after = [], goal = null } = parts
  const expectedMs = parts.expectedMs ?? 0
  const waits = soakOf(after) + (after.includes(verdict) ? policy.dwell.maxMs : 0)
  const limitMs = parts.limitMs ?? policy.stepLimitMs + waits
  return { name: parts.name, before, goal, after, limitMs, crossing: parts.crossing, expectedMs }
}

export const provision = (facts: MoveFacts): Step =>
  step(facts, { name: 'provision', goal: provisionGoal, crossing: false, expectedMs: actMs.provision })

export const confirmation = (facts: MoveFacts, name: Confirmation): readonly Gate[] =>
  facts.confirm.has(name) ? [{ kind: 'approval', name }] : []

/** What every crossing waits for. Versions are compared each time, because teams keep shipping. */
export const openings = ({ rules: { windows = [], freezes = [] } }: MoveFacts): readonly Gate[] =>
  windows.length + freezes.length === 0
    ? onlySameVersion
    : [...onlySameVersion, ...[...windows, ...freezes].map((name): Gate => ({ kind: 'window', name }))]

export const workload = ({ exclusive }: MoveFacts, blue: number, green: number): Goal => ({
  kind: 'workload',
  blue,
  green,
  exclusive,
})

export type Tests = Readonly<Record<string, ServiceTest>>

/** Tests that run once green is ready: the declared ones (stress and trial runs are others), or one request for its health. */
export const testsBefore = ({ rules, listens, healthPath, policy }: MoveFacts): Tests => {
  const declared = Object.entries(rules.tests ?? {}).filter(
    ([, { test }]) => test.kind !== 'stress' && test.kind !== 'trial run',
  )
  if (declared.length > 0) return Object.fromEntries(declared)
  if (!listens || healthPath === null) return {}
  const timeoutMs = Math.min(30_000, policy.stepLimitMs)
  const test: TestDefinition = { kind: 'green http', path: healthPath, expectStatus: null, timeoutMs }
  return { smoke: { test, maxAgeMs: policy.stepLimitMs } }
}

/** Names that steps of ours have: a test that is called so gets another name for its step. */
const ownSteps = /^(provision|ready|switch|watch|uat|bake|hand over|(weight|shift) \d+)$/

export const testStep = (
  facts: MoveFacts,
  name: string,
  { test, maxAgeMs }: ServiceTest,
  { crossing, before = [] }: { readonly crossing: boolean; readonly before?: readonly Gate[] },
): Step =>
  step(facts, {
    name: ownSteps.test(name) ? `test ${name}` : name,
    before,
    goal: { kind: 'test', name },
    after: [{ kind: 'test', name, maxAgeMs }],
    limitMs: facts.policy.stepLimitMs + (test.kind === 'stress' ? test.durationMs : test.timeoutMs),
    crossing,
    expectedMs: testMs(test),
  })

export const definitionsOf = (tests: Tests): MoveSteps['tests'] =>
  Object.fromEntries(Object.entries(tests).map(([name, { test }]) => [name, test]))

export const testSentences = (tests: Tests): readonly string[] => {
  const names = Object.keys(tests)
  if (names.length === 0) return ['No test of it is declared, and it has no health path to ask: readiness alone tells.']
  return [`Tested on green before it goes on: ${names.join(', ')}.`]
}

/** Watched for the policy's soak; any other gate is asked first. */
export const soakStep = (facts: MoveFacts, gates: readonly Gate[]): Step =>
  step(facts, {
    name: 'watch',
    after: [...gates, { kind: 'soak', forMs: facts.policy.soakMs }],
    crossing: true,
    expectedMs: facts.policy.soakMs,
  })

/** Nothing runs on blue, so nothing is to run on green. */
export const sleepingSteps = (facts: MoveFacts): MoveSteps => ({
  steps: [provision(facts)],
  tests: {},
  why: ['It has 0 replicas on blue, so green gets 0 as well, and it settles at once.'],
  unproven: 'it has no replicas, so nothing runs that could prove it',
})
