import { type Mutant, suite } from './mutant.ts'

const local = 'src/providers/local/contract.test.ts'
const router = 'src/providers/proxy/router.test.ts'

/** Wrong decisions of the real providers: the supervisor of local processes, and the embedded router. */
export const providerMutants: readonly Mutant[] = [
  {
    id: 'local-accepts-older-fence',
    breaks: 'an act that comes too late is carried out by the supervisor',
    edits: [
      {
        file: 'src/providers/local/claim-table.ts',
        find: 'if (seen !== undefined && compareFences(fence, seen) < 0) {',
        replace: 'if (seen !== undefined && compareFences(fence, seen) < -1e9) {',
      },
    ],
    caughtBy: suite(local, 'refuses an older version of the same move'),
  },
  {
    id: 'local-ignores-stop-mark',
    breaks: 'the supervisor lets engines act after break-glass',
    edits: [
      {
        file: 'src/providers/local/claim-table.ts',
        find: 'if (stop !== null && fence.epoch <= stop.epoch) {',
        replace: 'if (stop !== null && fence.epoch < 0) {',
      },
    ],
    caughtBy: suite(local, 'stops every engine up to an epoch'),
  },
  {
    id: 'local-redelivers-call',
    breaks: 'the same call made twice counts as two',
    edits: [
      {
        file: 'src/providers/local/workload-acts.ts',
        find: 'if (holds && isStampOf(row.stamp, call)) return revised(row.revision)',
        replace: 'if (holds && row.stamp === null) return revised(row.revision)',
      },
    ],
    caughtBy: suite(local, 'ok to the same call made twice'),
  },
  {
    id: 'local-fences-what-ran',
    breaks: 'a tick that has run is said to be fenced, so that the other side runs it again',
    edits: [
      {
        file: 'src/providers/local/run-table.ts',
        find: "return find(name) === 'tombstone' ? 'fenced' : 'ran'",
        replace: "return find(name) === null ? 'ran' : 'fenced'",
      },
    ],
    caughtBy: suite(local, 'never runs a fenced tick'),
  },
  {
    id: 'local-catches-up-all',
    breaks: 'a schedule that is resumed runs every tick that it missed',
    edits: [
      {
        file: 'src/providers/local/scheduler.ts',
        find: 'const all = awakeSince === null ? now : Math.max(since, awakeSince)',
        replace: 'const all = awakeSince === null ? since : Math.max(since, awakeSince)',
      },
    ],
    caughtBy: suite(local, 'catches up only the most recent missed tick'),
  },
  {
    id: 'local-repeats-trial',
    breaks: 'an effect that must not be repeated is: a trial run that is asked for again runs again',
    edits: [
      {
        file: 'src/providers/run-name.ts',
        find: "`${service}-trial-${intent.split('/').at(-1)}`",
        replace: "`${service}-trial-${intent.split('/').at(-1)}-${performance.now()}`",
      },
    ],
    caughtBy: suite(local, 'makes a missed tick or a trial once'),
  },
  {
    id: 'local-overlaps-runs',
    breaks: 'a tick runs beside the run before it, under Forbid',
    edits: [
      {
        file: 'src/providers/local/scheduler.ts',
        find: "if (input.concurrency === 'Allow' || runnable.length === 0) {",
        replace: "if (input.concurrency !== 'Replace' || runnable.length === 0) {",
      },
    ],
    caughtBy: suite(local, 'holds a tick back under Forbid'),
  },
  {
    id: 'router-accepts-older-fence',
    breaks: 'a weight that comes too late is set by the router',
    edits: [
      {
        file: 'src/providers/proxy/router-state.ts',
        find: 'if (newest !== undefined && compareFences(fence, { ...fence, ...newest }) < 0) {',
        replace: 'if (newest !== undefined && compareFences(fence, { ...fence, ...newest }) < -1e9) {',
      },
    ],
    caughtBy: suite(router, 'keeps the contract of Traffic'),
  },
  {
    id: 'router-sends-to-unready-green',
    breaks: 'an unready green keeps its users although blue is ready',
    edits: [
      {
        file: 'src/providers/proxy/side-choice.ts',
        find: '!ready.green && ready.blue ? 0 : set',
        replace: '!ready.green && !ready.blue ? 0 : set',
      },
    ],
    caughtBy: suite(router, 'keeps the contract of Traffic'),
  },
]
