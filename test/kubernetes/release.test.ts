import { existsSync, readFileSync } from 'node:fs'
import type { ConfigMap } from 'kubernetes-types/core/v1.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import { hasClusters, okOf, soon } from './clusters.ts'
import { fillBlue, openReleaseEstate, quickPolicy, type ReleaseEstate } from './release-estate.ts'

type Parsed = Readonly<Record<string, unknown>>
const parsed = (text: string): Parsed => JSON.parse(text) as Parsed // what the program prints is one document

describe.skipIf(!hasClusters)('a release between two clusters', () => {
  let estate: ReleaseEstate
  beforeAll(async () => {
    estate = await openReleaseEstate('whole')
    await fillBlue(estate)
  })
  afterAll(() => estate?.close())

  it('begins with what init tells of the estate, and writes', async () => {
    const { namespace } = estate
    const { code, out, err } = await estate.titrate(
      ...['init', '--blue-context', 'blue', '--green-context', 'green', '--namespace', namespace, '--name', 'whole'],
    )
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toContain('invoices  job, not on green\n    why: it has a schedule, * * * * * (Etc/UTC)')
    expect(out).toContain('calls prices (its variable PRICES names prices)')
    expect(out).toContain(
      `ledger  worker, not on green\n    why: no Service selects its pods, so nobody calls it: it works by itself\n    uses ServiceAccount default\n    can't be moved as it is: it keeps data of its own (ledger), which stays where it is`,
    )
    expect(out).toContain('managed by Helm (release shop)')
    const file = readFileSync(estate.path('release.yaml'), 'utf8')
    estate.addToRelease(quickPolicy)
    expect(file).toContain(`blue:\n  kubernetes:\n    context: blue\n    namespaces: [ ${namespace} ]`)
  })

  it('is planned without what stays, and says so', async () => {
    const { code, out, err } = await estate.titrate('plan')
    expect(err).not.toContain('blocks:')
    expect(err).toContain('ledger stays on blue: it keeps data of its own (ledger), which stays where it is.')
    expect(code).toBe(0)
    expect(out).toContain(`5 services from blue/${estate.namespace} to green/${estate.namespace} in 2 waves`)
    expect(out).toContain('It is in wave 2 because it needs prices, settled in wave 1.')
    // Looking changes nothing.
    expect(await estate.isSuspended('blue', 'invoices')).toBe(false)
    expect(await estate.isSuspended('green', 'invoices')).toBe(null)
  })

  it('is in order for the doctor, before it begins', async () => {
    const { out } = await estate.titrate('doctor', '-o', 'json')
    const findings = JSON.parse(out) as readonly {
      readonly what: string
      readonly ok: boolean
      readonly found: string
    }[]
    const clusters = findings.filter(({ what }) => what.startsWith('cluster ') || what.startsWith('namespace '))
    expect(clusters).toHaveLength(4)
    expect(clusters.every(({ ok }) => ok)).toBe(true)
    expect(clusters[0]?.found).toMatch(/^Kubernetes v1\.\d+/)
  })

  it('is checked against green itself, and tells what would bring that in line', async () => {
    const { namespace } = estate
    const object: ConfigMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace, name: 'flags' },
      data: { fast: 'yes' },
    }
    await estate.create('blue', kinds.configMaps, object)
    const { code, out } = await estate.titrate('check')
    expect(code).toBe(1)
    expect(out).toContain(`environment differs in ConfigMap ${namespace}/flags`)
    // What a release makes by itself does not stand in its way.
    expect(out).not.toContain('invoices differs')
    expect(out).toContain('it is copied when its service is provisioned')
    await estate.titrate('check', '--fix', 'fixes')
    const fix = parse(readFileSync(estate.path(`fixes/configmap-${namespace}-flags.yaml`), 'utf8')) as object
    expect(fix).toMatchObject({ kind: 'ConfigMap', data: { fast: 'yes' } })
    await estate.create('green', kinds.configMaps, object)
  })

  it('is rehearsed', async () => {
    const { code, out, err } = await estate.titrate(
      'rehearse',
      '--runs',
      '2',
      '--fault',
      'job-failures',
      '--measure',
      '0s',
    )
    expect(err).not.toContain('blocks')
    expect(out).toContain('invoices')
    expect(code).toBe(0)
  })

  it('goes to its end, with each tick in one place', async () => {
    const { code, out } = await estate.titrate('run', '--yes')
    expect(out).toContain('whole: done')
    expect(code).toBe(0)
    for (const job of ['invoices', 'tidy']) {
      expect(await estate.isSuspended('blue', job)).toBe(true)
      expect(await estate.isSuspended('green', job)).toBe(false)
    }
    // What was suspended stays so on both sides.
    expect(await estate.isSuspended('green', 'yearly')).toBe(true)
    expect((await estate.deployment('green', 'catalogue'))?.status?.readyReplicas).toBe(2)
    expect((await estate.deployment('blue', 'catalogue'))?.spec?.replicas).toBe(2)
    expect((await estate.deployment('green', 'prices'))?.metadata?.annotations).not.toHaveProperty(
      'meta.helm.sh/release-name',
    )
    const ledger = await estate.titrate('ledger')
    expect(ledger.code).toBe(0)
    expect(ledger.out).toContain('invoices')
  }, 600_000)

  it('is told by status, explain and report without a cluster being asked', async () => {
    const status = parsed((await estate.titrate('status', '-o', 'json')).out)
    expect(status).toMatchObject({ release: 'whole' })
    const { out } = await estate.titrate('explain', 'invoices')
    expect(out).toContain('invoices')
    expect(out).toContain('green')
    const report = await estate.titrate('report', '--format', 'markdown')
    expect(report.code).toBe(0)
    expect(report.out).toContain('all 5 services run')
    expect(existsSync(estate.path('.titrate/releases/whole/report.html'))).toBe(true)
  })

  it('retires blue, and gives both environments free', async () => {
    const { code, out } = await estate.titrate('retire', '--yes')
    expect(out).toContain('catalogue: blue is scaled to 0')
    expect(out).toContain(`blue/${estate.namespace}: is free for another release`)
    expect(code).toBe(0)
    expect((await estate.deployment('blue', 'catalogue'))?.spec?.replicas).toBe(0)
    const { client } = estate.clusters.blue
    const tombstones = await okOf(
      client.list(kinds.jobs, { namespace: estate.namespace, labels: 'titrate.dev/tombstone' }, { signal: soon() }),
    )
    expect(tombstones.items).toEqual([])
  })
})
