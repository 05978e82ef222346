import { command } from '../cli/command.ts'

type DemoFlags = {
  readonly fault?: string
  readonly list: boolean
  readonly keep: boolean
  readonly output: 'table' | 'json'
}

/** `titrate demo`. `program`: the command line that starts this program, for the demo's engine and daemons. */
export const demoCommand = (program: readonly [string, ...string[]]) =>
  command<DemoFlags, []>(
    async () => {
      const { runDemo } = await import('../demo/demo.ts')
      return async ({ io }, { fault, list, keep, output }) => {
        const argv = [
          ...(fault === undefined ? [] : ['--fault', fault]),
          ...(list ? ['--list'] : []),
          ...(keep ? ['--keep'] : []),
          '--output',
          output,
        ]
        return (await runDemo(argv, { ...io, program })) as 0 | 1 | 2 // the demo's own exit codes
      }
    },
    {
      flags: {
        fault: {
          kind: 'parsed',
          parse: String,
          optional: true,
          placeholder: 'name',
          brief: 'Break something on the way; --list explains each',
        },
        list: { kind: 'boolean', default: false, brief: 'List the faults, and how each ends' },
        keep: { kind: 'boolean', default: false, brief: 'Keep the files, in .titrate/demo' },
        output: {
          kind: 'enum',
          values: ['table', 'json'],
          default: 'table',
          brief: 'The answer as a table or as one JSON document',
        },
      },
    },
    { brief: 'A whole release on real processes, here and now, with or without a fault' },
  )
