import { type Mutant, simulation } from './mutant.ts'

/** Wrong decisions of the handoff and the other protocols. */
export const protocolMutants: readonly Mutant[] = [
  {
    id: 'skips-barrier-and-fences',
    breaks: 'a paused scheduler is neither waited for nor kept from old ticks',
    edits: [
      {
        file: 'src/protocols/handoff.ts',
        find: "from.kind !== 'seen' || memo.barrier || from.value.schedule.passesSinceChange > 0",
        replace: "from.kind !== 'seen' || !memo.barrier || from.value.schedule.passesSinceChange > 0",
      },
      {
        file: 'src/protocols/handoff.ts',
        find: "return open.length === 0 ? null : act({ kind: 'fence', side: old, intent, ticks: open }, memo)",
        replace: "return open.length < 99 ? null : act({ kind: 'fence', side: old, intent, ticks: open }, memo)",
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'forgets-cursor',
    breaks: 'the new owner is resumed before its cursor is written',
    edits: [
      {
        file: 'src/protocols/handoff.ts',
        find: 'if (to.value.schedule.cursor !== target) {',
        replace: 'if (to.value.schedule.cursor !== target && goal.suspended) {',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'trusts-lagging-cursor',
    breaks: 'the cursor is taken from the schedules alone, although runs are newer',
    edits: [
      {
        file: 'src/protocols/handoff-cursor.ts',
        find: 'const reached = newest([ran, ...schedules.map((schedule) => schedule.cursor)])',
        replace: 'const reached = newest(schedules.map((schedule) => schedule.cursor))',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'forgets-sweep',
    breaks: 'tombstones stay on the side that becomes the owner again',
    edits: [
      {
        file: 'src/protocols/handoff.ts',
        find: 'return to.value.schedule.fenced.some((tick) => tick > after)\n',
        replace: 'return to.value.schedule.fenced.some((tick) => tick > after && tick < 0)\n',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'forgets-orphans',
    breaks: 'a tick that our tombstone took, while the old owner ran a later one, is run by nobody',
    edits: [
      {
        file: 'src/protocols/handoff.ts',
        find: 'const tick = [...orphans(memo, old), ...all, ...late][0]',
        replace: 'const tick = [...(old === null ? orphans(memo, old) : []), ...all, ...late][0]',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'starts-beside-run',
    breaks: 'under Forbid the new owner is resumed beside a run of the old one',
    edits: [
      {
        file: 'src/protocols/handoff.ts',
        find: "if (from.kind !== 'seen' || from.value.schedule.concurrency === 'Allow') return null",
        replace: "if (from.kind !== 'seen' || from.value.schedule.concurrency !== 'Replace') return null",
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'replaces-nothing',
    breaks: 'under Replace the new owner is resumed beside a run of the old one, which nobody replaces',
    edits: [
      {
        file: 'src/protocols/handoff.ts',
        find: "if (from.kind !== 'seen' || from.value.schedule.concurrency === 'Allow') return null",
        replace: "if (from.kind !== 'seen' || from.value.schedule.concurrency !== 'Forbid') return null",
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'resumes-suspended',
    breaks: 'a schedule that was suspended before is resumed on green',
    edits: [
      {
        file: 'src/protocols/handoff.ts',
        find: 'if (!goal.suspended) return null',
        replace: 'if (goal.missed.length > 0) return null',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'assumes-silence-is-dead',
    breaks: 'a schedule is started although the other side can not confirm that it has stopped',
    edits: [
      {
        file: 'src/protocols/handoff.ts',
        find: "if (view.from.kind === 'seen' || view.from.kind === 'absent' || view.goal.assumeDead === view.old) return null",
        replace: 'if (view.goal.assumeDead !== view.owner) return null',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'adds-to-weight',
    breaks: 'a weight that somebody raised by hand is kept instead of lowered',
    edits: [
      {
        file: 'src/protocols/weights.ts',
        find: "return { kind: 'act', action: { kind: 'set weight', green: goal.green }, memo }",
        replace:
          "return { kind: 'act', action: { kind: 'set weight', green: Math.max(goal.green, seen.green) }, memo }",
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'starts-second-copy',
    breaks: 'where only one copy may run, the second starts before the first has stopped',
    edits: [
      {
        file: 'src/protocols/shift.ts',
        find: 'const step = goal.exclusive ? exclusively(view) : overlap(view)',
        replace: 'const step = goal.exclusive && goal.blue > 0 ? exclusively(view) : overlap(view)',
      },
    ],
    caughtBy: simulation,
  },
  {
    id: 'shrinks-first',
    breaks: 'the side that shrinks is not made to wait until the other is ready',
    edits: [
      {
        file: 'src/protocols/shift.ts',
        find: 'const step = mustBeUp(view, side) ? grow(view, side) : null',
        replace: 'const step = mustBeUp(view, side) && side === null ? grow(view, side) : null',
      },
    ],
    caughtBy: simulation,
  },
]
