/** What it costs to read what the router shows of many services: `npx node bench/scrape.ts [services]`. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { metricNameDefaults } from '../src/config/defaults.ts'
import { createTrafficCounters, renderMetrics, type ServiceFigures } from '../src/providers/proxy/traffic-metrics.ts'
import { createScraper } from '../src/providers/scrape/create-scraper.ts'
import { createExpositionReader } from '../src/providers/scrape/exposition.ts'
import { createInterpreter, type Meaning } from '../src/providers/scrape/meaning.ts'

/** With 1,000 services, scraped once a second: a tenth of one core. */
const LIMIT_MS = 100
const services = Number(process.argv[2] ?? 1000)
const READS = 20

const codes = ['200', '201', '404', '500', 'hang', 'abort']
const sideOf = (environment: string): ServiceFigures['sides']['blue'] => ({
  environment,
  ready: true,
  counters: createTrafficCounters(),
})
const figures: ServiceFigures[] = Array.from({ length: services }, (_, i) => ({
  service: `service-${i}`,
  green: 5,
  effectiveGreen: 5,
  sides: { blue: sideOf('eks-on-ec2'), green: sideOf('eks-fargate') },
}))
let seed = 1
const random = (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}
const traffic = (): void => {
  for (const { sides } of figures)
    for (const { counters } of Object.values(sides))
      for (const code of codes) {
        counters.assign(null)
        counters.finish(null, code, random())
      }
}
const texts = Array.from({ length: READS + 1 }, () => {
  traffic()
  return renderMetrics(figures)
})
const text = texts[0] ?? ''
const lines = text.split('\n').length - 1
console.log(`${services} services, 2 sides: ${lines.toLocaleString('en')} lines, ${(text.length / 1e6).toFixed(1)} MB`)

const names = { blue: null, green: null, ...metricNameDefaults }
const sides = { blue: 'eks-on-ec2', green: 'eks-fargate' }
const median = (of: readonly number[]): number => of.toSorted((a, b) => a - b)[of.length >> 1] ?? Number.NaN
const timed = async (work: () => unknown): Promise<number> => {
  const started = performance.now()
  await work()
  return performance.now() - started
}

const reader = createExpositionReader<Meaning>(createInterpreter({ source: 'router', names, sides }))
const scans: number[] = []
let kept = 0
for (const each of texts)
  scans.push(
    await timed(() => {
      kept = 0
      const result = reader.read(each, 'text', () => kept++)
      if (result.kind === 'fault') throw new Error(`line ${result.line}: ${result.because}`)
    }),
  )
const [first = 0, ...later] = scans
const scan = median(later)
console.log(`scanner alone: first time ${first.toFixed(0)} ms, then ${scan.toFixed(1)} ms`)
console.log(`               ${((scan * 1e6) / lines).toFixed(0)} ns a line, ${kept.toLocaleString('en')} series kept`)

// The usual way, for comparison: one regular expression a line, and its labels each time.
const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/
const label = /(\w+)="((?:[^"\\]|\\.)*)"/g
const naive = await timed(() => {
  let labels = 0
  for (const each of text.split('\n')) {
    const found = line.exec(each)
    if (found !== null)
      labels += Object.keys(Object.fromEntries([...(found[2] ?? '').matchAll(label)].map((m) => [m[1], m[2]]))).length
  }
  return labels
})
console.log(`a regular expression a line: ${naive.toFixed(0)} ms (${(naive / scan).toFixed(0)} times as long)`)

let served = 0
const server = createServer((_, res) => res.end(texts[served++ % texts.length])).listen(0, '127.0.0.1')
await new Promise((resolve) => server.once('listening', resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`
const scraper = createScraper({ sources: [{ name: 'router', url }], names, sides, clock: Date })
await scraper.read(AbortSignal.timeout(10_000))
const reads: number[] = []
const cpu = process.cpuUsage()
for (let i = 0; i < READS; i++)
  reads.push(
    await timed(async () => {
      const answer = await scraper.read(AbortSignal.timeout(10_000))
      if (answer.kind !== 'ok') throw new Error(answer.because)
    }),
  )
const used = process.cpuUsage(cpu)
const whole = median(reads)
console.log(
  `a whole scrape, over HTTP and into series: ${whole.toFixed(1)} ms, of which CPU (server included) ${((used.user + used.system) / 1000 / READS).toFixed(1)} ms`,
)
server.close()
server.closeAllConnections()

const reading = Math.min(...reads)
const good = reading * (1000 / services) <= LIMIT_MS
// The fastest counts: other work on the machine only ever adds to it.
console.log(
  `limit: ${LIMIT_MS} ms a scrape of 1,000 services: ${reading.toFixed(1)} ms at best, ${good ? 'kept' : 'EXCEEDED'}`,
)
process.exitCode = good ? 0 : 1
