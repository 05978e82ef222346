import { type Mutant, simulation } from './mutant.ts'

/** Wrong decisions of moves and of the release. */
export const coreMutants: readonly Mutant[] = [
  {
    id: 'starts-wave-early',
    breaks: 'a wave counts as settled as soon as one of its services is',
    edits: [
      {
        file: 'src/moves/orders.ts',
        find: 'services.every((service) => isSettled(reports.get(service)))',
        replace: 'services.some((service) => isSettled(reports.get(service)))',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'skips-needs',
    breaks: 'crosses although what it calls is not reachable on green yet',
    edits: [
      {
        file: 'src/moves/orders.ts',
        find: 'return reached !== undefined && !reached.reachable && !isSettled(reached)',
        replace: 'return reached === undefined',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'takes-needed-back-first',
    breaks: 'what others depend on goes back before them',
    edits: [
      {
        file: 'src/moves/orders.ts',
        find: "if (waitsFor.length === 0) return { order: 'back', because }",
        replace: "if (waitsFor.length >= 0) return { order: 'back', because }",
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'takes-hold-for-pass',
    breaks: 'a verdict gate opens for whatever does not say roll back',
    edits: [
      {
        file: 'src/moves/gates.ts',
        find: "return judged.verdict === 'advance' ? met(judged.because) : open(judged.because)",
        replace: "return judged.verdict !== 'roll back' ? met(judged.because) : open(judged.because)",
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'takes-blind-for-pass',
    breaks: 'nothing measured counts as nothing wrong',
    edits: [
      {
        file: 'src/engine/judging.ts',
        find: 'verdict: verdict.kind,\n    cause,',
        replace: "verdict: verdict.kind === 'blind' ? 'advance' : verdict.kind,\n    cause,",
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'lets-failures-pass-by-time',
    breaks: 'a green that fails everything passes unproven when its time is over, where too little of blue is known',
    edits: [
      {
        file: 'src/judge/decide.ts',
        find: '  failures(question) ??\n',
        replace: '  (failures(question) && null) ??\n',
      },
      {
        file: 'src/judge/state.ts',
        find: 'blueTotal: blueTotalOf(setup, start.blue ?? null),',
        replace: 'blueTotal: blueTotalOf(setup, null),',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'ignores-hold',
    breaks: 'a service that a person holds goes on',
    edits: [
      { file: 'src/moves/stop.ts', find: 'if (held !== null)\n', replace: 'if (held !== null && rejected !== null)\n' },
    ],
    caughtBy: simulation,
  },
  {
    id: 'ignores-hold-of-release',
    breaks: 'waves start while a person holds the release',
    edits: [
      {
        file: 'src/moves/decide-release.ts',
        find: 'return checked === null || stop !== null || held !== null || isRollbackOpen(context)',
        replace: 'return checked === null || stop !== null || isRollbackOpen(context)',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'ignores-approval',
    breaks: 'an approval counts as given when it is asked for',
    edits: [
      {
        file: 'src/moves/gates.ts',
        find: 'if (approval !== undefined) return met(`approved by ${approval.by}`)',
        replace: "if (approval?.by !== '') return met(`approved by ${approval?.by ?? 'nobody'}`)",
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'ignores-calendar',
    breaks: 'crosses outside of its window',
    edits: [
      {
        file: 'src/moves/gates.ts',
        find: 'return window.open ? met(',
        replace: 'return window.open || !window.open ? met(',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'counts-gap-as-soak',
    breaks: 'time in which nobody watched counts as soak and dwell',
    edits: [
      {
        file: 'src/moves/facts.ts',
        find: 'return Math.max(0, until - from - unwatched)',
        replace: 'return Math.max(0, until - from, unwatched)',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'jumps-step',
    breaks: 'the second step after the one that is done is entered, and so more traffic sent than was authorised',
    edits: [
      {
        file: 'src/moves/advance.ts',
        find: 'return decision ?? enter(context, state.step + 1)',
        replace: 'return decision ?? enter(context, Math.min(state.step + 2, context.plan.steps.length))',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'goes-on-before-outcome',
    breaks: 'a step counts as done while its act is under way',
    edits: [
      {
        file: 'src/moves/advance.ts',
        find: '  if (outcome === null) {\n    const problem',
        replace: "  if (outcome === null) return null\n  if (outcome.kind === 'refused') {\n    const problem",
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'undoes-people-towards-blue',
    breaks: 'what a person took back to blue by hand is put on green again',
    edits: [
      {
        file: 'src/moves/stop.ts',
        find: "if (found.towards === 'blue' || goal === null) return happens(drifted)",
        replace: 'if (goal === null) return happens(drifted)',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'forgets-verdict-to-roll-back',
    breaks: 'a verdict to roll back is written down, and nothing is done',
    edits: [
      {
        file: 'src/moves/stop.ts',
        find: "return judged?.verdict === 'roll back' ? askToGoBack(context, judged.because) : null",
        replace: "return judged?.verdict === 'blind' ? askToGoBack(context, judged.because) : null",
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'forgets-who-asked-back',
    breaks: 'a service asks to go back, and the release leaves it where it is',
    edits: [
      {
        file: 'src/moves/decide-release.ts',
        find: '(report) => report.askedBack !== null && !state.back.includes(report.service)',
        replace: '(report) => report.stuck && report.askedBack !== null && !state.back.includes(report.service)',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'compares-versions',
    breaks: 'goes on while blue and green run different versions',
    edits: [
      {
        file: 'src/moves/stop.ts',
        find: 'const same = blue.value.version === green.value.version',
        replace: "const same = blue.value.version !== ''",
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'ignores-unready-blue',
    breaks: 'sends more users to green while blue is not ready',
    edits: [
      {
        file: 'src/moves/stop.ts',
        find: 'if (!unready) return null\n',
        replace: 'if (!unready || plan.exclusive === false) return null\n',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'takes-failed-test-for-pass',
    breaks: 'a test that failed opens its gate',
    edits: [
      {
        file: 'src/moves/gates.ts',
        find: 'return test.passed ? met(test.summary) :',
        replace: "return test.summary !== '' ? met(test.summary) :",
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'takes-replicas-back-before-users',
    breaks: 'going back, green is scaled down before its weight is 0',
    edits: [{ file: 'src/moves/go-back.ts', find: 'return goals\n', replace: 'return goals.toReversed()\n' }],
    caughtBy: simulation,
  },
  {
    id: 'settles-while-under-way',
    breaks: 'a service counts as back on blue while a lane is still on its way',
    edits: [
      {
        file: 'src/moves/go-back.ts',
        find: 'if (lane.outcome === null) return waitOrCall(context, lane, goal)',
        replace: 'if (lane.outcome === null) return null',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'forgets-baseline',
    breaks: 'going back gives blue one replica instead of those that were recorded',
    edits: [
      {
        file: 'src/moves/go-back.ts',
        find: 'blue: state.baseline?.replicas ?? plan.replicas,',
        replace: 'blue: 1,',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'ends-rollback-early',
    breaks: 'the release is rolled back as soon as one service is on blue',
    edits: [
      {
        file: 'src/moves/decide-release.ts',
        find: 'if (state.rollback === null || !reportsOf(context, state.back).every(isBack)) return null',
        replace: 'if (state.rollback === null || !reportsOf(context, state.back).some(isBack)) return null',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'retires-too-early',
    breaks: 'blue is retired while the release is not done',
    edits: [
      {
        file: 'src/moves/answer-requests.ts',
        find: "if (state.ended?.outcome !== 'done') return refuse(request, 'only a release that is done can retire blue')",
        replace: "if (state.retired !== null) return refuse(request, 'only a release that is done can retire blue')",
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'calls-nobody',
    breaks: 'waits for a person without calling one',
    edits: [
      {
        file: 'src/moves/decide-release.ts',
        find: '    if (waiting?.person === true)\n',
        replace: '    if (waiting?.person === true && waiting.approval !== null)\n',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'ignores-stop-mark',
    breaks: 'goes on after break-glass',
    edits: [
      {
        file: 'src/moves/orders.ts',
        find: "return report.settledOn === null ? { order: 'hold', because: `${state.stop.by} used break-glass` } : keep",
        replace: 'if (report.settledOn !== null) return keep',
      },
    ],
    caughtBy: simulation,
  },
]
