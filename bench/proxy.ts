/**
 * The router beside a direct call: what it adds at 1,000 requests/s, and whether a request fails while weights change
 * 100 times and a replica is drained and started anew. Backends, router and load are processes of their own.
 *
 *     node bench/proxy.ts
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { build, type Histogram } from 'hdr-histogram-js'
import type { Endpoint } from '../src/providers/proxy/replicas.ts'
import { connectRouter } from '../src/providers/proxy/router-client.ts'
import { routerStatus, stopRouter } from '../src/providers/proxy/router-control.ts'
import { createStubSupervisor, type StubSupervisor } from '../src/providers/proxy/testing/stub-supervisor.ts'

const perSecond = 1_000
const seconds = 5
const role = process.argv[2]
const entry = fileURLToPath(new URL('../src/providers/proxy/testing/router-entry.ts', import.meta.url))

// ── A backend: a small answer, ends like a real service at SIGTERM ────────────

const serve = (): void => {
  const server = createServer((req, res) => {
    req.resume()
    req.on('end', () => {
      res.setHeader('content-type', 'application/json')
      res.end('{"items":[1,2,3]}')
    })
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address === 'object' && address !== null) process.send?.(address.port)
  })
  process.on('SIGTERM', () => {
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  })
}

type Running = { readonly child: ChildProcess; readonly port: number }

const startBackend = async (): Promise<Running> => {
  const child = fork(fileURLToPath(import.meta.url), ['backend'])
  const [port] = (await once(child, 'message')) as [number]
  return { child, port }
}

const stopChild = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

// ── Load at a steady rate, whatever the answers take ──────────────────────────

type Figures = { readonly latency: Histogram; failed: number; answered: number; reasons: Map<string, number> }

/**
 * Sends at `perSecond`, in turns to each target, so that whatever slows this machine down slows all of them; every
 * tenth is a POST. Latency counts from when the request was due.
 */
const load = async (ports: readonly number[], durationMs: number): Promise<readonly Figures[]> => {
  const figures = ports.map(
    (): Figures => ({
      latency: build({ numberOfSignificantValueDigits: 3 }),
      failed: 0,
      answered: 0,
      reasons: new Map(),
    }),
  )
  const agents = ports.map(() => new Agent({ keepAlive: true, timeout: 2_000 }))
  const open = new Set<Promise<void>>()
  const startedAt = performance.now()
  const total = Math.floor((durationMs / 1000) * perSecond) * ports.length
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1000) * perSecond * ports.length))
    for (; sent < due; sent++) {
      const target = sent % ports.length
      const [figure, port, agent] = [figures[target], ports[target], agents[target]]
      if (figure === undefined || port === undefined || agent === undefined) continue
      const one = send(port, agent, sent % 10 < 1 ? 'POST' : 'GET', figure).finally(() => open.delete(one))
      open.add(one)
    }
    await sleep(1)
  }
  await Promise.all(open)
  for (const agent of agents) agent.destroy()
  return figures
}

const send = async (port: number, agent: Agent, method: string, figure: Figures): Promise<void> =>
  await new Promise((resolve) => {
    const startedAt = performance.now()
    const fail = (why: string): void => {
      figure.failed++
      figure.reasons.set(why, (figure.reasons.get(why) ?? 0) + 1)
      resolve()
    }
    const asked = request({ host: '127.0.0.1', port, method, path: '/items', agent }, (response) => {
      response.resume()
      response.once('error', (error) => fail(error.message))
      response.once('end', () => {
        if (response.statusCode !== 200) return fail(`status ${response.statusCode}`)
        figure.answered++
        figure.latency.recordValue(Math.round((performance.now() - startedAt) * 1000))
        resolve()
      })
    })
    asked.once('error', (error) => fail(error.message))
    asked.end(method === 'POST' ? '{"item":1}' : undefined)
  })

// ── The bench ─────────────────────────────────────────────────────────────────

const files = (directory: string): string => {
  for (const side of ['blue', 'green']) {
    writeFileSync(
      join(directory, `${side}.yaml`),
      `apiVersion: titrate.dev/v1alpha1\nkind: Environment\nname: ${side}\nstate: ${side}\nservices: { shop: { command: [node], port: { publish: true } } }\n`,
    )
  }
  const file = join(directory, 'router.yaml')
  writeFileSync(
    file,
    'apiVersion: titrate.dev/v1alpha1\nkind: Router\nstate: router\nblue: blue.yaml\ngreen: green.yaml\nservices: { shop: {} }\n',
  )
  return file
}

const endpoint = (replica: string, { port }: Running): Endpoint => ({ replica, port, ready: true, draining: false })

const milliseconds = (micros: number): string => `${(micros / 1000).toFixed(2)} ms`
const show = (name: string, { latency, answered, failed, reasons }: Figures): void => {
  const at = (percentile: number) => milliseconds(latency.getValueAtPercentile(percentile))
  const why = [...reasons].map(([reason, count]) => `${count} × ${reason}`).join(', ')
  console.log(
    `${name.padEnd(10)} p50 ${at(50)}  p90 ${at(90)}  p99 ${at(99)}  answered ${answered}  failed ${failed} ${why}`,
  )
}

const changeWeights = async (file: string, times: number, durationMs: number): Promise<number> => {
  const { traffic } = connectRouter(file)
  let done = 0
  for (let version = 1; version <= times; version++) {
    const call = {
      fence: { release: 'bench', epoch: 1, move: 'shop', version },
      intent: `shop/weights/${version}`,
      signal: AbortSignal.timeout(5_000),
    }
    const answer = await traffic.setWeight(call, 'shop', (version * 37) % 101, null)
    if (answer.kind === 'ok') done++
    await sleep(durationMs / times)
  }
  return done
}

/** As a supervisor does it: out of balancing, a second to drain, SIGTERM, a new one in. */
const restartReplica = async (supervisor: StubSupervisor, name: string, old: Running, rest: Endpoint) => {
  supervisor.set('shop', [{ ...endpoint(name, old), draining: true }, rest])
  await sleep(1_000)
  await stopChild(old.child)
  const fresh = await startBackend()
  supervisor.set('shop', [endpoint(`${name}-again`, fresh), rest])
  return fresh
}

const bench = async (): Promise<void> => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'proxy-bench-')))
  const file = files(directory)
  const blue = await createStubSupervisor('blue', join(directory, 'blue', 'supervisor.sock'))
  const green = await createStubSupervisor('green', join(directory, 'green', 'supervisor.sock'))
  const started = await Promise.all([startBackend(), startBackend(), startBackend()])
  const [blueOne, blueTwo, greenOne] = started
  const children: ChildProcess[] = started.map(({ child }) => child)
  try {
    blue.set('shop', [endpoint('shop-1', blueOne), endpoint('shop-2', blueTwo)])
    green.set('shop', [endpoint('shop-1', greenOne)])
    children.push(spawn(process.execPath, [entry, file], { stdio: 'ignore' }))
    const port = await routerPort(file)
    await load([blueOne.port, port], 1_000)

    console.log(
      `${perSecond} requests/s direct and ${perSecond} requests/s through the router, interleaved, ${seconds} s`,
    )
    const [direct, routed] = await load([blueOne.port, port], seconds * 1000)
    if (direct === undefined || routed === undefined) throw new Error('no figures')
    show('direct', direct)
    show('router', routed)
    const at = ({ latency }: Figures, percentile: number) => latency.getValueAtPercentile(percentile)
    const added99 = at(routed, 99) - at(direct, 99)
    console.log(`added      p50 ${milliseconds(at(routed, 50) - at(direct, 50))}  p99 ${milliseconds(added99)}`)
    console.log(
      `ratio      p50 ${(at(routed, 50) / at(direct, 50)).toFixed(2)}  p99 ${(at(routed, 99) / at(direct, 99)).toFixed(2)}`,
    )

    console.log(
      `${perSecond} requests/s while weights change 100 times and a blue replica is restarted after its drain`,
    )
    const [[changing], changed, fresh] = await Promise.all([
      load([port], seconds * 1000),
      changeWeights(file, 100, (seconds - 1) * 1000),
      sleep(1_000).then(async () => await restartReplica(blue, 'shop-1', blueOne, endpoint('shop-2', blueTwo))),
    ])
    children.push(fresh.child)
    if (changing === undefined) throw new Error('no figures')
    show('router', changing)
    console.log(`weights changed ${changed} times`)
    const failed = direct.failed + routed.failed + changing.failed
    const good = added99 <= 2_000 && failed === 0 && changed === 100
    console.log(good ? 'holds: p99 added ≤ 2 ms, 0 failed' : 'DOES NOT HOLD: p99 added ≤ 2 ms, 0 failed')
    if (!good) process.exitCode = 1
  } finally {
    await stopRouter(file)
    await Promise.all(children.map(stopChild))
    await Promise.all([blue.kill(), green.kill()])
    rmSync(directory, { recursive: true, force: true })
  }
}

const routerPort = async (file: string): Promise<number> => {
  for (let tries = 0; tries < 200; tries++) {
    const status = await routerStatus(file)
    if (status.kind === 'ok') return Number(status.value.services.shop?.split(':').at(-1))
    await sleep(25)
  }
  throw new Error('the router did not start')
}

if (role === 'backend') serve()
else await bench()
