import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { Side } from '../../src/moves/goal.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import { hasClusters, makeNamespace, okOf, soon } from './clusters.ts'
import { cronJobOf, deploymentOf } from './contract-world.ts'
import { openReleaseEstate, quickPolicy, type ReleaseEstate } from './release-estate.ts'

const suspendedAt = async (estate: ReleaseEstate, side: Side, namespace: string, name: string) => {
  const found = await okOf(estate.clusters[side].client.get(kinds.cronJobs, { namespace, name }, { signal: soon() }))
  return found === null ? null : found.spec?.suspend === true
}

describe.skipIf(!hasClusters)('a release of several namespaces', () => {
  let estate: ReleaseEstate
  let stock = ''
  let storage = ''
  beforeAll(async () => {
    estate = await openReleaseEstate('shop')
    stock = await makeNamespace(estate.clusters.blue, 'stock')
    storage = await makeNamespace(estate.clusters.green, 'storage')
    for (const namespace of [estate.namespace, stock])
      await estate.create('blue', kinds.cronJobs, cronJobOf(namespace, 'tidy', { suspend: false }))
    await estate.create('blue', kinds.deployments, deploymentOf(stock, 'counter', 1))
    const counter = deploymentOf(storage, 'counter', 0)
    const metadata = { ...counter.metadata, name: 'counter-v2' }
    // The same version from a registry of green's own.
    const [container] = counter.spec?.template.spec?.containers ?? []
    if (container !== undefined) container.image = 'mirror.example/counter:1'
    await estate.create('green', kinds.deployments, { ...counter, metadata })
    const names = (namespaces: unknown, context: string) => ({ kubernetes: { context, namespaces } })
    const release = {
      ...{ apiVersion: 'titrate.dev/v1alpha1', kind: 'Release', name: 'several' },
      blue: names([estate.namespace, stock], 'blue'),
      green: names({ [stock]: storage }, 'green'),
      services: { counter: { kinds: ['internal'], nameOnGreen: 'counter-v2' } },
      parity: { rewrites: [{ from: 'registry.example', to: 'mirror.example', services: ['counter'] }] },
      ...quickPolicy,
    }
    writeFileSync(estate.path('release.yaml'), stringify(release))
  })
  afterAll(async () => {
    await estate?.clusters.blue.client.remove(kinds.namespaces, { name: stock }, { signal: soon() })
    await estate?.clusters.green.client.remove(kinds.namespaces, { name: storage }, { signal: soon() })
    await estate?.close()
  })

  it('calls what has one name in two of them by its namespace too', async () => {
    const { out, err, code } = await estate.titrate('plan')
    expect(err).not.toMatch(/blocks:|error|titrate:/)
    expect(code).toBe(0)
    expect(out).toContain(`tidy.${estate.namespace}  job`)
    expect(out).toContain(`tidy.${stock}  job`)
    expect(out).toContain('counter  internal')
  })

  it('moves each to the namespace and the name that it has on green', async () => {
    const { out, err, code } = await estate.titrate('run', '--yes')
    expect(err).not.toContain('blocks:')
    expect(out).toContain('several: done')
    expect(code).toBe(0)
    expect(await suspendedAt(estate, 'blue', stock, 'tidy')).toBe(true)
    expect(await suspendedAt(estate, 'green', storage, 'tidy')).toBe(false)
    expect(await suspendedAt(estate, 'green', estate.namespace, 'tidy')).toBe(false)
    const { client } = estate.clusters.green
    const counter = await okOf(
      client.get(kinds.deployments, { namespace: storage, name: 'counter-v2' }, { signal: soon() }),
    )
    expect(counter?.spec?.replicas).toBe(1)
    expect((await estate.titrate('ledger')).code).toBe(0)
  }, 400_000)

  it('goes back from all of them by break-glass', async () => {
    const { out, code } = await estate.titrate('rollback', '--break-glass', '--yes')
    expect(out).not.toMatch(/NO\b/)
    expect(code).toBe(0)
    for (const namespace of [estate.namespace, stock])
      expect(await suspendedAt(estate, 'blue', namespace, 'tidy')).toBe(false)
    expect(await suspendedAt(estate, 'green', storage, 'tidy')).toBe(true)
  }, 200_000)
})
