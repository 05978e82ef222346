import { afterEach, describe, expect, it } from 'vitest'
import { objectText } from '../../kubernetes/object.ts'
import { aDeployment, anObject, type Body } from '../../kubernetes/testing/build-objects.ts'
import {
  type Asked,
  type ScriptedServer,
  sendJson,
  sendStatus,
  startScriptedServer,
} from './client/testing/scripted-server.ts'
import { readCluster } from './read-cluster.ts'

const soon = () => AbortSignal.timeout(5_000)

const groups: readonly (readonly [
  path: string,
  group: string,
  version: string,
  kinds: readonly (readonly [string, string])[],
])[] = [
  [
    '/api',
    '',
    'v1',
    [
      ['configmaps', 'ConfigMap'],
      ['secrets', 'Secret'],
      ['pods', 'Pod'],
    ],
  ],
  ['/apis', 'apps', 'v1', [['deployments', 'Deployment']]],
]
const discovery = (path: string) => ({
  items: groups
    .filter(([where]) => where === path)
    .map(([, name, version, kinds]) => ({
      metadata: { name },
      versions: [
        {
          version,
          resources: kinds.map(([resource, kind]) => ({
            resource,
            responseKind: { kind },
            scope: 'Namespaced',
            verbs: ['list'],
          })),
        },
      ],
    })),
})
const listOf = (...items: readonly Body[]) => ({ metadata: { resourceVersion: '1' }, items })
/** The API server says what is not there. */
const absent = (path: string) => ({ reason: 'NotFound', details: { name: path.split('/').at(-1), kind: 'x' } })

describe('reading a cluster', () => {
  let server: ScriptedServer | null = null
  afterEach(async () => {
    await server?.close()
    server = null
  })
  const read = async (namespaces: readonly string[] | null, answer: (asked: Asked) => object | number) => {
    server = await startScriptedServer((one, response) => {
      if (one.path === '/version') return sendJson(response, 200, { major: '1', minor: '33', gitVersion: 'v1.33.1' })
      if (one.path === '/api' || one.path === '/apis') return sendJson(response, 200, discovery(one.path))
      const said = answer(one)
      if (typeof said !== 'number') return sendJson(response, 200, said)
      return sendStatus(
        response,
        said,
        said === 404
          ? absent(one.path)
          : { reason: 'Forbidden', message: 'x is forbidden: User "u" cannot list resource "x"' },
      )
    })
    const answered = await readCluster(await server.connect(), { namespaces, signal: soon() })
    if (answered.kind !== 'ok') throw new Error(answered.because)
    return answered.value
  }
  const paths = () => (server?.asked ?? []).map(({ path }) => path)

  it('is one list a kind that it wants and the cluster serves; a namespace may be missing, or on its way out', async () => {
    const { objects, namespaces, version, notRead } = await read(['shop', 'gone', 'leaving'], ({ path }) => {
      if (path.endsWith('/namespaces/shop')) return { metadata: { name: 'shop' } }
      if (path.endsWith('/namespaces/leaving'))
        return { metadata: { name: 'leaving', deletionTimestamp: '2026-11-24T00:00:00Z' } }
      if (path.endsWith('/aws-logging')) return 404
      if (path.endsWith('/namespaces/gone')) return 404
      return path.endsWith('/shop/deployments') ? listOf(aDeployment('web')) : listOf()
    })
    expect([version, notRead, objects.map(objectText)]).toEqual(['v1.33.1', [], ['Deployment shop/web']])
    expect([...namespaces]).toEqual([
      ['shop', 'there'],
      ['gone', 'missing'],
      ['leaving', 'being deleted'],
    ])
    expect(paths().filter((path) => path.endsWith('/deployments'))).toHaveLength(2)
    expect(paths().join('\n')).not.toContain('/pods')
  })

  it('keeps nothing that only servers write, nothing of ours, and no runs of schedules', async () => {
    const noise = {
      status: { replicas: 1 },
      metadata: {
        name: 'web',
        namespace: 'shop',
        managedFields: [
          { manager: 'x', time: 'now', fieldsV1: { 'f:spec': { 'f:replicas': {}, 'f:template': { 'f:spec': {} } } } },
        ],
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"password":"hunter2"}', mine: '1' },
      },
    }
    const { objects } = await read(['shop'], ({ path }) => {
      if (path.endsWith('/namespaces/shop')) return { metadata: { name: 'shop' } }
      if (path.endsWith('/aws-logging')) return 404
      if (path.endsWith('/deployments'))
        return listOf(
          { ...aDeployment('web'), ...noise },
          anObject(
            'apps/v1',
            'Deployment',
            'made',
            {},
            { ownerReferences: [{ kind: 'Rollout', name: 'x', apiVersion: 'y', controller: true }] },
          ),
        )
      if (path.endsWith('/configmaps'))
        return listOf(
          anObject('v1', 'ConfigMap', 'titrate-claim'),
          anObject('v1', 'ConfigMap', 'x', {}, { labels: { 'titrate.dev/access': 'y' } }),
        )
      return listOf()
    })
    expect(objects.map(objectText)).toEqual(['Deployment shop/web'])
    expect(objects[0]?.body).toMatchObject({ metadata: { annotations: { mine: '1' } } })
    // Who has set what a release writes tells which tool would put it back.
    const managedFields = [{ manager: 'x', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }]
    expect(objects[0]?.body['metadata']).toMatchObject({ managedFields })
    expect(JSON.stringify(objects)).not.toMatch(/hunter2|f:template|"status"/)
  })

  it('asks for many namespaces at once where it may, else for each, and says what it may not read at all', async () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    const { objects, notRead } = await read(names, ({ path }) => {
      const one = /\/namespaces\/(\w)$/.exec(path)?.[1]
      if (one !== undefined) return { metadata: { name: one } }
      if (path.endsWith('/aws-logging')) return 404
      if (path.endsWith('/secrets')) return 403
      if (path === '/api/v1/configmaps') return 403
      if (path === '/apis/apps/v1/deployments')
        return listOf(...['a', 'z'].map((namespace) => aDeployment('web', { meta: { namespace } })))
      return listOf(anObject('v1', 'ConfigMap', 'x', {}, { namespace: path.split('/')[4] ?? '' }))
    })
    expect(objects.map(objectText).toSorted()).toEqual([
      'ConfigMap a/x',
      'ConfigMap b/x',
      'ConfigMap c/x',
      'ConfigMap d/x',
      'ConfigMap e/x',
      'Deployment a/web',
    ])
    expect(notRead.map(({ sort, namespace }) => `${sort} ${namespace}`)).toEqual(names.map((name) => `Secret ${name}`))
    expect(notRead[0]?.because).toContain('not permitted')
  })

  it('does not answer for a cluster that fails in the middle', async () => {
    await expect(
      read(['shop'], ({ path }) =>
        path.endsWith('/deployments')
          ? 500
          : path.endsWith('/shop')
            ? { metadata: { name: 'shop' } }
            : path.endsWith('logging')
              ? 404
              : listOf(),
      ),
    ).rejects.toThrow('deployments')
  })
})
