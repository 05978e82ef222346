import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { annotation, label } from '../../src/providers/kubernetes/annotations.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import { type HttpRoute, httpRoutes } from '../../src/providers/kubernetes/gateway/http-route.ts'
import { hasClusters, okOf, soon } from './clusters.ts'
import { deploymentOf, serviceOf } from './contract-world.ts'
import { openReleaseEstate, quickPolicy, type ReleaseEstate } from './release-estate.ts'
import { type SimulatedGateway, startGateway } from './simulated-gateway.ts'
import { does, says } from './stages.ts'
import { startUsers, type Users } from './user-metrics.ts'

/** As late as a real gateway was seen to be, and users the whole time. */
describe.skipIf(!hasClusters)('a release with users, between two clusters', () => {
  let estate: ReleaseEstate
  let gateway: SimulatedGateway
  let users: Users
  beforeAll(async () => {
    estate = await openReleaseEstate('users')
    const { clusters, namespace } = estate
    gateway = startGateway(clusters.blue, namespace, {
      conditionsAfterMs: 200,
      trafficAfterMs: 1_500,
      accepted: true,
      resolved: true,
    })
    for (const side of ['blue', 'green'] as const)
      await estate.create(side, kinds.services, serviceOf(namespace, 'web'))
    const web = deploymentOf(namespace, 'web', 2)
    const [container] = web.spec?.template.spec?.containers ?? []
    if (container !== undefined) container.env = [{ name: 'DATABASE', value: 'postgresql://db.example:5432/shop' }]
    await estate.create('blue', kinds.deployments, web)
    await estate.create('blue', httpRoutes, {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { namespace, name: 'shop' },
      spec: {
        parentRefs: [{ name: 'edge' }],
        hostnames: ['shop.example'],
        rules: [{ backendRefs: [{ name: 'web', port: 80 }] }],
      },
    })
    users = await startUsers(gateway, 'web', { blue: `blue/${namespace}`, green: `green/${namespace}` })
  })
  afterAll(async () => {
    await users?.stop()
    gateway?.close()
    await estate?.close()
  })

  const route = async (): Promise<HttpRoute> => {
    const place = { namespace: estate.namespace, name: 'shop' }
    const found = await okOf(estate.clusters.blue.client.get(httpRoutes, place, { signal: soon() }))
    if (found === null) throw new Error('the route is gone')
    return found
  }
  const weights = async () =>
    (await route()).spec?.rules?.map(({ backendRefs }) => backendRefs?.map(({ name, weight }) => `${name} ${weight}`))
  const ourServices = async () => {
    const { client } = estate.clusters.blue
    const { items } = await okOf(
      client.list(kinds.services, { namespace: estate.namespace, labels: label.follows }, { signal: soon() }),
    )
    return items.map(({ metadata }) => metadata?.name)
  }

  const probe = (said: string) => ({ image: 'registry.example/probe:1', annotations: { [does]: 'say', [says]: said } })

  it('is refused while nothing divides the users, and says what would', async () => {
    const { namespace } = estate
    const init = await estate.titrate(
      ...['init', '--blue-context', 'blue', '--green-context', 'green', '--namespace', namespace, '--name', 'users'],
    )
    expect(init.err).toBe('')
    expect(init.out).toContain('web  exposed')
    estate.addToRelease({
      metrics: [users.metrics],
      policy: {
        ...quickPolicy.policy,
        weights: [25, 100],
        bake: '2s',
        parallel: { for: '1s' },
        judge: { ...quickPolicy.policy.judge, latency: { margin: 2, rollbackMargin: 3 } },
      },
    })
    const { code, err } = await estate.titrate('plan')
    expect(err).toContain('nothing divides its users between the sides: the release file names no router')
    expect(code).not.toBe(0)
  })

  it('is planned by its HTTPRoutes, and says what nobody checks', async () => {
    estate.addToRelease({ router: { gateway: {} } })
    const { code, out, err } = await estate.titrate('plan')
    expect(err).toContain('Whether green reaches what a service needs is not checked.')
    expect(err).toContain("Whether blue's cluster reaches green's pods of web is not checked.")
    expect(err).toContain("Blue's cluster follows green's pods only while an engine of this release runs.")
    expect(err).not.toContain('blocks:')
    expect(code).toBe(0)
    expect(out).toContain('weight 25')
    // Looking changes nothing.
    expect(await weights()).toEqual([['web 1']])
    expect(await ourServices()).toEqual([])
  })

  it('sends nobody to green while its pods are out of reach, and says why', async () => {
    const text = readFileSync(estate.path('release.yaml'), 'utf8')
    estate.addToRelease({ probe: probe('unreachable web-green 80 10.0.0.1') })
    // A release of its own, so that the next one begins anew.
    const other = readFileSync(estate.path('release.yaml'), 'utf8').replace('name: users', 'name: unreachable')
    writeFileSync(estate.path('unreachable.yaml'), other)
    writeFileSync(estate.path('release.yaml'), text)
    const { code, err } = await estate.titrate('run', '--yes', '--exit-at-gate', '--file', 'unreachable.yaml')
    expect({ code, err }).toMatchObject({
      code: 3,
      err: expect.stringContaining('web is stuck: the test "probe from green"'),
    })
    expect(err).toContain('web-green:80 does not answer (10.0.0.1)')
    expect(await weights()).toEqual([['web 1']])
    const back = await estate.titrate('rollback', '--yes', '--file', 'unreachable.yaml')
    expect(back).toMatchObject({ code: 0 })
    expect(await ourServices()).toEqual([])
  }, 600_000)

  it('moves its users by weights to pods of the other cluster, without a failed request', async () => {
    estate.addToRelease({ probe: probe('ok web-green 80 10.0.0.1') })
    const { code, err } = await estate.titrate('run', '--yes')
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining('the release ended done') })
    expect(err).toContain('web: its traffic is as wanted (seen by metrics)')
    expect(await weights()).toEqual([['web 0', 'web-green 100']])
    expect(await ourServices()).toEqual(['web-green'])
    expect(users.counts).toMatchObject({ blue: { failed: 0 }, green: { failed: 0 } })
    expect(users.counts.green.requests).toBeGreaterThan(100)
    const { out } = await estate.titrate('journal', '--output', 'json')
    expect(out).toContain('from green, as account default')
    expect(out).toMatch(/from blue's cluster \(its pod is [\d.]+\):\\nweb-green:80 answers/)
  }, 600_000)

  it('takes them back, and leaves the route as it was', async () => {
    const { code, err } = await estate.titrate('rollback', '--yes')
    expect({ code, err }).toMatchObject({ code: 0 })
    expect(await weights()).toEqual([['web 1']])
    expect(await ourServices()).toEqual([])
    expect(users.counts).toMatchObject({ blue: { failed: 0 }, green: { failed: 0 } })
    const { client } = estate.clusters.blue
    const { items } = await okOf(client.list(httpRoutes, { namespace: estate.namespace }, { signal: soon() }))
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(['shop'])
    expect(items[0]?.metadata?.annotations?.[annotation.traffic]).toBe(undefined)
  }, 600_000)
})
