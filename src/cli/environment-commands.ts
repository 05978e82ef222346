import { buildRouteMap } from '@stricli/core'
import { command, type ProgramContext } from './command.ts'
import { flag, output, text, wholeNumber } from './flags.ts'

const load = async () => import('./commands/environments.ts')

const file = { brief: 'File of an environment or a router', parse: text, placeholder: 'file' } as const
const service = { brief: 'A service of it', parse: text, placeholder: 'service' } as const
const files = { kind: 'array', parameter: file, minimum: 1 } as const
const asleep = flag('Nothing in it runs until it is told')

const up = command(
  async () => (await load()).up,
  { flags: { asleep }, positional: files },
  { brief: 'Start environments and routers, each under a daemon of its own' },
)

const down = command(
  async () => (await load()).down,
  { positional: files },
  { brief: 'Stop them, and all that runs in them' },
)

const apply = command(
  async () => (await load()).apply,
  { positional: files },
  { brief: 'Deploy what changed in the files' },
)

const status = command(
  async () => (await load()).status,
  { flags: { output }, aliases: { o: 'output' }, positional: files },
  { brief: 'Show what runs in them' },
)

const scale = command(
  async () => (await load()).scale,
  {
    positional: {
      kind: 'tuple',
      parameters: [file, service, { brief: 'How many', parse: wholeNumber, placeholder: 'replicas' }],
    },
  },
  { brief: 'Want another number of replicas of a service' },
)

const suspend = command(
  async () => (await load()).suspend,
  {
    flags: { resume: flag('Let it run again') },
    positional: { kind: 'tuple', parameters: [file, service] },
  },
  { brief: 'Suspend the schedule of a job' },
)

const weight = command(
  async () => (await load()).weight,
  {
    positional: {
      kind: 'tuple',
      parameters: [file, service, { brief: 'Percent of its traffic', parse: wholeNumber, placeholder: 'green' }],
    },
  },
  { brief: "Set green's share of a service's traffic by hand" },
)

const logs = command(
  async () => (await load()).logs,
  {
    flags: {
      lines: { kind: 'parsed', parse: wholeNumber, default: '100', placeholder: 'count', brief: 'How many lines' },
    },
    positional: { kind: 'tuple', parameters: [file, service] },
  },
  { brief: 'Print the last lines that a service wrote' },
)

const serve = command(
  async () => (await load()).serve,
  { flags: { asleep }, positional: { kind: 'tuple', parameters: [file] } },
  { brief: 'Be the daemon of an environment or a router, until interrupted' },
)

/** Local environments of processes, and the router before them. */
export const environmentCommands = buildRouteMap<string, ProgramContext>({
  routes: { up, down, apply, status, scale, suspend, weight, logs, serve },
  docs: { brief: 'Local environments of processes, and their router', hideRoute: { serve: true } },
})
