import { describe, expect, it } from 'vitest'
import { kinds } from './kinds.ts'
import { trim } from './trim.ts'

describe('what is kept of an object', () => {
  const metadata = { name: 'web', namespace: 'shop', resourceVersion: '1' }

  it('leaves out who set which field, of every kind', () => {
    const object = { metadata: { ...metadata, managedFields: [{ manager: 'somebody' }] }, data: { a: '1' } }
    expect(trim(kinds.configMaps, object)).toEqual({ metadata, data: { a: '1' } })
  })

  it('leaves out what pods are made of, where thousands have it, and keeps it where copies and tombstones come from', () => {
    const container = { name: 'main', image: 'web:1', env: [{ name: 'A', value: '1' }] }
    const template = { spec: { containers: [container] } }
    const pod = { metadata, spec: { nodeName: 'one', containers: [container] }, status: { phase: 'Running' } }
    expect(trim(kinds.pods, pod)).toEqual({
      metadata,
      spec: { nodeName: 'one', containers: [{ name: 'main', image: 'web:1' }] },
      status: { phase: 'Running' },
    })
    const job = { metadata, spec: { suspend: true, template } }
    expect(trim(kinds.jobs, job)).toEqual({ metadata, spec: { suspend: true } })
    const deployment = { metadata, spec: { selector: {}, template } }
    expect(trim(kinds.deployments, deployment)).toEqual(deployment)
  })

  it('leaves out what is secret', () => {
    const secret = { metadata, type: 'Opaque', data: { password: 'cGFzcw==' } }
    expect(trim(kinds.secrets, secret)).toEqual({ metadata: { ...metadata, annotations: {} }, type: 'Opaque' })
  })
})
