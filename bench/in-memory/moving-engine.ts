import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../src/engine/clock.ts'
import { runEngine } from '../../src/engine/engine.ts'
import { keepHeapSmall } from '../../src/main/small-heap.ts'
import { openStore } from '../../src/store/open.ts'
import { benchEngine } from './bench-engine.ts'
import { createInstantWorld, type EstateOptions, manyExposed } from './instant-world.ts'
import { quantile } from './quantile.ts'

export type Moving = {
  readonly estate: EstateOptions
  readonly clock: Clock
  /** Services come in during this time, and nothing is measured yet. */
  readonly warmUpMs: number
  readonly measureMs: number
  /** CPU and memory are told for each of so many equal parts. */
  readonly parts: number
  /** The time of turns and steps is that of the real clock: it says nothing when time is virtual. */
  readonly isVirtual: boolean
}

const megabytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0)

/** Runs the engine over an estate in motion, prints what it cost, and says whether it kept its limits. */
export const measureMoving = async (moving: Moving): Promise<void> => {
  const { clock, estate, parts } = moving
  keepHeapSmall()
  const folder = mkdtempSync(join(tmpdir(), 'titrate-bench-'))
  const store = await openStore({ file: join(folder, 'journal.db'), release: 'bench' })
  const plan = manyExposed(estate)
  const instant = createInstantWorld(plan, estate, clock)
  const turns: number[] = []
  const turnsCpu: number[] = []
  const late: number[] = []
  const stop = new AbortController()
  let isMeasured = false
  let peak = 0
  const look = () => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }
  const watch = setInterval(look, 100)

  // A turn asks for the steady time when it begins, for the gap since the last one, and when it ends.
  let asked: readonly [number, number, number] = [0, 0, 0]
  const counting: Clock = {
    ...clock,
    monotonic: () => {
      const { user, system } = process.threadCpuUsage()
      asked = [asked[1], asked[2], (user + system) / 1_000]
      return clock.monotonic()
    },
  }
  const running = runEngine(
    benchEngine(store, counting, {
      world: instant.world,
      plan,
      carryOut: instant.carryOut,
      turned: ({ tookMs, lateMs }) => {
        if (!isMeasured) return
        turns.push(tookMs)
        turnsCpu.push(asked[2] - asked[0])
        if (lateMs !== null) late.push(lateMs)
      },
    }),
    stop.signal,
  )
  void running.catch(() => undefined)

  await clock.sleep(clock.now() + moving.warmUpMs, stop.signal)
  const before = {
    acts: instant.acts(),
    proofs: instant.afterProof().length,
    entries: (await store.head()).position,
  }
  isMeasured = true
  const cpuByPart: number[] = []
  const memoryByPart: number[] = []
  for (let part = 0; part < parts; part += 1) {
    const from = process.cpuUsage()
    await clock.sleep(clock.now() + moving.measureMs / parts, stop.signal)
    const used = process.cpuUsage(from)
    cpuByPart.push(((used.user + used.system) / 1e6) * (60_000 / (moving.measureMs / parts)))
    globalThis.gc?.()
    memoryByPart.push(process.memoryUsage().heapUsed)
  }
  isMeasured = false
  const entries = (await store.head()).position - before.entries
  const acts = instant.acts() - before.acts
  look()
  clearInterval(watch)
  stop.abort()
  const end = await running
  const cpu = cpuByPart.reduce((sum, each) => sum + each, 0) / parts

  const minutes = moving.measureMs / 60_000
  console.log(
    `${estate.services} services in motion for ${minutes} min${moving.isVirtual ? ' of simulated time' : ''} (${end.kind}); ${entries} journal entries, ${acts} acts, ${instant.atFull()} at 100 %; load of the machine ${loadavg()[0]?.toFixed(1)}`,
  )
  if (!moving.isVirtual) {
    const p99 = quantile(turns, 0.99)
    console.log(
      `turns        ${turns.length}, p50 ${quantile(turns, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${quantile(turns, 1).toFixed(1)} ms; of CPU p99 ${quantile(turnsCpu, 0.99).toFixed(1)} ms   (limit p99 <= 20 ms)`,
    )
    const proofs = instant.afterProof().slice(before.proofs)
    console.log(
      `due steps    ${late.length}, p50 ${quantile(late, 0.5).toFixed(1)} ms late, p99 ${quantile(late, 0.99).toFixed(1)} ms late   (limit p99 <= 100 ms; Argo Rollouts 31,000 ms)`,
    )
    console.log(
      `by verdict   ${proofs.length} steps, begun p50 ${quantile(proofs, 0.5).toFixed(0)} ms, p99 ${quantile(proofs, 0.99).toFixed(0)} ms after the scrape that proved them, with which ${estate.services} services are judged`,
    )
  }
  console.log(
    `memory       peak ${megabytes(peak)} MB resident, heap in use by part ${memoryByPart.map(megabytes).join(' ')} MB   (limit <= 200 MB resident; Argo Rollouts 211 MB)`,
  )
  console.log(
    `CPU          ${cpu.toFixed(2)} s a minute, by part ${cpuByPart.map((each) => each.toFixed(2)).join(' ')}   (limit <= 5 s; Argo Rollouts 10.5 s)`,
  )
  await store.close()
  rmSync(folder, { recursive: true, force: true })
}
