/**
 * What `titrate check --blue-context A --green-context B` costs for 1,000 and for 10,000 objects over two clusters, of which
 * one in a hundred pairs differs and is dry-run: `npx node bench/check-clusters.ts`. The API servers are processes of their
 * own that answer at once, so that what is measured is the program, the paging and the rate limit (40 requests a second).
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'

const LIMIT_MS = 10_000
const LIMIT_MB = 400
/** Ten times as much may take ten times as long, and some more for caches and collecting garbage. */
const LIMIT_RATIO = 14

const program = fileURLToPath(new URL('../bin/titrate.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'titrate-bench-'))

type Server = { readonly url: string; readonly child: ChildProcess }
const startServer = async (applications: number, differing: number): Promise<Server> => {
  const file = fileURLToPath(new URL('in-memory/api-server.ts', import.meta.url))
  const child = fork(file, [String(applications), String(differing)])
  const [said] = (await once(child, 'message')) as [{ readonly server: string }] // what it says first
  return { url: said.server, child }
}
/** How long it was at work since it was asked last. */
const busyOf = async ({ child }: Server): Promise<number> => {
  child.send('how long')
  const [said] = (await once(child, 'message')) as [{ readonly busyMs: number }] // what it answers
  return said.busyMs
}

/** `ms`: by the clock, without what the servers took. `cpuMs`: on the processor, which a busy machine does not lengthen. */
type Figures = { readonly ms: number; readonly cpuMs: number; readonly mb: number; readonly serversMs: number }

const atExit =
  "process.on('exit', () => { const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage(); process.stderr.write('PEAK ' + maxRSS + ' ' + (userCPUTime + systemCPUTime)) })"

const measure = async (objects: number): Promise<Figures> => {
  const applications = objects / 20
  const [blue, green] = [
    await startServer(applications, 0),
    await startServer(applications, Math.ceil(applications / 10)),
  ]
  const kubeconfig = join(folder, 'kubeconfig')
  const of = (name: string, { url }: Server) => ({
    context: { name, context: { cluster: name, user: 'x' } },
    cluster: { name, cluster: { server: url } },
  })
  const both = [of('blue', blue), of('green', green)]
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      contexts: both.map(({ context }) => context),
      clusters: both.map(({ cluster }) => cluster),
      users: [{ name: 'x', user: {} }],
    }),
  )
  const flags = ['check', '--blue-context', 'blue', '--green-context', 'green', '--all-namespaces']
  const more = ['--platform', 'eks-fargate', '--output', 'json', '--kubeconfig', kubeconfig]
  const from = performance.now()
  const child = spawn(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(atExit)}`, program, ...flags, ...more],
    { cwd: folder, env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let [out, err] = ['', '']
  child.stdout.on('data', (part: Buffer) => void (out += part.toString()))
  child.stderr.on('data', (part: Buffer) => void (err += part.toString()))
  const [code] = (await once(child, 'close')) as [number] // its exit code
  const ms = performance.now() - from
  const [, kilobytes, micros] = /PEAK (\d+) (\d+)/.exec(err) ?? []
  if (code !== 1) throw new Error(`the check ended with ${code}: ${err.slice(0, 500)}`)
  // Both answer beside each other; what they took is not ours.
  const serversMs = Math.max(await busyOf(blue), await busyOf(green))
  const view = JSON.parse(out) as {
    readonly parity: { readonly unexplained: number; readonly notDryRun: { readonly objects: number } }
  } // what it prints
  if (view.parity.unexplained < Math.ceil(applications / 10)) throw new Error('it missed what differs')
  if (view.parity.notDryRun.objects > 0) throw new Error('it did not ask green about what differs')
  for (const { child: server } of [blue, green]) server.disconnect()
  return { ms: ms - serversMs, cpuMs: Number(micros) / 1_000, mb: Number(kilobytes) / 1_024, serversMs }
}

const median = (all: readonly Figures[]): Figures =>
  all.toSorted((a, b) => a.ms - b.ms)[all.length >> 1] ?? { ms: 0, cpuMs: 0, mb: 0, serversMs: 0 }

const repeated = async (objects: number): Promise<Figures> => {
  const all: Figures[] = []
  for (let run = 0; run < 3; run++) all.push(await measure(objects))
  return median(all)
}

try {
  const [start, small, large] = [await repeated(20), await repeated(1_000), await repeated(10_000)]
  // Starting costs the same, whatever there is to read.
  const ratio = (large.cpuMs - start.cpuMs) / Math.max(1, small.cpuMs - start.cpuMs)
  for (const [objects, { ms, cpuMs, mb, serversMs }] of [
    ['1,000', small],
    ['10,000', large],
  ] as const)
    console.log(
      `${objects.padStart(7)} objects: ${(ms / 1_000).toFixed(2)} s beside ${(serversMs / 1_000).toFixed(2)} s of the API servers, ${(cpuMs / 1_000).toFixed(2)} s of CPU, ${mb.toFixed(0)} MB`,
    )
  const good = large.ms <= LIMIT_MS && large.mb <= LIMIT_MB && ratio <= LIMIT_RATIO
  console.log(
    `ratio of CPU ${ratio.toFixed(1)} (load ${loadavg()[0]?.toFixed(1)}); limit: ${LIMIT_MS / 1_000} s and ${LIMIT_MB} MB for 10,000, ${LIMIT_RATIO} × the time of 1,000: ${good ? 'kept' : 'EXCEEDED'}`,
  )
  process.exitCode = good ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
