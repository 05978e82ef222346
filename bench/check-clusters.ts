/**
 * What `titrate check --blue-context A --green-context B` costs for 1,000 and for 10,000 objects over two clusters, of which
 * one in a hundred pairs differs and is dry-run: `npx node bench/check-clusters.ts`. The API servers are processes of their
 * own that answer at once, so that what is measured is the program, the paging and the rate limit (40 requests a second).
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Cost, costOfCheck, medianOf, ratioOf, sayLimit, shown } from './in-memory/check-cost.ts'

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

/** `ms`: without what the servers took. */
type Figures = Cost & { readonly serversMs: number }

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
  const flags = ['--blue-context', 'blue', '--green-context', 'green', '--all-namespaces', '--kubeconfig', kubeconfig]
  const { out, cost } = await costOfCheck(flags, folder)
  // Both answer beside each other; what they took is not ours.
  const serversMs = Math.max(await busyOf(blue), await busyOf(green))
  const view = JSON.parse(out) as {
    readonly parity: { readonly unexplained: number; readonly notDryRun: { readonly objects: number } }
  } // what it prints
  if (view.parity.unexplained < Math.ceil(applications / 10)) throw new Error('it missed what differs')
  if (view.parity.notDryRun.objects > 0) throw new Error('it did not ask green about what differs')
  for (const { child: server } of [blue, green]) server.disconnect()
  return { ...cost, ms: cost.ms - serversMs, serversMs }
}

try {
  const costOf = (objects: number): Promise<Figures> => medianOf(() => measure(objects))
  const [start, small, large] = [await costOf(20), await costOf(1_000), await costOf(10_000)]
  for (const [objects, figures] of [
    ['1,000', small],
    ['10,000', large],
  ] as const)
    console.log(
      `${objects.padStart(7)} objects: ${shown(figures)}, beside ${(figures.serversMs / 1_000).toFixed(2)} s of the API servers`,
    )
  const ratio = ratioOf(start, small, large)
  console.log(`ratio ${ratio.toFixed(1)}`)
  sayLimit([{ large, ratio }])
} finally {
  rmSync(folder, { recursive: true, force: true })
}
