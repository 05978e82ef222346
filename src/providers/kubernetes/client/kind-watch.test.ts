import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Change } from './kind-cache.ts'
import { kinds } from './kinds.ts'
import type { KubernetesObject } from './resource.ts'
import {
  type Answering,
  type Asked,
  eventLine,
  listOf,
  objectOf,
  type ScriptedServer,
  sendJson,
  sendStatus,
  startScriptedServer,
} from './testing/scripted-server.ts'

const soon = () => AbortSignal.timeout(5_000)
const within = { timeout: 5_000, interval: 10 }

/** The requests of one kind of a server that lists and watches as the test says, each by its number from 1. */
type Script = {
  readonly list: (number: number, response: ServerResponse, asked: Asked) => void
  readonly watch: (number: number, response: ServerResponse, asked: Asked) => void
}

const isWatch = (asked: Asked) => asked.query.get('watch') === '1'

const answering = ({ list, watch }: Script): Answering => {
  const counts = { list: 0, watch: 0 }
  return (asked, response) => {
    if (!isWatch(asked)) return list(++counts.list, response, asked)
    const number = ++counts.watch
    watch(number, response, asked)
  }
}

const openStream = (response: ServerResponse): ServerResponse => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.flushHeaders()
  return response
}

describe('the watch of a kind', () => {
  let server: ScriptedServer | null = null
  const end = new AbortController()
  afterEach(async () => {
    await server?.close()
    server = null
  })

  const follow = async (script: Script, deps: { readonly fault?: (error: unknown) => void } = {}) => {
    server = await startScriptedServer(answering(script))
    const cluster = await server.connect({ deps })
    const watch = cluster.watches.of(kinds.deployments, { namespace: 'shop' })
    const changes: string[] = []
    watch.onChange((change) => changes.push(inWords(change)), end.signal)
    const names = async () => {
      const reader = await watch.ready(soon())
      if (reader.kind !== 'ok') throw new Error(reader.because)
      return reader.value
        .list({})
        .map((each) => `${each.metadata?.name}@${each.metadata?.resourceVersion}`)
        .toSorted()
    }
    const watched = () => (server?.asked ?? []).filter(isWatch).map((each) => each.query.get('resourceVersion'))
    const listed = () => (server?.asked ?? []).filter((each) => !isWatch(each)).length
    return { cluster, watch, changes, names, watched, listed }
  }
  const inWords = (change: Change<KubernetesObject>) =>
    `${change.kind} ${change.object.metadata?.name}@${change.object.metadata?.resourceVersion}`

  it('knows the list at once, then what changes, with one request for each reader together', async () => {
    const { cluster, names, changes, watched, listed } = await follow({
      list: (_, response) => sendJson(response, 200, listOf(10, objectOf('web', 3), objectOf('api', 4))),
      watch: (_, response) => {
        openStream(response)
        response.write(eventLine('MODIFIED', objectOf('web', 11)))
        response.write(eventLine('DELETED', objectOf('api', 12)))
        // Two halves of one line, cut within a letter of two bytes.
        const line = Buffer.from(eventLine('ADDED', objectOf('naïve', 13)))
        const cut = line.indexOf(0xc3) + 1
        response.write(line.subarray(0, cut))
        response.write(line.subarray(cut))
      },
    })
    const again = cluster.watches.of(kinds.deployments, { namespace: 'shop' })
    expect((await again.ready(soon())).kind).toBe('ok')
    await vi.waitFor(async () => expect(await names()).toEqual(['naïve@13', 'web@11']), within)
    expect(changes).toEqual(['changed web@3', 'changed api@4', 'changed web@11', 'removed api@12', 'changed naïve@13'])
    expect([listed(), watched()]).toEqual([1, ['10']])
  })

  it('resumes from the newest bookmark after a reset, without a list', async () => {
    const { names, watched, listed } = await follow({
      list: (_, response) => sendJson(response, 200, listOf(10, objectOf('web', 3))),
      watch: (number, response) => {
        openStream(response)
        if (number > 1) return void response.write(eventLine('MODIFIED', objectOf('web', 52)))
        response.write(eventLine('BOOKMARK', objectOf('', 50)), () => response.destroy())
      },
    })
    await vi.waitFor(async () => expect(await names()).toEqual(['web@52']), within)
    expect([listed(), watched()]).toEqual([1, ['10', '50']])
  })

  it('goes on when the API server ends the watch, as it does after minutes', async () => {
    const { names, watched, listed } = await follow({
      list: (_, response) => sendJson(response, 200, listOf(10)),
      watch: (number, response) => {
        openStream(response).write(eventLine('ADDED', objectOf(`web-${number}`, 10 + number)))
        if (number < 3) response.end()
      },
    })
    await vi.waitFor(async () => expect(await names()).toEqual(['web-1@11', 'web-2@12', 'web-3@13']), within)
    expect([listed(), watched()]).toEqual([1, ['10', '11', '12']])
  })

  it.each([
    ['as an answer', (response: ServerResponse) => sendStatus(response, 410, { reason: 'Expired' })],
    [
      'as an event',
      (response: ServerResponse) => {
        const gone = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' }
        openStream(response).end(eventLine('ERROR', gone))
      },
    ],
  ])('lists anew after 410 Gone %s, and says what was removed in between', async (_, gone) => {
    const { changes, watched, listed, names } = await follow({
      list: (number, response) =>
        sendJson(
          response,
          200,
          number === 1 ? listOf(10, objectOf('web', 3), objectOf('old', 4)) : listOf(90, objectOf('web', 80)),
        ),
      watch: (number, response) => (number === 1 ? gone(response) : void openStream(response)),
    })
    await vi.waitFor(() => expect(watched()).toEqual(['10', '90']), within)
    expect(await names()).toEqual(['web@80'])
    expect(changes.slice(2)).toEqual(['removed old@4', 'changed web@80'])
    expect(listed()).toBe(2)
  })

  it('comes again after an error of the server in the middle of a watch, from where it was', async () => {
    const { names, watched } = await follow({
      list: (_, response) => sendJson(response, 200, listOf(10)),
      watch: (number, response) => {
        openStream(response).write(eventLine('ADDED', objectOf(`web-${number}`, 20 + number)))
        if (number === 1) response.end(eventLine('ERROR', { kind: 'Status', code: 500, message: 'etcd is away' }))
      },
    })
    await vi.waitFor(async () => expect(await names()).toEqual(['web-1@21', 'web-2@22']), within)
    expect(watched()).toEqual(['10', '21'])
  })

  it('outlives what a callback throws, and so do the other callbacks', async () => {
    const faults: unknown[] = []
    const { watch, names, changes } = await follow(
      {
        list: (_, response) => sendJson(response, 200, listOf(10)),
        watch: (_, response) =>
          void openStream(response).write(
            eventLine('ADDED', objectOf('web', 11)) + eventLine('ADDED', objectOf('api', 12)),
          ),
      },
      { fault: (error) => faults.push(error) },
    )
    watch.onChange(() => {
      throw new Error('broken reader')
    }, end.signal)
    await vi.waitFor(async () => expect(await names()).toHaveLength(2), within)
    expect(changes).toEqual(['changed web@11', 'changed api@12'])
    expect(faults).toHaveLength(2)
  })

  it('has what we wrote ourselves at once, and keeps it when older events come in', async () => {
    let stream: ServerResponse | null = null
    const { watch, names, changes } = await follow({
      list: (_, response) => sendJson(response, 200, listOf(10, objectOf('web', 3))),
      watch: (_, response) => {
        stream = openStream(response)
      },
    })
    await vi.waitFor(() => expect(stream).not.toBeNull(), within)
    watch.note(objectOf('web', 15) as never)
    expect(await names()).toEqual(['web@15'])
    stream = stream as ServerResponse | null
    stream?.write(eventLine('MODIFIED', objectOf('web', 14)) + eventLine('ADDED', objectOf('api', 16)))
    await vi.waitFor(async () => expect(await names()).toEqual(['api@16', 'web@15']), within)
    // Deleted by somebody since: a late word of ours must not bring it back.
    stream?.write(eventLine('DELETED', objectOf('web', 17)))
    await vi.waitFor(() => expect(changes).toContain('removed web@17'), within)
    watch.note(objectOf('web', 15) as never)
    expect(await names()).toEqual(['api@16'])
  })

  it('says refused and why where the right is missing, and unknown where the cluster is away', async () => {
    const { watch } = await follow({
      list: (_, response) =>
        sendStatus(response, 403, {
          reason: 'Forbidden',
          message:
            'deployments.apps is forbidden: User "ada" cannot list resource "deployments" in API group "apps" in the namespace "shop"',
          details: { group: 'apps', kind: 'deployments' },
        }),
      watch: () => undefined,
    })
    expect(await watch.ready(soon())).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('User "ada" cannot list'),
    })
    const away = await server?.connect({ cluster: { server: 'http://127.0.0.1:1' } })
    const answer = await away?.watches.of(kinds.deployments, {}).ready(soon())
    expect(answer).toMatchObject({ kind: 'unknown', because: expect.stringContaining('nothing listens') })
    expect(await watch.ready(AbortSignal.abort())).toMatchObject({ kind: 'refused' })
  })

  it('says that what it knows may be old, once it has been out of touch for 10 s', async () => {
    let elapsed = 0
    server = await startScriptedServer(
      answering({
        list: (_, response) => sendJson(response, 200, listOf(10, objectOf('web', 3))),
        watch: (_, response) => sendStatus(response, 503, { message: 'away' }),
      }),
    )
    const cluster = await server.connect({ deps: { elapsed: () => elapsed } })
    const watch = cluster.watches.of(kinds.deployments, {})
    expect((await watch.ready(soon())).kind).toBe('ok')
    await vi.waitFor(() => expect(server?.asked.filter(isWatch).length).toBeGreaterThan(1), within)
    expect((await watch.ready(soon())).kind).toBe('ok')
    elapsed = 11_000
    expect(await watch.ready(soon())).toMatchObject({ kind: 'unknown', because: expect.stringContaining('away') })
  })

  it('keeps no value of a Secret', async () => {
    const secret = { ...objectOf('db', 3), apiVersion: 'v1', kind: 'Secret', data: { password: 'aHVudGVyMg==' } }
    const annotated = {
      ...secret,
      metadata: {
        ...secret.metadata,
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'aHVudGVyMg==', team: 'a' },
      },
    }
    server = await startScriptedServer(
      answering({
        list: (_, response) => sendJson(response, 200, listOf(10, annotated)),
        watch: (_, response) => void openStream(response),
      }),
    )
    const cluster = await server.connect()
    const reader = await cluster.watches.of(kinds.secrets, {}).ready(soon())
    const kept = reader.kind === 'ok' ? reader.value.get({ namespace: 'shop', name: 'db' }) : null
    expect(kept?.metadata?.annotations).toEqual({ team: 'a' })
    expect(JSON.stringify(kept)).not.toContain('aHVudGVyMg')
  })
})
