import { describe, expect, it } from 'vitest'
import { type KubernetesObject, objectText } from '../kubernetes/object.ts'
import { aDeployment, aKubernetesService, anObject, type Body, objectsOf } from '../kubernetes/testing/build-objects.ts'
import { samePlaces } from '../parity/kubernetes/expected-object.ts'
import { readAwsFacts } from '../platform/aws-facts.ts'
import type { ClusterRead } from './cluster-read.ts'
import { comparable } from './comparable.ts'
import { placeFindings } from './place-findings.ts'
import { withProfiles } from './profile-facts.ts'
import { nameInSplit, splitObjects } from './split-objects.ts'
import { usedObjects } from './used-objects.ts'

const texts = (objects: readonly KubernetesObject[]) => objects.map(objectText)

const aRead = (more: Partial<ClusterRead> = {}): ClusterRead => ({
  name: 'green',
  version: 'v1.33.1',
  namespaces: new Map([['shop', 'there']]),
  objects: [],
  notRead: [],
  served: [{ sort: 'Deployment', group: 'apps', versions: ['v1'] }],
  ...more,
})

describe('of the whole cluster', () => {
  it('only classes, volumes and roles are kept that the namespaces use, and defaults', () => {
    const role = (name: string) => anObject('rbac.authorization.k8s.io/v1', 'ClusterRole', name, { rules: [] })
    const binding = (name: string, namespace: string) =>
      anObject('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', name, {
        subjects: [{ kind: 'ServiceAccount', name: 'web', namespace }],
        roleRef: { kind: 'ClusterRole', name },
      })
    const storage = (name: string, annotations: Body = {}) =>
      anObject('storage.k8s.io/v1', 'StorageClass', name, {}, { annotations })
    const objects = objectsOf(
      aDeployment('web', { pod: { priorityClassName: 'high' } }),
      anObject('v1', 'PersistentVolumeClaim', 'data', { spec: { storageClassName: 'gp3' } }),
      anObject('scheduling.k8s.io/v1', 'PriorityClass', 'high'),
      anObject('scheduling.k8s.io/v1', 'PriorityClass', 'system-critical'),
      storage('gp3'),
      storage('gp2', { 'storageclass.kubernetes.io/is-default-class': 'true' }),
      storage('io2'),
      ...[role('reads'), role('view'), binding('reads', 'shop'), binding('view', 'elsewhere')],
      anObject('v1', 'PersistentVolume', 'pv-1', { spec: { claimRef: { namespace: 'shop', name: 'data' } } }),
      anObject('v1', 'PersistentVolume', 'pv-2', { spec: { claimRef: { namespace: 'other', name: 'data' } } }),
    )
    expect(texts(usedObjects(objects, new Set(['shop'])))).toEqual([
      ...['Deployment shop/web', 'PersistentVolumeClaim shop/data', 'PriorityClass high'],
      ...['StorageClass gp3', 'StorageClass gp2', 'ClusterRole reads', 'ClusterRoleBinding reads'],
      'PersistentVolume pv-1',
    ])
  })
})

describe('a namespace that both sides share', () => {
  const split = { label: 'profile', value: 'fargate', suffix: '-green' }
  const objects = objectsOf(
    aDeployment('web'),
    aDeployment('web-green', { labels: { profile: 'fargate' } }),
    aDeployment('also-green'),
    aKubernetesService('web'),
    aKubernetesService('web-green'),
    anObject('v1', 'ConfigMap', 'shared'),
    anObject('v1', 'ConfigMap', 'own'),
    anObject('v1', 'ConfigMap', 'own-green'),
  )

  it("is split by the label of pods and the ending of names; what both use is on both, what green has of its own isn't", () => {
    const { blue, green } = splitObjects(objects, split)
    expect(texts(blue)).toEqual([
      ...['Deployment shop/web', 'Deployment shop/also-green', 'Service shop/web'],
      ...['ConfigMap shop/shared', 'ConfigMap shop/own'],
    ])
    expect(texts(green)).toEqual([
      ...['Deployment shop/web-green', 'Service shop/web-green', 'ConfigMap shop/shared', 'ConfigMap shop/own-green'],
    ])
    const names = nameInSplit(green, split)
    expect(blue.map(names)).toEqual(['web-green', 'also-green-green', 'web-green', 'shared', 'own-green'])
  })
})

describe('what tools keep outside of the namespaces', () => {
  const application = anObject('argoproj.io/v1alpha1', 'Application', 'shop', {}, { namespace: 'argocd' })
  const profile = anObject(
    'eks.services.k8s.aws/v1alpha1',
    'FargateProfile',
    'shop',
    { spec: { name: 'shop', clusterName: 'green', selectors: [{ namespace: 'shop', labels: { a: 'b' } }] } },
    { namespace: 'ack-system' },
  )

  it('is no part of the estate: neither compared nor missed on green', () => {
    const blue = aRead({ objects: objectsOf(aDeployment('web'), application) })
    const both = comparable(blue, aRead(), (name) => name)
    expect(texts(both.blue)).toEqual(['Deployment shop/web'])
    expect(placeFindings(blue, blue.objects, aRead(), samePlaces).map(({ rule }) => rule)).toEqual(['KC11'])
  })

  it('tells of Fargate profiles, where AWS was not asked', () => {
    const none = readAwsFacts([]).facts
    expect(withProfiles(none, objectsOf(application)).profiles).toBeNull()
    expect(withProfiles(none, objectsOf(profile)).profiles).toMatchObject([
      { name: 'shop', cluster: 'green', selectors: [{ namespace: 'shop', labels: { a: 'b' } }] },
    ])
    expect(withProfiles({ ...none, profiles: [] }, objectsOf(profile)).profiles).toEqual([])
  })
})

describe('what could not be read on one side', () => {
  it('is compared on neither', () => {
    const secrets = objectsOf(anObject('v1', 'Secret', 'db'), aDeployment('web'))
    const forbidden = { sort: 'Secret', namespace: 'shop-green', because: 'not permitted' }
    const there = aRead({ notRead: [forbidden], namespaces: new Map([['shop-green', 'there']]) })
    const both = comparable(aRead({ objects: secrets }), there, () => 'shop-green')
    expect(texts(both.blue)).toEqual(['Deployment shop/web'])
    const everywhere = comparable(
      aRead({ notRead: [{ ...forbidden, namespace: null }] }),
      aRead({ objects: secrets }),
      (name) => name,
    )
    expect(texts(everywhere.green)).toEqual(['Deployment shop/web'])
  })
})

describe('the place that green has for it', () => {
  const estate = objectsOf(aDeployment('web'), anObject('keda.sh/v1alpha1', 'ScaledObject', 'web'))
  const found = (green: Partial<ClusterRead>, blue = 'v1.33.1') =>
    placeFindings({ ...aRead(), name: 'blue', version: blue }, estate, aRead(green), samePlaces).map(
      ({ rule, object, message }) => `${rule} ${object}: ${message.split('. ')[0]}`,
    )

  it('lacks a namespace, a kind, a version of a kind; is empty; is older, or much newer', () => {
    expect(found({ namespaces: new Map([['shop', 'missing']]) })).toEqual([
      'KC01 Namespace shop: green has no namespace shop',
      'KC03 kind ScaledObject.keda.sh: blue has 1 of ScaledObject (keda.sh/v1alpha1), and green does not know it',
    ])
    expect(
      found({
        served: [
          { sort: 'Deployment', group: 'apps', versions: ['v2'] },
          { sort: 'ScaledObject.keda.sh', group: 'keda.sh', versions: ['v1alpha1'] },
        ],
      }),
    ).toEqual([
      'KC03 kind Deployment: blue has 1 of Deployment (apps/v1), and green serves it as v2 only',
      'KC11 cluster green: nothing is in shop of green yet',
    ])
    const kc07 = (blue: string, green: string) =>
      found({ version: green }, blue).filter((one) => one.startsWith('KC07'))
    expect(kc07('v1.33.1', 'v1.34.0-eks-1')).toEqual([])
    expect(kc07('v1.33.1', 'v1.35.0')).toHaveLength(1)
    expect(kc07('v1.34.0', 'v1.33.9')).toEqual(['KC07 cluster green: blue runs Kubernetes v1.34.0, green runs v1.33.9'])
  })
})
