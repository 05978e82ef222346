import {
  type BaseArgs,
  type BaseFlags,
  buildCommand,
  type Command,
  type CommandContext,
  type RouteMap,
  type TypedCommandParameters,
} from '@stricli/core'
import type { Deps } from './deps.ts'
import type { ExitCode } from './exit-code.ts'

/** What a command does, once its words are understood. Throws TitrateError for what it can't decide on. */
export type Implementation<F, A extends readonly unknown[] = []> = (
  deps: Deps,
  flags: F,
  ...args: A
) => Promise<ExitCode>

/** What the command tree is given. `carryOut` tells errors and keeps the exit code. */
export type ProgramContext = CommandContext & {
  readonly carryOut: (work: (deps: Deps) => Promise<ExitCode>) => Promise<void>
}

/** A command of the tree. Nothing of what it does is read from disk before it is asked for: help must be quick. */
export const command = <F extends BaseFlags, A extends BaseArgs>(
  load: () => Promise<Implementation<F, A>>,
  parameters: NoInfer<TypedCommandParameters<F, A, ProgramContext>>,
  docs: { readonly brief: string; readonly fullDescription?: string },
): Command<ProgramContext> =>
  buildCommand<F, A, ProgramContext>({
    loader: async () => {
      const implementation = await load()
      return function (this: ProgramContext, flags: F, ...args: A): Promise<void> {
        return this.carryOut((deps) => implementation(deps, flags, ...args))
      }
    },
    parameters,
    docs: {
      ...docs,
      fullDescription: [`${docs.brief}.`, ...(docs.fullDescription === undefined ? [] : [docs.fullDescription])].join(
        '\n',
      ),
    },
  })

/** Commands that are wired elsewhere, such as the demo, by their names. */
export type ExtraCommands = Readonly<Record<string, Command<ProgramContext> | RouteMap<ProgramContext>>>
