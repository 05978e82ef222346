import { describe, expect, it } from 'vitest'
import type { JsonMap } from '../../kubernetes/json.ts'
import {
  aCronJob,
  aDeployment,
  aKubernetesService,
  anObject,
  type Body,
  indexOf,
  over,
} from '../../kubernetes/testing/build-objects.ts'
import { compareObjects } from './compare-objects.ts'
import { samePlaces } from './expected-object.ts'

const changes = (blue: readonly Body[], green: readonly Body[]) =>
  compareObjects({
    blue: indexOf(...blue),
    green: indexOf(...green),
    places: samePlaces,
    dryRuns: null,
    digest: (text) => text,
    platform: null,
    now: 0,
    rules: { rewrites: [], waivers: [] },
  }).changes()

const pod = (manifest: JsonMap | undefined): unknown =>
  // What a Deployment has there.
  (manifest as { readonly spec?: { readonly template?: { readonly spec?: unknown } } } | undefined)?.spec?.template
    ?.spec

describe('what is applied to green', () => {
  it('is only what differs, with the keys by which lists are merged', () => {
    const web = (container: Body, more: Body = {}) => over(aDeployment('web', { container }), more)
    const [change] = changes(
      [web({ image: 'web:2', env: [{ name: 'A', value: '2' }], ports: [{ containerPort: 80, name: 'http' }] })],
      [
        web({
          image: 'web:1',
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '1' },
          ],
          ports: [{ containerPort: 80, name: 'web' }],
        }),
      ],
    )
    expect(change).toMatchObject({ object: 'Deployment shop/web', kind: 'change', leave: null })
    expect(pod(change?.manifest)).toEqual({
      containers: [
        { name: 'app', image: 'web:2', env: [{ name: 'A', value: '2' }], ports: [{ containerPort: 80, name: 'http' }] },
      ],
    })
    expect(change?.byHand).toEqual([
      'remove spec.template.spec.containers[app].env[B] from Deployment shop/web on green',
    ])
  })

  it('is a list as a whole where its entries have no keys', () => {
    const rule = (host: string, service: string): Body => ({
      host,
      http: {
        paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: service, port: { number: 80 } } } }],
      },
    })
    const ingress = (service: string) =>
      anObject('networking.k8s.io/v1', 'Ingress', 'web', {
        spec: { rules: [rule('a.example', service), rule('b.example', 'b')] },
      })
    const [change] = changes([ingress('a')], [ingress('other')])
    expect(change?.manifest['spec']).toEqual({ rules: [rule('a.example', 'a'), rule('b.example', 'b')] })
  })

  it('claims no name in DNS that blue has, and says nothing to the tool that manages blue', () => {
    const annotations = {
      team: 'a',
      'external-dns.alpha.kubernetes.io/hostname': 'shop.example',
      'argocd.argoproj.io/sync-options': 'Prune=true',
      'helm.sh/hook': 'pre-install',
    }
    const [made] = changes([aKubernetesService('web', {}, { annotations })], [])
    expect(made?.kind).toBe('create')
    expect(made?.manifest['metadata']).toMatchObject({ annotations: { team: 'a' } })
    expect(JSON.stringify(made)).not.toMatch(/external-dns|argocd|helm/)
  })

  it('is made in an order in which nothing lacks what it needs, asleep, and without the marks of tools', () => {
    const made = changes(
      [
        aDeployment('worker', {
          meta: { labels: { 'helm.sh/chart': 'x', team: 'a' }, annotations: { 'meta.helm.sh/release-name': 'x' } },
        }),
        aCronJob('nightly'),
        aKubernetesService('api'),
        anObject('v1', 'Secret', 'db', { data: { password: 'eA==' } }),
        anObject('v1', 'ServiceAccount', 'api'),
      ],
      [],
    )
    expect(made.map(({ object }) => object)).toEqual([
      ...[
        'ServiceAccount shop/api',
        'Secret shop/db',
        'Service shop/api',
        'Deployment shop/worker',
        'CronJob shop/nightly',
      ],
    ])
    expect(made[3]?.manifest).toMatchObject({
      metadata: { labels: { team: 'a' }, annotations: {} },
      spec: { replicas: 0 },
    })
    expect(JSON.stringify(made[3]?.manifest)).not.toContain('helm')
    expect(made[4]?.manifest).toMatchObject({ spec: { suspend: true } })
  })

  it('is the content of a Secret for the keys that differ; what only green has stays', () => {
    const secret = (data: Body) => anObject('v1', 'Secret', 'db', { data })
    const [change] = changes([secret({ a: 'eA==', b: 'eQ==' })], [secret({ a: 'eA==', b: 'eg==', c: 'eg==' })])
    expect(change?.manifest).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'db', namespace: 'shop' },
      data: { b: 'eQ==' },
    })
    expect(change?.byHand).toEqual(['remove the key c from Secret shop/db on green'])
  })

  it('leaves out what only deleting would mend, and names who manages what it must not touch', () => {
    expect(changes([], [aDeployment('web')])).toEqual([])
    const flux = { labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps' } }
    const [change] = changes(
      [aDeployment('web', { container: { image: 'web:2' } })],
      [aDeployment('web', { container: { image: 'web:1' }, meta: flux })],
    )
    expect(change?.leave).toBe('Flux manages it (Kustomization apps) and would put it back: change it there')
  })
})
