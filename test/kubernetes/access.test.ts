import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { JsonMap } from '../../src/kubernetes/json.ts'
import { mapsAt, textsAt } from '../../src/kubernetes/json.ts'
import { aDeployment, aKubernetesService, anObject, type Body } from '../../src/kubernetes/testing/build-objects.ts'
import { type Side, sides } from '../../src/moves/goal.ts'
import { clusterGiven, hasClusters, hasOwnClusters, okOf, soon } from './clusters.ts'
import { putObjects } from './put-objects.ts'
import { fillBlue, openReleaseEstate, quickPolicy, type ReleaseEstate } from './release-estate.ts'
import { signInAs } from './sign-in.ts'
import { type Ended, openTerminal, type Terminal } from './titrate.ts'

describe.skipIf(!hasClusters || !hasOwnClusters)(
  'a release with the rights that titrate access prints, and no others',
  () => {
    let estate: ReleaseEstate
    /** Somebody who signs in to both clusters as the ServiceAccount. */
    let narrow: Terminal
    let manifests: Readonly<Record<Side, readonly Body[]>>
    beforeAll(async () => {
      estate = await openReleaseEstate('access')
      await fillBlue(estate)
      await putObjects(estate.clusters.blue, estate.namespace, surrounded(estate.namespace))
      const { namespace } = estate
      const contexts = ['--blue-context', 'blue', '--green-context', 'green', '--namespace', namespace]
      await estate.titrate('init', ...contexts, '--name', 'narrow')
      // What surrounds a workload is copied with it.
      const parity = { waivers: [{ service: 'mailer', path: '*', reason: 'made with its copy' }] }
      estate.addToRelease({ ...quickPolicy, parity })
      manifests = { blue: await printed('blue'), green: await printed('green') }
      for (const side of sides) await putObjects(estate.clusters[side], namespace, manifests[side])
      const account = { namespace, name: 'titrate' }
      const files = await Promise.all(sides.map((side) => signInAs(clusterGiven(side), account, estate.folder)))
      narrow = openTerminal(files)
      writeFileSync(join(narrow.folder, 'release.yaml'), readFileSync(estate.path('release.yaml')))
    })
    afterAll(async () => {
      narrow?.leave()
      await estate?.close()
    })

    const printed = async (side: Side): Promise<readonly Body[]> => {
      const { code, out, err } = await estate.titrate('access', '--side', side)
      if (code !== 0) throw new Error(err)
      return parseAllDocuments(out).map((one) => one.toJS() as Body) // manifests
    }
    /** The role of a side without one verb of one kind. */
    const without = async (side: Side, verb: string, resource: string, kind = 'Role'): Promise<void> => {
      const lesser = manifests[side].map((one) =>
        one['kind'] === kind ? { ...one, rules: rulesWithout(one, verb, resource) } : one,
      )
      await putObjects(estate.clusters[side], estate.namespace, lesser)
    }
    const restored = (side: Side) => putObjects(estate.clusters[side], estate.namespace, manifests[side])
    const isOnGreen = async (name: string) => (await estate.isSuspended('green', name)) !== null

    it.each<[Side, string, string]>([
      ['blue', 'patch', 'cronjobs/status'],
      ['blue', 'delete', 'jobs'],
      ['green', 'create', 'deployments'],
      ['green', 'watch', 'pods'],
      ['green', 'list', 'cronjobs'],
    ])('is refused before anything moves when %s may not %s %s', async (side, verb, resource) => {
      await without(side, verb, resource)
      const refused = (): Promise<Ended> => narrow.run('plan')
      // A changed role takes a moment to be in force.
      await expect
        .poll(async () => (await refused()).err, { timeout: 60_000 })
        .toContain(`may not ${verb} ${resource.split('/')[0]}`)
      const plan = await refused()
      expect(plan.code).toBe(1)
      expect(plan.err).toContain(`${side} (${side}/${estate.namespace})`)
      expect(plan.err).toContain('"titrate access release.yaml" prints the roles')
      expect(await narrow.run('run', '--yes')).toMatchObject({ code: 1, err: expect.stringContaining('may not') })
      expect(await isOnGreen('invoices')).toBe(false)
      expect(await estate.isSuspended('blue', 'invoices')).toBe(false)
      await restored(side)
      await expect.poll(async () => (await narrow.run('plan')).code, { timeout: 60_000 }).toBe(0)
    })

    it('says in its plan whether schedules that are handed over will be guarded, and what that lacks', async () => {
      const notes = async (): Promise<string> => (await narrow.run('plan')).err
      const where = `blue (blue/${estate.namespace})`
      await expect
        .poll(notes, { timeout: 60_000 })
        .toContain(`note: ${where}: schedules that are handed over are guarded by an admission policy`)
      await without('blue', 'patch', 'validatingadmissionpolicies', 'ClusterRole')
      await expect
        .poll(notes, { timeout: 60_000 })
        .toMatch(/schedules are not guarded: .* lacks the rights to patch validatingadmissionpolicies\.\S+ titrate-/)
      expect(await notes()).toContain(`note: ${where}: schedules are not guarded`)
      await restored('blue')
    })

    it('is checked as two clusters are, where a page, a fix or an apply is asked for', async () => {
      const page = await estate.titrate('check', '--output', 'html', '--platform', 'eks-fargate', '--fix', 'fixes')
      expect(page.out).toContain('Would it run on eks-fargate?')
      expect(page.out).toContain('CronJob access-')
      expect(readdirSync(join(estate.folder, 'fixes'))).toContain(`deployment-${estate.namespace}-prices.yaml`)
      expect(await estate.titrate('check', '--apply')).toMatchObject({
        code: 2,
        err: expect.stringContaining('add --yes'),
      })
      expect(await isOnGreen('invoices')).toBe(false)
    })

    it('is refused where green has no room for what moves', async () => {
      const { clusters, namespace } = estate
      const quota = anObject('v1', 'ResourceQuota', 'few', { spec: { hard: { pods: '2' } } })
      await putObjects(clusters.green, namespace, [quota])
      await expect
        .poll(async () => (await narrow.run('check')).out, { timeout: 60_000 })
        .toMatch(/KC05 ResourceQuota \S+\/few .*what moves needs \d+ of pods beside the 0 in use, and the quota is 2/)
      await okOf(clusters.green.client.remove(quotas, { namespace, name: 'few' }, { signal: soon() }))
    })

    it('goes to its end', async () => {
      const { code, out, err } = await narrow.run('run', '--yes')
      expect([code, out, err]).toEqual([
        0,
        expect.stringContaining('narrow: done'),
        expect.not.stringContaining('not permitted'),
      ])
      expect(await estate.isSuspended('blue', 'invoices')).toBe(true)
      expect(await estate.isSuspended('green', 'invoices')).toBe(false)
    }, 600_000)
  },
)

const quotas = { group: '', version: 'v1', plural: 'resourcequotas', kind: 'ResourceQuota', namespaced: true } as const

/** A service with all around it that a copy needs. */
const surrounded = (namespace: string): readonly Body[] => [
  aDeployment('mailer', {
    pod: { serviceAccountName: 'mailer' },
    container: { envFrom: [{ configMapRef: { name: 'mail' } }, { secretRef: { name: 'mail' } }] },
    spec: { replicas: 1 },
  }),
  aKubernetesService('mailer'),
  anObject('v1', 'ServiceAccount', 'mailer'),
  anObject('v1', 'ConfigMap', 'mail', { data: { FROM: 'shop' } }),
  anObject('v1', 'Secret', 'mail', { data: { password: 'aHVudGVyMg==' } }),
  anObject('policy/v1', 'PodDisruptionBudget', 'mailer', {
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'mailer' } } },
  }),
  anObject('rbac.authorization.k8s.io/v1', 'Role', 'mailer', {
    rules: [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'update'] }],
  }),
  anObject('rbac.authorization.k8s.io/v1', 'RoleBinding', 'mailer', {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'mailer' },
    subjects: [{ kind: 'ServiceAccount', name: 'mailer', namespace }],
  }),
]

const rulesWithout = (role: Body, verb: string, resource: string): readonly JsonMap[] =>
  mapsAt(role, 'rules').flatMap(({ map }) => {
    const resources = textsAt(map, 'resources')
    const verbs = textsAt(map, 'verbs')
    if (!resources.includes(resource) || !verbs.includes(verb)) return [map]
    const others = resources.filter((one) => one !== resource)
    return [
      ...(others.length === 0 ? [] : [{ ...map, resources: others }]),
      ...(verbs.length === 1 ? [] : [{ ...map, resources: [resource], verbs: verbs.filter((one) => one !== verb) }]),
    ]
  })
