import { describe, expect, it } from 'vitest'
import { aCronJob, aDeployment, anObject, aWorkload, type Body, indexOf } from '../kubernetes/testing/build-objects.ts'
import { samePlaces } from '../parity/kubernetes/expected-object.ts'
import { roomFindings } from './room-findings.ts'

const room = (
  blue: readonly Body[],
  green: readonly Body[],
  more: { readonly isFargate?: boolean; readonly unread?: readonly string[] } = {},
) =>
  roomFindings({
    blue: indexOf(...blue),
    green: indexOf(...green),
    places: samePlaces,
    isFargate: more.isFargate ?? true,
    unread: new Set(more.unread ?? []),
  })
const said = (blue: readonly Body[], green: readonly Body[], more: Parameters<typeof room>[2] = {}) =>
  room(blue, green, more).findings.map(({ rule, object, message }) => `${rule} ${object}: ${message.split('. ')[0]}`)

const resources = (cpu: string, memory: string, limits: Body = {}): Body => ({
  resources: { requests: { cpu, memory }, limits: { cpu, memory, ...limits } },
})
const quota = (hard: Body, used: Body = {}) =>
  anObject('v1', 'ResourceQuota', 'q', { spec: { hard }, status: { used } })
const web = (replicas: number, container: Body = resources('500m', '1Gi')) =>
  aDeployment('web', { container, spec: { replicas } })

describe('quotas of green', () => {
  it('are compared with what moves beside what is in use: pods, CPU, memory, objects', () => {
    const hard = {
      pods: '10',
      'requests.cpu': '2',
      'requests.memory': '8Gi',
      'limits.memory': '8Gi',
      'count/deployments.apps': '1',
    }
    expect(said([web(4)], [quota(hard, { 'requests.cpu': '500m', 'count/deployments.apps': '1' })])).toEqual([
      'KC05 ResourceQuota shop/q: what moves needs 2 of requests.cpu beside the 0.5 in use, and the quota is 2',
      'KC05 ResourceQuota shop/q: what moves needs 1 of count/deployments.apps beside the 1 in use, and the quota is 1',
    ])
    expect(said([web(4)], [quota(hard, { 'requests.memory': '6Gi' })])).toEqual([
      'KC05 ResourceQuota shop/q: what moves needs 4 GiB of requests.memory beside the 6 GiB in use, and the quota is 8 GiB',
    ])
  })

  it('count what green runs already once, and as many as an autoscaler may make, as the plan does', () => {
    const four = quota({ pods: '4' }, { pods: '2' })
    expect(said([web(4)], [web(2), four])).toEqual([])
    const scaler = anObject('autoscaling/v2', 'HorizontalPodAutoscaler', 'web', {
      spec: { maxReplicas: 9, scaleTargetRef: { kind: 'Deployment', name: 'web' } },
    })
    expect(said([web(4), scaler], [web(2), four])).toHaveLength(1)
    const keda = (spec: Body, annotations: Body = {}) =>
      anObject(
        'keda.sh/v1alpha1',
        'ScaledObject',
        'web',
        { spec: { scaleTargetRef: { name: 'web' }, ...spec } },
        { annotations },
      )
    const room = quota({ pods: '20' })
    expect(said([web(4), keda({ maxReplicaCount: 9 })], [room])).toEqual([])
    // KEDA's own maximum is 100; held or switched off by its annotations, it makes no more than there are.
    expect(said([web(4), keda({})], [room])).toHaveLength(1)
    expect(said([web(4), keda({}, { 'autoscaling.keda.sh/paused-replicas': '6' })], [room])).toEqual([])
    expect(said([web(4), keda({}, { 'autoscaling.keda.sh/paused': 'true' })], [room])).toEqual([])
    expect(said([aCronJob('nightly')], [quota({ pods: '0' })])).toHaveLength(1)
    expect(said([aWorkload('DaemonSet', 'agent')], [quota({ pods: '0' })])).toEqual([])
  })

  it('that count only some pods are not checked', () => {
    const scoped = anObject('v1', 'ResourceQuota', 'best', { spec: { hard: { pods: '0' }, scopes: ['BestEffort'] } })
    expect(room([web(1)], [scoped])).toMatchObject({
      findings: [],
      notChecked: [{ object: 'ResourceQuota shop/best' }],
    })
  })
})

it('limits of green refuse containers that are too large, too small, or too uneven', () => {
  const range = (limit: Body) =>
    anObject('v1', 'LimitRange', 'l', { spec: { limits: [{ type: 'Container', ...limit }] } })
  expect(said([web(1)], [range({ max: { memory: '512Mi' }, min: { cpu: '1' } })])).toEqual([
    'KC08 Deployment shop/web: container app asks for 0.5 of cpu, at least 1 is demanded (LimitRange shop/l, spec.limits[0])',
    'KC08 Deployment shop/web: container app asks for 1 GiB of memory, at most 0.5 GiB is allowed (LimitRange shop/l, spec.limits[0])',
  ])
  const uneven = web(1, resources('500m', '1Gi', { cpu: '2' }))
  expect(said([uneven], [range({ maxLimitRequestRatio: { cpu: '2' } })])).toHaveLength(1)
  expect(said([uneven], [range({ maxLimitRequestRatio: { cpu: '4' } })])).toEqual([])
})

it('classes that workloads name have to be there, where they could be looked at', () => {
  const set = aWorkload('StatefulSet', 'db', {
    pod: { priorityClassName: 'high' },
    spec: { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { storageClassName: 'gp3' } }] },
  })
  const priority = anObject('scheduling.k8s.io/v1', 'PriorityClass', 'high')
  expect(said([set], [priority])).toEqual([
    'KC09 StatefulSet shop/db: it names StorageClass gp3, which green does not have',
  ])
  expect(said([set], [priority], { unread: ['StorageClass'] })).toEqual([])
  expect(said([aDeployment('x', { pod: { priorityClassName: 'system-cluster-critical' } })], [])).toEqual([])
})

it('nodes have to be there and large enough, where Fargate does not bring them', () => {
  const node = (allocatable: Body, spec: Body = {}) => anObject('v1', 'Node', 'n', { spec, status: { allocatable } })
  const onNodes = { isFargate: false }
  expect(said([web(2)], [], onNodes)).toEqual(['KC10 cluster: green has no node that takes pods'])
  expect(said([web(2)], [node({ cpu: '4' }, { unschedulable: true })], onNodes)).toHaveLength(1)
  expect(said([web(2)], [node({ cpu: '900m', memory: '4Gi', pods: '10' })], onNodes)).toEqual([
    'KC10 cluster: what moves asks for 1 of cpu, and n together have 0.9',
  ])
  expect(said([web(2)], [], { isFargate: true })).toEqual([])
  expect(said([web(2)], [], { isFargate: false, unread: ['Node'] })).toEqual([])
})
