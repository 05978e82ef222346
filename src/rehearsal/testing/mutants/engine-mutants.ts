import { type Mutant, simulation } from './mutant.ts'

/** Wrong decisions of the engine: its turns, the runner, taking over, measuring. */
export const engineMutants: readonly Mutant[] = [
  {
    id: 'acts-before-append',
    breaks: 'goes on from what the journal refused for want of room, and acts on it',
    edits: [
      {
        file: 'src/engine/turn-loop.ts',
        find: 'return { ...nothing, others, rules: result.rules, refusal: answer }',
        replace:
          'journal = foresee(seen, result.events, by); return { ...nothing, others, rules: result.rules, refusal: null, decided: [...result.wakeMoves.keys()] }',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'takes-full-for-written',
    breaks: 'an append that found no room counts as made',
    edits: [
      {
        file: 'src/engine/turn-loop.ts',
        find: "if (answer !== null && answer.kind !== 'appended') {",
        replace: "if (answer?.kind === 'fenced') {",
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'loses-outcome-when-full',
    breaks: 'an outcome that found no room in the journal is forgotten',
    edits: [
      {
        file: 'src/engine/engine.ts',
        find: '      inbox.putBack(before)\n      kept = { observations: [], woken: news.woken }',
        replace: '      kept = { observations: [], woken: news.woken }',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'carries-out-intents-of-successor',
    breaks: 'an engine that others have taken over from carries out what they intend',
    edits: [
      {
        file: 'src/engine/turn-loop.ts',
        find: 'if (journal.release.epoch > epoch) return',
        replace: 'if (journal.release.epoch > epoch + 1_000_000) return',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'takes-over-without-epoch',
    breaks: 'an engine takes over by the epoch of the one before it',
    edits: [
      {
        file: 'src/engine/take-over.ts',
        find: 'const epoch = await store.claimEpoch(highest)',
        replace: 'const epoch = Math.max(1, (await store.claimEpoch(highest)) - 1)',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'frees-too-early',
    breaks: 'environments are given free while blue still stands by',
    edits: [
      {
        file: 'src/engine/engine.ts',
        find: "if (release.ended.outcome !== 'done') await freeAll(",
        replace: "if (release.ended.outcome !== 'failed') await freeAll(",
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'fences-too-high',
    breaks: 'acts carry the newest version of their move instead of that of their intent, so that late ones pass',
    edits: [
      {
        file: 'src/engine/runner.ts',
        find: 'move: state.service, version: lane.version }',
        replace: 'move: state.service, version: state.version }',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'counts-run-twice',
    breaks: 'a run that is reported again counts as another one',
    edits: [
      {
        file: 'src/engine/green-runs.ts',
        find: "(run) => run.side === 'green' && run.tick !== null && !known.has(run.name))",
        replace: "(run) => run.side === 'green' && run.tick !== null)",
      },
      {
        file: 'src/engine/green-runs.ts',
        find: '    known.has(run.name) ||\n    move.runs.includes(run.name) ||\n',
        replace: '',
      },
      {
        file: 'src/journal/move-state.ts',
        find: "if (event.side !== 'green' || state.runs.includes(event.run)) return state",
        replace: "if (event.side !== 'green') return state",
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'swaps-arms',
    breaks: 'the judge gets blue for green and green for blue',
    edits: [
      { file: 'src/engine/judging.ts', find: 'blue: blue?.arm ?? null,', replace: 'blue: green?.arm ?? null,' },
      { file: 'src/engine/judging.ts', find: 'green: green?.arm ?? null,', replace: 'green: blue?.arm ?? null,' },
    ],
    caughtBy: simulation,
  },
  {
    id: 'trusts-old-facts',
    breaks: 'what was read before our own act counts as somebody else having changed it',
    edits: [
      {
        file: 'src/moves/drift.ts',
        find: 'seen !== null && seen.after >= after',
        replace: 'seen !== null && seen.after >= 0 * after',
      },
    ],
    caughtBy: simulation,
  },
]
