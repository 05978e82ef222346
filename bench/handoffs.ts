/**
 * 500 real handoffs between two real supervisors, there and back at random moments around ticks, as the engine carries
 * them out. Every run is counted by the job itself: one line in a file for each process that ran. Beside it the naive
 * way, in the same world: suspend one side, unsuspend the other.
 *
 *     npx node bench/handoffs.ts [handoffs] [naive handoffs] [seed]
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { carryOut, type SidePorts } from '../src/engine/carry-out.ts'
import type { Answer } from '../src/engine/ports.ts'
import { systemClock } from '../src/main/clock.ts'
import { otherSide, type Side } from '../src/moves/goal.ts'
import { connectLocal, type LocalProvider } from '../src/providers/local/client.ts'
import { startSupervisor, stopSupervisor, suspendByHand } from '../src/providers/local/supervisor-control.ts'
import { entryFor } from '../src/providers/local/testing/workbench.ts'
import { createRandom } from '../src/rehearsal/simulated-clock.ts'

const handoffs = Number(process.argv[2] ?? 500)
const naiveHandoffs = Number(process.argv[3] ?? 60)
const seed = Number(process.argv[4] ?? 1)
const release = 'bench'
/** An attempt that is not over by then is begun anew, as the engine would after a crash. */
const attemptMs = 20_000
const jobs = Array.from({ length: 20 }, (_, index) => ({ service: `job-${index + 1}`, seconds: 1 + (index % 3) }))
type Job = (typeof jobs)[number]

// ── Two environments ──────────────────────────────────────────────────────────

type Estate = {
  readonly ports: Readonly<Record<Side, LocalProvider>>
  readonly files: Readonly<Record<Side, string>>
  /** How often each tick of a job ran, anywhere. */
  runs(): ReadonlyMap<string, ReadonlyMap<number, number>>
  end(): Promise<void>
}

const required = <T>(answer: Answer<T>): T => {
  if (answer.kind === 'ok') return answer.value
  throw new Error(answer.because)
}

const openEstate = async (): Promise<Estate> => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'handoffs-bench-')))
  const ledger = join(directory, 'runs')
  const services = Object.fromEntries(
    jobs.map(({ service, seconds }) => [
      service,
      {
        // A short line to a file opened for appending is written in one piece, whoever else writes.
        command: ['/bin/sh', '-c', `echo "$TITRATE_SERVICE $TITRATE_TICK $TITRATE_ENVIRONMENT" >> '${ledger}'`],
        schedule: { cron: `*/${seconds} * * * * *`, zone: 'UTC' },
      },
    ]),
  )
  const open = async (side: Side): Promise<{ file: string; port: LocalProvider }> => {
    mkdirSync(join(directory, side))
    const file = join(directory, side, 'environment.yaml')
    // JSON is YAML.
    writeFileSync(
      file,
      JSON.stringify({ apiVersion: 'titrate.dev/v1alpha1', kind: 'Environment', name: side, services }),
    )
    await startSupervisor({ file, asleep: side === 'green', entry: entryFor(file, side === 'green') })
    const port = connectLocal({ file, side })
    required(await port.claims.claim(release, 1, AbortSignal.timeout(5_000)))
    return { file, port }
  }
  const blue = await open('blue')
  const green = await open('green')
  return {
    ports: { blue: blue.port, green: green.port },
    files: { blue: blue.file, green: green.file },
    runs: () => {
      const counted = new Map<string, Map<number, number>>(jobs.map(({ service }) => [service, new Map()]))
      const lines = existsSync(ledger) ? readFileSync(ledger, 'utf8').trim().split('\n') : []
      for (const line of lines) {
        const [service = '', tick] = line.split(' ')
        const own = counted.get(service)
        own?.set(Number(tick), (own.get(Number(tick)) ?? 0) + 1)
      }
      return counted
    },
    end: async () => {
      for (const { file, port } of [blue, green]) {
        port.close()
        await stopSupervisor(file)
      }
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

// ── Two ways to hand over ─────────────────────────────────────────────────────

/** Hands one schedule over, and says how long neither side was active; null: it was not measured. */
type Way = (estate: Estate, service: string, owner: Side, version: number) => Promise<number | null>

const byProtocol: Way = async (estate, service, owner, version) => {
  const sides: Readonly<Record<Side, SidePorts>> = estate.ports
  let memo: unknown = null
  for (let attempts = 0; attempts < 50; attempts += 1) {
    const ended = await carryOut(
      { kind: 'schedule', owner },
      {
        service,
        ...sides,
        // A schedule's handoff asks nothing of the router.
        traffic: null as never,
        intent: `${service}/schedule/${version}`,
        fence: { release, epoch: 1, move: service, version },
        actUntil: Number.POSITIVE_INFINITY,
        facts: {
          hasSchedule: true,
          suspended: false,
          missed: 'all',
          assumeDead: null,
          knownRun: null,
          baseline: { blue: null, green: null },
        },
        clock: systemClock,
        signal: AbortSignal.timeout(attemptMs),
        // The moments are ours to choose: around ticks, which the protocol by itself would keep away from.
        limits: { quietMs: 0 },
        memo,
      },
    )
    if (ended.kind === 'done') {
      const { pauseMs } = ended.result as { readonly pauseMs: number | null } // what a handoff reports
      return pauseMs
    }
    if (ended.kind === 'refused') throw new Error(`${service}: ${ended.because}`)
    memo = ended.kind === 'waiting' ? ended.memo : null
    if (ended.kind === 'waiting') await systemClock.sleep(ended.until, new AbortController().signal)
  }
  throw new Error(`${service} was not handed over in 50 attempts`)
}

const naively: Way = async (estate, service, owner) => {
  const startedAt = performance.now()
  await suspendByHand(estate.files[otherSide(owner)], service, true)
  await suspendByHand(estate.files[owner], service, false)
  return performance.now() - startedAt
}

// ── The bench ─────────────────────────────────────────────────────────────────

const soonAroundTick = ({ seconds }: Job, random: () => number): number => {
  const period = seconds * 1_000
  const now = Date.now()
  const next = Math.ceil((now + 600) / period) * period
  return next - 500 + random() * Math.min(1_500, period)
}

const figuresOf = (estate: Estate, from: number, until: number) => {
  let [ticks, duplicates, misses] = [0, 0, 0]
  const runs = estate.runs()
  for (const { service, seconds } of jobs) {
    const period = seconds * 1_000
    for (let tick = Math.ceil(from / period) * period; tick <= until; tick += period) {
      ticks += 1
      const ran = runs.get(service)?.get(tick) ?? 0
      if (ran > 1) duplicates += 1
      if (ran === 0) misses += 1
    }
  }
  return { ticks, duplicates, misses }
}

const measure = async (name: string, way: Way, count: number) => {
  const random = createRandom(seed)
  const estate = await openEstate()
  const pauses: number[] = []
  const startedAt = performance.now()
  const nearTick: number[] = []
  try {
    // From the first tick that all of them have surely seen.
    await pause(1_000)
    const from = Date.now() + 1_000
    let begun = 0
    const moveAbout = async (job: Job): Promise<void> => {
      for (let version = 1; begun < count; version += 1) {
        begun += 1
        await systemClock.sleep(soonAroundTick(job, random), new AbortController().signal)
        const period = job.seconds * 1_000
        nearTick.push(Math.min(Date.now() % period, period - (Date.now() % period)))
        const owner = version % 2 === 1 ? 'green' : 'blue'
        const pausedMs = await way(estate, job.service, owner, version)
        if (pausedMs !== null) pauses.push(pausedMs)
      }
    }
    await Promise.all(jobs.map(moveAbout))
    // The last handoffs' next ticks have come, and their runs have ended.
    const until = Date.now() + 3_000
    await pause(6_000)
    const figures = figuresOf(estate, from, until)
    pauses.sort((a, b) => a - b)
    const at = (part: number) => Math.round(pauses[Math.min(pauses.length - 1, Math.floor(pauses.length * part))] ?? -1)
    const near = nearTick.filter((ms) => ms <= 250).length
    console.log(
      `${name.padEnd(9)} ${begun} handoffs (${near} within 250 ms of a tick), ${figures.ticks} ticks: duplicates ${figures.duplicates}, misses ${figures.misses}; ` +
        `pause p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms (${pauses.length} measured); ${Math.round((performance.now() - startedAt) / 1000)} s`,
    )
    return { ...figures, p99: at(0.99), begun }
  } finally {
    await estate.end()
  }
}

console.log(`load average ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores; seed ${seed}`)
const titrate = await measure('protocol', byProtocol, handoffs)
const naive = await measure('naive', naively, naiveHandoffs)
const percent = (part: number, whole: number): string => `${((100 * part) / Math.max(1, whole)).toFixed(0)} %`
console.log(
  `duplicates per 100 handoffs: protocol ${percent(titrate.duplicates, titrate.begun)}, naive ${percent(naive.duplicates, naive.begun)}`,
)
const good = titrate.duplicates === 0 && titrate.misses === 0 && titrate.p99 <= 2_000 && naive.duplicates > 0
console.log(
  `${good ? 'holds' : 'DOES NOT HOLD'}: 0 duplicates, 0 misses, pause p99 ≤ 2 s, and the naive way runs ticks twice`,
)
if (!good) process.exitCode = 1
