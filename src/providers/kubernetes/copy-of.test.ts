import { describe, expect, it } from 'vitest'
import { copyOf } from './copy-of.ts'

describe("a copy of blue's object", () => {
  it('has what people wrote, and nothing of what the cluster or the tools on it added', () => {
    const blue = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: 'web',
        namespace: 'shop',
        uid: 'a',
        resourceVersion: '7',
        generation: 3,
        creationTimestamp: '2026-01-01T00:00:00Z',
        finalizers: ['keep'],
        ownerReferences: [{ apiVersion: 'v1', kind: 'Shop', name: 'shop', uid: 'b' }],
        labels: { app: 'web', 'app.kubernetes.io/managed-by': 'Helm', 'argocd.argoproj.io/instance': 'shop' },
        annotations: {
          team: 'a',
          'kubectl.kubernetes.io/last-applied-configuration': '{}',
          'deployment.kubernetes.io/revision': '4',
          'meta.helm.sh/release-name': 'shop',
          'titrate.dev/stamp': '{}',
        },
      },
      spec: { replicas: 3, template: { metadata: { creationTimestamp: null, labels: { app: 'web' } } } },
      status: { readyReplicas: 3 },
    }
    expect(copyOf(blue, 'green-shop')).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'green-shop', labels: { app: 'web' }, annotations: { team: 'a' } },
      spec: { replicas: 3, template: { metadata: { labels: { app: 'web' } } } },
    })
  })
})
