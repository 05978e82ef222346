import { type CarryOut, carryOut } from '../engine/carry-out.ts'
import type { Clock } from '../engine/clock.ts'
import type { World } from '../engine/engine.ts'
import type { TestResult } from '../engine/ports.ts'
import type { CarryOutWork, Work } from '../engine/runner.ts'
import { bug } from '../errors.ts'
import type { JournalState } from '../journal/fold.ts'
import type { Json, Side } from '../moves/goal.ts'
import type { MovePlan, Plan, TestDefinition } from '../plan/plan.ts'
import { noTraffic } from './world.ts'

export type RunTest = (
  service: string,
  definition: TestDefinition,
  work: Work,
  signal: AbortSignal,
) => Promise<TestResult>

/** What is written beside the stamp on the objects themselves, so that going back needs no journal. */
const baselineOf = (journal: JournalState, plan: MovePlan): Readonly<Record<Side, Json>> => {
  const baseline = journal.moves.get(plan.service)?.baseline ?? null
  return {
    blue: {
      replicas: baseline?.replicas ?? plan.replicas,
      suspended: baseline?.suspended ?? plan.suspended,
      green: baseline?.green ?? 0,
      version: baseline?.version ?? '',
    },
    green: { replicas: 0, suspended: true, green: baseline?.green ?? 0, of: plan.replicas },
  }
}

/** Carries out one attempt at an intent on the real world: protocols for most goals, test runs for tests. */
export const createCarryOutWork = (options: {
  readonly world: World
  readonly clock: Clock
  readonly runTest: RunTest
}) => {
  const { world, clock } = options
  return (journal: () => JournalState, plan: Plan): CarryOutWork =>
    async (work, memo, signal) => {
      const { goal } = work.lane
      const move = plan.moves[work.service]
      if (move === undefined) throw bug(`an intent for ${work.service}, which is not in the plan`)
      if (goal.kind === 'data') return { kind: 'refused', because: 'data moves are not supported yet' }
      if (goal.kind === 'test') return runTestGoal(options.runTest, move, work, goal.name, signal)
      const context: CarryOut = {
        service: work.service,
        blue: world.sides.blue,
        green: world.sides.green,
        traffic: world.router?.traffic ?? noTraffic,
        intent: work.intent,
        fence: work.fence,
        actUntil: work.lane.actUntil,
        urgent: work.urgent,
        facts: {
          hasSchedule: move.kind === 'job',
          suspended: move.suspended,
          missed: move.policy.missed,
          assumeDead: journal().release.rollback?.assumeDead ?? null,
          knownRun: null,
          baseline: baselineOf(journal(), move),
        },
        clock,
        signal,
        memo,
      }
      return carryOut(goal, context)
    }
}

const runTestGoal = async (runTest: RunTest, move: MovePlan, work: Work, name: string, signal: AbortSignal) => {
  const definition = move.tests[name]
  if (definition === undefined)
    return { kind: 'refused', because: `the plan has no test "${name}" for ${move.service}` } as const
  const { passed, summary, figures, durationMs } = await runTest(move.service, definition, work, signal)
  if (signal.aborted) return { kind: 'aborted' } as const
  return { kind: 'done', result: { passed, summary, figures, durationMs } } as const
}
