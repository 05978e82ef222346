import { describe, expect, it } from 'vitest'
import type { JsonMap } from '../../kubernetes/json.ts'
import { createRewriter } from '../../parity/rewrites.ts'
import { asRead } from './copy-object.ts'
import { copyOf } from './copy-of.ts'

const rewrites = [{ from: 'eu-west-1', to: 'eu-central-1', services: null, reason: null }]
const places = {
  namespace: (name: string) => (name === 'shop' ? 'green-shop' : name),
  name: ({ name }: { readonly name: string }) => name,
}
const copied = (body: object): JsonMap => {
  const read = asRead(body, 'shop')
  if (read === null) throw new Error('no object')
  return copyOf(read, { service: 'web', places, rewrite: createRewriter(rewrites).rewrite, from: 'blue/shop' })
}
const meta = { name: 'web', namespace: 'shop' }
const encoded = (kind: string, field: string): object => ({
  apiVersion: 'v1',
  kind,
  metadata: meta,
  [field]: { a: 'ZXU=' },
})
const ours = { 'titrate.dev/copied-from': 'blue/shop' }
const metaOnGreen = { name: 'web', namespace: 'green-shop', labels: {}, annotations: ours }

describe("a copy of blue's object", () => {
  it('has what people wrote, and nothing of what the cluster or the tools on it added', () => {
    const blue = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        ...meta,
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
          'external-dns.alpha.kubernetes.io/hostname': 'shop.example.com',
          'titrate.dev/stamp': '{}',
        },
      },
      spec: { replicas: 3, template: { metadata: { creationTimestamp: null, labels: { app: 'web' } } } },
      status: { readyReplicas: 3 },
    }
    expect(copied(blue)).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...metaOnGreen, labels: { app: 'web' }, annotations: { team: 'a', ...ours } },
      spec: { replicas: 3, template: { metadata: { labels: { app: 'web' } } } },
    })
  })

  it("has green's names and the rewrites of the release, also in what policies and bindings refer to", () => {
    const account = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { ...meta, annotations: { role: 'arn:aws:iam::1:role/eu-west-1' } },
      secrets: [{ name: 'web-token-abcde' }],
    }
    expect(copied(account)).toEqual({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { ...metaOnGreen, annotations: { role: 'arn:aws:iam::1:role/eu-central-1', ...ours } },
    })
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: meta,
      subjects: [{ kind: 'ServiceAccount', name: 'web', namespace: 'shop' }],
    }
    expect(copied(binding)['subjects']).toEqual([{ kind: 'ServiceAccount', name: 'web', namespace: 'green-shop' }])
    const policy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: meta,
      spec: {
        ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } }] }],
      },
    }
    expect(JSON.stringify(copied(policy))).toContain('"kubernetes.io/metadata.name":"green-shop"')
  })

  it('leaves addresses of a Service to the cluster, and encoded values as they are', () => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta,
      spec: {
        type: 'NodePort',
        clusterIP: '10.0.0.1',
        clusterIPs: ['10.0.0.1'],
        ipFamilies: ['IPv4'],
        ports: [{ port: 80, nodePort: 30080 }],
      },
    }
    expect(copied(service)['spec']).toEqual({ type: 'NodePort', ports: [{ port: 80 }] })
    const rewriter = createRewriter([{ from: 'ZXU', to: 'broken', services: null, reason: null }]).rewrite
    const secret = asRead(encoded('Secret', 'data'), 'shop')
    const map = asRead(encoded('ConfigMap', 'binaryData'), 'shop')
    if (secret === null || map === null) throw new Error('no object')
    const how = { service: 'web', places, rewrite: rewriter, from: 'blue/shop' }
    expect(copyOf(secret, how)['data']).toEqual({ a: 'ZXU=' })
    expect(copyOf(map, how)['binaryData']).toEqual({ a: 'ZXU=' })
  })
})
