import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { addCoverage, type Coverage, groupsOf, unlisted } from './coverage.ts'
import { playScenario } from './play.ts'
import { drawScenario } from './scenario.ts'
import { shrink } from './shrink.ts'
import { parseSimulateOptions, type SimulateOptions, usage } from './simulate-options.ts'
import type { Batch, BatchResult } from './simulate-worker.ts'

type Say = (line: string) => void

/** Seeds that failed once. They are played before all others, whatever the seed. */
export const failedSeeds: readonly number[] = (
  JSON.parse(readFileSync(new URL('failed-seeds.json', import.meta.url), 'utf8')) as { readonly seed: number }[]
).map(({ seed }) => seed)

const batchSize = 20
/** So many failures are shrunk and shown; of the others the seed. */
const shownFailures = 3
const highestSeed = 4_294_967_295
/** Far above what a thread needs: one that grows and grows ends, and says with which seeds. */
const mostHeapMb = 512

/** A run of hours tells now and then how far it is. */
const tellsEveryMs = 600_000

type Total = {
  played: number
  simulatedMs: number
  entries: number
  readonly failed: BatchResult['failed'][number][]
  readonly outcomes: Record<string, number>
  readonly coverage: Coverage
}

/** `npm run simulate`. Gives the exit code. A run that is stopped plays what it has begun, and tells what it has. */
export const simulate = async (
  argv: readonly string[],
  say: Say,
  complain: Say,
  stop: AbortSignal = new AbortController().signal,
): Promise<0 | 1 | 2> => {
  const parsed = parseSimulateOptions(argv)
  if (parsed.kind === 'help') say(usage)
  if (parsed.kind === 'wrong') complain(`simulate: ${parsed.because}\n\n${usage}`)
  if (parsed.kind !== 'ok') return parsed.kind === 'help' ? 0 : 2
  return parsed.options.replay === null ? playMany(parsed.options, say, stop) : replay(parsed.options.replay, say)
}

const shown = (at: number): string => `${(at / 1_000).toFixed(3).padStart(9)} s`

const replay = async (seed: number, say: Say): Promise<0 | 1> => {
  const scenario = drawScenario(seed)
  sayScenario(scenario, say)
  const played = await playScenario(scenario, { trace: (at, line) => say(`${shown(at)}  ${line}`) })
  for (const problem of played.problems) say(`\nPROBLEM: ${problem}`)
  say(`\nseed ${seed}: ${played.outcome} after ${shown(played.simulatedMs).trim()} of simulated time`)
  return tally({ played: 1, failed: played.problems.length > 0 ? 1 : 0, perSecond: null }, say)
}

const sayScenario = (scenario: ReturnType<typeof drawScenario>, say: Say): void => {
  say(
    `release of seed ${scenario.seed}, schedules as of a ${scenario.scheduler}, trouble for ${scenario.stormMs / 1_000} s`,
  )
  for (const { definition } of scenario.estate.services) {
    const { name, declaredKinds, replicas, schedule, lease } = definition
    const cron =
      schedule === null ? '' : `, ${schedule.cron} ${schedule.concurrency}${schedule.suspended ? ' (suspended)' : ''}`
    say(
      `  ${name}: ${declaredKinds?.join(' and ')}, ${replicas} replicas${cron}${lease === null ? '' : ', only one copy may run'}`,
    )
  }
  say(`  policy ${JSON.stringify(scenario.estate.policy)}`)
  if (scenario.troubles.length === 0) say('  no trouble')
  for (const trouble of scenario.troubles) say(`  trouble ${JSON.stringify(trouble)}`)
  if (scenario.backAgain) say('  when it is done, everything is taken back')
}

const tally = (
  {
    played,
    failed,
    perSecond,
  }: { readonly played: number; readonly failed: number; readonly perSecond: number | null },
  say: Say,
): 0 | 1 => {
  say(`${played - failed} passed, ${failed} failed`)
  say(`${played} releases, ${failed} failed, ${perSecond === null ? 1 : perSecond.toFixed(0)} releases/s`)
  return failed > 0 ? 1 : 0
}

const playMany = async (options: SimulateOptions, say: Say, stop: AbortSignal): Promise<0 | 1> => {
  const seed = options.seed ?? Math.floor(Math.random() * highestSeed)
  say(`seed ${seed}${options.seed === null ? ' (drawn; --seed gives one)' : ''}, ${options.workers} threads`)
  const began = performance.now()
  const total = await playAll(batches({ ...options, seed }, began, stop), options.workers, say)
  const seconds = (performance.now() - began) / 1_000
  if (stop.aborted) say(`stopped after ${Math.round(seconds)} s`)
  sayCoverage(total, say)
  for (const failure of total.failed.slice(0, shownFailures)) await sayFailure(failure.seed, say)
  return tally({ played: total.played, failed: total.failed.length, perSecond: total.played / seconds }, say)
}

/** What is to be played, in batches: first the seeds that failed once. Ends with the number, the time, or when stopped. */
function* batches(
  { releases, seconds, seed }: SimulateOptions & { readonly seed: number },
  began: number,
  stop: AbortSignal,
): Generator<Batch> {
  const most = releases ?? (seconds === null ? 1_000 : Number.POSITIVE_INFINITY)
  const isInTime = (): boolean => !stop.aborted && (seconds === null || performance.now() - began < seconds * 1_000)
  yield { seeds: failedSeeds }
  for (let next = 0; next < most && isInTime(); next += batchSize) {
    const count = Math.min(batchSize, most - next)
    yield { seeds: Array.from({ length: count }, (_, index) => (seed + next + index) % (highestSeed + 1)) }
  }
}

const playAll = async (work: Iterator<Batch, void>, workers: number, say: Say): Promise<Total> => {
  const total: Total = { played: 0, simulatedMs: 0, entries: 0, failed: [], outcomes: {}, coverage: {} }
  let toldAt = performance.now()
  const take = (result: BatchResult): void => {
    total.played += result.played
    total.simulatedMs += result.simulatedMs
    total.entries += result.entries
    total.failed.push(...result.failed)
    for (const { seed, problem } of result.failed) say(`failed: seed ${seed}: ${problem}`)
    addCoverage(total.coverage, result.coverage)
    addCoverage(total.outcomes, result.outcomes)
    if (performance.now() - toldAt < tellsEveryMs) return
    toldAt = performance.now()
    say(`${total.played} releases so far, ${total.failed.length} failed`)
  }
  const runWorker = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('simulate-worker.ts', import.meta.url), {
        // Each release leaves little behind: what lives a moment should never be looked at twice.
        resourceLimits: { maxYoungGenerationSizeMb: 64, maxOldGenerationSizeMb: mostHeapMb },
      })
      let playing: readonly number[] = []
      const next = (): void => {
        const batch = work.next()
        if (batch.done === true) return void worker.terminate().then(() => resolve())
        playing = batch.value.seeds
        worker.postMessage(batch.value)
      }
      worker.on('message', (result: BatchResult) => {
        take(result)
        next()
      })
      worker.on('error', (cause) => {
        reject(new Error(`a thread ended while it played the seeds ${playing.join(', ')}`, { cause }))
      })
      next()
    })
  await Promise.all(Array.from({ length: workers }, runWorker))
  return total
}

const sayCoverage = ({ played, simulatedMs, entries, outcomes, coverage }: Total, say: Say): void => {
  const ends = Object.entries(outcomes)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ')
  say(
    `${played} releases: ${ends}; ${Math.round(simulatedMs / 3_600_000)} h of simulated time, ${entries} journal entries`,
  )
  const groups = groupsOf(coverage)
  for (const { name, wanted, missing } of groups) {
    say(`${name}: ${wanted - missing.length} of ${wanted} met`)
    for (const one of missing) say(`  not met: ${one}`)
  }
  const unknown = unlisted(coverage)
  for (const one of unknown) say(`  met, but on no list: ${one}`)
  const all = groups.reduce((sum, { wanted }) => sum + wanted, 0)
  const missing = groups.reduce((sum, group) => sum + group.missing.length, 0)
  say(`coverage: ${missing + unknown.length === 0 ? 'full, ' : ''}${all - missing} of ${all} met`)
}

/** How much of a journal is shown: its end. */
const shownEntries = 60

const sayFailure = async (seed: number, say: Say): Promise<void> => {
  const scenario = drawScenario(seed)
  const shrunk = await shrink(scenario, await playScenario(scenario))
  say(`\nFAILED: seed ${seed}; "npm run simulate -- --replay ${seed}" plays it again`)
  for (const problem of shrunk.played.problems) say(`  ${problem}`)
  say(`shrunk in ${shrunk.tries} tries to:`)
  sayScenario(shrunk.scenario, say)
  say('the end of its journal:')
  for (const { at, stream, event } of shrunk.played.entries.slice(-shownEntries))
    say(`  ${new Date(at).toISOString()} ${stream} ${JSON.stringify(event)}`)
}
