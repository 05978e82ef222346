/**
 * The router beside a direct call: what it adds at 1,000 requests/s, and whether a request fails while weights change
 * 100 times and a replica is drained and started anew. Backends, router and load are processes of their own.
 *
 *     node bench/proxy.ts
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
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
const turnMs = 500
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

type Figures = { readonly latency: Histogram; answered: number; readonly failures: Map<string, number> }

const emptyFigures = (): Figures => ({
  latency: build({ numberOfSignificantValueDigits: 3 }),
  answered: 0,
  failures: new Map(),
})
const failedIn = ({ failures }: Figures): number => [...failures.values()].reduce((sum, count) => sum + count, 0)

const texts = {
  get: 'GET /items HTTP/1.1\r\nHost: shop\r\n\r\n',
  post: 'POST /items HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"item":1}',
} as const

/**
 * A client on bare sockets: Node's own costs as much as all that is measured here. It knows only answers with a
 * Content-Length, and counts a connection that ends before its answer as a failed request.
 */
const createClient = (port: number) => {
  const idle: Socket[] = []
  const busy = new Map<Socket, (why: string | null) => void>()
  const open = (): Socket => {
    const socket = connect(port, '127.0.0.1').setNoDelay(true)
    let text = ''
    const settle = (why: string | null): void => {
      const done = busy.get(socket)
      busy.delete(socket)
      done?.(why)
    }
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      const head = text.indexOf('\r\n\r\n')
      const length = /content-length: (\d+)/i.exec(text)?.[1]
      if (head < 0 || length === undefined || text.length < head + 4 + Number(length)) return
      const status = text.slice(9, 12)
      text = ''
      idle.push(socket)
      settle(status === '200' ? null : `status ${status}`)
    })
    socket.on('error', () => undefined)
    socket.once('close', () => {
      const at = idle.indexOf(socket)
      if (at >= 0) idle.splice(at, 1)
      settle('connection closed')
    })
    return socket
  }
  return {
    send: async (text: string): Promise<string | null> =>
      await new Promise((resolve) => {
        const socket = idle.pop() ?? open()
        busy.set(socket, resolve)
        socket.write(text)
      }),
    close: () => {
      for (const socket of [...idle, ...busy.keys()]) socket.destroy()
    },
  }
}

/** Every tenth request is a POST: those can't be sent again when a connection turns out to be closed. */
const load = async (port: number, durationMs: number, figures: Figures): Promise<void> => {
  const client = createClient(port)
  const open = new Set<Promise<void>>()
  const one = async (text: string): Promise<void> => {
    const sentAt = performance.now()
    const why = await client.send(text)
    if (why !== null) figures.failures.set(why, (figures.failures.get(why) ?? 0) + 1)
    else figures.answered++
    figures.latency.recordValue(Math.round((performance.now() - sentAt) * 1000))
  }
  const startedAt = performance.now()
  const total = Math.floor((durationMs / 1000) * perSecond)
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1000) * perSecond))
    for (; sent < due; sent++) {
      const request = one(sent % 10 === 0 ? texts.post : texts.get).finally(() => open.delete(request))
      open.add(request)
    }
    await sleep(1)
  }
  await Promise.all(open)
  client.close()
}

/** In short turns, so that whatever else slows this machine down slows both. */
const compare = async (first: number, second: number, turns: number): Promise<readonly [Figures, Figures]> => {
  const figures = [emptyFigures(), emptyFigures()] as const
  for (let turn = 0; turn < turns; turn++) {
    await load(first, turnMs, figures[0])
    await load(second, turnMs, figures[1])
  }
  return figures
}

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
const show = (name: string, figures: Figures): void => {
  const at = (percentile: number) => milliseconds(figures.latency.getValueAtPercentile(percentile))
  const why = [...figures.failures].map(([reason, count]) => ` (${count} × ${reason})`).join('')
  const counts = `answered ${figures.answered}  failed ${failedIn(figures)}${why}`
  console.log(`${name.padEnd(10)} p50 ${at(50)}  p90 ${at(90)}  p99 ${at(99)}  ${counts}`)
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
    await compare(blueOne.port, port, 2)

    console.log(`${perSecond} requests/s, direct and through the router in turns of ${turnMs} ms, ${seconds} s each`)
    console.log(`load average ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores`)
    const [direct, routed] = await compare(blueOne.port, port, (seconds * 1000) / turnMs)
    show('direct', direct)
    show('router', routed)
    const at = ({ latency }: Figures, percentile: number) => latency.getValueAtPercentile(percentile)
    const added99 = at(routed, 99) - at(direct, 99)
    console.log(`added      p50 ${milliseconds(at(routed, 50) - at(direct, 50))}  p99 ${milliseconds(added99)}`)
    const ratio = (percentile: number) => (at(routed, percentile) / at(direct, percentile)).toFixed(2)
    console.log(`ratio      p50 ${ratio(50)}  p99 ${ratio(99)}`)

    console.log(
      `${perSecond} requests/s while weights change 100 times and a blue replica is restarted after its drain`,
    )
    const changing = emptyFigures()
    const [, changed, fresh] = await Promise.all([
      load(port, seconds * 1000, changing),
      changeWeights(file, 100, (seconds - 1) * 1000),
      sleep(1_000).then(async () => await restartReplica(blue, 'shop-1', blueOne, endpoint('shop-2', blueTwo))),
    ])
    children.push(fresh.child)
    show('router', changing)
    console.log(`weights changed ${changed} times`)
    const failed = failedIn(direct) + failedIn(routed) + failedIn(changing)
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
