import { afterEach, describe, expect, it } from 'vitest'
import { kinds } from './kinds.ts'
import {
  type Answering,
  objectOf,
  type ScriptedServer,
  sendJson,
  sendStatus,
  startScriptedServer,
} from './testing/scripted-server.ts'

const web = { namespace: 'shop', name: 'web' }
const soon = () => AbortSignal.timeout(5_000)

describe('the client of a cluster', () => {
  let server: ScriptedServer | null = null
  afterEach(async () => {
    await server?.close()
    server = null
  })
  const open = async (answer: Answering) => {
    server = await startScriptedServer(answer)
    const { client } = await server.connect()
    return { client, asked: server.asked }
  }

  it('reads all pages of a list, and starts over when they got too old', async () => {
    const pages = [
      { metadata: { resourceVersion: '10', continue: 'a' }, items: [objectOf('old', 1)] },
      null,
      { metadata: { resourceVersion: '20', continue: 'b' }, items: [objectOf('one', 1)] },
      { metadata: { resourceVersion: '20' }, items: [{ metadata: { name: 'two' } }] },
    ]
    const { client, asked } = await open((_, response) => {
      const page = pages[(server?.asked.length ?? 0) - 1]
      if (page == null) sendStatus(response, 410, { reason: 'Expired' })
      else sendJson(response, 200, page)
    })
    const answer = await client.list(kinds.deployments, { namespace: 'shop', labels: 'app=web' }, { signal: soon() })
    if (answer.kind !== 'ok') throw new Error(answer.because)
    expect(answer.value.items.map((each) => [each.kind, each.metadata?.name])).toEqual([
      ['Deployment', 'one'],
      ['Deployment', 'two'],
    ])
    expect(answer.value.resourceVersion).toBe('20')
    expect(asked.map((each) => each.query.get('continue'))).toEqual([null, 'a', null, 'b'])
    expect(asked[0]?.path).toBe('/apis/apps/v1/namespaces/shop/deployments')
    expect(asked[0]?.query.get('labelSelector')).toBe('app=web')
  })

  it('tells an object that is not there from a kind that is not there', async () => {
    const { client } = await open((one, response) => {
      if (one.path.endsWith('/web'))
        sendStatus(response, 404, { reason: 'NotFound', details: { name: 'web', kind: 'deployments' } })
      else sendStatus(response, 404, { message: 'the server could not find the requested resource', details: {} })
    })
    expect(await client.get(kinds.deployments, web, { signal: soon() })).toEqual({ kind: 'ok', value: null })
    expect(await client.get(kinds.deployments, { ...web, name: 'api' }, { signal: soon() })).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('does not know deployments.apps'),
    })
    expect(await client.remove(kinds.deployments, web, { signal: soon() })).toEqual({ kind: 'ok', value: null })
  })

  it('writes each kind of patch as the API server wants it', async () => {
    const { client, asked } = await open((_, response) => sendJson(response, 200, objectOf('web', 7)))
    const write = { signal: soon() }
    await client.patch(kinds.deployments, web, { kind: 'merge', body: { a: 1 } }, { ...write, dryRun: true })
    await client.patch(kinds.deployments, web, { kind: 'strategic', body: { b: 1 } }, write)
    await client.patch(
      kinds.cronJobs,
      web,
      { kind: 'json', operations: [{ op: 'test' }] },
      { ...write, subresource: 'status' },
    )
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: web }
    await client.patch(kinds.deployments, web, { kind: 'apply', object, manager: 'titrate', force: true }, write)
    expect(
      asked.map((each) => [each.headers['content-type'], each.path.split('/').at(-1), each.query.toString()]),
    ).toEqual([
      ['application/merge-patch+json', 'web', 'dryRun=All'],
      ['application/strategic-merge-patch+json', 'web', ''],
      ['application/json-patch+json', 'status', ''],
      ['application/apply-patch+yaml', 'web', 'fieldManager=titrate&force=true'],
    ])
    expect(asked[3]?.body).toEqual(object)
  })

  it('deletes only what was meant', async () => {
    const { client, asked } = await open((_, response) =>
      sendStatus(response, 409, { reason: 'Conflict', message: 'the UID in the precondition differs' }),
    )
    const answer = await client.remove(kinds.jobs, web, { signal: soon(), uid: 'a', dependents: 'Background' })
    expect(answer.kind).toBe('conflict')
    expect(asked[0]?.body).toMatchObject({ preconditions: { uid: 'a' }, propagationPolicy: 'Background' })
  })

  it('says that a namespace is being deleted, and which right is missing', async () => {
    const terminating = { message: 'forbidden', details: { name: 'web', causes: [{ reason: 'NamespaceTerminating' }] } }
    const right = {
      reason: 'Forbidden',
      message: 'deployments.apps "web" is forbidden: User "ada" cannot create resource "deployments"',
    }
    const { client } = await open((_, response) =>
      sendStatus(response, 403, server?.asked.length === 1 ? terminating : right),
    )
    const because = async () => {
      const answer = await client.create(kinds.deployments, { metadata: web }, { signal: soon() })
      return answer.kind === 'refused' ? answer.because : answer.kind
    }
    expect(await because()).toBe(
      'create deployments.apps shop/web on blue: namespace shop is being deleted, so nothing can be made in it. Wait until it is gone, and make it anew.',
    )
    expect(await because()).toContain('not permitted: deployments.apps "web" is forbidden: User "ada" cannot create')
  })

  it('never repeats the values of a Secret that the API server quotes', async () => {
    const quoted = {
      reason: 'Invalid',
      message: 'Secret "db" is invalid: data[x]: Invalid value: "hunter2": too long',
      details: { name: 'db', causes: [{ field: 'data[x]', message: 'Invalid value: "hunter2"' }] },
    }
    const { client } = await open((_, response) => sendStatus(response, server?.asked.length === 1 ? 422 : 403, quoted))
    for (const _ of [1, 2]) {
      const answer = await client.create(
        kinds.secrets,
        { metadata: web, data: { x: 'aHVudGVyMg==' } },
        { signal: soon() },
      )
      expect(answer).toMatchObject({ kind: 'refused', because: expect.stringContaining('Invalid at data[x]') })
      expect(JSON.stringify(answer)).not.toContain('hunter2')
    }
  })

  it('refuses a version that is too old, and names the least', async () => {
    const versions = [
      { major: '1', minor: '24+', gitVersion: 'v1.24.17-eks' },
      { major: '1', minor: '28+', gitVersion: 'v1.28.3-eks' },
    ]
    const { client } = await open((_, response) =>
      sendJson(response, 200, versions[(server?.asked.length ?? 0) - 1] ?? {}),
    )
    expect(await client.version({ signal: soon() })).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('runs Kubernetes v1.24.17-eks; Titrate needs 1.28 or later'),
    })
    expect(await client.version({ signal: soon() })).toEqual({ kind: 'ok', value: 'v1.28.3-eks' })
  })

  it('asks what it may do', async () => {
    const { client, asked } = await open((_, response) =>
      sendJson(response, 201, { kind: 'SelfSubjectAccessReview', status: { allowed: false, reason: 'no role' } }),
    )
    const answer = await client.mayI(
      { verb: 'patch', resource: kinds.cronJobs, subresource: 'status', namespace: 'shop' },
      { signal: soon() },
    )
    expect(answer).toEqual({ kind: 'ok', value: { allowed: false, because: 'no role' } })
    expect(asked[0]?.body).toMatchObject({
      spec: {
        resourceAttributes: {
          verb: 'patch',
          group: 'batch',
          resource: 'cronjobs',
          subresource: 'status',
          namespace: 'shop',
        },
      },
    })
  })

  it('reads the last lines of a pod', async () => {
    const { client, asked } = await open((_, response) => void response.end('one\ntwo\n'))
    expect(await client.logs(web, 2, { signal: soon() })).toEqual({ kind: 'ok', value: ['one', 'two'] })
    expect(asked[0]?.query.get('tailLines')).toBe('2')
  })
})
