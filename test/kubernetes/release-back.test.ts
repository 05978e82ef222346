import { rmSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import type { Line, Running } from '../follow-command.ts'
import { hasClusters } from './clusters.ts'
import { deploymentOf } from './contract-world.ts'
import { fillBlue, openReleaseEstate, quickPolicy, type ReleaseEstate } from './release-estate.ts'
import { serveWorkMetrics } from './work-metrics.ts'

/** The last service waits for a person who never comes; all before it has settled on green. */
const waitsForOwner = { services: { catalogue: { approvals: [{ name: 'owner' }] } } }
const isGate = ({ event }: Line): boolean =>
  event.kind === 'called a person' && event.because.includes('waits for the approval "owner"')

const halfWayMs = 240_000

describe.skipIf(!hasClusters)('a release between two clusters that is half way', () => {
  const opened: { close(): Promise<void> }[] = []
  afterAll(async () => {
    for (const each of opened) await each.close()
  })

  /** A release whose first wave, with a worker, is on green, and the engine that waits there. */
  const runHalfWay = async (hint: string): Promise<{ readonly estate: ReleaseEstate; readonly engine: Running }> => {
    const estate = await openReleaseEstate(hint)
    opened.push(estate)
    const { namespace } = estate
    await fillBlue(estate)
    await estate.create('blue', kinds.deployments, deploymentOf(namespace, 'mailer', 2))
    const sides = [`blue/${namespace}`, `green/${namespace}`]
    const metrics = await serveWorkMetrics(['mailer'], sides, 200)
    opened.push(metrics)
    const init = ['init', '--blue-context', 'blue', '--green-context', 'green', '--namespace', namespace]
    expect((await estate.titrate(...init, '--name', hint)).err).toBe('')
    estate.addToRelease({ ...quickPolicy, ...waitsForOwner, metrics: [metrics.url] })
    const engine = estate.start('run', '--yes', '--output', 'json')
    // One that never gets there is left, and what it said is told.
    const limit = setTimeout(() => engine.kill('SIGTERM'), halfWayMs)
    await engine.until(isGate)
    clearTimeout(limit)
    return { estate, engine }
  }

  const expectOnGreen = async (estate: ReleaseEstate): Promise<void> => {
    expect(await estate.isSuspended('blue', 'invoices')).toBe(true)
    expect(await estate.isSuspended('green', 'invoices')).toBe(false)
    expect((await estate.deployment('blue', 'mailer'))?.spec?.replicas).toBe(0)
    expect((await estate.deployment('green', 'mailer'))?.spec?.replicas).toBe(2)
  }

  const expectBack = async (estate: ReleaseEstate): Promise<void> => {
    for (const job of ['invoices', 'tidy']) {
      expect(await estate.isSuspended('blue', job)).toBe(false)
      expect(await estate.isSuspended('green', job)).toBe(true)
    }
    expect(await estate.isSuspended('blue', 'yearly')).toBe(true)
    const replicas = async (side: 'blue' | 'green', name: string) =>
      (await estate.deployment(side, name))?.spec?.replicas
    expect(await replicas('blue', 'mailer')).toBe(2)
    expect(await replicas('green', 'mailer')).toBe(0)
    expect(await replicas('blue', 'prices')).toBe(1)
    expect(await replicas('green', 'prices')).toBe(0)
    expect(await replicas('blue', 'catalogue')).toBe(2)
  }

  it('goes back whole when a person says so', async () => {
    const { estate, engine } = await runHalfWay('midway')
    await expectOnGreen(estate)
    const rollback = await estate.titrate('rollback', '--yes', '--because', 'this is a drill')
    expect(rollback.err).toContain('takes back everything, in this order:')
    expect(rollback.out).toContain('back on blue')
    expect(rollback.code).toBe(0)
    expect((await engine.ended).code).toBe(4)
    await expectBack(estate)
    expect((await estate.titrate('ledger')).code).toBe(0)
    const report = await estate.titrate('report', '--format', 'markdown')
    expect(report.out).toContain('this is a drill')
  }, 400_000)

  it('goes back by break-glass from the clusters alone, when the engine is dead and its journal gone', async () => {
    const { estate, engine } = await runHalfWay('glass')
    await expectOnGreen(estate)
    engine.kill('SIGKILL')
    await engine.ended
    rmSync(estate.path('.titrate'), { recursive: true })
    const glass = await estate.titrate('rollback', '--break-glass', '--yes', '--because', 'all is lost')
    expect(glass.out).not.toMatch(/NO\b/)
    expect(glass.code).toBe(0)
    await expectBack(estate)
    const doctor = await estate.titrate('doctor')
    expect(doctor.out).toContain('stopped by tester: all is lost')
  }, 400_000)
})
