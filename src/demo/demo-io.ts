import type { CommandIo } from '../cli/deps.ts'

/** What the demo has of the program around it. */
export type DemoIo = Pick<CommandIo, 'out' | 'err' | 'columns' | 'signal' | 'workingDirectory'> & {
  /** The command line that starts this program: the engine and the daemons are started by it. */
  readonly program: readonly [string, ...string[]]
}
