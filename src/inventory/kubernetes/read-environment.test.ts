import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { indexObjects } from '../../kubernetes/index-objects.ts'
import {
  aCronJob,
  aDeployment,
  aKubernetesService,
  anObject,
  aWorkload,
  type Body,
  indexOf,
  objectsOf,
} from '../../kubernetes/testing/build-objects.ts'
import type { Json } from '../../moves/goal.ts'
import type { EstateService } from '../estate.ts'
import { takeInventory } from '../take-inventory.ts'
import { readEnvironment } from './read-environment.ts'

const digest = (text: string): string => createHmac('sha256', 'key of this test').update(text).digest('hex')
const read = (...bodies: readonly Body[]) => readEnvironment(indexOf(...bodies), { name: 'blue', readAt: 0, digest })
const nobody = { name: 'green', provider: 'kubernetes', readAt: 0, services: [] }
const estateOf = (...bodies: readonly Body[]) => takeInventory({ blue: read(...bodies), green: nobody, overrides: {} })

const service = (name: string, ...bodies: readonly Body[]): EstateService => {
  const found = estateOf(...bodies).services.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no ${name}`)
  return found
}
const kindsOf = (name: string, ...bodies: readonly Body[]) => service(name, ...bodies).kinds.join('+')
const needsOf = (name: string, ...bodies: readonly Body[]) =>
  service(name, ...bodies).needs.map((need) => [need.service, need.evidence])

const web = (env: readonly Json[] = [], more: Body = {}): Body => aDeployment('web', { container: { env, ...more } })
const listens = (name: string): readonly Body[] => [aDeployment(name), aKubernetesService(name)]
const ingress = (host: string, to: string, meta: Body = {}): Body =>
  anObject(
    'networking.k8s.io/v1',
    'Ingress',
    'front',
    {
      spec: {
        rules: [{ host, http: { paths: [{ path: '/', backend: { service: { name: to, port: { number: 80 } } } }] } }],
      },
    },
    meta,
  )
const httpRoute = (parent: Body, to: string, more: Body = {}): Body =>
  anObject('gateway.networking.k8s.io/v1', 'HTTPRoute', 'route', {
    spec: { parentRefs: [parent], rules: [{ backendRefs: [{ name: to, port: 80 }] }], ...more },
  })
const scaledObject = (target: string, trigger: Body): Body =>
  anObject('keda.sh/v1alpha1', 'ScaledObject', target, {
    spec: { scaleTargetRef: { name: target }, triggers: [trigger] },
  })
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const secret = (name: string, data: Record<string, string>): Body =>
  anObject('v1', 'Secret', name, {
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])),
  })

describe('what a workload uses', () => {
  it('has what KEDA logs in with for it, and what its account pulls images with', () => {
    const login = anObject('keda.sh/v1alpha1', 'TriggerAuthentication', 'queue', {
      spec: { secretTargetRef: [{ parameter: 'key', name: 'queue', key: 'key' }] },
    })
    const account = anObject('v1', 'ServiceAccount', 'default', { imagePullSecrets: [{ name: 'registry' }] })
    const trigger = { type: 'kafka', authenticationRef: { name: 'queue' } }
    const secrets = [secret('queue', { key: 'x' }), secret('registry', { token: 'x' }), secret('other', {})]
    const [web] = read(aDeployment('web'), scaledObject('web', trigger), login, account, ...secrets).services
    const uses = web?.observed?.uses.join('\n') ?? ''
    expect(uses).toMatch(/TriggerAuthentication queue/)
    expect(uses).toMatch(/Secret queue/)
    expect(uses).toMatch(/Secret registry/)
    expect(uses).not.toMatch(/Secret other/)
  })
})

describe('replicas', () => {
  const replicasOf = (...bodies: readonly Body[]) => read(...bodies).services[0]?.replicas
  const hpa = (maxReplicas: number): Body =>
    anObject('autoscaling/v2', 'HorizontalPodAutoscaler', 'web', {
      spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, minReplicas: 2, maxReplicas },
    })

  it('are the most that an autoscaler may start, unless it is at rest', () => {
    expect(replicasOf(aDeployment('web'))).toBe(2)
    expect(replicasOf(aDeployment('web'), hpa(9))).toBe(9)
    expect(replicasOf(aDeployment('web', { spec: { replicas: 0 } }), hpa(9))).toBe(0)
    const keda = scaledObject('web', { type: 'kafka' })
    expect(replicasOf(aDeployment('web', { spec: { replicas: 0 } }), keda)).toBe(100)
    const paused = { annotations: { 'autoscaling.keda.sh/paused-replicas': '3' } }
    const held = anObject(
      'keda.sh/v1alpha1',
      'ScaledObject',
      'web',
      { spec: { scaleTargetRef: { name: 'web' } } },
      paused,
    )
    expect(replicasOf(aDeployment('web'), held)).toBe(3)
  })
})

describe('kinds', () => {
  it.each([
    [
      'an Ingress',
      [ingress('shop.example.com', 'web')],
      'Ingress shop/front sends shop.example.com/ to it, by Service web',
    ],
    [
      'an HTTPRoute',
      [httpRoute({ name: 'gateway' }, 'web', { hostnames: ['shop.example.com'] })],
      'HTTPRoute shop/route sends shop.example.com to it, by Service web',
    ],
    [
      'a LoadBalancer',
      [aKubernetesService('public', { type: 'LoadBalancer', selector: { app: 'web' } })],
      'Service shop/public is a LoadBalancer',
    ],
    [
      'a NodePort',
      [aKubernetesService('public', { type: 'NodePort', selector: { app: 'web' } })],
      'Service shop/public is a NodePort',
    ],
  ] as const)('are exposed by %s, also where another Service is the one that is reached', (_, more, reason) => {
    const { kinds, reasons } = service('web', ...listens('web'), ...more)
    expect([kinds, reasons]).toEqual([['exposed'], [reason]])
  })

  it("are exposed by another service's route", () => {
    const mesh = httpRoute({ kind: 'Service', name: 'web' }, 'search')
    const bodies = [...listens('web'), ...listens('search'), mesh, ingress('a.example.com', 'web')]
    expect(service('search', ...bodies).reasons).toEqual([
      'HTTPRoute shop/route sends it what comes to Service web, which users reach',
    ])
    expect(needsOf('web', ...bodies)).toEqual([['search', 'HTTPRoute shop/route sends it what comes to Service web']])
    expect(kindsOf('search', ...listens('web'), ...listens('search'), mesh)).toBe('internal')
  })

  it('are exposed behind an alias', () => {
    const alias = aKubernetesService('door', {
      type: 'ExternalName',
      externalName: 'web.shop.svc.cluster.local',
      selector: null,
    })
    expect(service('web', ...listens('web'), alias, ingress('a.example.com', 'door')).reasons).toEqual([
      'Service shop/door, which users reach, stands for it',
    ])
  })

  it('are internal with a Service and without a route, worker without a Service, job with a schedule', () => {
    expect(kindsOf('web', ...listens('web'))).toBe('internal')
    expect(kindsOf('nightly', aCronJob('nightly'))).toBe('job')
    expect(service('web', web()).reasons).toEqual([
      'no Service selects its pods, so nobody calls it: it works by itself',
    ])
  })

  it('are worker by a queue of KEDA, also with a Service, and not by its CPU', () => {
    const queue = { type: 'aws-sqs-queue', metadata: { queueURL: 'https://sqs.eu-west-1.amazonaws.com/1/orders' } }
    const { kinds, reasons } = service('web', ...listens('web'), scaledObject('web', queue))
    expect([kinds, reasons]).toEqual([
      ['worker'],
      ['it listens, but nobody is seen to call it', 'ScaledObject shop/web scales it by aws-sqs-queue (orders)'],
    ])
    expect(kindsOf('web', ...listens('web'), scaledObject('web', queue), ingress('a.example.com', 'web'))).toBe(
      'worker+exposed',
    )
    expect(kindsOf('web', ...listens('web'), scaledObject('web', { type: 'cpu', metadata: { value: '60' } }))).toBe(
      'internal',
    )
  })

  it('are worker by the address of a queue, also one in a secret, without showing it', () => {
    const env = [{ name: 'MQ', valueFrom: { secretKeyRef: { name: 'mq', key: 'url' } } }]
    const { kinds, reasons } = service('web', web(env), secret('mq', { url: 'amqp://u:hunter2@mq:5672' }))
    expect([kinds, reasons[0]]).toEqual([['worker'], 'it knows a queue (MQ)'])
    expect(JSON.stringify(reasons)).not.toContain('hunter2')
  })
})

describe('who calls whom', () => {
  const catalogue = listens('catalogue')
  const config = anObject('v1', 'ConfigMap', 'app', {
    data: { url: 'http://catalogue:8080/items', CATALOGUE_HOST: 'catalogue' },
  })

  it.each([
    [
      'a variable',
      web([{ name: 'URL', value: 'http://catalogue.shop.svc.cluster.local/x' }]),
      'its variable URL names catalogue.shop.svc.cluster.local',
    ],
    [
      'a ConfigMap',
      web([{ name: 'URL', valueFrom: { configMapKeyRef: { name: 'app', key: 'url' } } }]),
      'its variable URL (ConfigMap app, key url) names catalogue:8080',
    ],
    [
      'all of a ConfigMap',
      web([], { envFrom: [{ configMapRef: { name: 'app' } }] }),
      'its variable CATALOGUE_HOST (ConfigMap app, key CATALOGUE_HOST) names catalogue',
    ],
    ['its command', web([], { args: ['--upstream=catalogue:8080'] }), 'its command line names catalogue:8080'],
    [
      'a variable put into another one',
      web([
        { name: 'HOST', value: 'catalogue' },
        { name: 'U', value: 'http://$(HOST):80' },
      ]),
      'its variable HOST names catalogue',
    ],
    [
      'a mounted file',
      aDeployment('web', { pod: { volumes: [{ name: 'c', configMap: { name: 'app' } }] } }),
      'its file url (ConfigMap app) names catalogue:8080',
    ],
  ] as const)('is seen in %s', (_, caller, evidence) => {
    expect(needsOf('web', caller, config, ...catalogue)).toEqual([['catalogue', evidence]])
  })

  it('is seen in a secret by its host alone', () => {
    const env = [{ name: 'DB', valueFrom: { secretKeyRef: { name: 'db', key: 'url' } } }]
    const bodies = [
      web(env),
      secret('db', { url: 'postgres://shop:hunter2@catalogue:5432/db?x=hunter3' }),
      ...catalogue,
    ]
    expect(needsOf('web', ...bodies)).toEqual([
      ['catalogue', 'its variable DB (Secret db, key url) names catalogue:5432'],
    ])
  })

  it.each([
    'postgres://user:hun/ter2@db.example.com/x',
    'postgres://user:12345#ter2@db.example.com/x',
    'amqp://user:1234?hunter2@mq.example.com',
    'hunter2:8080',
    'hunter2',
    'https://example.com/?token=a@hunter2.com',
    'hunter2://',
  ])('is not read out of a secret that may be a password: %s', (value) => {
    const env = [{ name: 'DB_HOST', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }]
    const seen = service('web', web(env), secret('s', { k: value }))
    expect(JSON.stringify([seen.external, seen.ambiguous, seen.needs, seen.reasons])).not.toMatch(/hun|ter2|1234/)
  })

  it('goes by Services, whatever the workload is called, and says when one leads to several', () => {
    const canary = [aDeployment('catalogue-v1', { labels: { app: 'catalogue' } }), aKubernetesService('catalogue')]
    const caller = web([{ name: 'URL', value: 'http://catalogue' }])
    expect(needsOf('web', caller, ...canary)[0]?.[0]).toBe('catalogue-v1')
    const { needs, ambiguous } = service(
      'web',
      caller,
      ...canary,
      aDeployment('catalogue-v2', { labels: { app: 'catalogue' } }),
    )
    expect([needs, ambiguous]).toMatchObject([
      [],
      [{ address: 'catalogue', services: ['catalogue-v1', 'catalogue-v2'] }],
    ])
  })

  it('knows hosts of its own namespace before those of others, pods of headless Services, aliases and public names', () => {
    const other = [
      aDeployment('stock', { meta: { namespace: 'back' } }),
      aKubernetesService('stock', {}, { namespace: 'back' }),
    ]
    const alias = aKubernetesService('db', { type: 'ExternalName', externalName: 'db.example.com', selector: null })
    const needs = (value: string) =>
      service(
        'web',
        web([{ name: 'URL', value }]),
        ...catalogue,
        ...other,
        alias,
        ingress('shop.example.com', 'catalogue'),
      )
    expect(needs('http://stock').external).toMatchObject([{ host: 'stock' }])
    expect(needs('http://stock.back').needs).toMatchObject([{ service: 'stock' }])
    expect(needs('http://catalogue-0.catalogue:80').needs).toMatchObject([{ service: 'catalogue' }])
    expect(needs('http://shop.example.com/api').needs).toMatchObject([{ service: 'catalogue' }])
    expect(needs('postgres://db:5432/x').external).toEqual([
      { host: 'db.example.com', port: 5432, evidence: 'its variable URL names db:5432, and Service db stands for it' },
    ])
    expect(needs('http://catalogue.example.com').ambiguous).toMatchObject([{ services: ['catalogue'] }])
  })

  it('is told by a NetworkPolicy that names both ends, and only maybe where it names many', () => {
    const policy = (from: Body): Body =>
      anObject('networking.k8s.io/v1', 'NetworkPolicy', 'guard', {
        spec: {
          podSelector: { matchLabels: { app: 'catalogue' } },
          ingress: [{ from: [{ podSelector: { matchLabels: from } }] }],
        },
      })
    const callers = ['web', 'api'].map((name) => aDeployment(name, { labels: { tier: 'front' } }))
    expect(needsOf('web', ...callers, ...catalogue, policy({ app: 'web' }))).toEqual([
      ['catalogue', 'NetworkPolicy shop/guard lets it connect'],
    ])
    const { needs, ambiguous } = service('web', ...callers, ...catalogue, policy({ tier: 'front' }))
    expect([needs, ambiguous]).toMatchObject([
      [],
      [{ services: ['catalogue'], doubt: 'which allows it and says no more' }],
    ])
  })
})

describe('who manages it', () => {
  it.each([
    [{ annotations: { 'meta.helm.sh/release-name': 'shop' } }, 'Helm', 'release shop'],
    [
      { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:shop/web' } },
      'Argo CD',
      'application shop',
    ],
    [{ labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps' } }, 'Flux', 'Kustomization apps'],
    [
      { ownerReferences: [{ apiVersion: 'kafka.strimzi.io/v1', kind: 'Kafka', name: 'main', controller: true }] },
      'an operator',
      'Kafka main (kafka.strimzi.io/v1) owns it',
    ],
  ] as const)('is told from %o', (meta, who, how) => {
    expect(service('web', aDeployment('web', { meta })).blue.observed?.managers).toEqual([{ who, how }])
  })

  it('includes autoscalers, once, and Argo Rollouts', () => {
    const hpa = (name: string, meta: Body = {}) =>
      anObject(
        'autoscaling/v2',
        'HorizontalPodAutoscaler',
        name,
        { spec: { minReplicas: 2, maxReplicas: 8, scaleTargetRef: { kind: 'Deployment', name: 'web' } } },
        meta,
      )
    expect(service('web', web(), hpa('web')).blue.observed?.managers).toEqual([
      { who: 'HPA', how: 'HorizontalPodAutoscaler shop/web scales it from 2 to 8' },
    ])
    const keda = scaledObject('web', { type: 'kafka', metadata: { topic: 'orders' } })
    const made = hpa('keda-hpa-web', {
      ownerReferences: [{ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'web' }],
    })
    expect(service('web', web(), keda, made).blue.observed?.managers.map(({ who }) => who)).toEqual(['KEDA'])
    expect(service('web', aWorkload('Rollout', 'web', {}, 'argoproj.io/v1alpha1')).blue.observed?.managers).toEqual([
      { who: 'Argo Rollouts', how: 'it is a Rollout' },
    ])
  })
})

it('says what can not be moved, and why', () => {
  const owned = aDeployment('web', {
    meta: { ownerReferences: [{ apiVersion: 'x.io/v1', kind: 'App', name: 'a', controller: true }] },
  })
  const db = aWorkload('StatefulSet', 'db', {
    spec: { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }] },
  })
  const estate = estateOf(
    owned,
    db,
    aWorkload('DaemonSet', 'agent'),
    anObject('batch/v1', 'Job', 'once', { spec: { template: { spec: { containers: [] } } } }),
    aWorkload('Rollout', 'roll', {}, 'argoproj.io/v1alpha1'),
  )
  expect(estate.services.map(({ name, blue }) => [name, blue.observed?.fixedBecause])).toEqual([
    ['db', 'it keeps data of its own (data), which stays where it is'],
    ['roll', 'Argo Rollouts shifts its replicas and traffic by itself, and two can’t do that at once'],
    ['web', 'App a (x.io/v1) owns it, and its operator would put back what is changed'],
  ])
  expect(estate.stays.map(({ object }) => object)).toEqual(['DaemonSet shop/agent', 'Job shop/once'])
  expect(estate.findings.map(({ message }) => message)).toContainEqual(
    "db can't be moved as it is: it keeps data of its own (data), which stays where it is.",
  )
})

it('lists what belongs to a service: of Secrets names and keys', () => {
  const bodies = [
    aDeployment('web', {
      pod: { serviceAccountName: 'web', priorityClassName: 'high' },
      container: { envFrom: [{ secretRef: { name: 'db' } }] },
    }),
    secret('db', { url: 'hunter2', user: 'hunter3' }),
    anObject(
      'v1',
      'ServiceAccount',
      'web',
      {},
      { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/web' } },
    ),
    anObject('rbac.authorization.k8s.io/v1', 'Role', 'leader', {
      rules: [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'update'] }],
    }),
    anObject('rbac.authorization.k8s.io/v1', 'RoleBinding', 'leader', {
      roleRef: { kind: 'Role', name: 'leader' },
      subjects: [{ kind: 'ServiceAccount', name: 'web' }],
    }),
    anObject('policy/v1', 'PodDisruptionBudget', 'web', { spec: { selector: { matchLabels: { app: 'web' } } } }),
    anObject('scheduling.k8s.io/v1', 'PriorityClass', 'high', { value: 1 }),
  ]
  const { blue, exclusive } = service('web', ...bodies)
  expect(blue.observed?.uses).toEqual([
    'PodDisruptionBudget web',
    'ServiceAccount web (role arn:aws:iam::1:role/web)',
    'RoleBinding leader',
    'Role leader',
    'Secret db (keys: url, user)',
    'PriorityClass high',
  ])
  expect(exclusive).toContain('leader election')
  expect(JSON.stringify(estateOf(...bodies))).not.toContain('hunter')
})

it('names services by their own name where that is enough', () => {
  const twin = (namespace: string) => aDeployment('web', { meta: { namespace } })
  expect(
    estateOf(twin('a'), twin('b'), aDeployment('api'), aCronJob('sync'), aDeployment('sync')).services.map(
      ({ name }) => name,
    ),
  ).toEqual(['api', 'sync.shop.cronjob', 'sync.shop.deployment', 'web.a', 'web.b'])
})

it('reads schedules, and says which clock counts where they name no zone', () => {
  const { blue } = service(
    'nightly',
    aCronJob('nightly', {
      spec: { timeZone: null, concurrencyPolicy: 'Forbid', startingDeadlineSeconds: 60, suspend: true },
    }),
  )
  expect(blue.schedule).toEqual({
    cron: '0 3 * * *',
    zone: 'UTC',
    concurrency: 'Forbid',
    deadlineMs: 60_000,
    suspended: true,
  })
  expect(blue.observed?.notes[0]).toContain("the controller-manager's counts")
})

it('takes versions from images, whatever their registry', () => {
  expect(service('web', web([], { image: '1.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1.4' })).blue.version).toBe(
    'shop/web:1.4',
  )
  expect(service('web', web([], { image: 'shop/web:1.4@sha256:abc' })).blue.version).toBe('shop/web@sha256:abc')
})

it('tells the same whatever the order of objects', () => {
  const bodies = [
    ...listens('web'),
    ...listens('catalogue'),
    ingress('a.example.com', 'web'),
    aCronJob('nightly'),
    scaledObject('web', { type: 'kafka', metadata: { topic: 't' } }),
  ]
  const objects = objectsOf(...bodies)
  const told = (order: typeof objects) => readEnvironment(indexObjects(order), { name: 'blue', readAt: 0, digest })
  fc.assert(
    fc.property(fc.shuffledSubarray([...objects], { minLength: objects.length }), (order) => {
      expect(told(order)).toEqual(told(objects))
    }),
    { numRuns: 30 },
  )
})
