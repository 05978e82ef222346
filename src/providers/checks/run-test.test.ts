import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import type { Run } from '../../engine/ports.ts'
import type { CheckContext } from './context.ts'
import { runTest } from './run-test.ts'

const cleanUp: (() => unknown)[] = []
afterEach(() => {
  for (const each of cleanUp.splice(0)) each()
})

const serve = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const run: Run = {
  name: 'invoices-trial-7',
  service: 'invoices',
  side: 'green',
  tick: null,
  startedAt: 1_000,
  endedAt: 1_500,
  result: 'succeeded',
  exitCode: 0,
}
const context = (rest: Partial<CheckContext> = {}): CheckContext => ({
  service: 'invoices',
  greenAddress: async () => null,
  blueAddress: async () => 'http://127.0.0.1:1',
  trialRun: async () => ({ kind: 'ok', value: run }),
  probe: async () => ({ passed: true, summary: 'not checked here', figures: {} }),
  environmentVariables: process.env,
  signal: new AbortController().signal,
  clock: { now: () => 1234, monotonic: () => performance.now() },
  ...rest,
})
const script = (text: string, timeoutMs = 10_000) =>
  ({ kind: 'command', command: [process.execPath, '-e', text], timeoutMs }) as const

it('passes a command by its exit code, and tells it where both sides are', async () => {
  const text = 'console.log(process.env.TITRATE_SERVICE, process.env.TITRATE_BLUE, process.env.TITRATE_GREEN)'
  const result = await runTest(script(text), context({ greenAddress: async () => 'http://127.0.0.1:2' }))
  expect(result).toEqual({
    passed: true,
    at: 1234,
    durationMs: expect.any(Number),
    summary: 'exit code 0\ninvoices http://127.0.0.1:1 http://127.0.0.1:2',
    figures: { exitCode: 0 },
  })
})

it('shows the last lines of a command that failed, without secrets', async () => {
  const secrets = ['hunter2hunter2', 'line one\nline two', 'a"b/c']
  const text = `console.log('the token is hunter2hunter2'); console.log('line two'); console.error(JSON.stringify('a"b/c'), encodeURIComponent('a"b/c')); process.exit(4)`
  const result = await runTest(script(text), context({ secrets }))
  expect(result).toMatchObject({ passed: false, figures: { exitCode: 4 } })
  expect(result.summary).toBe('exit code 4\nthe token is ***\n***\n"***" ***')
})

it('has not passed when a command takes too long, is not there, or is killed', async () => {
  expect(await runTest(script('setInterval(() => {}, 1000)', 200), context())).toMatchObject({
    passed: false,
    summary: 'no end within 200 ms',
  })
  expect(await runTest({ kind: 'command', command: ['no-such-program'], timeoutMs: 1_000 }, context())).toMatchObject({
    passed: false,
    summary: expect.stringContaining('there is no program'),
  })
  expect(await runTest(script('process.kill(process.pid, "SIGKILL")'), context())).toMatchObject({
    passed: false,
    summary: 'SIGKILL',
  })
})

it.each([
  [200, null, true],
  [302, null, true],
  [404, null, false],
  [404, 404, true],
  [200, 204, false],
])('asks a URL that answers %d with %s expected: passed is %s', async (status, expectStatus, passed) => {
  const url = await serve((_, res) => res.writeHead(status, { location: 'http://127.0.0.1:1/' }).end('why it is so'))
  const result = await runTest(
    { kind: 'http', url: `${url}/health?q=s3cret`, expectStatus, timeoutMs: 5_000 },
    context(),
  )
  expect(result).toMatchObject({ passed, figures: { status } })
  expect(result.summary).toContain(`GET ${url}/health?… answered ${status}`)
  expect(result.summary.includes('why it is so')).toBe(!passed)
})

it('has not passed when a URL does not answer, or nothing listens', async () => {
  const url = await serve(() => undefined)
  const silent = await runTest({ kind: 'http', url, expectStatus: null, timeoutMs: 100 }, context())
  expect(silent).toMatchObject({ passed: false, summary: expect.stringContaining('nothing within 100 ms') })
  const none = await runTest(
    { kind: 'http', url: 'http://127.0.0.1:1/', expectStatus: null, timeoutMs: 5_000 },
    context(),
  )
  expect(none).toMatchObject({ passed: false, summary: expect.stringContaining('ECONNREFUSED') })
})

it('asks a path of green past the router, and says when green has no address', async () => {
  const paths: (string | undefined)[] = []
  const url = await serve((req, res) => {
    paths.push(req.url)
    res.end()
  })
  const test = { kind: 'green http', path: '/healthz?deep=1', expectStatus: 200, timeoutMs: 5_000 } as const
  expect(await runTest(test, context({ greenAddress: async () => `${url}/` }))).toMatchObject({ passed: true })
  expect(paths).toEqual(['/healthz?deep=1'])
  expect(await runTest(test, context())).toMatchObject({
    passed: false,
    summary: 'invoices has no address on green: it does not listen, or no replica is ready',
  })
})

const stress = { kind: 'stress', path: '/safe', ratePerSecond: 40, durationMs: 1_000 } as const

it('puts green under load and gives its figures', async () => {
  const methods = new Set<string | undefined>()
  const url = await serve((req, res) => {
    methods.add(`${req.method} ${req.url}`)
    setTimeout(() => res.end('ok'), 10)
  })
  const result = await runTest(stress, context({ greenAddress: async () => url }))
  expect(result).toMatchObject({ passed: true, figures: { errors: 0, ratePerSecond: 40 } })
  expect([...methods]).toEqual(['GET /safe'])
  const { p50 = 0, p99 = 0, requests } = result.figures
  expect(p50).toBeGreaterThan(8)
  expect(p99).toBeGreaterThanOrEqual(p50)
  expect(requests).toBeGreaterThanOrEqual(36)
  expect(requests).toBeLessThanOrEqual(80)
})

it('has not passed a stress test when requests fail or nothing listens', async () => {
  let count = 0
  const url = await serve((_, res) => res.writeHead(count++ % 10 === 0 ? 500 : 200).end())
  expect(await runTest(stress, context({ greenAddress: async () => url }))).toMatchObject({
    passed: false,
    summary: expect.stringMatching(/^1\d(\.\d)? % failed; at most 1 % may/),
  })
  expect(await runTest(stress, context({ greenAddress: async () => 'http://127.0.0.1:1' }))).toMatchObject({
    passed: false,
    summary: expect.stringContaining('no request was answered'),
  })
})

it('has not passed a stress test when green takes only a part of the load', async () => {
  const url = await serve((_, res) => setTimeout(() => res.end(), 500))
  const result = await runTest(stress, context({ greenAddress: async () => url }))
  expect(result).toMatchObject({ passed: false, summary: expect.stringContaining('90 % were expected') })
})

it('stops the load at once when blue suffers, and when it is told to', async () => {
  const url = await serve((_, res) => res.end())
  let asked = 0
  const long = { ...stress, durationMs: 60_000 }
  const greenAddress = async () => url
  const suffers = await runTest(long, context({ greenAddress, blueGuard: () => ++asked > 4 }))
  expect(suffers).toMatchObject({ passed: false, summary: expect.stringContaining('blue’s objectives suffered') })
  expect(suffers.durationMs).toBeLessThan(5_000)
  const before = await runTest(long, context({ greenAddress, blueGuard: () => true }))
  expect(before.figures).toMatchObject({ requests: 0 })
  const told = await runTest(long, context({ greenAddress, signal: AbortSignal.timeout(200) }))
  expect(told).toMatchObject({ passed: false, summary: expect.stringContaining('told to') })
  expect(told.durationMs).toBeLessThan(5_000)
})

it('passes a trial run by its result', async () => {
  const trial = { kind: 'trial run', timeoutMs: 1_000 } as const
  expect(await runTest(trial, context())).toMatchObject({
    passed: true,
    summary: 'the run invoices-trial-7 succeeded with exit code 0',
    figures: { exitCode: 0, runMs: 500 },
  })
  const failed = async () => ({ kind: 'ok', value: { ...run, result: 'failed', exitCode: 3 } }) as const
  expect(await runTest(trial, context({ trialRun: failed }))).toMatchObject({ passed: false, figures: { exitCode: 3 } })
  const never = (signal: AbortSignal) =>
    once(signal, 'abort').then(() => ({ kind: 'unknown', because: 'aborted' }) as const)
  expect(await runTest({ ...trial, timeoutMs: 50 }, context({ trialRun: never }))).toMatchObject({
    passed: false,
    summary: 'the trial run did not end within 50 ms',
  })
})

it('compares both sides under the same load in turns, and tells how much slower green is', async () => {
  const blue = await serve((_, response) => void setTimeout(() => response.end('ok'), 2))
  const green = await serve((_, response) => void setTimeout(() => response.end('ok'), 22))
  const both = context({ greenAddress: async () => green, blueAddress: async () => blue })
  const definition = { kind: 'stress', path: '/', ratePerSecond: 50, durationMs: 8_000, compare: true } as const
  const { passed, figures, summary } = await runTest(definition, both)
  expect(passed).toBe(true)
  expect(figures.ratioP50Low).toBeGreaterThan(1.5)
  expect(summary).toContain('green/blue: p50')
})

it('fails a comparison in which green fails requests', async () => {
  const blue = await serve((_, response) => response.end('ok'))
  const green = await serve((_, response) => response.writeHead(500).end())
  const both = context({ greenAddress: async () => green, blueAddress: async () => blue })
  const definition = { kind: 'stress', path: '/', ratePerSecond: 20, durationMs: 8_000, compare: true } as const
  expect(await runTest(definition, both)).toMatchObject({ passed: false, summary: expect.stringContaining('failed') })
})

it('leaves a probe to whoever can run it, and ends it in its time', async () => {
  const targets = [{ kind: 'host', host: 'db.example', port: 5432 }] as const
  const probe: CheckContext['probe'] = async (asked, signal) => {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    return { passed: false, summary: `${asked.targets.length} target, given up`, figures: {} }
  }
  const definition = { kind: 'probe', from: 'green', targets, timeoutMs: 20 } as const
  expect(await runTest(definition, context({ probe }))).toMatchObject({ passed: false, summary: '1 target, given up' })
})
