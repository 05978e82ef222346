import { definitionsOf, type MoveFacts, type MoveSteps, testStep } from './move-steps.ts'
import type { Step } from './plan.ts'

/** With spaces, as no test of a release file is called so. */
const fromGreen = 'probe from green'
const fromBlue = 'probe from blue'

/**
 * The steps with the probes that the rules ask for: green's reach right after provision, before anything crosses; blue's
 * reach of green before the first user is sent there.
 */
export const withProbes = (made: MoveSteps, facts: MoveFacts): MoveSteps => {
  const { green, blue } = facts.rules.probes ?? {}
  const hasUsers = made.steps.some(isWeights)
  const tests = {
    ...(green === undefined ? {} : { [fromGreen]: green }),
    ...(blue === undefined || !hasUsers ? {} : { [fromBlue]: blue }),
  }
  if (Object.keys(tests).length === 0) return made
  const first = made.steps.find(isWeights)
  const steps = made.steps.flatMap((step): readonly Step[] => [
    ...(step === first && blue !== undefined
      ? [
          testStep(facts, fromBlue, blue, {
            crossing: made.steps.some(({ crossing }, at) => crossing && at < made.steps.indexOf(step)),
          }),
        ]
      : []),
    step,
    ...(step.goal?.kind === 'provision' && green !== undefined
      ? [testStep(facts, fromGreen, green, { crossing: false })]
      : []),
  ])
  const why = [
    ...(green === undefined ? [] : ['A probe on green, under its own account, connects to all that it needs.']),
    ...(fromBlue in tests ? ["A probe on blue's cluster connects to green's copy before users are sent there."] : []),
  ]
  return { ...made, steps, tests: { ...made.tests, ...definitionsOf(tests) }, why: [...made.why, ...why] }
}

const isWeights = ({ goal }: Step): boolean => goal?.kind === 'weights'
