import { parseArgs } from 'node:util'
import { allMutants } from './all-mutants.ts'
import type { Mutant } from './mutant.ts'

export type MutantOptions = {
  readonly mutants: readonly Mutant[]
  readonly releases: number
  readonly seed: number
  readonly workers: number
  /** Puts the table into docs/reliability.md. */
  readonly write: boolean
}

export const usage = `Usage: npm run mutants -- [NAME...] [--releases N] [--seed S] [--workers W] [--sample N] [--write]

Puts bugs into a copy of the sources, one at a time, and looks whether simulated releases or a contract suite find them.

  NAME           only these mutants (default: all); "--list" shows them
  --releases N   simulated releases that a mutant may survive at most (default 2000)
  --seed S       the first release's seed; those after it count up (default 1)
  --workers W    mutants at a time (default 2)
  --sample N     only so many of them, which ones goes by the day
  --list         shows the mutants, and runs none
  --write        puts the table into docs/reliability.md`

export type ParsedOptions =
  | { readonly kind: 'ok'; readonly options: MutantOptions }
  | { readonly kind: 'help' | 'list' }
  | { readonly kind: 'wrong'; readonly because: string }

const flags = {
  releases: { type: 'string', default: '2000' },
  seed: { type: 'string', default: '1' },
  workers: { type: 'string', default: '2' },
  sample: { type: 'string' },
  list: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

const limits = {
  releases: { least: 1, most: 1_000_000 },
  seed: { least: 0, most: 4_000_000_000 },
  workers: { least: 1, most: 64 },
  sample: { least: 1, most: 1_000 },
} as const

const dayMs = 86_400_000

export const parseMutantOptions = (argv: readonly string[], now: number): ParsedOptions => {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: flags, allowPositionals: true })
    if (values.help) return { kind: 'help' }
    if (values.list) return { kind: 'list' }
    const named = namedMutants(positionals)
    const sample = values.sample === undefined ? named.length : wholeNumber('sample', values.sample)
    return {
      kind: 'ok',
      options: {
        mutants: sampleOf(named, sample, Math.floor(now / dayMs)),
        releases: wholeNumber('releases', values.releases),
        seed: wholeNumber('seed', values.seed),
        workers: wholeNumber('workers', values.workers),
        write: values.write,
      },
    }
  } catch (error) {
    return { kind: 'wrong', because: error instanceof Error ? error.message : String(error) }
  }
}

const wholeNumber = (flag: keyof typeof limits, text: string): number => {
  const { least, most } = limits[flag]
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (number >= least && number <= most) return number
  throw new Error(`--${flag} is "${text}", but takes a whole number from ${least} to ${most}`)
}

const namedMutants = (names: readonly string[]): readonly Mutant[] => {
  const unknown = names.filter((name) => !allMutants.some(({ id }) => id === name))
  if (unknown.length > 0) throw new Error(`there is no mutant ${unknown.join(', ')}; "--list" shows them all`)
  return names.length === 0 ? allMutants : allMutants.filter(({ id }) => names.includes(id))
}

/** Other ones every day, in turn, so that a few days see all of them. */
export const sampleOf = (mutants: readonly Mutant[], count: number, day: number): readonly Mutant[] => {
  const first = (day * count) % mutants.length
  return mutants.filter((_, index) => (index - first + mutants.length) % mutants.length < count)
}
