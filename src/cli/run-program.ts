import {
  type Application,
  ArgumentScannerError,
  buildApplication,
  formatMessageForArgumentScannerError,
  proposeCompletions,
  run,
  ExitCode as StricliExit,
  text_en,
} from '@stricli/core'
import type { ExtraCommands, ProgramContext } from './command.ts'
import { commandTree } from './command-tree.ts'
import type { Deps } from './deps.ts'
import { exitCode } from './exit-code.ts'
import { exitCodeOf, tellError } from './tell-error.ts'

/** Where help and errors of usage go, which need no `Deps`. */
export type Streams = { readonly out: (text: string) => void; readonly err: (text: string) => void }

const ownStreams: Streams = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
}

/** What is wired elsewhere, and needs no `Deps`. */
export type Program = {
  readonly version: () => string
  /** Further commands, such as the demo. */
  readonly extra: ExtraCommands
}

/** The command tree as an application. */
export const titrateApplication = ({ version, extra }: Program): Application<ProgramContext> =>
  buildApplication(commandTree(extra), {
    name: 'titrate',
    versionInfo: { getCurrentVersion: () => Promise.resolve(version()) },
    scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
    documentation: { caseStyle: 'convert-camel-to-kebab', onlyRequiredInUsageLine: true, disableAnsiColor: true },
    localization: {
      text: {
        ...text_en,
        noCommandRegisteredForInput: ({ input, corrections }) =>
          `titrate: there is no command "${input}"${corrections.length === 0 ? '' : `; did you mean ${corrections.join(' or ')}?`}\n  what to do: "titrate --help" lists the commands`,
        exceptionWhileParsingArguments: (error) =>
          `titrate: ${error instanceof ArgumentScannerError ? formatMessageForArgumentScannerError(error, {}) : String(error)}\n  what to do: add --help to see what the command understands`,
      },
    },
  })

/**
 * Understands the words of a command line and does what they say. Answers with the exit code; never ends the process.
 * `deps` is asked for only when a command needs it, so that help and the version cost nothing.
 */
export const runProgram = async (
  argv: readonly string[],
  deps: () => Promise<Deps>,
  program: Program,
  streams: Streams = ownStreams,
): Promise<number> => {
  const app = titrateApplication(program)
  let code: number | null = null
  const stdio = { stdout: { write: streams.out }, stderr: { write: streams.err }, exitCode: null as number | null }
  const context: ProgramContext & { process: typeof stdio } = {
    process: stdio,
    carryOut: async (work) => {
      try {
        code = await work(await deps())
      } catch (error) {
        streams.err(tellError(error))
        code = exitCodeOf(error)
      }
    },
  }
  if (argv[0] === '__complete') return complete(app, argv.slice(1), context, streams)
  await run(app, argv, context)
  return code ?? usageOr(stdio.exitCode)
}

/** Stricli's own codes: what it could not understand is a fault of usage. */
const usageOr = (stricli: number | null): number => {
  if (stricli === StricliExit.UnknownCommand || stricli === StricliExit.InvalidArgument) return exitCode.usage
  return stricli === null || stricli === StricliExit.Success ? exitCode.done : exitCode.failed
}

/** What the completion scripts ask: one proposal a line. */
const complete = async (
  app: Application<ProgramContext>,
  words: readonly string[],
  context: ProgramContext,
  streams: Streams,
): Promise<number> => {
  for (const { completion } of await proposeCompletions(app, words, context)) streams.out(`${completion}\n`)
  return exitCode.done
}
