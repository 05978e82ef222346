import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { ConfigMap } from 'kubernetes-types/core/v1.js'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Cluster, connectCluster } from '../../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import { clusterGiven, hasClusters, hasOwnClusters, makeNamespace, okOf, soon } from './clusters.ts'
import { connectTo, realDeps } from './connect-to.ts'
import { kubeconfigOf } from './control-plane.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { does } from './stages.ts'

const within = { timeout: 30_000, interval: 50 }

const deploymentOf = (
  namespace: string,
  name: string,
  replicas: number,
  annotations: Record<string, string> = {},
): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace, name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name }, annotations },
      spec: { containers: [{ name: 'main', image: 'registry.example/web:1' }] },
    },
  },
})

describe.skipIf(!hasClusters)('the client on a real control plane', () => {
  let cluster: Cluster
  let namespace: string
  beforeAll(async () => {
    cluster = await connectTo(clusterGiven('blue'))
    namespace = await makeNamespace(cluster, 'client')
  })
  afterAll(() => cluster.close())

  it('speaks with a version that it supports, as somebody who may do what is needed', async () => {
    expect(await okOf(cluster.client.version({ signal: soon() }))).toMatch(/^v1\.\d+/)
    const may = await okOf(
      cluster.client.mayI(
        { verb: 'patch', resource: kinds.cronJobs, subresource: 'status', namespace },
        { signal: soon() },
      ),
    )
    expect(may.allowed).toBe(true)
  })

  it('creates, reads, patches in four ways, and deletes; a dry run leaves nothing', async () => {
    const { client } = cluster
    const place = { namespace, name: 'web' }
    const write = { signal: soon() }
    const dry = await okOf(
      client.create(kinds.deployments, deploymentOf(namespace, 'web', 0), { ...write, dryRun: true }),
    )
    expect(dry.spec?.strategy?.type).toBe('RollingUpdate')
    expect(await client.get(kinds.deployments, place, write)).toEqual({ kind: 'ok', value: null })
    await okOf(client.create(kinds.deployments, deploymentOf(namespace, 'web', 0), write))
    expect((await client.create(kinds.deployments, deploymentOf(namespace, 'web', 0), write)).kind).toBe('conflict')

    const merged = await okOf(
      client.patch(kinds.deployments, place, { kind: 'merge', body: { metadata: { annotations: { a: '1' } } } }, write),
    )
    expect(merged.metadata?.annotations?.['a']).toBe('1')
    const container = { name: 'main', env: [{ name: 'A', value: '1' }] }
    const body = { spec: { template: { spec: { containers: [container] } } } }
    const strategic = await okOf(client.patch(kinds.deployments, place, { kind: 'strategic', body }, write))
    expect(strategic.spec?.template.spec?.containers[0]).toMatchObject({
      image: 'registry.example/web:1',
      env: [{ name: 'A' }],
    })
    const old = {
      kind: 'merge',
      body: { metadata: { resourceVersion: merged.metadata?.resourceVersion }, spec: { replicas: 3 } },
    } as const
    expect((await client.patch(kinds.deployments, place, old, write)).kind).toBe('conflict')

    const applied = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: place, spec: { replicas: 2 } }
    const apply = (manager: string, replicas: number, force: boolean) =>
      client.patch(
        kinds.deployments,
        place,
        { kind: 'apply', object: { ...applied, spec: { replicas } } as object, manager, force },
        write,
      )
    await okOf(apply('titrate', 2, true))
    const taken = await apply('somebody-else', 3, false)
    expect(taken).toMatchObject({ kind: 'conflict', because: expect.stringContaining('titrate') })
    expect((await okOf(apply('somebody-else', 3, true))).spec?.replicas).toBe(3)

    expect(await client.remove(kinds.deployments, place, { ...write, uid: 'another' })).toMatchObject({
      kind: 'conflict',
    })
    await okOf(client.remove(kinds.deployments, place, { ...write, dependents: 'Background' }))
    await okOf(client.remove(kinds.deployments, place, write))
  })

  it('reads a list of more than a page', async () => {
    const many = Array.from(
      { length: 620 },
      (_, index): ConfigMap => ({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace, name: `many-${index}`, labels: { many: 'yes' } },
      }),
    )
    for (let from = 0; from < many.length; from += 62) {
      const some = many.slice(from, from + 62)
      await Promise.all(some.map((each) => okOf(cluster.client.create(kinds.configMaps, each, { signal: soon() }))))
    }
    const list = await okOf(
      cluster.client.list(kinds.configMaps, { namespace, labels: 'many=yes' }, { signal: soon() }),
    )
    expect(new Set(list.items.map((each) => each.metadata?.name)).size).toBe(620)
    expect(list.items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' })
  })

  it('refuses with the words of the API server: no such kind, an invalid field, a quota, a namespace that is going', async () => {
    const { client } = cluster
    const write = { signal: soon() }
    const nothing = { group: 'nowhere.example', version: 'v1', plural: 'things', kind: 'Thing', namespaced: true }
    expect(await client.list(nothing, { namespace }, write)).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('does not know things.nowhere.example'),
    })
    const invalid = deploymentOf(namespace, 'Not_A_Name', 0)
    expect(await client.create(kinds.deployments, invalid, write)).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('Invalid value'),
    })

    const quotas = { group: '', version: 'v1', plural: 'resourcequotas', kind: 'ResourceQuota', namespaced: true }
    const full = await makeNamespace(cluster, 'full')
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { namespace: full, name: 'none' },
      spec: { hard: { configmaps: '0' } },
    }
    await okOf(client.create(quotas, quota, write))
    const map: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: full, name: 'one' } }
    await vi.waitFor(async () => {
      const answer = await client.create(kinds.configMaps, map, { ...write, dryRun: true })
      expect(answer).toMatchObject({ kind: 'refused', because: expect.stringContaining('exceeded quota: none') })
    }, within)

    const going = await makeNamespace(cluster, 'going')
    // What it holds keeps it, so that it goes on going.
    await okOf(
      client.create(
        kinds.configMaps,
        { ...map, metadata: { namespace: going, name: 'one', finalizers: ['test.titrate.dev/stay'] } },
        write,
      ),
    )
    await okOf(client.remove(kinds.namespaces, { name: going }, write))
    const late = await client.create(kinds.configMaps, { ...map, metadata: { namespace: going, name: 'two' } }, write)
    expect(late).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining(`namespace ${going} is being deleted`),
    })
    await okOf(
      client.patch(
        kinds.configMaps,
        { namespace: going, name: 'one' },
        { kind: 'merge', body: { metadata: { finalizers: null } } },
        write,
      ),
    )
  })

  it('follows pods that become ready, crash or lack their image, by one watch', async () => {
    const { client, watches } = cluster
    const write = { signal: soon() }
    await okOf(client.create(kinds.deployments, deploymentOf(namespace, 'good', 2), write))
    await okOf(client.create(kinds.deployments, deploymentOf(namespace, 'crash', 1, { [does]: 'crash' }), write))
    await okOf(client.create(kinds.deployments, deploymentOf(namespace, 'image', 1, { [does]: 'image' }), write))
    const watch = watches.of(kinds.pods, { namespace })
    await vi.waitFor(async () => {
      const reader = await okOf(watch.ready(soon()))
      const states = reader.list({}).map((pod) => {
        const [container] = pod.status?.containerStatuses ?? []
        const [name] = (pod.metadata?.name ?? '').split('-')
        return `${name}: ${container?.ready === true ? 'ready' : container?.state?.waiting?.reason}`
      })
      expect(states.toSorted()).toEqual([
        'crash: CrashLoopBackOff',
        'good: ready',
        'good: ready',
        'image: ImagePullBackOff',
      ])
    }, within)
  })
})

describe.skipIf(!hasOwnClusters)('the client with trouble between it and a real API server', () => {
  let proxy: FaultProxy
  let cluster: Cluster
  let direct: Cluster
  let namespace: string
  let folder: string
  beforeAll(async () => {
    const given = clusterGiven('green')
    folder = await mkdtemp(join(tmpdir(), 'titrate-faults-'))
    proxy = await startFaultProxy(given)
    direct = await connectTo(given)
    namespace = await makeNamespace(direct, 'faults')
    cluster = await through({ token: given.token })
  })
  afterAll(async () => {
    await cluster.close()
    await direct.close()
    await proxy.close()
    await rm(folder, { recursive: true, force: true })
  })
  const through = (user: object) => {
    const file = join(folder, `kubeconfig-${Math.random()}`)
    writeFileSync(file, kubeconfigOf('green', proxy.server, proxy.authority, user))
    return connectCluster({ file, context: null, requestsPerSecond: 500 }, realDeps)
  }
  const mapOf = (name: string): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name } })
  const isThere = async (name: string) =>
    (await okOf(direct.client.get(kinds.configMaps, { namespace, name }, { signal: soon() }))) !== null

  it('answers unknown when the answer is lost: it may have acted, and here it has', async () => {
    proxy.faultFor(({ method }) => (method === 'POST' ? { kind: 'lose the answer' } : null))
    expect((await cluster.client.create(kinds.configMaps, mapOf('lost'), { signal: soon() })).kind).toBe('unknown')
    expect(await isThere('lost')).toBe(true)
    proxy.faultFor(({ method }) => (method === 'POST' ? { kind: 'refuse' } : null))
    expect((await cluster.client.create(kinds.configMaps, mapOf('refused'), { signal: soon() })).kind).toBe('unknown')
    expect(await isThere('refused')).toBe(false)
    proxy.faultFor(() => ({ kind: 'slow', ms: 1_000 }))
    const late = await cluster.client.create(kinds.configMaps, mapOf('late'), { signal: AbortSignal.timeout(200) })
    expect(late).toMatchObject({ kind: 'unknown', because: expect.stringContaining('did not answer in time') })
    proxy.faultFor(() => null)
  })

  it('misses no change when watches are cut, refused and answered with 410 while objects change', async () => {
    const watch = cluster.watches.of(kinds.configMaps, { namespace, labels: 'followed=yes' })
    await okOf(watch.ready(soon()))
    const end = new AbortController()
    const last = new Map<string, string>()
    watch.onChange((change) => {
      const name = change.object.metadata?.name ?? ''
      if (change.kind === 'removed') last.delete(name)
      else last.set(name, change.object.data?.['n'] ?? '')
    }, end.signal)
    const expected = new Map<string, string>()
    const faults = [null, { kind: 'refuse' }, { kind: 'answer', status: 410 }, { kind: 'answer', status: 503 }] as const
    for (let round = 0; round < 12; round++) {
      const fault = faults[round % faults.length] ?? null
      let once = true
      proxy.faultFor(({ isWatch }) => {
        const isFirst = isWatch && once
        if (isWatch) once = false
        return isFirst ? fault : null
      })
      proxy.cutWatches()
      const name = `followed-${round % 5}`
      const object = {
        ...mapOf(name),
        metadata: { namespace, name, labels: { followed: 'yes' } },
        data: { n: String(round) },
      }
      const applied = { kind: 'apply', object, manager: 'test', force: true } as const
      await okOf(direct.client.patch(kinds.configMaps, { namespace, name }, applied, { signal: soon() }))
      expected.set(name, String(round))
      if (round % 4 === 3) {
        await okOf(direct.client.remove(kinds.configMaps, { namespace, name }, { signal: soon() }))
        expected.delete(name)
      }
    }
    await vi.waitFor(() => expect(Object.fromEntries(last)).toEqual(Object.fromEntries(expected)), within)
    end.abort()
    proxy.faultFor(() => null)
  })

  it('is in touch again by itself after the API server was away', async () => {
    const watch = cluster.watches.of(kinds.configMaps, { namespace, labels: 'away=yes' })
    await okOf(watch.ready(soon()))
    await proxy.shut()
    const answer = await cluster.client.get(kinds.configMaps, { namespace, name: 'x' }, { signal: soon() })
    expect(answer).toMatchObject({ kind: 'unknown', because: expect.stringContaining('nothing listens') })
    const object = { ...mapOf('away'), metadata: { namespace, name: 'away', labels: { away: 'yes' } } }
    await okOf(direct.client.create(kinds.configMaps, object, { signal: soon() }))
    await proxy.reopen()
    await vi.waitFor(async () => expect((await okOf(watch.ready(soon()))).list({})).toHaveLength(1), within)
  })

  it('asks its helper for another token when the one it has has expired', async () => {
    const given = clusterGiven('green')
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: 'reader' } }
    const accounts = { group: '', version: 'v1', plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true }
    await okOf(direct.client.create(accounts, account, { signal: soon() }))
    const counter = join(folder, 'helper-runs')
    writeFileSync(
      join(folder, 'helper.sh'),
      `echo x >> ${counter}
      if [ "$(wc -l < ${counter})" -gt 1 ]; then token=${given.token}; else token=expired-token; fi
      echo '{"kind":"ExecCredential","status":{"token":"'$token'"}}'`,
    )
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: [join(folder, 'helper.sh')] }
    const renewed = await through({ exec })
    expect((await renewed.client.list(kinds.configMaps, { namespace }, { signal: soon() })).kind).toBe('ok')
    await renewed.close()

    const expired = await through({ token: 'expired-token' })
    const answer = await expired.client.list(kinds.configMaps, { namespace }, { signal: soon() })
    expect(answer).toMatchObject({
      kind: 'unknown',
      because: expect.stringContaining('does not accept the credentials (401)'),
    })
    expect(JSON.stringify(answer)).not.toContain('expired-token')
    await expired.close()
  })

  it('says which right is missing', async () => {
    const { token } = clusterGiven('green')
    const weak = await through({ token, as: 'nobody' })
    const answer = await weak.client.create(kinds.configMaps, mapOf('weak'), { signal: soon() })
    expect(answer).toMatchObject({
      kind: 'refused',
      because: expect.stringMatching(/not permitted: .*User "nobody" cannot create resource "configmaps"/),
    })
    expect(await weak.watches.of(kinds.secrets, { namespace }).ready(soon())).toMatchObject({ kind: 'refused' })
    await weak.close()
  })
})
