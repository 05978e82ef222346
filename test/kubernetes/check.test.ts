import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  aCronJob,
  aDeployment,
  aKubernetesService,
  anObject,
  type Body,
} from '../../src/kubernetes/testing/build-objects.ts'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import type { Resource } from '../../src/providers/kubernetes/client/resource.ts'
import { createAuthority } from '../../src/providers/kubernetes/client/testing/certificates.ts'
import { sendJson, startScriptedServer } from '../../src/providers/kubernetes/client/testing/scripted-server.ts'
import type { ManifestsView } from '../../src/views/manifests-view.ts'
import { clusterGiven, hasClusters, hasOwnClusters, makeNamespace, okOf, soon } from './clusters.ts'
import { connectTo } from './connect-to.ts'
import { putObjects, removeObject } from './put-objects.ts'
import { openTerminal, type Terminal } from './titrate.ts'

describe.skipIf(!hasClusters)('titrate check on real clusters', () => {
  let blue: Cluster
  let green: Cluster
  let terminal: Terminal
  let here: string
  let there: string
  beforeAll(async () => {
    blue = await connectTo(clusterGiven('blue'))
    green = await connectTo(clusterGiven('green'))
  })
  afterAll(async () => void (await Promise.all([blue?.close(), green?.close()])))
  beforeEach(async () => {
    terminal = openTerminal()
    here = await makeNamespace(blue, 'check')
    there = await makeNamespace(green, 'check')
  })
  afterEach(() => terminal.leave())

  const onBlue = (...bodies: readonly Body[]) => putObjects(blue, here, bodies)
  const onGreen = (...bodies: readonly Body[]) => putObjects(green, there, bodies)
  const both = (...more: readonly string[]) =>
    terminal.run(
      'check',
      '--blue-context',
      'blue',
      '--green-context',
      'green',
      '--namespace',
      here,
      '--green-namespace',
      there,
      ...more,
    )
  const view = async (...more: readonly string[]): Promise<ManifestsView> => {
    const { out, err } = await both('--output', 'json', ...more)
    if (out === '') throw new Error(err)
    return JSON.parse(out) as ManifestsView // what the program prints of a check
  }
  const web = (container: Body = {}): Body => aDeployment('web', { container })
  const differences = ({ parity }: ManifestsView) =>
    parity?.differing.flatMap((one) => one.differences.map(({ object, path }) => `${object} ${path}`)) ?? []

  it('says of one cluster whether it would run on Fargate, and what of the cluster it could not see', async () => {
    await onBlue(web({ securityContext: { privileged: true } }), aKubernetesService('web'), aCronJob('nightly'))
    const { spec } = web() as { readonly spec: { readonly selector: Body; readonly template: Body } } // as a Deployment has it
    await onBlue(
      anObject('apps/v1', 'DaemonSet', 'agent', { spec: { selector: spec.selector, template: spec.template } }),
    )
    const line = ['check', '--context', 'blue', '--namespace', here, '--platform', 'eks-fargate'] as const
    const { code, out, err } = await terminal.run(...line)
    expect([code, err]).toEqual([1, ''])
    expect(out).toMatch(new RegExp(`^blue \\(Kubernetes v1\\.\\d+\\S*\\): \\d+ objects in ${here}\n`))
    expect(out).toMatch(/web {2}internal\n/)
    expect(out).toContain('FG02')
    expect(out).toContain(`DaemonSet ${here}/agent`)
    expect(out).toContain('FG20: it needs the answer of "aws eks describe-fargate-profile"')
    const html = await terminal.run(...line, '--output', 'html')
    expect(html.out).toContain('Would it run on eks-fargate?')
    expect(html.out).toContain(`on blue (Kubernetes v1.`)
  })

  it("compares two clusters after green's own defaults and admission; what servers write is no difference", async () => {
    const priority = anObject('scheduling.k8s.io/v1', 'PriorityClass', `high-${here}`, { value: 10 })
    const estate = [
      priority,
      aDeployment('web', {
        container: { env: [{ name: 'A', value: '1' }] },
        pod: { priorityClassName: `high-${here}` },
      }),
      aKubernetesService('web'),
      aCronJob('nightly'),
      anObject('v1', 'ConfigMap', 'app', { data: { a: '1' } }),
      anObject('v1', 'ServiceAccount', 'web'),
      anObject('policy/v1', 'PodDisruptionBudget', 'web', {
        spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } },
      }),
      anObject('autoscaling/v2', 'HorizontalPodAutoscaler', 'web', {
        spec: { maxReplicas: 5, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
      }),
    ]
    await onBlue(...estate)
    await onGreen(...estate)
    const same = await view()
    expect([differences(same), same.parity?.notDryRun.objects, same.ok]).toEqual([[], 0, true])

    await onGreen(
      aDeployment('web', {
        pod: { priorityClassName: `high-${here}` },
        meta: { annotations: { team: 'other' } },
        container: {
          image: 'shop/web:1.3',
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
        },
      }),
    )
    await onBlue(aDeployment('worker'))
    const changed = await view()
    const at = `Deployment ${here}/web spec.template.spec.containers[app]`
    expect(differences(changed).toSorted()).toEqual([
      `Deployment ${here}/web metadata.annotations.team`,
      `${at}.env[B]`,
      `${at}.image`,
      `Deployment ${here}/worker object`,
    ])
    expect([changed.ok, changed.parity?.unexplained, changed.parity?.notDryRun.objects]).toEqual([false, 4, 0])
  })

  it("tells a policy of green's admission that refuses blue's object, and changes nothing", async () => {
    const policy = anObject('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicy', `no-latest-${there}`, {
      spec: {
        matchConstraints: {
          resourceRules: [
            { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments'] },
          ],
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': there } },
        },
        validations: [
          {
            expression: "object.spec.template.spec.containers.all(c, !c.image.endsWith(':latest'))",
            message: 'images need a version',
          },
        ],
      },
    })
    const binding = anObject(
      'admissionregistration.k8s.io/v1',
      'ValidatingAdmissionPolicyBinding',
      `no-latest-${there}`,
      {
        spec: { policyName: `no-latest-${there}`, validationActions: ['Deny'] },
      },
    )
    await putObjects(green, there, [policy, binding])
    await onBlue(web({ image: 'shop/web:latest' }))
    const refused = () => view().then(({ findings }) => findings.filter(({ rule }) => rule === 'KC04'))
    // A policy takes a moment to be in force.
    await expect.poll(refused, { timeout: 60_000 }).toMatchObject([
      {
        severity: 'error',
        object: `Deployment ${there}/web`,
        message: expect.stringContaining('images need a version'),
      },
    ])
    expect((await both()).code).toBe(1)
    expect(await okOf(green.client.list(deployments, { namespace: there }, { signal: soon() }))).toMatchObject({
      items: [],
    })
    await removeObject(green, binding)
    await removeObject(green, policy)
  })

  it.skipIf(!hasOwnClusters)('tells a webhook that refuses, and one that can not be called', async () => {
    const webhook = await startWebhook()
    const configuration = (sideEffects: string) =>
      anObject('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', `hook-${there}`, {
        webhooks: [
          {
            name: 'hook.example.com',
            admissionReviewVersions: ['v1'],
            sideEffects,
            clientConfig: { url: webhook.url, caBundle: Buffer.from(webhook.authority).toString('base64') },
            rules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['*'], resources: ['deployments'] }],
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': there } },
          },
        ],
      })
    try {
      await onBlue(web())
      await putObjects(green, there, [configuration('None')])
      const refused = () => view().then(({ findings }) => findings.filter(({ rule }) => rule === 'KC04'))
      await expect
        .poll(refused, { timeout: 60_000 })
        .toMatchObject([
          { object: `Deployment ${there}/web`, message: expect.stringContaining('ask the platform team') },
        ])
      await webhook.close()
      expect(await refused()).toMatchObject([{ message: expect.stringContaining('failed calling webhook') }])
    } finally {
      await removeObject(green, configuration('None'))
      await webhook.close()
    }
  })

  it('tells a quota that leaves no room', async () => {
    await onGreen(anObject('v1', 'ResourceQuota', 'few', { spec: { hard: { 'count/deployments.apps': '0' } } }))
    await onBlue(web())
    const found = () => view().then(({ findings }) => findings.filter(({ rule }) => rule === 'KC05'))
    await expect
      .poll(async () => (await found()).map(({ object, message }) => `${object}: ${message}`), { timeout: 60_000 })
      .toEqual([
        expect.stringMatching(/^ResourceQuota \S+: what moves needs 1 of count\/deployments.apps/),
        expect.stringMatching(/^Deployment \S+: .*exceeded quota: few/),
      ])
  })

  it('tells a namespace that is missing, or being deleted', async () => {
    await onBlue(web())
    const missing = await terminal.run(
      ...[
        'check',
        '--blue-context',
        'blue',
        '--green-context',
        'green',
        '--namespace',
        here,
        '--green-namespace',
        'nowhere-at-all',
      ],
    )
    expect(missing).toMatchObject({ code: 1, out: expect.stringContaining('green has no namespace nowhere-at-all') })

    await onGreen(anObject('v1', 'ConfigMap', 'holds', {}, { finalizers: ['titrate.dev/held'] }))
    await green.client.remove(namespaces, { name: there }, { signal: soon() })
    const { findings } = await view()
    expect(findings.map(({ rule }) => rule)).toContain('KC02')
    const body = { metadata: { finalizers: null } }
    await green.client.patch(
      configMaps,
      { namespace: there, name: 'holds' },
      { kind: 'merge', body },
      { signal: soon() },
    )
  })

  it('tells a kind that green does not serve', async () => {
    // One that no other test installs, for all of them share the clusters.
    const crd = anObject(
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      'podidentityassociations.eks.services.k8s.aws',
      {
        spec: {
          group: 'eks.services.k8s.aws',
          scope: 'Namespaced',
          names: {
            plural: 'podidentityassociations',
            kind: 'PodIdentityAssociation',
            singular: 'podidentityassociation',
            listKind: 'PodIdentityAssociationList',
          },
          versions: [
            {
              name: 'v1alpha1',
              served: true,
              storage: true,
              schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
            },
          ],
        },
      },
    )
    await putObjects(blue, here, [crd])
    const association = anObject('eks.services.k8s.aws/v1alpha1', 'PodIdentityAssociation', 'web', {
      spec: { serviceAccount: 'web' },
    })
    await expect
      .poll(
        () =>
          onBlue(web(), association).then(
            () => true,
            () => false,
          ),
        { timeout: 60_000 },
      )
      .toBe(true)
    const { findings, parity } = await view()
    expect(findings).toMatchObject([
      {
        rule: 'KC03',
        object: 'kind PodIdentityAssociation.eks.services.k8s.aws',
        message: expect.stringContaining('green does not know it'),
      },
      { rule: 'KC11' },
    ])
    expect(parity?.differing.flatMap(({ differences: all }) => all.map(({ object }) => object))).toContain(
      `PodIdentityAssociation ${here}/web`,
    )
    await removeObject(blue, crd)
  })

  it('writes what would bring green in line into a folder, or applies it: asleep, as our own manager, Secrets too', async () => {
    const secret = anObject('v1', 'Secret', 'db', { data: { password: Buffer.from('hunter2').toString('base64') } })
    await onBlue(
      secret,
      anObject('v1', 'ServiceAccount', 'web'),
      web({ env: [{ name: 'A', value: '1' }] }),
      aKubernetesService('web'),
      aDeployment('worker', { meta: { labels: { 'app.kubernetes.io/managed-by': 'Helm' } } }),
      aCronJob('nightly'),
    )
    const fixed = await both('--fix', 'fixes')
    expect(fixed.code).toBe(1)
    expect((await readdir(join(terminal.folder, 'fixes'))).toSorted()).toEqual([
      `cronjob-${there}-nightly.yaml`,
      `deployment-${there}-web.yaml`,
      `deployment-${there}-worker.yaml`,
      `service-${there}-web.yaml`,
      `serviceaccount-${there}-web.yaml`,
    ])
    expect(await both('--apply')).toMatchObject({ code: 2, err: expect.stringContaining('add --yes') })
    const list = await okOf(green.client.list(deployments, { namespace: there }, { signal: soon() }))
    expect(list.items).toEqual([])

    const { code, out, err } = await both('--apply', '--yes')
    expect([code, out]).toEqual([0, expect.stringMatching(/created +Secret \S+\/db\n/)])
    expect(`${fixed.out}${fixed.err}${out}${err}`).not.toMatch(/hunter2|aHVudGVyMg/)
    const get = async (kind: Resource, name: string) =>
      JSON.stringify(await okOf(green.client.get(kind, { namespace: there, name }, { signal: soon() })))
    expect(await get(deployments, 'worker')).toMatch(/"manager":"titrate","operation":"Apply".*"replicas":0/)
    expect(await get(deployments, 'worker')).not.toContain('Helm')
    expect(await get(deployments, 'web')).toContain('"replicas":2')
    expect(await get(cronJobs, 'nightly')).toContain('"suspend":true')
    expect(await get(core('secrets', 'Secret'), 'db')).toContain('aHVudGVyMg==')
    expect(await both('--apply', '--yes')).toMatchObject({ code: 0, out: expect.stringContaining('nothing to apply') })
  })

  it('leaves alone what somebody else set, and what GitOps would put back; says so', async () => {
    const env = [{ name: 'A', value: '1' }]
    await onBlue(
      web({ image: 'shop/web:2', env: [...env, { name: 'B', value: '2' }] }),
      aDeployment('api', { container: { env } }),
      aDeployment('added', { container: { env } }),
    )
    await onGreen(
      web({ image: 'shop/web:1', env }),
      aDeployment('api', { meta: { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:x/api' } } }),
      aDeployment('added'),
    )
    const { code, out } = await both('--apply', '--yes')
    expect(code).toBe(1)
    expect(out).toMatch(new RegExp(`left +Deployment ${there}/web: .*conflict with "somebody"`))
    expect(out).toContain(`left  Deployment ${there}/api: Argo CD manages it (application shop)`)
    expect(out).toContain(`changed  Deployment ${there}/added`)
    const added = await okOf(green.client.get(deployments, { namespace: there, name: 'added' }, { signal: soon() }))
    expect(JSON.stringify(added)).toContain('"env":[{"name":"A","value":"1"}]')
  })

  it('compares the two halves of one namespace, split by a label', async () => {
    const label = { 'eks.amazonaws.com/fargate-profile': 'shop' }
    await onBlue(
      web(),
      aDeployment('web-green', {
        labels: label,
        spec: {
          selector: { matchLabels: { app: 'web-green' } },
          template: { metadata: { labels: { app: 'web-green' } } },
        },
      }),
      anObject('v1', 'ConfigMap', 'app', { data: { a: '1' } }),
      aDeployment('worker'),
    )
    const { code, out } = await terminal.run(
      ...['check', '--context', 'blue', '--namespace', here, '--output', 'json'],
      ...['--selector', 'eks.amazonaws.com/fargate-profile=shop'],
    )
    const checked = JSON.parse(out) as ManifestsView // what the program prints of a check
    expect(code).toBe(1)
    const unexplained = checked.parity?.differing.flatMap(({ differences: all }) =>
      all.filter((one) => one.class === 'unexplained').map(({ object, path }) => `${object} ${path}`),
    )
    expect(unexplained?.toSorted()).toEqual([
      `Deployment ${here}/web spec.selector.matchLabels.app`,
      `Deployment ${here}/web spec.template.metadata.labels.app`,
      `Deployment ${here}/worker object`,
    ])
  })
})

const core = (plural: string, kind: string, namespaced = true): Resource => ({
  group: '',
  version: 'v1',
  plural,
  kind,
  namespaced,
})
const namespaces = core('namespaces', 'Namespace', false)
const configMaps = core('configmaps', 'ConfigMap')
const cronJobs: Resource = { group: 'batch', version: 'v1', plural: 'cronjobs', kind: 'CronJob', namespaced: true }
const deployments: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
}

/** An admission webhook that refuses everything. */
const startWebhook = async () => {
  const authority = createAuthority('webhook authority')
  const server = await startScriptedServer(
    ({ body }, response) => {
      const { request } = body as { request: { uid: string } } // an AdmissionReview
      const status = { message: 'no exceptions: ask the platform team' }
      sendJson(response, 200, {
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        response: { uid: request.uid, allowed: false, status },
      })
    },
    authority.issue({ commonName: 'webhook', hosts: ['127.0.0.1'] }),
  )
  return { url: `${server.url}/`, authority: authority.certificate, close: server.close }
}
