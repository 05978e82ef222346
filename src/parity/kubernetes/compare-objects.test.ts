import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMap, type JsonMap } from '../../kubernetes/json.ts'
import {
  aContainer,
  aCronJob,
  aDeployment,
  aKubernetesService,
  anObject,
  aWorkload,
  type Body,
  indexOf,
  over,
} from '../../kubernetes/testing/build-objects.ts'
import type { Json } from '../../moves/goal.ts'
import type { ParityRules } from '../rules.ts'
import { compareObjects, type ObjectsParityInput } from './compare-objects.ts'
import { samePlaces } from './expected-object.ts'

const now = Date.UTC(2026, 10, 24)
const digest = (text: string): string => createHmac('sha256', 'key of this test').update(text).digest('hex')

type Asked = Partial<Omit<ObjectsParityInput, 'blue' | 'green' | 'rules'>> & { readonly rules?: Partial<ParityRules> }

const compare = (blue: readonly Body[], green: readonly Body[], { rules, ...asked }: Asked = {}) =>
  compareObjects({
    blue: indexOf(...blue),
    green: indexOf(...green),
    places: samePlaces,
    dryRuns: null,
    digest,
    platform: null,
    now,
    ...asked,
    rules: { rewrites: [], waivers: [], ...rules },
  })

const differences = (blue: readonly Body[], green: readonly Body[], asked: Asked = {}) =>
  compare(blue, green, asked).services.flatMap(({ unexplained, declared, required }) => [
    ...unexplained,
    ...declared,
    ...required,
  ])
const paths = (blue: Body, green: Body, asked: Asked = {}) =>
  differences([blue], [green], asked).map(({ path }) => path)

const web = (container: Body = {}, parts: Parameters<typeof aDeployment>[1] = {}): Body =>
  aDeployment('web', { ...parts, container })
const pod = (change: Body): Body => aDeployment('web', { pod: change })
const secret = (data: Record<string, string>, name = 'db'): Body =>
  anObject('v1', 'Secret', name, {
    data: Object.fromEntries(Object.entries(data).map(([key, one]) => [key, Buffer.from(one).toString('base64')])),
  })
const config = (data: Body, name = 'app'): Body => anObject('v1', 'ConfigMap', name, { data })
const at = 'spec.template.spec.containers[app]'

describe('noise that does not appear', () => {
  /** Pairs of objects that mean the same. */
  const same: readonly (readonly [what: string, blue: Body, green: Body])[] = [
    [
      'what a server writes',
      web(),
      over(web(), {
        status: { replicas: 1 },
        metadata: {
          uid: 'u',
          resourceVersion: '7',
          generation: 9,
          creationTimestamp: '2026-01-01T00:00:00Z',
          managedFields: [{ time: 'x' }],
          ownerReferences: [],
        },
      }),
    ],
    [
      'last applied, revisions and restarts',
      web(),
      aDeployment('web', {
        meta: {
          annotations: {
            'kubectl.kubernetes.io/last-applied-configuration': '{}',
            'deployment.kubernetes.io/revision': '4',
          },
        },
        spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } } } },
      }),
    ],
    [
      'quantities',
      web({ resources: { requests: { cpu: '100m', memory: '1Gi' }, limits: { cpu: '1', memory: '2Gi' } } }),
      web({ resources: { requests: { cpu: '0.1', memory: '1024Mi' }, limits: { cpu: 1, memory: '2147483648' } } }),
    ],
    [
      'a limit without a request',
      web({ resources: { requests: null, limits: { cpu: '1', memory: '1Gi' } } }),
      web({ resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } } }),
    ],
    [
      'what an API server fills in',
      web({ ports: [{ containerPort: 80 }], readinessProbe: { httpGet: { path: '/', port: 80 } } }),
      web({
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        readinessProbe: {
          httpGet: { path: '/', port: 80, scheme: 'HTTP' },
          failureThreshold: 3,
          periodSeconds: 10,
          successThreshold: 1,
          timeoutSeconds: 1,
        },
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'IfNotPresent',
      }),
    ],
    [
      'defaults of a pod and its deployment',
      web(),
      aDeployment('web', {
        pod: {
          dnsPolicy: 'ClusterFirst',
          restartPolicy: 'Always',
          schedulerName: 'default-scheduler',
          securityContext: {},
          terminationGracePeriodSeconds: 30,
        },
        spec: {
          progressDeadlineSeconds: 600,
          revisionHistoryLimit: 10,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        },
      }),
    ],
    [
      'dropped null, false, zero and empty values',
      web({ env: [], stdin: false }, { spec: { minReadySeconds: 0 } }),
      web({ lifecycle: null, args: [] }),
    ],
    [
      'addresses that a cluster gave',
      aKubernetesService('web'),
      aKubernetesService('web', {
        clusterIP: '10.0.0.1',
        clusterIPs: ['10.0.0.1'],
        type: 'ClusterIP',
        sessionAffinity: 'None',
        internalTrafficPolicy: 'Cluster',
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
        ports: [{ port: 80, targetPort: 8080, protocol: 'TCP', nodePort: 31000 }],
      }),
    ],
    [
      'the order of containers, volumes and variables',
      pod({
        containers: [
          aContainer({
            name: 'a',
            env: [
              { name: 'X', value: '1' },
              { name: 'Y', value: '2' },
            ],
          }),
          aContainer({ name: 'b' }),
        ],
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'w', emptyDir: {} },
        ],
      }),
      pod({
        containers: [
          aContainer({ name: 'b' }),
          aContainer({
            name: 'a',
            env: [
              { name: 'Y', value: '2' },
              { name: 'X', value: '1' },
            ],
          }),
        ],
        volumes: [
          { name: 'w', emptyDir: {} },
          { name: 'v', emptyDir: {} },
        ],
      }),
    ],
    [
      'images of the same digest',
      web({ image: 'a.example.com/web:1@sha256:1' }),
      web({ image: 'b.example.com/web@sha256:1' }),
    ],
    [
      'the order of metrics',
      anObject('autoscaling/v2', 'HorizontalPodAutoscaler', 'web', {
        spec: {
          metrics: [
            { type: 'Resource', resource: { name: 'cpu' } },
            { type: 'Resource', resource: { name: 'memory' } },
          ],
        },
      }),
      anObject('autoscaling/v2', 'HorizontalPodAutoscaler', 'web', {
        spec: {
          metrics: [
            { type: 'Resource', resource: { name: 'memory' } },
            { type: 'Resource', resource: { name: 'cpu' } },
          ],
        },
      }),
    ],
    [
      'the order of rules and verbs',
      anObject('rbac.authorization.k8s.io/v1', 'Role', 'r', {
        rules: [
          { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
          { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'] },
        ],
      }),
      anObject('rbac.authorization.k8s.io/v1', 'Role', 'r', {
        rules: [
          { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'] },
          { apiGroups: [''], resources: ['pods'], verbs: ['list', 'get'] },
        ],
      }),
    ],
    [
      'rules that a controller gathers',
      anObject('rbac.authorization.k8s.io/v1', 'ClusterRole', 'all', {
        aggregationRule: { clusterRoleSelectors: [] },
        rules: [],
      }),
      anObject('rbac.authorization.k8s.io/v1', 'ClusterRole', 'all', {
        aggregationRule: { clusterRoleSelectors: [] },
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
      }),
    ],
    [
      'certificates that are injected',
      anObject('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'w', {
        webhooks: [{ name: 'a', clientConfig: { caBundle: 'x' } }],
      }),
      anObject('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'w', {
        webhooks: [{ name: 'a', clientConfig: { caBundle: 'y' } }],
      }),
    ],
    [
      'schemas of kinds',
      anObject('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'x', {
        spec: { versions: [{ name: 'v1', served: true, schema: { a: 1 } }] },
      }),
      anObject('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'x', {
        spec: { versions: [{ name: 'v1', served: true, schema: { b: 1 } }], conversion: { strategy: 'None' } },
      }),
    ],
    [
      'who manages it',
      web(),
      aDeployment('web', {
        meta: {
          annotations: { 'argocd.argoproj.io/tracking-id': 'a' },
          labels: { 'kustomize.toolkit.fluxcd.io/name': 'b' },
        },
      }),
    ],
    ['an unset type of a Secret', secret({ a: '1' }), over(secret({ a: '1' }), { type: 'Opaque' })],
  ]

  it.each(same)('%s', (_, blue, green) => {
    expect(paths(blue, green)).toEqual([])
    expect(paths(green, blue)).toEqual([])
  })

  it('is nothing of objects that a cluster, an operator or an autoscaler made', () => {
    const owned = (kind: string): Body => ({
      ownerReferences: [{ apiVersion: 'x/v1', kind, name: 'web', controller: true }],
    })
    const made = [
      aWorkload('ReplicaSet', 'web-1', { meta: owned('Deployment') }),
      anObject('autoscaling/v2', 'HorizontalPodAutoscaler', 'keda-hpa-web', {}, owned('ScaledObject')),
      config({ 'ca.crt': 'x' }, 'kube-root-ca.crt'),
      anObject('v1', 'ServiceAccount', 'default'),
      anObject('v1', 'Event', 'e'),
      over(secret({ token: 'x' }, 'sa'), { type: 'kubernetes.io/service-account-token' }) as Body,
    ]
    expect(differences([web(), ...made], [web()])).toEqual([])
  })

  it('is nothing whatever a server adds and whatever the order of keys is', () => {
    const rich = [
      web({ env: [{ name: 'A', value: '1' }], ports: [{ containerPort: 80 }] }),
      aCronJob('nightly'),
      aKubernetesService('web'),
      config({ a: 'b' }),
    ]
    const served = fc.record({ uid: fc.uuid(), resourceVersion: fc.nat().map(String), generation: fc.nat() })
    fc.assert(
      fc.property(fc.array(served, { minLength: rich.length, maxLength: rich.length }), (added) => {
        const live = rich.map(
          (one, index) => reversed(over(one, { metadata: added[index] ?? {}, status: { x: index } })) as Body,
        )
        expect(differences(rich, live)).toEqual([])
      }),
      { numRuns: 50 },
    )
  })
})

const reversed = (value: Json): Json =>
  isMap(value)
    ? Object.fromEntries(
        Object.entries(value)
          .toReversed()
          .map(([key, one]) => [key, reversed(one)]),
      )
    : value

describe('what differs', () => {
  it.each([
    [web({ image: 'web:1' }), web({ image: 'web:2' }), `${at}.image`, 'web:1', 'web:2'],
    [web({}, { spec: { replicas: 2 } }), web({}, { spec: { replicas: 3 } }), 'spec.replicas', '2', '3'],
    [web({ command: ['a', 'b'] }), web({ command: ['b', 'a'] }), `${at}.command`, 'a b', 'b a'],
    [
      web({ securityContext: { allowPrivilegeEscalation: false } }),
      web({ securityContext: {} }),
      `${at}.securityContext.allowPrivilegeEscalation`,
      'false',
      null,
    ],
    [
      web({ resources: { requests: { cpu: '100m' } } }),
      web({ resources: { requests: { cpu: '0.2' } } }),
      `${at}.resources.requests.cpu`,
      '100m',
      '0.2',
    ],
    [
      aKubernetesService('web', { clusterIP: 'None' }),
      aKubernetesService('web', { clusterIP: '10.0.0.1' }),
      'spec.clusterIP',
      'None',
      null,
    ],
    [pod({ volumes: [{ name: 'v', emptyDir: {} }] }), pod({}), 'spec.template.spec.volumes', '1 entry', null],
    [
      config({ 'a.conf': 'one\ntwo\nthree' }),
      config({ 'a.conf': 'one\n2\nthree' }),
      'data["a.conf"]',
      'line 2: two',
      'line 2: 2',
    ],
    [
      anObject('networking.k8s.io/v1', 'NetworkPolicy', 'n', {
        spec: { podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] },
      }),
      anObject('networking.k8s.io/v1', 'NetworkPolicy', 'n', { spec: { podSelector: {}, ingress: [{ from: [{}] }] } }),
      'spec.ingress[0].from[{"namespaceSelector":{}}]',
      '{ namespaceSelector }',
      null,
    ],
    [
      anObject('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'x', {
        spec: { versions: [{ name: 'v1', served: true }] },
      }),
      anObject('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'x', { spec: { versions: [] } }),
      'spec.versions[v1]',
      '{ name, served }',
      null,
    ],
    [
      anObject('v1', 'ServiceAccount', 'web', {}, { annotations: { 'eks.amazonaws.com/role-arn': 'a' } }),
      anObject('v1', 'ServiceAccount', 'web', {}, { annotations: { 'eks.amazonaws.com/role-arn': 'b' } }),
      'metadata.annotations["eks.amazonaws.com/role-arn"]',
      'a',
      'b',
    ],
  ] as const)('is told with its place and both values (%#)', (blue, green, path, was, is) => {
    expect(differences([blue], [green])[0]).toMatchObject({ path, blue: was, green: is, class: 'unexplained' })
  })

  it('is told under the service that an object belongs to, else under the environment', () => {
    const bodies = (value: string) => [
      web({ envFrom: [{ configMapRef: { name: 'app' } }] }),
      config({ LEVEL: value }),
      config({ x: value }, 'free'),
    ]
    expect(
      compare(bodies('a'), bodies('b')).services.map(({ service, unexplained }) => [
        service,
        unexplained.map(({ object, path }) => `${object} ${path}`),
      ]),
    ).toEqual([
      ['web', ['ConfigMap shop/app data.LEVEL']],
      ['environment', ['ConfigMap shop/free data.x']],
    ])
  })

  it('is not the number of replicas that an autoscaler owns', () => {
    const hpa = anObject('autoscaling/v2', 'HorizontalPodAutoscaler', 'web', {
      spec: { maxReplicas: 9, scaleTargetRef: { kind: 'Deployment', name: 'web' } },
    })
    expect(differences([web({}, { spec: { replicas: 2 } }), hpa], [web({}, { spec: { replicas: 7 } }), hpa])).toEqual(
      [],
    )
  })

  it('is objects that only one side has; of kinds without namespaces green may have more', () => {
    const storage = anObject('storage.k8s.io/v1', 'StorageClass', 'fast', { provisioner: 'x' })
    expect(
      differences([web(), storage], [aDeployment('api')]).map(({ object, path, blue, green }) => [
        object,
        path,
        blue,
        green,
      ]),
    ).toEqual([
      ['Deployment shop/api', 'object', null, 'Deployment shop/api'],
      ['Deployment shop/web', 'object', 'Deployment shop/web', null],
      ['StorageClass fast', 'object', 'StorageClass fast', null],
    ])
    expect(differences([web()], [web(), storage])).toEqual([])
  })
})

describe('variables', () => {
  const plain = [{ name: 'LEVEL', value: 'info' }]

  it('are compared by what they come to, wherever they come from', () => {
    const fromMap = web({ env: [{ name: 'LEVEL', valueFrom: { configMapKeyRef: { name: 'app', key: 'level' } } }] })
    const all = web({ envFrom: [{ configMapRef: { name: 'all' } }] })
    const content = [config({ level: 'info' }), config({ LEVEL: 'info' }, 'all')]
    expect(differences([web({ env: plain }), ...content], [fromMap, ...content])).toEqual([])
    expect(differences([fromMap, ...content], [all, ...content])).toEqual([])
    expect(
      differences([fromMap, ...content], [web({ env: [{ name: 'LEVEL', value: 'debug' }] }), ...content]),
    ).toMatchObject([
      {
        path: `${at}.env[LEVEL]`,
        blue: 'info',
        green: 'debug',
        why: 'the values differ (on blue it is from ConfigMap app, key level)',
      },
    ])
  })

  it('are told once, at the ConfigMap, where both sides read the same one', () => {
    const reads = web({ envFrom: [{ configMapRef: { name: 'app' } }] })
    expect(
      differences([reads, config({ LEVEL: 'a' })], [reads, config({ LEVEL: 'b' })]).map(({ path }) => path),
    ).toEqual(['data.LEVEL'])
  })

  it('go by names without hashes that a tool puts at their end', () => {
    const reads = (name: string) => web({ envFrom: [{ configMapRef: { name } }] })
    expect(
      differences(
        [reads('app-8mbdf7882g'), config({ A: '1' }, 'app-8mbdf7882g')],
        [reads('app-2tk5hfb9c6'), config({ A: '1' }, 'app-2tk5hfb9c6')],
      ),
    ).toEqual([])
  })
})

describe('secrets', () => {
  const reads = web({ env: [{ name: 'URL', valueFrom: { secretKeyRef: { name: 'db', key: 'url' } } }] })

  it('are the same by their content, and differ without being shown', () => {
    expect(differences([reads, secret({ url: 'hunter2' })], [reads, secret({ url: 'hunter2' })])).toEqual([])
    expect(differences([reads, secret({ url: 'hunter2' })], [reads, secret({ url: 'hunter3' })])).toHaveLength(1)
    const report = compare(
      [reads, secret({ url: 'hunter2', old: 'hunter4' })],
      [reads, secret({ url: 'hunter3-longer' })],
    )
    expect(report.services[0]?.unexplained.map(({ path, blue, green }) => [path, blue, green])).toEqual([
      ['data["old"]', 'secret', null],
      ['data["url"]', 'secret, differs', 'secret, differs'],
    ])
    expect(JSON.stringify(report)).not.toMatch(/hunter|aHVudGVy/)
    expect(report.fixes).toMatchObject([
      {
        object: 'Secret shop/db',
        manifest: null,
        steps: [expect.stringContaining("it isn't printed"), expect.stringContaining("it isn't printed")],
      },
    ])
  })

  it.each([
    [
      [web({ env: [{ name: 'DB_PASSWORD', value: 'hunter2' }] })],
      [web({ env: [{ name: 'DB_PASSWORD', value: 'hunter3' }] })],
    ],
    [[web({ env: [{ name: 'DB_PASSWORD', value: 'hunter2' }] })], [web({ image: 'web:9' })]],
    [[web({ env: [{ name: 'U', value: 'amqp://u:hunter2@mq' }] })], [web()]],
    [[web({ args: ['--password=hunter2'] })], [web({ args: ['--password=hunter3'] })]],
    [
      [pod({ containers: [aContainer(), aContainer({ name: 'b', env: [{ name: 'TOKEN', value: 'hunter2' }] })] })],
      [web()],
    ],
    [
      [config({ 'app.properties': 'db.password=hunter2\nx=1' })],
      [config({ 'app.properties': 'db.password=hunter3\nx=1' })],
    ],
    [[config({ API_TOKEN: 'hunter2' })], [config({ API_TOKEN: 'hunter3' })]],
    [
      [web({ env: [{ name: 'P', value: 'hunter2' }] })],
      [web({ env: [{ name: 'P', valueFrom: { secretKeyRef: { name: 'db', key: 'p' } } }] }), secret({ p: 'hunter2' })],
    ],
    [[secret({ p: 'hunter2' })], []],
    [[], [secret({ p: 'hunter2' })]],
    [[config({ password: 'hunter2' })], []],
  ] as const)('that people wrote in plain sight are not shown either, nor in fixes (%#)', (blue, green) => {
    const report = compare(blue, green)
    expect(report.unexplained).toBeGreaterThan(0)
    expect(JSON.stringify(report)).not.toMatch(/hunter|aHVudGVy/)
  })
})

describe('classes', () => {
  const required = (blue: Body, green: Body): readonly string[] =>
    differences([blue], [green], { platform: 'eks-fargate' })
      .filter((one) => one.class === 'required')
      .map(({ why }) => why)
  const ingress = (annotations: Body): Body =>
    anObject('networking.k8s.io/v1', 'Ingress', 'front', { spec: { ingressClassName: 'alb' } }, { annotations })

  it.each([
    [aCronJob('j'), aCronJob('j', { spec: { suspend: true } }), 'green sleeps until the schedule is handed over'],
    [web(), web({}, { spec: { replicas: 0 } }), 'green sleeps until its step'],
    [
      ingress({ 'alb.ingress.kubernetes.io/target-type': 'instance' }),
      ingress({ 'alb.ingress.kubernetes.io/target-type': 'ip' }),
      'Fargate asks for it (FG26)',
    ],
    [aKubernetesService('w', { type: 'NodePort' }), aKubernetesService('w'), 'Fargate asks for it (FG27)'],
    [pod({ nodeSelector: { disk: 'ssd' } }), pod({}), 'Fargate asks for it (FG28)'],
    [web({ securityContext: { privileged: true } }), web({ securityContext: {} }), 'Fargate asks for it (FG02)'],
    [
      web({ resources: { requests: { cpu: '100m' }, limits: { cpu: '250m' } } }),
      web({ resources: { requests: { cpu: '250m' } } }),
      'Fargate asks for it (FG17)',
    ],
    [aCronJob('j', {}, { ttlSecondsAfterFinished: null }), aCronJob('j'), 'Fargate asks for it (FG31)'],
    [
      pod({
        volumes: [
          { name: 'r', hostPath: { path: '/run' } },
          { name: 'e', emptyDir: {} },
        ],
      }),
      pod({ volumes: [{ name: 'e', emptyDir: {} }] }),
      'Fargate asks for it (FG07)',
    ],
    [
      web({ env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } }] }),
      web(),
      'Fargate asks for it (FG36)',
    ],
  ] as const)('are required where the platform or Titrate asks for it (%#)', (blue, green, why) => {
    expect(required(blue, green)).toEqual([why])
  })

  it('are not required the other way round, or on another platform', () => {
    expect(required(pod({}), pod({ nodeSelector: { disk: 'ssd' } }))).toEqual([])
    expect(differences([pod({ nodeSelector: { disk: 'ssd' } })], [pod({})])).toMatchObject([{ class: 'unexplained' }])
    expect(differences([aCronJob('j', { spec: { suspend: true } })], [aCronJob('j')])).toMatchObject([
      { class: 'unexplained', why: 'it is suspended on blue, so it has to be on green, and stays so' },
    ])
    expect(differences([aWorkload('DaemonSet', 'd')], [], { platform: 'eks-fargate' })).toMatchObject([
      { class: 'required', why: 'Fargate asks for it (FG01)' },
    ])
  })

  const rewrite = { from: 'eu-1', to: 'us-2', services: null, reason: 'green is elsewhere' }

  it('are declared by a rewrite, also in variables', () => {
    const of = (region: string) =>
      web({ image: `${region}.example.com/web:1`, env: [{ name: 'REGION', value: region }] })
    expect(
      differences([of('eu-1')], [of('us-2')], { rules: { rewrites: [rewrite] } }).map(({ path, class: one, why }) => [
        path,
        one,
        why,
      ]),
    ).toEqual([
      [`${at}.env[REGION]`, 'declared', 'rewrite eu-1 → us-2 (green is elsewhere)'],
      [`${at}.image`, 'declared', 'rewrite eu-1 → us-2 (green is elsewhere)'],
    ])
    expect(differences([of('eu-1')], [of('us-3')], { rules: { rewrites: [rewrite] } })).toMatchObject([
      { path: `${at}.image`, class: 'unexplained', why: "blue's value, rewritten, would be us-2.example.com/web:1" },
      { path: `${at}.env[REGION]`, class: 'unexplained', why: "blue's value, rewritten, would be us-2" },
    ])
  })

  it('are declared by a waiver until it ends, by path or by object and path', () => {
    const pair = [[web({ image: 'a:1' })], [web({ image: 'a:2' })]] as const
    const waiver = (path: string, untilMs: number | null = null) => ({
      service: 'web',
      path,
      reason: 'agreed',
      untilMs,
    })
    const asked = (path: string, untilMs: number | null = null) => ({ rules: { waivers: [waiver(path, untilMs)] } })
    expect(differences(...pair, asked('*.image'))).toMatchObject([{ class: 'declared', why: 'waived: agreed' }])
    expect(differences(...pair, asked('Deployment shop/web *'))).toMatchObject([{ class: 'declared' }])
    expect(differences([web()], [], asked('Deployment shop/web'))).toMatchObject([{ class: 'declared' }])
    expect(compare(...pair, asked('*.image', now))).toMatchObject({
      unexplained: 1,
      findings: [{ message: expect.stringContaining('ended on') }],
    })
    expect(compare(...pair, asked('nothing')).findings).toMatchObject([
      { message: expect.stringContaining('matches no difference') },
    ])
  })

  it('know that namespaces and names of green are others', () => {
    const blue = aDeployment('web', {
      meta: { namespace: 'blue' },
      container: { env: [{ name: 'U', value: 'http://api.blue.svc.cluster.local' }] },
    })
    const green = aDeployment('web2', {
      meta: { namespace: 'green' },
      labels: { app: 'web' },
      spec: { selector: { matchLabels: { app: 'web' } } },
      container: { env: [{ name: 'U', value: 'http://api.green.svc.cluster.local' }] },
    })
    const places = {
      namespace: (name: string) => (name === 'blue' ? 'green' : name),
      name: ({ name }: { name: string }) => (name === 'web' ? 'web2' : name),
    }
    expect(differences([blue], [green], { places })).toEqual([])
  })
})

describe('the dry run', () => {
  const key = 'Deployment shop/web'

  it('counts instead of the object as it is written', () => {
    const made = { kind: 'ok' as const, object: web({}, { spec: { paused: true } }) as JsonMap }
    const report = compare([web()], [web({}, { spec: { paused: true } })], { dryRuns: new Map([[key, made]]) })
    expect(report).toMatchObject({ unexplained: 0, notDryRun: [] })
  })

  it('is said to be missing where there was none, with the reason', () => {
    expect(compare([web()], [web()]).notDryRun).toEqual([
      { object: 'Deployment shop/web', because: 'no cluster was asked' },
    ])
    const dryRuns = new Map([
      [key, { kind: 'refused' as const, because: 'the webhook has side effects', why: 'no dry run' as const }],
    ])
    expect(compare([web()], [web()], { dryRuns }).notDryRun).toEqual([
      { object: 'Deployment shop/web', because: 'the webhook has side effects' },
    ])
  })
})

describe('fixes', () => {
  const fix = (blue: readonly Body[], green: readonly Body[], asked: Asked = {}) => compare(blue, green, asked).fixes

  it('bring green in line: with them nothing differs any more, and what is required stays', () => {
    const blue = [
      pod({
        nodeSelector: { disk: 'ssd' },
        containers: [
          aContainer({
            image: 'web:2',
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
          }),
          aContainer({ name: 'side', env: [{ name: 'C', value: '3' }] }),
        ],
      }),
      aCronJob('nightly'),
      config({ a: '1' }),
    ]
    const green = [
      pod({
        containers: [
          aContainer({
            image: 'web:1',
            env: [
              { name: 'A', value: '0' },
              { name: 'OLD', value: 'x' },
            ],
          }),
        ],
      }),
      config({ a: '2', b: '3' }),
    ]
    const asked = { platform: 'eks-fargate' as const }
    const fixes = fix(blue, green, asked)
    expect(fixes.map(({ object }) => object)).toEqual([
      'Deployment shop/web',
      'ConfigMap shop/app',
      'CronJob shop/nightly',
    ])
    const mended = fixes.flatMap(({ manifest }) => (manifest === null ? [] : [manifest as Body]))
    expect(compare(blue, mended, asked)).toMatchObject({ unexplained: 0 })
    const text = JSON.stringify(mended)
    expect(text).not.toContain('OLD')
    expect(text).not.toContain('nodeSelector')
    expect(mended.find(({ kind }) => kind === 'CronJob')).toMatchObject({ spec: { suspend: true } })
  })

  it('leave out what only a server writes, and name green as it is there', () => {
    const places = { namespace: () => 'green', name: ({ name }: { name: string }) => name }
    const live = over(web(), { metadata: { uid: 'u', resourceVersion: '1' }, status: { x: 1 } }) as Body
    expect(fix([live], [], { places })).toMatchObject([
      { object: 'Deployment green/web', manifest: { metadata: { name: 'web', namespace: 'green' } } },
    ])
    expect(JSON.stringify(fix([live], [], { places }))).not.toMatch(/"uid"|resourceVersion|status/)
  })

  it('let nothing act at its birth: schedules are suspended, workers are at 0, and their autoscaler is paused', () => {
    const scaled = anObject('keda.sh/v1alpha1', 'ScaledObject', 'web', { spec: { scaleTargetRef: { name: 'web' } } })
    const blue = [web(), aCronJob('nightly'), scaled, aDeployment('api'), aKubernetesService('api')]
    const fixes = fix(blue, [])
    const manifest = (object: string) => fixes.find((one) => one.object === object)?.manifest
    expect(manifest('CronJob shop/nightly')).toMatchObject({ spec: { suspend: true } })
    expect(manifest('Deployment shop/web')).toMatchObject({ spec: { replicas: 0 } })
    expect(manifest('Deployment shop/api')).toMatchObject({ spec: { replicas: 2 } })
    expect(manifest('ScaledObject shop/web')).toMatchObject({
      metadata: { annotations: { 'autoscaling.keda.sh/paused-replicas': '0' } },
    })
    const mended = fixes.flatMap((one) => (one.manifest === null ? [] : [one.manifest as Body]))
    expect(compare(blue, mended)).toMatchObject({ unexplained: 0 })
  })

  it('are left to people where they would show a secret, or delete something', () => {
    expect(
      fix(
        [web({ image: 'web:2', env: [{ name: 'PASSWORD', value: 'hunter2' }] })],
        [web({ env: [{ name: 'PASSWORD', value: 'hunter2' }] })],
      ),
    ).toMatchObject([
      { manifest: null, steps: [expect.stringContaining('set '), expect.stringContaining('secret in plain sight')] },
    ])
    expect(fix([], [config({ a: '1' })])).toMatchObject([
      { manifest: null, steps: ['delete ConfigMap shop/app on green, or give blue one'] },
    ])
  })
})
