export type SimulateOptions = {
  readonly releases: number | null
  readonly seconds: number | null
  /** null: drawn, and printed. */
  readonly seed: number | null
  readonly workers: number
  readonly replay: number | null
}

export const usage = `Usage: npm run simulate -- [--releases N] [--seconds T] [--seed S] [--workers W] [--replay SEED]

Plays whole releases by the real engine on a simulated world and clock, with everything going wrong that we could think
of, and checks the invariants after every event.

  --releases N   how many (default 1000, or as many as there is time for)
  --seconds T    no new ones are begun after so long
  --seed S       the first one's seed; those after it count up (default: drawn)
  --workers W    threads (default 1)
  --replay SEED  one release again, with everything that happens in it`

const highestSeed = 4_294_967_295

const flags: Readonly<
  Record<string, { readonly key: keyof SimulateOptions; readonly least: number; readonly most: number }>
> = {
  '--releases': { key: 'releases', least: 1, most: 1_000_000_000 },
  '--seconds': { key: 'seconds', least: 1, most: 1_000_000 },
  '--seed': { key: 'seed', least: 0, most: highestSeed },
  '--workers': { key: 'workers', least: 1, most: 256 },
  '--replay': { key: 'replay', least: 0, most: highestSeed },
}

export type ParsedOptions =
  | { readonly kind: 'ok'; readonly options: SimulateOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly because: string }

const wrong = (because: string): ParsedOptions => ({ kind: 'wrong', because })

export const parseSimulateOptions = (argv: readonly string[]): ParsedOptions => {
  const options: Record<keyof SimulateOptions, number | null> & { workers: number } = {
    ...{ releases: null, seconds: null, seed: null, replay: null, workers: 1 },
  }
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? ''
    if (word === '--help' || word === '-h') return { kind: 'help' }
    const [name = '', inline] = word.split('=', 2)
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined
    if (flag === undefined) return wrong(`"${word}" is unknown here; there are ${Object.keys(flags).join(', ')}`)
    const value = inline ?? argv[(index += 1)]
    if (value === undefined) return wrong(`${name} needs a number after it`)
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
    if (!(number >= flag.least && number <= flag.most))
      return wrong(`${name} is "${value}", but takes a whole number from ${flag.least} to ${flag.most}`)
    options[flag.key] = number
  }
  return { kind: 'ok', options }
}
