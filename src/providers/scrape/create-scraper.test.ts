import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'
import { afterEach, expect, it } from 'vitest'
import { metricNameDefaults } from '../../config/defaults.ts'
import { createTrafficCounters, renderMetrics } from '../proxy/traffic-metrics.ts'
import { createScraper, type ScraperOptions } from './create-scraper.ts'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

const serve = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener).listen(0, '127.0.0.1')
  servers.push(server)
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`
}
const serveText = (text: string) => serve((_, res) => res.end(text))
const names = { blue: null, green: null, ...metricNameDefaults }
const sides = { blue: 'eks', green: 'fargate' }
const scraper = (sources: ScraperOptions['sources'], rest: Partial<ScraperOptions> = {}) =>
  createScraper({ sources, names, sides, clock: { now: () => 1234 }, ...rest })
const signal = () => AbortSignal.timeout(10_000)
const readOne = async (text: string, rest: Partial<ScraperOptions> = {}) => {
  const answer = await scraper([{ name: 'router', url: await serveText(text) }], rest).read(signal())
  if (answer.kind !== 'ok') throw new Error(JSON.stringify(answer))
  return answer.value
}

it('reads what our own router shows', async () => {
  const counters = { blue: createTrafficCounters(), green: createTrafficCounters() }
  counters.blue.assign('shop-1')
  counters.blue.finish('shop-1', '200', 0.003)
  counters.green.assign(null)
  counters.green.finish(null, '502', 0.02)
  const side = (environment: string, of: typeof counters.blue) => ({ environment, ready: true, counters: of })
  const text = renderMetrics([
    {
      service: 'shop',
      green: 5,
      effectiveGreen: 5,
      sides: { blue: side('eks', counters.blue), green: side('fargate', counters.green) },
    },
  ])
  const seen = await readOne(text)
  const at = (side: string, measure: string, le?: number) =>
    seen.counters
      .filter((counter) => counter.side === side && counter.measure === measure && counter.le === le)
      .reduce((sum, { value }) => sum + value, 0)
  expect(seen.at).toBe(1234)
  expect([at('blue', 'requests'), at('blue', 'errors'), at('blue', 'assigned')]).toEqual([1, 0, 1])
  expect([at('green', 'requests'), at('green', 'errors'), at('green', 'assigned')]).toEqual([1, 1, 1])
  expect([at('blue', 'bucket', 0.0025), at('blue', 'bucket', 0.004)]).toEqual([0, 1])
  expect([at('green', 'bucket', 0.01), at('green', 'bucket', Number.POSITIVE_INFINITY)]).toEqual([0, 1])
  expect(seen.missing).toEqual([])
  const replicas = seen.counters
    .filter(({ value }) => value > 0)
    .map(({ side, replica }) => `${side} ${replica ?? '?'}`)
  expect(new Set(replicas)).toEqual(new Set(['blue shop-1', 'green ?']))
})

it.each(['text/plain', 'application/openmetrics-text;version=1.0.0'])(
  "reads what Prometheus's own client for Node shows as %s",
  async (type) => {
    const registry = new Registry(
      type === 'text/plain' ? Registry.PROMETHEUS_CONTENT_TYPE : Registry.OPENMETRICS_CONTENT_TYPE,
    )
    const labelNames = ['service', 'environment'] as const
    const labels = { service: 'mail "er"\n', environment: 'fargate' }
    const registers = [registry]
    new Counter({ name: 'work_taken_total', help: 'taken', labelNames, registers }).inc(labels, 7)
    new Counter({ name: 'work_failed_total', help: 'failed', labelNames, registers }).inc(labels, 2)
    new Counter({ name: 'work_done_total', help: 'done', labelNames, registers }).inc(labels, 5)
    new Gauge({ name: 'queue_depth', help: 'deep', labelNames: ['service', 'queue'], registers }).set(
      { service: 'mailer', queue: 'orders' },
      3.5,
    )
    const duration = new Histogram({
      name: 'titrate_request_duration_seconds',
      help: 'time',
      labelNames,
      buckets: [0.1, 1],
      registers,
    })
    duration.observe(labels, 0.5)
    const text = await registry.metrics()
    const url = await serve((_, res) => res.setHeader('content-type', registry.contentType).end(text))
    const answer = await scraper([{ name: 'app', url }]).read(signal())
    if (answer.kind !== 'ok') throw new Error(JSON.stringify(answer))
    const { counters, gauges } = answer.value
    expect(
      counters.map(({ service, side, measure, le, value }) => [service, side, measure, le ?? null, value]),
    ).toEqual(
      expect.arrayContaining([
        [labels.service, 'green', 'requests', null, 7],
        [labels.service, 'green', 'errors', null, 2],
        [labels.service, 'green', 'done', null, 5],
        [labels.service, 'green', 'bucket', 0.1, 0],
        [labels.service, 'green', 'bucket', 1, 1],
        [labels.service, 'green', 'bucket', Number.POSITIVE_INFINITY, 1],
      ]),
    )
    expect(counters).toHaveLength(6)
    expect(gauges).toEqual([{ service: 'mailer', side: null, name: 'queue_depth', value: 3.5 }])
  },
)

const requests = (labels: string, value = 1) =>
  `titrate_requests_total{service="shop",environment="eks",${labels}} ${value}\n`

it('begins each series with its source, one series for each measure, the same in any order of labels', async () => {
  const one = await readOne('titrate_requests_total{service="shop",code="503",environment="eks"} 4\n')
  const other = await readOne('titrate_requests_total{environment="eks",service="shop",code="503"} 4\n')
  expect(one.counters).toEqual([
    {
      series: 'router titrate_requests_total{code="503",environment="eks",service="shop"}',
      service: 'shop',
      side: 'blue',
      measure: 'requests',
      value: 4,
    },
    expect.objectContaining({
      series: 'router titrate_requests_total{code="503",environment="eks",service="shop"} errors',
      measure: 'errors',
    }),
  ])
  expect(other.counters).toEqual(one.counters)
})

it.each([
  ['200', ['requests']],
  ['404', ['requests']],
  ['500', ['requests', 'errors']],
  ['504', ['requests', 'errors']],
  ['hang', ['requests', 'errors']],
  ['abort', []],
  ['5000', ['requests']],
])('counts code %s as %j', async (code, measures) => {
  const seen = await readOne(requests(`code="${code}"`))
  expect(seen.counters.map(({ measure }) => measure)).toEqual(measures)
})

it('calls an abort an error where the release file says so', async () => {
  const seen = await readOne(requests('code="abort"'), { names: { ...names, failed: '5..|abort' } })
  expect(seen.counters.map(({ measure }) => measure)).toEqual(['requests', 'errors'])
})

it('leaves out other environments, other metrics, and what names no service', async () => {
  const text = `titrate_requests_total{service="shop",environment="staging",code="200"} 1
titrate_requests_total{environment="eks",code="200"} 1
titrate_requests_total{service="shop",code="200"} 1
process_cpu_seconds_total 1
titrate_request_duration_seconds_sum{service="shop",environment="eks"} 1
`
  expect((await readOne(text)).counters).toEqual([])
})

it('names what an environment is called in the labels, if that differs from its own name', async () => {
  const seen = await readOne(requests('code="200"'), { names: { ...names, blue: 'other', green: 'eks' } })
  expect(seen.counters.map(({ side }) => side)).toEqual(['green'])
})

it('says which sources are missing and why, and keeps the others', async () => {
  const url = await serveText(requests('code="200"'))
  const gone = await serveText('')
  const dead = servers.pop()
  await new Promise((resolve) => dead?.close(resolve))
  const answer = await scraper(
    [
      { name: 'router', url },
      { name: 'gone', url: gone },
      { name: 'broken', url: await serveText('titrate_requests_total 1\n<html>\n') },
      { name: 'cross', url: await serve((_, res) => res.writeHead(503).end('no')) },
      { name: 'silent', url: await serve(() => undefined) },
      { name: 'huge', url: await serveText('# x\n'.repeat(3000)) },
      {
        name: 'cut',
        url: await serve((_, res) => res.writeHead(200, { 'content-length': 100 }).write('a 1\n', () => res.destroy())),
      },
      { name: 'binary', url: await serve((_, res) => res.end(Buffer.from([0x61, 0xff, 0x0a]))) },
      { name: 'gauge', url: await serveText('# TYPE titrate_requests_total gauge\n') },
      { name: 'negative', url: await serveText(requests('code="200"', -1)) },
    ],
    { timeoutMs: 800, maxBytes: 10_000 },
  ).read(signal())
  if (answer.kind !== 'ok') throw new Error(answer.because)
  expect(answer.value.counters).toHaveLength(1)
  expect(Object.fromEntries(answer.value.missing.map(({ source, because }) => [source, because]))).toEqual({
    gone: 'nothing listens there',
    broken: 'line 2: "<html>" is not a sample: a name, labels and a value were expected',
    cross: 'it answered 503, not 200',
    silent: 'it did not answer in time',
    huge: 'it sent more than 10000 bytes',
    cut: 'the connection was closed in the middle',
    binary: 'what it sent is not UTF-8',
    gauge: 'line 1: titrate_requests_total is a gauge there, but a counter is needed',
    negative: expect.stringContaining('is -1, which no counter can be'),
  })
})

it('is unknown only when no source answered', async () => {
  const silent = await serve(() => undefined)
  const answer = await scraper([{ name: 'router', url: silent }]).read(AbortSignal.timeout(100))
  expect(answer).toEqual({ kind: 'unknown', because: 'router: it did not answer in time' })
  expect(await scraper([]).read(signal())).toEqual({ kind: 'unknown', because: 'there is no source of metrics' })
})

it('gives what has come when the read is aborted while one source is silent', async () => {
  const url = await serveText(requests('code="200"'))
  const silent = await serve(() => undefined)
  const answer = await scraper([
    { name: 'router', url },
    { name: 'silent', url: silent },
  ]).read(AbortSignal.timeout(150))
  expect(answer).toMatchObject({ kind: 'ok', value: { missing: [{ source: 'silent' }] } })
})

it('refuses two sources of one name: their series could not be told apart', () => {
  expect(() =>
    scraper([
      { name: 'a', url: 'http://127.0.0.1:1/' },
      { name: 'a', url: 'http://127.0.0.1:2/' },
    ]),
  ).toThrow('two sources of metrics have one name')
})
