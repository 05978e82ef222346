import type { JournalEvent } from '../../journal/events.ts'
import type { Goal } from '../../moves/goal.ts'

/** What goes wrong with one append: the engine dies before or after it, there is no room, or its answer is lost. */
export const appendFaults = ['killed before', 'killed after', 'full', 'unanswered'] as const
export type AppendFault = (typeof appendFaults)[number]

const handoffSteps = (owner: 'blue' | 'green', old: 'blue' | 'green'): readonly string[] =>
  [
    `${old} stamp`,
    `${owner} stamp`,
    `${old} pause`,
    `${old} fence`,
    `${old} barrier`,
    `${owner} set cursor`,
    `${owner} resume`,
    `${owner} unfence`,
    `${owner} run now`,
  ].map((act) => `handoff to ${owner}: ${act}`)

/** Every act of every protocol, by what it is done for. */
export const protocolSteps: readonly string[] = [
  ...handoffSteps('green', 'blue'),
  ...handoffSteps('blue', 'green'),
  ...['green scale', 'blue scale'].flatMap((act) => [`shift to green: ${act}`, `shift to blue: ${act}`]),
  'provision: green provision',
  'provision: green scale',
  'weights up: set weight',
  'weights to 0: set weight',
  'trial run: green run now',
]

/** What an act is done for. `method` names the side it is done on. */
export const stepOf = (method: string, goal: Goal, handsBack: boolean): string => {
  switch (goal.kind) {
    case 'schedule': {
      const other = goal.owner === 'green' ? 'blue' : 'green'
      return `handoff to ${handsBack ? other : goal.owner}: ${method}`
    }
    case 'workload':
      return `shift to ${goal.green > 0 ? 'green' : 'blue'}: ${method}`
    case 'weights':
      return `weights ${goal.green > 0 ? 'up' : 'to 0'}: ${method}`
    case 'provision':
      return `provision: ${method}`
    case 'test':
      return `trial run: ${method}`
    case 'data':
      return `data: ${method}`
    default:
      return goal satisfies never
  }
}

/** Events that an engine appends, each of which is a point at which it may be stopped. */
export const crashPoints = [
  'created',
  'took over',
  'left',
  'not watched',
  'checked',
  'phase entered',
  'wave started',
  'wave settled',
  'ordered',
  'entered',
  'baseline recorded',
  'intended',
  'came out',
  'gate passed',
  'judged',
  'run ended',
  'settled',
  'asked to go back',
  'rollback ordered',
  'answered',
  'called a person',
  'call ended',
  'drifted',
  'drift ended',
  'held',
  'resumed',
  'approved',
  'skipped',
  'retried',
  'stop seen',
  'stop cleared',
  'stuck',
  'paused',
  'went on',
  'ended',
] as const satisfies readonly JournalEvent['kind'][]

/** Events at which no engine is stopped, and why. Together with the others they are all. */
export const noCrashPoints: Readonly<Record<Exclude<JournalEvent['kind'], (typeof crashPoints)[number]>, string>> = {
  requested: 'people append it, who are not stopped',
  pruned: 'a command appends it, which makes nothing else',
  rejected: 'it stands beside the answer to the one who asked, in one append',
  tick: 'it tells of a tick that was missed or ran twice, which only a person can bring about who resumes schedules by hand',
  retired: 'it is asked for after the end, when nothing goes wrong any more',
}
