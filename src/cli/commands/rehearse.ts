import { durationExpected, parseDuration } from '../../config/duration.ts'
import { nearestWord } from '../../config/nearest.ts'
import { TitrateError } from '../../errors.ts'
import { faultNames, faultOf } from '../../rehearsal/fault.ts'
import type { Rehearsal } from '../../rehearsal/rehearsal.ts'
import type { Implementation } from '../command.ts'
import type { Deps } from '../deps.ts'
import { exitCode } from '../exit-code.ts'
import type { ReleaseFlags } from '../flags.ts'
import { print } from '../print.ts'
import { readAssumptions } from '../read-assumptions.ts'
import { absolute, loadReleaseFile } from '../release-file.ts'
import { renderFindings } from '../render-plan.ts'
import { renderRehearsal } from '../render-rehearsal.ts'

export type RehearseFlags = ReleaseFlags & {
  readonly fault: readonly string[] | undefined
  readonly service: readonly string[] | undefined
  readonly runs: number | undefined
  readonly seed: number | undefined
  readonly assume: readonly string[] | undefined
  readonly assumptions: string | undefined
  readonly measure: string
  readonly out: string | undefined
}

const meant = (word: string, known: readonly string[]): string => {
  const near = nearestWord(word, known)
  return near === null ? `There are ${known.join(', ')}` : `Did you mean ${near}?`
}

const readFaults = (names: readonly string[]): readonly string[] => {
  for (const name of names)
    if (faultOf(name) === null)
      throw new TitrateError(
        'USAGE',
        `There is no fault "${name}". ${meant(name, faultNames)}${nearestWord(name, faultNames) === null ? ', each with any sensible number.' : ''}`,
      )
  return names.length === 0 ? faultNames : names
}

const readServices = (names: readonly string[], known: readonly string[]): readonly string[] => {
  for (const name of names)
    if (!known.includes(name))
      throw new TitrateError('USAGE', `There is no service "${name}" in this release. ${meant(name, known)}`)
  return names
}

/** A large estate is played less often: each play of it takes longer, and differs less from the next. */
const runsFor = (services: number): number => Math.max(2, Math.min(20, Math.round(100 / services)))
const mostRuns = 1_000
const faultRunsFor = (services: number): number => (services > 25 ? 2 : 5)

const readRuns = (runs: number | undefined, services: number): number => {
  const wanted = runs ?? runsFor(services)
  if (wanted >= 1 && wanted <= mostRuns) return wanted
  throw new TitrateError('USAGE', `--runs is ${wanted}, expected 1 to ${mostRuns}.`)
}

const readMeasure = (text: string): number => {
  const ms = parseDuration(text)
  if (ms !== null) return ms
  throw new TitrateError('USAGE', `--measure is "${text}", expected ${durationExpected}, or 0.`)
}

const readOut = (deps: Deps, out: string | undefined): string | null => {
  if (out === undefined) return null
  if (out.endsWith('.html')) return absolute(deps, out)
  throw new TitrateError(
    'USAGE',
    `--out is "${out}", expected a name that ends with .html; for JSON or YAML, use --output.`,
  )
}

const tellEveryMs = 1_000

/** What it is at, on stderr, not more often than people can read. */
const createProgress = (deps: Deps): ((what: string) => void) => {
  let toldAt = Number.NEGATIVE_INFINITY
  return (what) => {
    if (deps.now() - toldAt < tellEveryMs) return
    toldAt = deps.now()
    deps.io.err(`titrate: rehearses ${what}\n`)
  }
}

/** How long the release would take, what a bad green would cost, and what the policy could do better. Changes nothing. */
export const rehearse: Implementation<RehearseFlags> = async (deps, flags) => {
  const faults = readFaults(flags.fault ?? [])
  const measureMs = readMeasure(flags.measure)
  const out = readOut(deps, flags.out)
  const file = await loadReleaseFile(deps, flags.file)
  const { release } = file
  const { world, close } = await deps.connect(release)
  try {
    const { plan, estate, check } = await deps.prepare(file, world)
    if (plan === null) {
      deps.io.err(`titrate: the release "${release.name}" can't be planned, so it can't be rehearsed:\n`)
      deps.io.err(renderFindings(check.blocking, check.notes))
      deps.io.err('  what to do: "titrate check" shows what to declare\n')
      return exitCode.failed
    }
    const services = Object.keys(plan.moves).toSorted()
    const set = await readAssumptions(deps, { pairs: flags.assume ?? [], file: flags.assumptions }, services)
    const rehearsal = await deps.rehearse({
      ...{ release, world, estate, plan, set, measureMs, faults },
      targets: readServices(flags.service ?? [], services),
      runs: readRuns(flags.runs, services.length),
      faultRuns: Math.min(flags.runs ?? mostRuns, faultRunsFor(services.length)),
      seed: flags.seed ?? deps.now() % 1_000_000,
      tell: createProgress(deps),
      signal: deps.io.signal,
    })
    await print(deps, flags.output, rehearsal, renderRehearsal)
    if (out !== null) await writePage(deps, out, rehearsal)
    if (check.blocking.length > 0) {
      deps.io.err(`titrate: as it stands now the release would be refused:\n`)
      deps.io.err(renderFindings(check.blocking, []))
    }
    return rehearsal.outcome === 'ends' && check.blocking.length === 0 ? exitCode.done : exitCode.failed
  } finally {
    await close()
  }
}

const writePage = async (deps: Deps, path: string, rehearsal: Rehearsal): Promise<void> => {
  const { writeRehearsal } = await import('../../report/html/rehearsal.ts')
  await deps.io.writeFile(path, writeRehearsal(rehearsal))
  deps.io.err(`titrate: wrote ${path}\n`)
}
