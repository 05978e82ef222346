import { buildRouteMap } from '@stricli/core'
import { command, type ExtraCommands, type ProgramContext } from './command.ts'
import { environmentCommands } from './environment-commands.ts'
import { aliases, flag, releaseFlags, yes } from './flags.ts'

const status = command(
  async () => (await import('./commands/status.ts')).status,
  { flags: releaseFlags, aliases },
  {
    brief: 'Show where everything is, and what waits for whom',
    fullDescription:
      'Reads only the store, so it works when no engine is running; it then says how old what it shows is.',
  },
)

const run = command(
  async () => (await import('./commands/run.ts')).run,
  {
    flags: {
      ...releaseFlags,
      yes,
      exitAtGate: flag('End with code 3 when everything waits for a person'),
      takeOver: flag('Take the release from an engine that is still running'),
    },
    aliases: { ...aliases, y: 'yes' },
  },
  {
    brief: 'Begin the release, or go on with it, until it ends',
    fullDescription:
      'Shows the plan and asks, then becomes the engine of the release. With --output json each event is one line of JSON. Ends with 0 done, 1 failed, 3 left (an interrupt leaves the world as it is), 4 rolled back.',
  },
)

export const commandTree = (extra: ExtraCommands) =>
  buildRouteMap<string, ProgramContext>({
    routes: { run, status, env: environmentCommands, ...extra },
    docs: {
      brief: 'Moves a whole estate of services from blue to green, a little at a time',
      fullDescription:
        'Moves a whole estate of services from one environment to another, in production, a little at a time, with proof at every step and a way back from every step.\nExit codes: 0 done, 1 failed, 2 usage, 3 held for a person or left, 4 run ended rolled back.',
    },
  })
