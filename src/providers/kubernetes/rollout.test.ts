import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { describe, expect, it } from 'vitest'
import { podFacts, type ToldOf } from './pod-facts.ts'
import { rolloutProblem } from './rollout.ts'

const at = '2026-01-01T00:00:05Z'

const podOf = (name: string, status: Pod['status'], more: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...more },
  ...(status === undefined ? {} : { status }),
})
const ready = (name: string, more: object = {}) =>
  podOf(name, { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: at }] }, more)
const containerOf = (state: object, restartCount = 0, lastState: object = {}) => ({
  name: 'main',
  image: 'web:1',
  imageID: '',
  ready: false,
  restartCount,
  state,
  lastState,
})
const deploymentOf = (replicas: number, status: Deployment['status'], generation = 1): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', generation },
  spec: { replicas, selector: {}, template: {} },
  ...(status === undefined ? {} : { status }),
})
const seen = (replicas: number, pods: readonly Pod[], status: object = {}) =>
  rolloutProblem(
    deploymentOf(replicas, { observedGeneration: 1, updatedReplicas: replicas, ...status }),
    podFacts(pods),
  )

describe('why a workload is not as it should be', () => {
  it('is nothing when all replicas are new and ready, also while surplus ones leave', () => {
    const leaving = ready('old', { deletionTimestamp: at })
    expect(seen(1, [ready('a'), leaving])).toBeNull()
    expect(podFacts([ready('a'), leaving])).toMatchObject({ ready: 1, running: 2, youngestReadyAt: Date.parse(at) })
    expect(seen(0, [])).toBeNull()
  })

  it('is what kubectl rollout status waits for', () => {
    expect(rolloutProblem(deploymentOf(1, { observedGeneration: 1 }, 2), podFacts([ready('a')]))).toContain(
      'has not seen',
    )
    expect(seen(2, [ready('a'), ready('b')], { updatedReplicas: 1 })).toBe('1 of 2 replicas are of the newest version')
    expect(seen(2, [ready('a')])).toBe('1 of 2 replicas are ready')
    const late = {
      type: 'Progressing',
      status: 'False',
      message: 'ReplicaSet "web-1" has timed out progressing.',
    } as const
    expect(seen(1, [], { conditions: [late] })).toBe(late.message)
  })

  it('is the reason behind it, where there is one', () => {
    const quota = {
      type: 'ReplicaFailure',
      status: 'True',
      message: 'pods "web-1" is forbidden: exceeded quota: none',
    } as const
    expect(seen(1, [], { conditions: [quota] })).toBe(`pods can't be made: ${quota.message}`)
    const image = containerOf({ waiting: { reason: 'ImagePullBackOff', message: 'back-off' } })
    expect(seen(1, [podOf('a', { phase: 'Pending', containerStatuses: [image] })])).toBe(
      'pod a: container main waits (ImagePullBackOff: back-off)',
    )
    const terminated = { exitCode: 3, reason: 'Error' }
    const crash = containerOf({ waiting: { reason: 'CrashLoopBackOff' } }, 4, { terminated })
    expect(seen(1, [podOf('a', { phase: 'Running', containerStatuses: [crash] })])).toBe(
      'pod a: container main waits (CrashLoopBackOff), ended with code 3 (Error), 4 restarts',
    )
    const nowhere = { type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' } as const
    expect(seen(1, [podOf('a', { phase: 'Pending', conditions: [nowhere] })])).toBe(
      'pod a finds no node: 0/3 nodes are available',
    )
    const unready = podOf('a', { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] })
    expect(seen(1, [unready])).toBe('pod a runs, and does not pass its readiness check')
  })

  it('is what its warnings tell, where no condition does', () => {
    const pending = podOf(
      'a',
      { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'True' }] },
      { uid: 'a' },
    )
    const warnings = [
      ['a', 'FailedScheduling', '0/1 nodes are available'],
      ['a', 'FailedMount', 'secret "db" not found'],
      ['b', 'Unhealthy', 'Readiness probe failed: 503'],
      ['set', 'FailedCreate', 'admission webhook "policy" denied the request'],
    ] as const
    const told: ToldOf = (uid, counts) =>
      warnings.find(([about, reason]) => about === uid && counts(reason))?.[2] ?? null
    const seenWith = (pod: Pod) =>
      rolloutProblem(deploymentOf(1, { observedGeneration: 1, updatedReplicas: 1 }), podFacts([pod], told), told)
    expect(seenWith(pending)).toBe('pod a: secret "db" not found')
    expect(seenWith(podOf('a', { phase: 'Pending' }, { uid: 'a' }))).toBe('pod a: 0/1 nodes are available')
    const unready = podOf('b', { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] }, { uid: 'b' })
    expect(seenWith(unready)).toBe('pod b runs, and does not pass its readiness check: Readiness probe failed: 503')
    const set = { ...deploymentOf(1, { observedGeneration: 1 }), metadata: { name: 'db', uid: 'set', generation: 1 } }
    expect(rolloutProblem(set, podFacts([]), told)).toBe(
      `pods can't be made: admission webhook "policy" denied the request`,
    )
  })

  it('is the lack of a Fargate profile, where the scheduler of nodes is left with the pod', () => {
    const left = (message: string, labels = {}) =>
      seen(1, [
        podOf('a', { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', message }] }, { labels }),
      ])
    const tainted =
      '0/2 nodes are available: 2 node(s) had untolerated taint {eks.amazonaws.com/compute-type: fargate}.'
    expect(left(tainted)).toMatch(/^pod a finds no node: .*no profile selects it by its namespace and labels/)
    expect(left('no nodes available to schedule pods')).toContain('no profile selects it')
    const size = "Your pod's cpu/memory requirements exceed the max Fargate configuration"
    expect(left(size, { 'eks.amazonaws.com/fargate-profile': 'shop' })).toBe(`pod a finds no node: ${size}`)
    expect(left('0/3 nodes are available: 3 Insufficient cpu.')).not.toContain('Fargate')
  })

  it('lets a StatefulSet keep the replicas below its partition at the old version', () => {
    const set: StatefulSet = {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db', generation: 1 },
      spec: {
        replicas: 2,
        serviceName: 'db',
        selector: {},
        template: {},
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } },
      },
      status: { replicas: 2, observedGeneration: 1, updatedReplicas: 1 },
    }
    expect(rolloutProblem(set, podFacts([ready('a'), ready('b')]))).toBeNull()
  })
})
