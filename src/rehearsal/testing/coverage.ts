import { progressRules, safetyRules } from '../../moves/decide-move.ts'
import { releaseRules } from '../../moves/decide-release.ts'
import { callFaults, readFaults } from '../simulated-calls.ts'
import { appendFaults, crashPoints, noCrashPoints, protocolSteps } from './points.ts'

/** What was met, counted by name. Plain data: what several workers met is added up. */
export type Coverage = Record<string, number>

/** Everything that has to be met at least once, by group. */
export const wanted: Readonly<Record<string, readonly string[]>> = {
  'rules of the two deciders': [...[...safetyRules, ...progressRules, ...releaseRules].map(({ name }) => name)],
  'steps of protocols × faults of the call': protocolSteps.flatMap((step) =>
    callFaults.map((fault) => `${step} × ${fault}`),
  ),
  'appends × faults': crashPoints.flatMap((event) => appendFaults.map((fault) => `append "${event}" × ${fault}`)),
  'reads × faults': readFaults.map((fault) => `read × ${fault}`),
}

export const note = (coverage: Coverage, name: string, times = 1): void => {
  coverage[name] = (coverage[name] ?? 0) + times
}

export const addCoverage = (to: Coverage, from: Coverage): void => {
  for (const [name, times] of Object.entries(from)) note(to, name, times)
}

export type Group = { readonly name: string; readonly wanted: number; readonly missing: readonly string[] }

export const groupsOf = (coverage: Coverage): readonly Group[] =>
  Object.entries(wanted).map(([name, names]) => ({
    name,
    wanted: names.length,
    missing: names.filter((one) => coverage[one] === undefined),
  }))

const noFault = ' × nothing'

/** Steps and events that were met, but stand on no list of what may be met: then the lists are not all. */
export const unlisted = (coverage: Coverage): readonly string[] => {
  const steps: ReadonlySet<string> = new Set(protocolSteps)
  const events: ReadonlySet<string> = new Set([...crashPoints, ...Object.keys(noCrashPoints)])
  return Object.keys(coverage).filter((name) => {
    if (name.endsWith(noFault)) return !steps.has(name.slice(0, -noFault.length))
    const event = /^append "(.*)" × /.exec(name)?.[1]
    return event !== undefined && !events.has(event)
  })
}
