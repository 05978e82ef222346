import { buildRouteMap } from '@stricli/core'
import { command, type ProgramContext } from './command.ts'
import {
  aliases,
  file,
  flag,
  maybeOne,
  one,
  optionalNumber,
  optionalText,
  output,
  outputs,
  releaseFlags,
  several,
  text,
  wholeNumber,
  yes,
} from './flags.ts'
import { readHead } from './head-flag.ts'

/** Commands that look, prepare and carry out; those by which people answer are in `people-commands.ts`. */

export const init = command(
  async () => (await import('./commands/init.ts')).init,
  {
    flags: {
      output,
      blue: optionalText('The environment that runs today', 'file'),
      green: optionalText('The environment that everything moves to', 'file'),
      blueContext: optionalText('Or a cluster, by the context of a kubeconfig', 'name'),
      greenContext: optionalText('The cluster that everything moves to; it may be the same', 'name'),
      namespace: several('A namespace that moves; without one, that of each context', 'name'),
      greenNamespace: several(
        'Where it moves to, one for each namespace, in their order; without any, the same names',
        'name',
      ),
      selector: optionalText('Splits namespaces that both sides share: what is green', 'label=value'),
      kubeconfig: optionalText('Without it, the one that kubectl would take', 'path'),
      router: optionalText('The router that divides user traffic', 'file'),
      name: optionalText('The name of the release; without it, from both environments', 'name'),
      outputFile: {
        kind: 'parsed',
        parse: text,
        default: 'release.yaml',
        placeholder: 'path',
        brief: 'Where the release file is written',
      },
    },
    aliases: { o: 'output' },
  },
  { brief: 'Look at two environments and write a short release.yaml' },
)

export const check = command(
  async () => (await import('./commands/check.ts')).check,
  {
    flags: {
      file,
      output: { kind: 'enum', values: [...outputs, 'html'], default: 'table', brief: 'How the answer is written' },
      fix: optionalText('Write what would bring green in line', 'folder'),
      apply: flag('Apply it to green, after asking'),
      yes,
      manifests: optionalText('Check manifests instead of a release: a folder, a file, or - for stdin', 'path'),
      blueManifests: optionalText('Compare these manifests with those of green', 'path'),
      greenManifests: optionalText('What blue is compared with', 'path'),
      platform: {
        kind: 'enum',
        values: ['eks-fargate'],
        optional: true,
        brief: 'Whether the manifests (of green) would run there',
      },
      awsFacts: optionalText('Answers of "aws … --output json", for rules that need them', 'folder'),
      waivers: optionalText(
        'Findings and differences that somebody answers for, beside those of the release file',
        'path',
      ),
      namespace: {
        kind: 'parsed',
        parse: text,
        optional: true,
        variadic: ',',
        placeholder: 'name',
        brief:
          'A namespace to look at; without it, that of the context. Of manifests: the namespace of objects that name none',
      },
      allNamespaces: flag("All namespaces but the cluster's own"),
      context: optionalText('Check a cluster instead of a release: a context of the kubeconfig', 'name'),
      blueContext: optionalText('Compare this cluster with that of green', 'name'),
      greenContext: optionalText('What blue is compared with; it may be the same cluster', 'name'),
      greenNamespace: {
        kind: 'parsed',
        parse: text,
        optional: true,
        variadic: ',',
        placeholder: 'name',
        brief: 'What it is compared with, in the order of the namespaces; without it, the same name',
      },
      selector: optionalText('Splits namespaces that both sides share: what is green', 'label=value'),
      suffix: optionalText('What names on green end with, beside --selector; without it, -green', 'text'),
      kubeconfig: optionalText('Another kubeconfig than kubectl would take', 'path'),
      requestsPerSecond: optionalNumber('How much is asked of each API server; without it, 40', 'number'),
    },
    aliases,
  },
  {
    brief: 'Find what is wrong, and how both environments differ',
    fullDescription:
      'Creates nothing in the environments, unless told to --apply. Exit code 0: the release may begin; 1: something blocks.\nWith --manifests it needs neither a release nor a cluster, for instance: helm template CHART | titrate check --manifests - --platform eks-fargate\nWith --context, or --blue-context and --green-context, it reads clusters; what differs is dry-run on green.',
  },
)

export const access = command(
  async () => (await import('./commands/access.ts')).access,
  {
    flags: {
      output,
      side: { kind: 'enum', values: ['blue', 'green'], optional: true, brief: 'Only the roles of one side' },
      account: {
        kind: 'parsed',
        parse: text,
        default: 'titrate',
        placeholder: 'name',
        brief: 'The ServiceAccount that gets them, NAMESPACE/NAME where it is in another namespace',
      },
    },
    aliases: { o: 'output' },
    positional: maybeOne('The release file; without it, release.yaml', 'path'),
  },
  {
    brief: 'Print the roles that give Titrate what this release needs on its clusters, and no more',
    fullDescription:
      'Creates nothing: "titrate access --side green | kubectl --context GREEN apply -f -" does. "titrate check", "plan" and "run" refuse a release whose identity lacks one of the rights to move.',
  },
)

export const plan = command(
  async () => (await import('./commands/plan.ts')).plan,
  { flags: releaseFlags, aliases },
  { brief: 'Show what would be done, in which order, and why' },
)

export const run = command(
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
      'Shows the plan and asks, then becomes the engine of the release. With --output json each event is one line of JSON. Exit code 0: done; 1: failed; 3: left (an interrupt leaves the world as it is); 4: rolled back.',
  },
)

export const status = command(
  async () => (await import('./commands/status.ts')).status,
  { flags: releaseFlags, aliases },
  {
    brief: 'Show where everything is, and what waits for whom',
    fullDescription: 'Reads only the store, so it works when no engine is running; it says how old what it shows is.',
  },
)

export const watch = command(
  async () => (await import('./commands/watch.ts')).watch,
  { flags: releaseFlags, aliases },
  { brief: 'Show the status as it changes, until the release has ended' },
)

export const explain = command(
  async () => (await import('./commands/explain.ts')).explain,
  { flags: releaseFlags, aliases, positional: one('The service', 'service') },
  { brief: 'Say why a service is where it is, what it waits for, and what you can do' },
)

export const ledger = command(
  async () => (await import('./commands/ledger.ts')).ledger,
  { flags: releaseFlags, aliases, positional: maybeOne('Only this service, with each of its ticks', 'service') },
  {
    brief: 'Show where each tick of each schedule ran',
    fullDescription: 'Exit code 1 when a tick ran more than once or never.',
  },
)

const list = command(
  async () => (await import('./commands/journal.ts')).list,
  {
    flags: {
      ...releaseFlags,
      service: optionalText('Only what concerns this service', 'service'),
      after: {
        kind: 'parsed',
        parse: wholeNumber,
        default: '0',
        placeholder: 'position',
        brief: 'Only what came after',
      },
      follow: flag('Go on as events come'),
    },
    aliases,
  },
  { brief: 'Show what happened, each event as one sentence' },
)

const verify = command(
  async () => (await import('./commands/journal.ts')).verify,
  {
    flags: {
      ...releaseFlags,
      head: {
        kind: 'parsed',
        parse: readHead,
        optional: true,
        variadic: true,
        placeholder: 'position:hash',
        brief: 'A head that was seen elsewhere, as a report prints it',
      },
    },
    aliases,
  },
  { brief: 'Find a changed, missing or cut-off event' },
)

export const journal = buildRouteMap<string, ProgramContext>({
  routes: { list, verify },
  defaultCommand: 'list',
  docs: { brief: 'Show what happened, or verify that nobody changed it' },
})

export const report = command(
  async () => (await import('./commands/report.ts')).report,
  {
    flags: {
      file,
      format: { kind: 'enum', values: ['html', 'json', 'markdown'], default: 'html', brief: 'How it is written' },
      out: optionalText('Where it is written; without it, to stdout', 'path'),
    },
    aliases: { f: 'file' },
  },
  { brief: 'Write the report of the release, as it stands now' },
)

export const doctor = command(
  async () => (await import('./commands/doctor.ts')).doctor,
  { flags: releaseFlags, aliases },
  { brief: 'Look at all that Titrate needs, and say how to mend what is wrong' },
)
