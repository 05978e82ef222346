/**
 * As much of an API server as `titrate check` asks for, in a process of its own, so that its time and memory are not ours:
 * discovery, paged lists, namespaces, and dry runs that say back what they were sent. Tells its address, then, on request,
 * how long it was at work.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { performance } from 'node:perf_hooks'
import { type JsonMap, mapAt, textAt } from '../../src/kubernetes/json.ts'
import { application } from './application.ts'

type Given = { readonly applications: number; readonly differing: number }

const plurals: Readonly<Record<string, readonly [group: string, version: string, plural: string]>> = {
  Deployment: ['apps', 'v1', 'deployments'],
  Service: ['', 'v1', 'services'],
  ConfigMap: ['', 'v1', 'configmaps'],
  Secret: ['', 'v1', 'secrets'],
  ServiceAccount: ['', 'v1', 'serviceaccounts'],
  HorizontalPodAutoscaler: ['autoscaling', 'v2', 'horizontalpodautoscalers'],
  PodDisruptionBudget: ['policy', 'v1', 'poddisruptionbudgets'],
  NetworkPolicy: ['networking.k8s.io', 'v1', 'networkpolicies'],
  Ingress: ['networking.k8s.io', 'v1', 'ingresses'],
  CronJob: ['batch', 'v1', 'cronjobs'],
}

/** What a server writes into each object, which is half of it. */
const asServed = (body: JsonMap, index: number): JsonMap => ({
  ...body,
  metadata: {
    ...mapAt(body, 'metadata'),
    uid: `0b6e6b0e-0000-4000-8000-${String(index).padStart(12, '0')}`,
    resourceVersion: String(index + 1),
    creationTimestamp: '2026-11-01T10:00:00Z',
    managedFields: Array.from({ length: 2 }, (_, one) => ({
      manager: `manager-${one}`,
      operation: 'Update',
      time: '2026-11-01T10:00:00Z',
      fieldsV1: { 'f:spec': Object.fromEntries(Array.from({ length: 20 }, (__, key) => [`f:field-${key}`, {}])) },
    })),
  },
  status: { conditions: [{ type: 'Available', status: 'True', lastTransitionTime: '2026-11-01T10:00:00Z' }] },
})

const objectsOf = ({ applications, differing }: Given): ReadonlyMap<string, readonly JsonMap[]> => {
  const all = Array.from({ length: applications }, (_, index) => application(index)).flat()
  const served = all.map((body, index) => {
    const isOther = body['kind'] === 'ConfigMap' && Math.floor(index / 10) < differing
    return asServed(isOther ? { ...body, data: { ...mapAt(body, 'data'), REGION: 'elsewhere' } } : body, index)
  })
  return Map.groupBy(served, (body) => textAt(body, 'kind') ?? '')
}

const discovery = (isCore: boolean): JsonMap => {
  const kinds = Object.entries(plurals).filter(([, [group]]) => (group === '') === isCore)
  const groups = Map.groupBy(kinds, ([, [group]]) => group)
  return {
    kind: 'APIGroupDiscoveryList',
    items: [...groups].map(([group, some]) => ({
      metadata: { name: group },
      versions: [
        {
          version: some[0]?.[1][1] ?? 'v1',
          resources: some.map(([kind, [, , plural]]) => ({
            resource: plural,
            responseKind: { kind },
            scope: 'Namespaced',
            verbs: ['get', 'list', 'create', 'patch'],
          })),
        },
      ],
    })),
  }
}

const page = (objects: readonly JsonMap[], url: URL): JsonMap => {
  const [from, limit] = [Number(url.searchParams.get('continue') ?? 0), Number(url.searchParams.get('limit') ?? 500)]
  const more = from + limit < objects.length ? { continue: String(from + limit) } : {}
  const items = objects.slice(from, from + limit).map(({ kind: _, apiVersion: __, ...rest }) => rest)
  return { kind: 'List', metadata: { resourceVersion: '1', ...more }, items }
}

const serve = (given: Given): void => {
  const objects = objectsOf(given)
  const byPlural = new Map(Object.entries(plurals).map(([kind, [, , plural]]) => [plural, objects.get(kind) ?? []]))
  const names = Array.from({ length: 20 }, (_, index) => `team-${index}`)
  let busyMs = 0
  const answer = (request: IncomingMessage, text: string, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'http://server')
    const send = (body: JsonMap, status = 200): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    if (url.pathname === '/version') return send({ major: '1', minor: '33', gitVersion: 'v1.33.0' })
    if (url.pathname === '/api' || url.pathname === '/apis') return send(discovery(url.pathname === '/api'))
    if (url.pathname === '/api/v1/namespaces')
      return send({ metadata: {}, items: names.map((name) => ({ metadata: { name } })) })
    if (request.method === 'PATCH') {
      const operations = JSON.parse(text) as readonly { readonly path: string; readonly value?: JsonMap }[] // as the client sent them
      const [, name = ''] = /\/([^/]+)$/.exec(url.pathname) ?? []
      const sent = Object.fromEntries(
        operations
          .filter(({ path }) => !path.startsWith('/metadata'))
          .map(({ path, value }) => [path.slice(1), value ?? null]),
      )
      return send({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, ...sent })
    }
    const plural = url.pathname.split('/').at(-1) ?? ''
    const list = byPlural.get(plural)
    if (list !== undefined) return send(page(list, url))
    return send({ kind: 'Status', code: 404, reason: 'NotFound', details: { name: plural } }, 404)
  }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => void parts.push(part))
    request.on('end', () => {
      const from = performance.now()
      answer(request, Buffer.concat(parts).toString('utf8'), response)
      busyMs += performance.now() - from
    })
  })
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo // it listens on a port
    process.send?.({ server: `http://127.0.0.1:${port}` })
  })
  process.on('message', () => {
    process.send?.({ busyMs })
    busyMs = 0
  })
  process.on('disconnect', () => process.exit(0))
}

serve({ applications: Number(process.argv[2]), differing: Number(process.argv[3]) })
