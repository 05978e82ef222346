/** Other people, and deployments, on schedules that were handed over. */
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Side } from '../../src/moves/goal.ts'
import { annotation } from '../../src/providers/kubernetes/annotations.ts'
import { type Cluster, connectCluster } from '../../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import type { KubernetesObject, Resource } from '../../src/providers/kubernetes/client/resource.ts'
import { bindings, nameOfGuard, policies } from '../../src/providers/kubernetes/unsuspend-guard.ts'
import { carriedOut, contextOf, makeCronJobs, minute, openArena } from './arena.ts'
import { clusterGiven, hasOwnClusters, okOf, soon } from './clusters.ts'
import { connectTo, realDeps } from './connect-to.ts'
import { kubeconfigOf } from './control-plane.ts'

const within = { timeout: minute, interval: 100 }
const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1' } as const
const clusterRoles: Resource = { ...rbac, plural: 'clusterroles', kind: 'ClusterRole', namespaced: false }
const roleBindings: Resource = { ...rbac, plural: 'rolebindings', kind: 'RoleBinding', namespaced: true }

const running = { spec: { suspend: false } }

describe.skipIf(!hasOwnClusters)('what keeps others from unsuspending schedules', { concurrent: true }, () => {
  let clusters: Readonly<Record<Side, Cluster>>
  let folder: string
  const opened: Cluster[] = []
  /** Somebody else, with all rights in namespaces and none on the cluster's own kinds. */
  const connectAs = async (side: Side, user: string): Promise<Cluster> => {
    const { server, authority, token } = clusterGiven(side)
    const file = join(folder, `${side}-${user}`)
    writeFileSync(file, kubeconfigOf(side, server, authority, { token, as: user }))
    const cluster = await connectCluster({ file, context: null, requestsPerSecond: 500 }, realDeps)
    opened.push(cluster)
    return cluster
  }
  const allow = async (side: Side, namespace: string, user: string): Promise<void> => {
    const roleRef = { apiGroup: rbac.group, kind: 'ClusterRole', name: 'titrate-tests-namespace' }
    const subjects = [{ apiGroup: rbac.group, kind: 'User', name: user }]
    const binding = { apiVersion: `${rbac.group}/v1`, kind: 'RoleBinding', metadata: { namespace, name: user } }
    // The rest of a RoleBinding is not in the shape that all objects have.
    const object = { ...binding, roleRef, subjects } as KubernetesObject
    await okOf(clusters[side].client.create(roleBindings, object, { signal: soon() }))
  }
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'titrate-guard-test-'))
    clusters = { blue: await connectTo(clusterGiven('blue')), green: await connectTo(clusterGiven('green')) }
    const rules = [
      {
        apiGroups: ['', 'apps', 'autoscaling', 'batch', 'networking.k8s.io', 'policy', 'rbac.authorization.k8s.io'],
        resources: ['*'],
        verbs: ['*'],
      },
    ]
    for (const side of ['blue', 'green'] as const) {
      const role = {
        apiVersion: `${rbac.group}/v1`,
        kind: 'ClusterRole',
        metadata: { name: 'titrate-tests-namespace' },
      }
      const object = { ...role, rules } as KubernetesObject // as above
      const patch = { kind: 'apply', object, manager: 'titrate-tests', force: true } as const
      await okOf(clusters[side].client.patch(clusterRoles, { name: role.metadata.name }, patch, { signal: soon() }))
    }
  })
  afterAll(async () => {
    await Promise.all([...opened, clusters.blue, clusters.green].map((each) => each.close()))
    await rm(folder, { recursive: true })
  })
  const patchAs = ({ client }: Cluster, place: { namespace: string; name: string }, body: object, dryRun = false) =>
    client.patch(kinds.cronJobs, place, { kind: 'merge', body }, { signal: soon(), dryRun })

  it('is a policy of the cluster, which goes when the schedule is back and the environment is free', async () => {
    const arena = await openArena(clusters, 'guarded')
    const namespace = arena.namespace.blue
    const place = { namespace, name: 'invoices' }
    await makeCronJobs(clusters.blue, namespace, ['invoices', 'other'])
    await allow('blue', namespace, 'deployer')
    const deployer = await connectAs('blue', 'deployer')
    const sides = arena.connect()
    await okOf(sides.blue.claims.claim('shop', 1, soon()))
    await carriedOut({ kind: 'provision' }, contextOf(sides, 'invoices', { version: 1 }))
    const result = await carriedOut({ kind: 'schedule', owner: 'green' }, contextOf(sides, 'invoices', { version: 2 }))
    expect(result).toMatchObject({ owner: 'green', note: null })

    // Policies take effect within a second or so; a dry run goes through admission, and leaves nothing.
    await vi.waitFor(async () => {
      const answer = await patchAs(deployer, place, running, true)
      expect(answer).toMatchObject({ kind: 'refused', because: expect.stringContaining('handed over by Titrate') })
    }, within)
    expect((await patchAs(deployer, place, running)).kind).toBe('refused')
    const withoutStamp = { metadata: { annotations: { [annotation.stamp]: null } } }
    expect((await patchAs(deployer, place, withoutStamp)).kind).toBe('refused')
    // All else is theirs to change, and other schedules are none of our business.
    expect((await patchAs(deployer, place, { metadata: { labels: { team: 'billing' } } })).kind).toBe('ok')
    expect((await patchAs(deployer, place, { spec: { schedule: '*/2 * * * *' } })).kind).toBe('ok')
    const other = { namespace, name: 'other' }
    expect((await patchAs(deployer, other, { spec: { suspend: true } })).kind).toBe('ok')
    expect((await patchAs(deployer, other, running)).kind).toBe('ok')

    await carriedOut({ kind: 'schedule', owner: 'blue' }, contextOf(sides, 'invoices', { version: 3 }))
    const onBlue = await okOf(clusters.blue.client.get(kinds.cronJobs, place, { signal: soon() }))
    expect(onBlue?.spec?.suspend).toBe(false)
    expect((await patchAs(deployer, place, { spec: { suspend: true } })).kind).toBe('ok')
    await okOf(sides.blue.claims.free('shop', 1, AbortSignal.timeout(minute)))
    for (const resource of [policies, bindings])
      expect(
        await okOf(clusters.blue.client.get(resource, { name: nameOfGuard(namespace) }, { signal: soon() })),
      ).toBeNull()
    arena.end()
  })

  it('goes when the glass is broken, and when we come back as somebody else', async () => {
    const arena = await openArena(clusters, 'guarded')
    await makeCronJobs(clusters.blue, arena.namespace.blue, ['invoices'])
    const sides = arena.connect()
    await carriedOut({ kind: 'provision' }, contextOf(sides, 'invoices', { version: 1 }))
    await carriedOut({ kind: 'schedule', owner: 'green' }, contextOf(sides, 'invoices', { version: 2 }))
    // The policy as somebody else had put it up.
    const name = nameOfGuard(arena.namespace.blue)
    const others = [{ name: 'by-others', expression: 'request.userInfo.username != "somebody-else"' }]
    const policy = await okOf(clusters.blue.client.get(policies, { name }, { signal: soon() }))
    expect(policy).not.toBeNull()
    const patch = { kind: 'strategic', body: { spec: { matchConditions: others } } } as const
    await okOf(clusters.blue.client.patch(policies, { name }, patch, { signal: soon() }))
    await vi.waitFor(async () => {
      const place = { namespace: arena.namespace.blue, name: 'invoices' }
      expect((await patchAs(clusters.blue, place, running, true)).kind).toBe('refused')
    }, within)
    await carriedOut({ kind: 'schedule', owner: 'blue' }, contextOf(sides, 'invoices', { version: 3 }))
    expect(await okOf(clusters.blue.client.get(policies, { name }, { signal: soon() }))).toBeNull()

    await carriedOut({ kind: 'schedule', owner: 'green' }, contextOf(sides, 'invoices', { version: 4 }))
    expect(await okOf(clusters.blue.client.get(policies, { name }, { signal: soon() }))).not.toBeNull()
    await okOf(sides.blue.claims.stop({ at: Date.now(), by: 'test', because: 'test' }, 2, soon()))
    expect(await okOf(clusters.blue.client.get(policies, { name }, { signal: soon() }))).toBeNull()
    arena.end()
  })

  it('is missed in words where we may not make policies', async () => {
    const arena = await openArena(clusters, 'unguarded')
    await makeCronJobs(clusters.blue, arena.namespace.blue, ['invoices'])
    await allow('blue', arena.namespace.blue, 'mover')
    await allow('green', arena.namespace.green, 'mover')
    const sides = arena.connect({ blue: await connectAs('blue', 'mover'), green: await connectAs('green', 'mover') })
    await carriedOut({ kind: 'provision' }, contextOf(sides, 'invoices', { version: 1 }))
    const result = await carriedOut({ kind: 'schedule', owner: 'green' }, contextOf(sides, 'invoices', { version: 2 }))
    expect(result).toMatchObject({
      owner: 'green',
      note: expect.stringMatching(/^blue stays stopped until someone unsuspends it: .*not permitted/),
    })
    arena.end()
  })
})
