import { buildChoiceParser, buildRouteMap } from '@stricli/core'
import { command, type ExtraCommands, type ProgramContext } from './command.ts'
import { environmentCommands } from './environment-commands.ts'
import { output } from './flags.ts'
import { approve, hold, reject, resume, retire, retry, rollback, skip } from './people-commands.ts'
import { rehearse } from './rehearse-command.ts'
import {
  access,
  check,
  doctor,
  explain,
  init,
  journal,
  ledger,
  plan,
  report,
  run,
  status,
  watch,
} from './release-commands.ts'

const replay = command(
  async () => (await import('./commands/judge-replay.ts')).judgeReplay,
  {
    flags: {
      output,
      format: {
        kind: 'enum',
        values: ['jsonl', 'csv'],
        optional: true,
        brief: "How the recording is written; without it, told from the file's name",
      },
    },
    aliases: { o: 'output' },
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'Recorded counters', parse: (input: string) => input, placeholder: 'file' }],
    },
  },
  { brief: 'Show what the judge would have said about a past release' },
)

const judge = buildRouteMap<string, ProgramContext>({
  routes: { replay },
  docs: { brief: 'Ask the judge about recorded figures' },
})

const completion = command(
  async () => (await import('./commands/completion.ts')).completion,
  {
    positional: {
      kind: 'tuple',
      parameters: [
        { brief: 'bash, zsh or fish', parse: buildChoiceParser(['bash', 'zsh', 'fish']), placeholder: 'shell' },
      ],
    },
  },
  { brief: "Print a shell's completion script" },
)

/** All commands, in the order in which a release needs them. Loading it loads none of them. */
export const commandTree = (extra: ExtraCommands) =>
  buildRouteMap<string, ProgramContext>({
    routes: {
      init,
      check,
      access,
      plan,
      rehearse,
      run,
      status,
      watch,
      explain,
      approve,
      reject,
      hold,
      resume,
      retry,
      skip,
      rollback,
      ledger,
      journal,
      report,
      retire,
      doctor,
      judge,
      env: environmentCommands,
      completion,
      ...extra,
    },
    docs: {
      brief: 'Moves a whole estate of services from blue to green, a little at a time',
      fullDescription:
        'Moves a whole estate of services from one environment to another, in production, a little at a time, with proof at every step and a way back from every step.\nExit codes: 0 done, 1 failed, 2 usage, 3 held for a person or left, 4 run ended rolled back.',
    },
  })
