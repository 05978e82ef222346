import type { RehearseOptions } from '../cli/deps.ts'
import { historyPrefix } from '../engine/blue-history.ts'
import type { Clock } from '../engine/clock.ts'
import type { World } from '../engine/engine.ts'
import { TitrateError } from '../errors.ts'
import type { Estate } from '../inventory/estate.ts'
import type { BlueHalves } from '../judge/calibrate.ts'
import type { Finding } from '../rehearsal/assumption.ts'
import { findInMetrics, findInRecords, findInRuns, mergeFindings, type RecordedBlue } from '../rehearsal/find-out.ts'
import type { Rehearsal } from '../rehearsal/rehearsal.ts'
import { rehearse } from '../rehearsal/rehearse.ts'
import type { Store } from '../store/store.ts'
import { createStage } from './rehearsal-stage.ts'
import { openReleaseStore } from './store.ts'

const readTimeoutMs = 5_000
const recentRunsMs = 7 * 86_400_000
const rowsAtOnce = 5_000

type Found = ReadonlyMap<string, Finding>
const nothing: Found = new Map()

type Measured = { readonly found: Found; readonly why: string | null }

/** Two scrapes of what runs now; nothing where metrics are not read, or do not answer, and why. */
const measure = async ({ world, measureMs, tell, signal }: RehearseOptions, clock: Clock): Promise<Measured> => {
  const { metrics } = world
  if (metrics === null) return { found: nothing, why: 'no metrics are read' }
  if (measureMs <= 0) return { found: nothing, why: 'nothing was to be measured' }
  const read = () => metrics.read(AbortSignal.any([signal, AbortSignal.timeout(readTimeoutMs)]))
  const first = await read()
  tell('measuring what runs now')
  if (first.kind === 'ok') await clock.sleep(clock.now() + measureMs, signal)
  const second = first.kind === 'ok' ? await read() : first
  if (first.kind !== 'ok' || second.kind !== 'ok')
    return { found: nothing, why: `metrics can't be read: ${second.kind === 'ok' ? '' : second.because}` }
  return {
    found: findInMetrics(first.value, second.value),
    why: `nobody asked them for anything within ${Math.round(measureMs / 1_000)} s`,
  }
}

const runsOf = async (estate: Estate, world: World, now: number): Promise<Found> => {
  const jobs = estate.services.filter(({ blue }) => blue.schedule !== null)
  const found = await Promise.all(
    jobs.map(async ({ name }): Promise<readonly [string, Finding]> => {
      const answer = await world.sides.blue.schedules.runs(name, now - recentRunsMs, AbortSignal.timeout(readTimeoutMs))
      return [name, answer.kind === 'ok' ? findInRuns(answer.value) : {}]
    }),
  )
  return new Map(found)
}

const readRecords = async (store: Store): Promise<readonly RecordedBlue[]> => {
  const rows: RecordedBlue[] = []
  for (let after = 0; ; ) {
    const part = await store.observations({ kind: 'sample', subjectPrefix: historyPrefix, after, limit: rowsAtOnce })
    for (const { subject, body } of part) {
      // Rows are written by the engine only, in this shape.
      const { durationMs, a, b } = body as unknown as BlueHalves
      const service = subject.slice(historyPrefix.length)
      // Both halves are of the same time, which counts once.
      for (const [arm, ms] of [
        [a, durationMs],
        [b, 0],
      ] as const)
        rows.push({ service, durationMs: ms, requests: arm.requests, errors: arm.errors, latency: arm.latency })
    }
    const last = part.at(-1)
    if (last === undefined || part.length < rowsAtOnce) return rows
    after = last.id
  }
}

/** What this release's own journal holds of blue, if it has begun before. */
const recorded = async ({ release, tell }: RehearseOptions): Promise<Found> => {
  try {
    const store = await openReleaseStore(release, false)
    try {
      return findInRecords(await readRecords(store))
    } finally {
      await store.close()
    }
  } catch (error) {
    if (!(error instanceof TitrateError)) throw error
    if (error.code !== 'NO_RELEASE') tell(`its journal can't be read, and is left out: ${error.message}`)
    return nothing
  }
}

/** Finds out what can be known, and plays the release. */
export const rehearseRelease = async (options: RehearseOptions, clock: Clock): Promise<Rehearsal> => {
  const { estate, world, release, plan } = options
  const [measured, runs, records] = await Promise.all([
    measure(options, clock),
    runsOf(estate, world, clock.now()),
    recorded(options),
  ])
  return rehearse({
    ...options,
    stage: createStage(release, plan),
    found: mergeFindings(runs, measured.found, records),
    notFound: measured.why === null ? [] : [measured.why],
    now: clock.now(),
  })
}
