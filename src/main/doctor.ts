import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DoctorFinding } from '../cli/deps.ts'
import type { ResolvedRelease } from '../config/release.ts'
import type { Claims, StopMark } from '../engine/ports.ts'
import { systemClock } from './clock.ts'
import { openReleaseStore } from './store.ts'
import { connectWorld, type ReleaseWorld } from './world.ts'

const readMs = 3_000
const leastFreeBytes = 200 * 1024 * 1024
const mostSkewMs = 500

const existingFolder = (path: string): string => (existsSync(path) ? path : existingFolder(dirname(path)))

const folderFinding = (path: string): DoctorFinding => {
  const folder = existingFolder(dirname(path))
  const what = `the folder of the journal, ${folder}`
  try {
    accessSync(folder, constants.W_OK)
    const { bavail, bsize } = statfsSync(folder)
    const free = bavail * bsize
    const text = `${Math.round(free / 1024 / 1024)} MB are free`
    return {
      what,
      ok: free >= leastFreeBytes,
      found: text,
      fix: free >= leastFreeBytes ? null : 'make room: without a journal nothing is done',
    }
  } catch {
    return {
      what,
      ok: false,
      found: 'it can not be written',
      fix: `give yourself the right to write ${folder}, or set "store" in the release file`,
    }
  }
}

const stopFound = (stop: StopMark | null): string => (stop === null ? '' : `, stopped by ${stop.by}: ${stop.because}`)

const claimFinding = async (claims: Claims, release: string, start: string): Promise<DoctorFinding> => {
  const answer = await claims.read(AbortSignal.timeout(readMs))
  if (answer.kind !== 'ok') return { what: claims.name, ok: false, found: answer.because, fix: start }
  const { release: owner, stop, now } = answer.value
  const skew = Math.abs(now - systemClock.now())
  const free = owner === null ? 'free' : `belongs to the release "${owner}"`
  const found = `${free}${stopFound(stop)}, its clock differs by ${skew} ms`
  if (stop !== null)
    return { what: claims.name, ok: false, found, fix: 'look at the environments, then "titrate resume --clear-stop"' }
  if (owner !== null && owner !== release)
    return { what: claims.name, ok: false, found, fix: `end or retire the release "${owner}" first` }
  return {
    what: claims.name,
    ok: skew <= mostSkewMs,
    found,
    fix: skew <= mostSkewMs ? null : 'set both clocks: schedules are handed over by them',
  }
}

const mendMetrics = ({ clusters }: ReleaseWorld): string =>
  clusters === null
    ? 'start the router and both environments, or set "metrics" in the release file'
    : 'set "metrics" in the release file; without it only jobs and internal services can move'

/** Looks at everything that a release needs and says what is wrong and what to do. Changes nothing. */
export const examine = async (release: ResolvedRelease | null): Promise<readonly DoctorFinding[]> => {
  const findings: DoctorFinding[] = [{ what: 'Node.js', ok: true, found: process.version, fix: null }]
  if (release === null) return findings
  if (release.store.kind === 'sqlite') findings.push(folderFinding(release.store.path))
  try {
    const store = await openReleaseStore(release, false)
    const lock = await store.lock()
    const { position } = await store.head()
    findings.push({
      what: 'journal',
      ok: true,
      found: `${store.where}, ${position} entries; ${lock === null ? 'an engine runs' : 'no engine runs'}`,
      fix: null,
    })
    await lock?.release()
    await store.close()
  } catch (error) {
    const isNew = error instanceof Error && 'code' in error && error.code === 'NO_RELEASE'
    findings.push({
      what: 'journal',
      ok: isNew,
      found: error instanceof Error ? error.message : String(error),
      fix: null,
    })
  }
  const { world, close } = await connectWorld(release)
  const claims = [
    world.sides.blue.claims,
    world.sides.green.claims,
    ...(world.router === null ? [] : [world.router.claims]),
  ]
  if (world.clusters !== null) {
    const { examineClusters } = await import('./kubernetes-doctor.ts')
    findings.push(...(await examineClusters(world.clusters)))
  }
  const start =
    world.clusters === null
      ? 'start it: "titrate env up FILE"'
      : 'see to the cluster, the login, and the rights on ConfigMap titrate-claim'
  for (const each of claims) findings.push(await claimFinding(each, release.name, start))
  const metrics = await world.metrics?.read(AbortSignal.timeout(readMs))
  const missing =
    metrics?.kind === 'ok' ? metrics.value.missing.map(({ source, because }) => `${source}: ${because}`) : []
  const silent =
    metrics === undefined ? 'no metrics are read' : metrics.kind === 'ok' ? missing.join('; ') : metrics.because
  findings.push({
    what: 'metrics',
    ok: silent === '',
    found: silent === '' ? `${metrics?.kind === 'ok' ? metrics.value.counters.length : 0} series` : silent,
    fix: silent === '' ? null : mendMetrics(world),
  })
  await close()
  return findings
}
