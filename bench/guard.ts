/**
 * Green begins to answer nothing but 500 while it has half of the traffic: how long until the router gives it nothing.
 * Real supervisors, router, engine and requests; the moment of the failure is random within a scrape interval.
 *
 *     npx node bench/guard.ts [repetitions] [interval in ms] [seed]
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connectRouter } from '../src/providers/proxy/router-client.ts'
import { routerStatus } from '../src/providers/proxy/router-control.ts'
import { createRandom } from '../src/rehearsal/simulated-clock.ts'

const repetitions = Number(process.argv[2] ?? 4)
const intervalMs = Number(process.argv[3] ?? 1_000)
const random = createRandom(Number(process.argv[4] ?? 1))
const limitMs = 1.6 * intervalMs + 1_000
const bin = fileURLToPath(new URL('../bin/titrate.mjs', import.meta.url))
const perSecond = 200

const web = `
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
const { PORT, TITRATE_ENVIRONMENT, TROUBLE } = process.env
let isBad = false
setInterval(() => { isBad = TITRATE_ENVIRONMENT === 'green' && existsSync(TROUBLE) }, 10)
const server = createServer((req, res) => {
  if (isBad && req.url !== '/healthz') res.statusCode = 500
  res.end('hello')
})
server.listen(Number(PORT), '127.0.0.1')
process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeIdleConnections() })
`

const head = { apiVersion: 'titrate.dev/v1alpha1' }

/** JSON is YAML. */
const writeEstate = (folder: string): void => {
  const write = (name: string, content: object) => writeFileSync(join(folder, name), JSON.stringify(content))
  writeFileSync(join(folder, 'web.mjs'), web)
  for (const name of ['blue', 'green'])
    write(`${name}.yaml`, {
      ...head,
      kind: 'Environment',
      name,
      services: {
        storefront: {
          command: [process.execPath, 'web.mjs'],
          version: '1',
          replicas: 2,
          port: { publish: true, health: '/healthz' },
          variables: { TROUBLE: join(folder, 'trouble') },
          stop: { drain: '100ms', grace: '1s' },
        },
      },
    })
  write('router.yaml', {
    ...head,
    kind: 'Router',
    blue: 'blue.yaml',
    green: 'green.yaml',
    services: { storefront: { timeout: '5s' } },
  })
  write('release.yaml', {
    ...head,
    kind: 'Release',
    name: 'guard',
    blue: 'blue.yaml',
    green: 'green.yaml',
    router: 'router.yaml',
    policy: {
      weights: [50, 100],
      dwell: { min: '120s', max: '300s' },
      soak: '1s',
      bake: '1s',
      parallel: { for: '1s' },
      judge: { interval: `${intervalMs}ms`, toleratedExtra: 0.01, warmUp: '1s' },
    },
  })
}

type Counts = { answered: number; failed: number }

/** Steady load until the signal aborts. */
const load = async (url: string, counts: Counts, signal: AbortSignal): Promise<void> => {
  const agent = new Agent({ keepAlive: true })
  const startedAt = performance.now()
  for (let sent = 0; !signal.aborted; await pause(5)) {
    const due = ((performance.now() - startedAt) / 1_000) * perSecond
    for (; sent < due; sent += 1)
      get(url, { agent }, (response) => {
        response.resume()
        if (response.statusCode === 200) counts.answered += 1
        else counts.failed += 1
      }).on('error', () => {
        counts.failed += 1
      })
  }
  agent.destroy()
}

const until = async (what: string, limit: number, holds: () => Promise<boolean>): Promise<void> => {
  for (const end = performance.now() + limit; performance.now() < end; await pause(10)) if (await holds()) return
  throw new Error(`${what} did not come about within ${limit} ms`)
}

const command = (folder: string, ...args: readonly string[]): void => {
  const { status, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`titrate ${args.join(' ')}: ${stderr}`)
}

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

const breakGreen = async (): Promise<{ readonly tookMs: number; readonly failed: number }> => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'guard-bench-')))
  writeEstate(folder)
  const files = ['blue.yaml', 'green.yaml', 'router.yaml']
  const stop = new AbortController()
  let engine: ChildProcess | null = null
  const router = connectRouter(join(folder, 'router.yaml'))
  try {
    for (const file of files) command(folder, 'env', 'up', file, ...(file === 'green.yaml' ? ['--asleep'] : []))
    const status = await routerStatus(join(folder, 'router.yaml'))
    if (status.kind !== 'ok') throw new Error(status.because)
    const counts: Counts = { answered: 0, failed: 0 }
    void load(`http://${status.value.services.storefront}/`, counts, stop.signal)
    engine = spawn(process.execPath, [bin, 'run', '--yes'], { cwd: folder, stdio: 'ignore' })
    const weight = async (): Promise<number> => {
      const answer = await router.traffic.read('storefront', AbortSignal.timeout(2_000))
      return answer.kind === 'ok' ? answer.value.effectiveGreen : Number.NaN
    }
    await until('half of the traffic on green', 60_000, async () => (await weight()) === 50)
    // The guard looks at three samples: some healthy ones are behind it, as in life.
    await pause(3 * intervalMs + random() * intervalMs)
    const failedBefore = counts.failed
    writeFileSync(join(folder, 'trouble'), '')
    const brokenAt = performance.now()
    await until('weight 0', 60_000, async () => (await weight()) === 0)
    return { tookMs: performance.now() - brokenAt, failed: counts.failed - failedBefore }
  } finally {
    stop.abort()
    router.close()
    if (engine !== null) await ended(engine)
    for (const file of files.toReversed()) command(folder, 'env', 'down', file)
    rmSync(folder, { recursive: true, force: true })
  }
}

console.log(`load average ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores; ${perSecond} requests/s`)
const taken: number[] = []
for (let n = 1; n <= repetitions; n += 1) {
  const { tookMs, failed } = await breakGreen()
  taken.push(tookMs)
  console.log(`${n}: weight 0 after ${Math.round(tookMs)} ms, ${failed} requests failed`)
}
const worst = Math.max(...taken)
const good = worst <= limitMs
console.log(
  `${good ? 'holds' : 'DOES NOT HOLD'}: longest ${Math.round(worst)} ms = ${((worst - 1_000) / intervalMs).toFixed(2)} scrape intervals of ${intervalMs} ms + 1 s, at most 1.6 + 1 s (${limitMs} ms)`,
)
if (!good) process.exitCode = 1
