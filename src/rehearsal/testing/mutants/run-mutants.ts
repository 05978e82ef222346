import { allMutants } from './all-mutants.ts'
import { invariantOf } from './invariant-of.ts'
import type { Mutant } from './mutant.ts'
import { type MutantOptions, parseMutantOptions, usage } from './mutant-options.ts'
import { playFolder } from './play-folder.ts'
import { runSuite } from './run-suite.ts'
import { type Fate, lineOf, type Told, writeTable } from './table.ts'
import { openWorkshop, type Workshop } from './workshop.ts'

type Say = (line: string) => void

/** `npm run mutants`. Gives the exit code. */
export const runMutants = async (argv: readonly string[], say: Say, complain: Say): Promise<0 | 1 | 2> => {
  const parsed = parseMutantOptions(argv, Date.now())
  switch (parsed.kind) {
    case 'help':
      say(usage)
      return 0
    case 'list':
      for (const { id, breaks } of allMutants) say(`${id.padEnd(34)} ${breaks}`)
      return 0
    case 'wrong':
      complain(`mutants: ${parsed.because}\n\n${usage}`)
      return 2
    case 'ok':
      return withWorkshops(parsed.options.workers, (workshops) => run(parsed.options, workshops, say))
    default:
      return parsed satisfies never
  }
}

const withWorkshops = async <T>(count: number, work: (workshops: readonly Workshop[]) => Promise<T>): Promise<T> => {
  const workshops = Array.from({ length: count }, openWorkshop)
  const close = (): void => {
    for (const workshop of workshops) workshop.close()
  }
  const leave = (): void => process.exit(130)
  process.once('exit', close)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, leave)
  try {
    return await work(workshops)
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, leave)
    process.off('exit', close)
    close()
  }
}

const run = async (options: MutantOptions, workshops: readonly Workshop[], say: Say): Promise<0 | 1> => {
  const { mutants, releases, seed } = options
  const began = performance.now()
  say(`${mutants.length} mutants, up to ${releases} releases each from seed ${seed} on, ${workshops.length} at a time`)
  const faults = await unmutated(options, workshops)
  for (const fault of faults) say(`the sources as they are fail, so that nothing can be told of mutants: ${fault}`)
  if (faults.length > 0) return tally(0, faults.length, 0, say)
  say(`the sources as they are pass (${seconds(began)} s)`)

  const told: Told[] = []
  await share(mutants, workshops, async (mutant, workshop) => {
    const one = { mutant, fate: await fateOf(mutant, options, workshop) }
    told.push(one)
    say(lineOf(one))
  })
  if (options.write)
    writeTable(
      mutants.flatMap((mutant) => told.find((one) => one.mutant === mutant) ?? []),
      `npm run mutants -- --releases ${releases} --seed ${seed}`,
    )
  const count = (...kinds: readonly Fate['kind'][]): number =>
    told.filter(({ fate }) => kinds.includes(fate.kind)).length
  say(`${told.length} mutants in ${seconds(began)} s`)
  return tally(count('caught'), count('survived', 'stale', 'broken'), count('skipped'), say)
}

const seconds = (since: number): string => ((performance.now() - since) / 1_000).toFixed(0)

const tally = (passed: number, failed: number, skipped: number, say: Say): 0 | 1 => {
  say(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return failed > 0 ? 1 : 0
}

/** Each workshop takes the next one as soon as it is free. */
const share = async <T>(
  all: readonly T[],
  workshops: readonly Workshop[],
  work: (one: T, workshop: Workshop) => Promise<void>,
): Promise<void> => {
  const queue = [...all]
  const take = async (workshop: Workshop): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) await work(one, workshop)
  }
  await Promise.all(workshops.map(take))
}

type Probe = (workshop: Workshop) => Promise<string | null>

/** All that mutants are tried by must pass without them: the same seeds, the same tests. Answers what did not. */
const unmutated = async (
  { mutants, releases, seed }: MutantOptions,
  workshops: readonly Workshop[],
): Promise<readonly string[]> => {
  const probes: Probe[] = []
  if (mutants.some(({ caughtBy }) => caughtBy.kind === 'simulation')) {
    const each = Math.ceil(releases / workshops.length)
    for (let from = 0; from < releases; from += each)
      probes.push(async ({ folder }) => {
        const played = await playFolder(folder, { first: seed + from, count: Math.min(each, releases - from) })
        if (played.kind === 'clean') return null
        return played.kind === 'broken' ? played.because : `seed ${played.seed}: ${played.problem}`
      })
  }
  const tests = Map.groupBy(
    mutants.flatMap(({ caughtBy }) => (caughtBy.kind === 'suite' ? [caughtBy] : [])),
    ({ path }) => path,
  )
  for (const [path, own] of tests)
    probes.push(async ({ folder }) => {
      const result = await runSuite(folder, path, own.map((one) => one.tests).join('|'))
      if (result.kind === 'failed') return `${path}: ${result.test}: ${result.message}`
      return result.kind === 'broken' ? `${path}: ${result.because}` : null
    })
  const faults: string[] = []
  await share(probes, workshops, async (probe, workshop) => {
    const fault = await probe(workshop)
    if (fault !== null) faults.push(fault)
  })
  return faults
}

const fateOf = async (mutant: Mutant, options: MutantOptions, workshop: Workshop): Promise<Fate> => {
  const stale = workshop.put(mutant)
  if (stale !== null) return { kind: 'stale', words: stale }
  try {
    return mutant.caughtBy.kind === 'simulation'
      ? await played(options, workshop)
      : await tested(mutant.caughtBy, workshop)
  } finally {
    workshop.restore()
  }
}

const played = async ({ seed, releases }: MutantOptions, { folder }: Workshop): Promise<Fate> => {
  const result = await playFolder(folder, { first: seed, count: releases })
  switch (result.kind) {
    case 'clean':
      return { kind: 'survived', words: `${result.releases} releases found nothing` }
    case 'broken':
      return { kind: 'broken', words: `it does not load: ${result.because}` }
    case 'failed': {
      const after = `${result.releases} ${result.releases === 1 ? 'release' : 'releases'}`
      return { kind: 'caught', by: invariantOf(result.problem), words: result.problem, after }
    }
    default:
      return result satisfies never
  }
}

const tested = async (
  { path, tests }: Extract<Mutant['caughtBy'], { readonly kind: 'suite' }>,
  { folder }: Workshop,
): Promise<Fate> => {
  const result = await runSuite(folder, path, tests)
  switch (result.kind) {
    case 'passed':
      return { kind: 'survived', words: `${result.tests} tests of ${path} passed` }
    case 'broken':
      return { kind: 'broken', words: `it does not load: ${result.because}` }
    case 'skipped':
      return { kind: 'skipped', words: `${path} has nothing here to run on` }
    case 'failed':
      return { kind: 'caught', by: path, words: result.test, after: '1 run' }
    default:
      return result satisfies never
  }
}
