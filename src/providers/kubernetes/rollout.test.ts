import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { describe, expect, it } from 'vitest'
import { podFacts } from './pod-facts.ts'
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
