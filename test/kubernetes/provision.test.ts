import type { Deployment } from 'kubernetes-types/apps/v1.js'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Side } from '../../src/moves/goal.ts'
import { callFor } from '../../src/providers/contract/testing/harness.ts'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import type { KubernetesObject, Resource } from '../../src/providers/kubernetes/client/resource.ts'
import { surroundingKinds } from '../../src/providers/kubernetes/client/surrounding-kinds.ts'
import type { KubernetesProvider } from '../../src/providers/kubernetes/connect-kubernetes.ts'
import { clusterGiven, hasClusters, makeNamespace, okOf, soon } from './clusters.ts'
import { connectSide } from './connect-side.ts'
import { connectTo } from './connect-to.ts'
import { cronJobOf, deploymentOf } from './contract-world.ts'

const secretText = 'correct horse battery staple'
const rewrites = [{ from: 'db.blue.example', to: 'db.green.example', services: null, reason: null }]

describe.skipIf(!hasClusters)("green's copies of what stands on blue", () => {
  let clusters: Readonly<Record<Side, Cluster>>
  let namespaces: Readonly<Record<Side, string>>
  let green: KubernetesProvider
  beforeAll(async () => {
    clusters = { blue: await connectTo(clusterGiven('blue')), green: await connectTo(clusterGiven('green')) }
    namespaces = {
      blue: await makeNamespace(clusters.blue, 'copied'),
      green: await makeNamespace(clusters.green, 'copies'),
    }
    green = connectSide(clusters, namespaces, 'green', rewrites)
  })
  afterAll(async () => void (await Promise.all([clusters.blue.close(), clusters.green.close()])))

  const make = <T extends KubernetesObject>(side: Side, resource: Resource<T>, name: string, rest: object) => {
    const { kind, group, version } = resource
    const metadata = { namespace: namespaces[side], name }
    const apiVersion = group === '' ? version : `${group}/${version}`
    // An object of the kind, as the test writes it.
    const object = { apiVersion, kind, metadata, ...rest } as unknown as T
    return okOf(clusters[side].client.create(resource, object, { signal: soon() }))
  }
  const onGreen = <T extends KubernetesObject>(resource: Resource<T>, name: string): Promise<T | null> =>
    okOf(clusters.green.client.get(resource, { namespace: namespaces.green, name }, { signal: soon() }))
  /** Until green's watch has what a test made there. */
  const untilSeen = (name: string) =>
    vi.waitFor(async () => expect((await green.workloads.read(name, soon())).kind).toBe('ok'), {
      timeout: 30_000,
      interval: 20,
    })
  const deploymentWith = (name: string, pod: object): Deployment => {
    const made = deploymentOf(namespaces.blue, name, 2)
    const spec = { ...made.spec?.template.spec, ...pod }
    return { ...made, spec: { ...made.spec, template: { ...made.spec?.template, spec } } } as Deployment
  }
  const onBlue = (deployment: Deployment) =>
    okOf(clusters.blue.client.create(kinds.deployments, deployment, { signal: soon() }))

  it('makes what a workload needs around it, rewritten, before the workload itself', async () => {
    const app = { matchLabels: { app: 'web' } }
    await Promise.all([
      make('blue', surroundingKinds.serviceAccounts, 'web', { imagePullSecrets: [{ name: 'registry' }] }),
      make('blue', kinds.secrets, 'registry', { stringData: { token: secretText } }),
      make('blue', kinds.secrets, 'db', { stringData: { password: secretText } }),
      make('blue', kinds.configMaps, 'web', { data: { url: `postgres://db.blue.example/${namespaces.blue}` } }),
      make('blue', surroundingKinds.roles, 'web', {
        rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }],
      }),
      make('blue', surroundingKinds.roleBindings, 'web', {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'web' },
        subjects: [{ kind: 'ServiceAccount', name: 'web', namespace: namespaces.blue }],
      }),
      make('blue', surroundingKinds.networkPolicies, 'web', { spec: { podSelector: app, policyTypes: ['Ingress'] } }),
      make('blue', surroundingKinds.networkPolicies, 'all', { spec: { podSelector: {}, policyTypes: ['Ingress'] } }),
      make('blue', kinds.services, 'web', { spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } }),
      make('blue', kinds.services, 'elsewhere', { spec: { ports: [{ port: 80 }] } }),
      make('blue', surroundingKinds.budgets, 'web', { spec: { minAvailable: 1, selector: app } }),
    ])
    const env = [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }]
    const container = {
      name: 'main',
      image: 'registry.example/web:1',
      env,
      envFrom: [{ configMapRef: { name: 'web' } }],
    }
    await onBlue(deploymentWith('web', { serviceAccountName: 'web', containers: [container] }))

    const answer = await green.workloads.provision(callFor('web'), 'web', { replicas: 0 })
    expect(answer.kind).toBe('ok')
    expect(JSON.stringify(answer)).not.toContain(secretText)
    const [account, map, secret, binding, service] = await Promise.all([
      onGreen(surroundingKinds.serviceAccounts, 'web'),
      onGreen(kinds.configMaps, 'web'),
      onGreen(kinds.secrets, 'db'),
      onGreen(surroundingKinds.roleBindings, 'web'),
      onGreen(kinds.services, 'web'),
    ])
    expect(account?.imagePullSecrets).toEqual([{ name: 'registry' }])
    expect(map?.data).toEqual({ url: `postgres://db.green.example/${namespaces.blue}` })
    expect(Buffer.from(secret?.data?.['password'] ?? '', 'base64').toString()).toBe(secretText)
    expect(binding?.subjects).toEqual([{ kind: 'ServiceAccount', name: 'web', namespace: namespaces.green }])
    expect(service?.spec?.selector).toEqual({ app: 'web' })
    for (const [resource, name, isThere] of [
      [kinds.secrets, 'registry', true],
      [surroundingKinds.roles, 'web', true],
      [surroundingKinds.networkPolicies, 'web', true],
      [surroundingKinds.budgets, 'web', true],
      // It holds for everything in the namespace, also for what somebody else runs there.
      [surroundingKinds.networkPolicies, 'all', false],
      [kinds.services, 'elsewhere', false],
    ] as readonly (readonly [Resource, string, boolean])[])
      expect([name, (await onGreen(resource, name)) !== null]).toEqual([name, isThere])
    expect((await onGreen(kinds.deployments, 'web'))?.spec?.replicas).toBe(0)
    expect(JSON.stringify(account)).toContain('"manager":"titrate","operation":"Apply"')
  })

  it('leaves what somebody else made on green as it is', async () => {
    await make('blue', kinds.configMaps, 'kept', { data: { size: 'blue' } })
    await make('green', kinds.configMaps, 'kept', { data: { size: 'green' } })
    await onBlue(
      deploymentWith('kept', {
        containers: [{ name: 'main', image: 'registry.example/kept:1', envFrom: [{ configMapRef: { name: 'kept' } }] }],
      }),
    )
    await okOf(green.workloads.provision(callFor('kept'), 'kept', null))
    expect((await onGreen(kinds.configMaps, 'kept'))?.data).toEqual({ size: 'green' })
  })

  it('says which field of a copy somebody changed, and who, and changes nothing', async () => {
    await make('blue', kinds.configMaps, 'torn', { data: { size: '1', colour: 'blue' } })
    const envFrom = [{ configMapRef: { name: 'torn' } }]
    await onBlue(deploymentWith('torn', { containers: [{ name: 'main', image: 'registry.example/torn:1', envFrom }] }))
    const place = { namespace: namespaces.green, name: 'torn' }
    await okOf(green.workloads.provision(callFor('torn'), 'torn', null))
    await okOf(clusters.green.client.remove(kinds.deployments, place, { signal: soon() }))
    const changed = { kind: 'merge', body: { data: { size: '2' } }, manager: 'somebody' } as const
    await okOf(clusters.green.client.patch(kinds.configMaps, place, changed, { signal: soon() }))

    const answer = await green.workloads.provision(callFor('torn'), 'torn', null)
    expect(answer).toMatchObject({ kind: 'refused', because: expect.stringContaining('.data.size') })
    expect(JSON.stringify(answer)).toContain('somebody')
    expect((await onGreen(kinds.configMaps, 'torn'))?.data).toEqual({ size: '2', colour: 'blue' })
    expect(await onGreen(kinds.deployments, 'torn')).toBeNull()
  })

  it('takes over what GitOps made, and refuses it where it is not asleep', async () => {
    const asleep = { ...deploymentOf(namespaces.green, 'adopted', 0) }
    await okOf(clusters.green.client.create(kinds.deployments, asleep, { signal: soon() }))
    await untilSeen('adopted')
    await okOf(green.workloads.provision(callFor('adopted'), 'adopted', { replicas: 0 }))
    const seen = await okOf(green.workloads.read('adopted', soon()))
    expect(seen).toMatchObject({ desired: 0, stamp: { baseline: { replicas: 0 } } })

    const awake = deploymentOf(namespaces.green, 'awake', 1)
    await okOf(clusters.green.client.create(kinds.deployments, awake, { signal: soon() }))
    await untilSeen('awake')
    expect(await green.workloads.provision(callFor('awake'), 'awake', null)).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('green already runs 1 replicas of awake'),
    })
    const active = cronJobOf(namespaces.green, 'active', { suspend: false })
    await okOf(clusters.green.client.create(kinds.cronJobs, active, { signal: soon() }))
    await untilSeen('active')
    expect(await green.workloads.provision(callFor('active'), 'active', null)).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('CronJob active is active on green already'),
    })
  })

  it('refuses what keeps data, and what shares a volume that green does not have', async () => {
    const volumes = (claimName: string) => [{ name: 'data', persistentVolumeClaim: { claimName } }]
    const claim = (accessModes: readonly string[]) => ({
      spec: { accessModes, resources: { requests: { storage: '1Gi' } } },
    })
    await make('blue', surroundingKinds.claims, 'own', claim(['ReadWriteOnce']))
    await make('blue', surroundingKinds.claims, 'shared', claim(['ReadWriteMany']))
    const containers = [{ name: 'main', image: 'registry.example/data:1' }]
    await onBlue(deploymentWith('own', { containers, volumes: volumes('own') }))
    await onBlue(deploymentWith('shared', { containers, volumes: volumes('shared') }))
    expect(await green.workloads.provision(callFor('own'), 'own', null)).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('keeps data of its own (PersistentVolumeClaim own)'),
    })
    const shared = await green.workloads.provision(callFor('shared'), 'shared', null)
    expect(shared).toMatchObject({ kind: 'refused', because: expect.stringContaining('shares the volume of') })
    expect(await onGreen(kinds.deployments, 'shared')).toBeNull()

    await make('green', surroundingKinds.claims, 'shared', claim(['ReadWriteMany']))
    await okOf(green.workloads.provision(callFor('shared'), 'shared', null))
  })
})
