import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { resolveSecret } from '../../config/secret.ts'
import type { Notice } from '../../engine/ports.ts'
import { createNotify, type NotifyOptions } from './create-notify.ts'
import type { NoticeTarget } from './reference.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanUp.splice(0)) await each()
})

type Received = { readonly body: Notice; readonly headers: IncomingMessage['headers'] }

/** Answers with what `answer` does; keeps what it was told. */
const receiver = async (answer: (res: ServerResponse, count: number) => void = (res) => res.end()) => {
  const received: Received[] = []
  const server = createServer((req, res) => void take(req, res)).listen(0, '127.0.0.1')
  const take = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    let text = ''
    for await (const chunk of req) text += chunk
    received.push({ body: JSON.parse(text), headers: req.headers })
    answer(res, received.length)
    server.emit('received')
  }
  await once(server, 'listening')
  cleanUp.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const come = async (count: number) => {
    while (received.length < count) await once(server, 'received')
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received, come }
}

const clock = {
  now: Date.now,
  sleep: (until: number, signal: AbortSignal) =>
    wait(Math.max(0, until - Date.now()), undefined, { signal }).catch(() => undefined),
}
const on = ['hold', 'verdict', 'rollback', 'gate', 'call', 'end'] as const
const webhook = (url: string, rest: Partial<Extract<NoticeTarget, { kind: 'webhook' }>> = {}): NoticeTarget => ({
  kind: 'webhook',
  url: { kind: 'plain', url },
  headers: {},
  on,
  ...rest,
})
const notice = (entry: number, kind: Notice['kind'] = 'hold'): Notice => ({
  kind,
  release: 'shop',
  service: 'mailer',
  at: 1,
  text: 'mailer is held',
  actions: ['titrate retry mailer'],
  entry,
})

const create = (targets: readonly NoticeTarget[], rest: Partial<NotifyOptions> = {}) => {
  const logged: [string, Readonly<Record<string, unknown>>][] = []
  const notify = createNotify({
    targets,
    resolveSecret: (reference) => resolveSecret(reference, { TOKEN: 's3cret', BAD: 'not a url s3cret' }),
    clock,
    log: (...line) => logged.push(line),
    retry: { tries: 4, firstMs: 5, maxMs: 20 },
    variables: process.env,
    ...rest,
  })
  cleanUp.push(() => notify.close())
  return { notify, logged }
}

it('posts a notice with headers whose secrets are read when they are used', async () => {
  const hook = await receiver()
  const { notify, logged } = create([
    webhook(hook.url, { headers: { 'x-team': 'shop', authorization: { kind: 'variable', name: 'TOKEN' } } }),
  ])
  notify.send(notice(7))
  await hook.come(1)
  expect(hook.received[0]?.body).toEqual(notice(7))
  expect(hook.received[0]?.headers).toMatchObject({
    'x-team': 'shop',
    authorization: 's3cret',
    'content-type': 'application/json',
  })
  expect(logged).toEqual([])
})

it('sends to each target only the kinds it asked for, in order', async () => {
  const hook = await receiver()
  const { notify } = create([webhook(hook.url, { on: ['rollback', 'end'] })])
  for (const [index, kind] of on.entries()) notify.send(notice(index, kind))
  await notify.close()
  expect(hook.received.map(({ body }) => body.kind)).toEqual(['rollback', 'end'])
})

it('tries again after a 5xx, a 429 and a broken connection', async () => {
  const hook = await receiver((res, count) => {
    if (count === 1) res.writeHead(500).end('no')
    else if (count === 2) res.writeHead(429).end()
    else if (count === 3) res.destroy()
    else res.end()
  })
  const { notify, logged } = create([webhook(hook.url)])
  notify.send(notice(1))
  await hook.come(4)
  await notify.close()
  expect(hook.received).toHaveLength(4)
  expect(logged).toEqual([])
})

it('gives up after its tries, says so once, and goes on with the next', async () => {
  const hook = await receiver((res, count) => res.writeHead(count <= 4 ? 503 : 200).end())
  const { notify, logged } = create([webhook(`${hook.url}?secret=abc`)])
  notify.send(notice(1))
  notify.send(notice(2))
  await hook.come(5)
  await notify.close()
  expect(hook.received.map(({ body }) => body.entry)).toEqual([1, 1, 1, 1, 2])
  expect(logged).toEqual([
    ['a notice was not delivered', { target: hook.url, kind: 'hold', entry: 1, tries: 4, because: 'it answered 503' }],
  ])
})

it('does not try again what can not help', async () => {
  const hook = await receiver((res) => res.writeHead(404).end())
  const { notify, logged } = create([webhook(hook.url), { kind: 'command', command: ['no-such-program'], on }])
  notify.send(notice(1))
  await notify.close()
  expect(hook.received).toHaveLength(1)
  expect(logged.map(([, details]) => details['tries'])).toEqual([1, 1])
})

it('gives up on one that never answers, and never holds up the others', async () => {
  const silent = await receiver(() => undefined)
  const hook = await receiver()
  const { notify, logged } = create([webhook(silent.url), webhook(hook.url)], { timeoutMs: 50, retry: { tries: 2 } })
  notify.send(notice(1))
  await hook.come(1)
  await notify.close()
  expect(logged).toMatchObject([['a notice was not delivered', { because: 'no answer within 50 ms' }]])
})

it('drops the oldest when too many wait, and says which', async () => {
  let release = (): void => undefined
  const hook = await receiver((res, count) => {
    if (count === 1) release = () => res.end()
    else res.end()
  })
  const { notify, logged } = create([webhook(hook.url)], { queueLength: 2 })
  notify.send(notice(1))
  await hook.come(1)
  for (const entry of [2, 3, 4]) notify.send(notice(entry))
  release()
  await notify.close()
  expect(hook.received.map(({ body }) => body.entry)).toEqual([1, 3, 4])
  expect(logged).toMatchObject([['too many notices wait: the oldest was dropped', { entry: 2 }]])
})

it('never shows a secret, whatever goes wrong', async () => {
  const secret = { kind: 'variable', name: 'BAD' } as const
  const missing = { kind: 'variable', name: 'MISSING' } as const
  const { notify, logged } = create([
    webhook('', { url: secret }),
    webhook('', { url: missing }),
    webhook('http://127.0.0.1:1/', { headers: { 'x-key': missing } }),
    webhook('http://127.0.0.1:1/?key=s3cret', { headers: { 'bad header': { kind: 'variable', name: 'TOKEN' } } }),
    { kind: 'command', command: [process.execPath, '-e', 'console.log("s3cret"); process.exit(1)', 's3cret'], on },
  ])
  notify.send(notice(1))
  await notify.close()
  expect(logged).toHaveLength(5)
  expect(JSON.stringify(logged)).not.toContain('s3cret')
  expect(logged.map(([, { because }]) => because)).toEqual(
    expect.arrayContaining([
      'the variable MISSING is not set',
      'the URL in the variable BAD is not a URL',
      'exit code 1',
    ]),
  )
})

it('gives a command the notice on its standard input', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'notify-'))
  cleanUp.push(() => rm(folder, { recursive: true }))
  const file = join(folder, 'notice.json')
  const script = 'process.stdin.pipe(require("fs").createWriteStream(process.argv[1]))'
  const { notify } = create([{ kind: 'command', command: [process.execPath, '-e', script, file], on }])
  notify.send(notice(5))
  await notify.close()
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(notice(5))
})

it('closes within its bound though a target hangs, and says what is left', async () => {
  const silent = await receiver(() => undefined)
  const { notify, logged } = create([webhook(silent.url)], { flushMs: 100 })
  for (const entry of [1, 2, 3]) notify.send(notice(entry))
  await silent.come(1)
  const started = performance.now()
  await notify.close()
  expect(performance.now() - started).toBeLessThan(2_000)
  expect(logged).toContainEqual(['notices are left at the end', { target: silent.url, count: 2 }])
  notify.send(notice(4))
  expect(logged.at(-1)?.[0]).toBe('a notice came after the end')
})
