import { describe, expect, it } from 'vitest'
import { kinds } from './kinds.ts'
import { trim } from './trim.ts'

describe('what is kept of an object', () => {
  const metadata = { name: 'web', namespace: 'shop', resourceVersion: '1' }

  it('leaves out who set which field, of every kind', () => {
    const object = { metadata: { ...metadata, managedFields: [{ manager: 'somebody' }] }, data: { a: '1' } }
    expect(trim(kinds.configMaps, object)).toEqual({ metadata, data: { a: '1' } })
  })

  it('leaves out what kubectl applied, of every kind', () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', team: 'shop' }
    const object = { metadata: { ...metadata, annotations } }
    expect(trim(kinds.services, object)).toEqual({ metadata: { ...metadata, annotations: { team: 'shop' } } })
  })

  const container = { name: 'main', image: 'web:1', env: [{ name: 'A', value: '1' }] }
  const kept = { name: 'main', image: 'web:1' }
  const template = {
    metadata: { labels: { app: 'web' }, annotations: { checksum: '1' } },
    spec: { serviceAccountName: 'web', containers: [container], volumes: [{ name: 'data' }] },
  }

  it('leaves out of pods and what is between them and workloads all but whose they are and how they stand', () => {
    const labels = { app: 'web', 'eks.amazonaws.com/fargate-profile': 'shop' }
    const state = { running: { startedAt: '2026-11-01T00:00:00Z' } }
    const pod = {
      metadata: { ...metadata, labels, annotations: { note: 'long' } },
      spec: { nodeName: 'one', containers: [container] },
      status: {
        phase: 'Running',
        hostIP: '10.0.0.1',
        conditions: [
          {
            type: 'Ready',
            status: 'True',
            lastProbeTime: '2026-11-01T00:00:00Z',
            lastTransitionTime: '2026-11-01T00:00:00Z',
          },
        ],
        containerStatuses: [{ ...kept, ready: true, restartCount: 1, state, lastState: {}, imageID: 'sha' }],
      },
    }
    expect(trim(kinds.pods, pod)).toEqual({
      metadata: { ...metadata, labels: { 'eks.amazonaws.com/fargate-profile': 'shop' } },
      spec: { containers: [kept] },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-11-01T00:00:00Z' }],
        containerStatuses: [{ name: 'main', ready: true, restartCount: 1, state, lastState: {} }],
      },
    })
    const job = { metadata, spec: { suspend: true, selector: {}, template } }
    expect(trim(kinds.jobs, job)).toEqual({ metadata, spec: { suspend: true } })
    const set = { metadata, spec: { replicas: 1, selector: {}, template }, status: { replicas: 1 } }
    expect(trim(kinds.replicaSets, set)).toEqual({ metadata })
  })

  it('leaves out of workloads what containers are given, and still tells when that changes', () => {
    const deployment = { metadata, spec: { replicas: 2, selector: {}, template }, status: { observedGeneration: 3 } }
    const trimmed = trim(kinds.deployments, deployment)
    expect(trimmed).toEqual({
      metadata,
      spec: {
        replicas: 2,
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { serviceAccountName: 'web', containers: [kept] },
        },
        digest: expect.any(String),
      },
      status: { observedGeneration: 3, conditions: [] },
    })
    expect(trim(kinds.deployments, trimmed)).toEqual(trimmed)
    const other = { ...template, spec: { ...template.spec, containers: [{ ...container, env: [] }] } }
    expect(trim(kinds.deployments, { ...deployment, spec: { ...deployment.spec, template: other } })).not.toEqual(
      trimmed,
    )
  })

  it('keeps what tombstones and copies are made from', () => {
    const jobTemplate = { spec: { template } }
    const cronJob = { metadata, spec: { schedule: '* * * * *', jobTemplate } }
    expect(trim(kinds.cronJobs, cronJob)).toEqual(cronJob)
    const service = { metadata, spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } }
    expect(trim(kinds.services, service)).toEqual(service)
  })

  it('leaves out what is secret', () => {
    const secret = { metadata, type: 'Opaque', data: { password: 'cGFzcw==' } }
    expect(trim(kinds.secrets, secret)).toEqual({ metadata, type: 'Opaque' })
  })
})
