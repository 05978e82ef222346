/** Real control planes for benches, as the tests with Kubernetes have them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Side } from '../../src/moves/goal.ts'
import { type Cluster, connectCluster } from '../../src/providers/kubernetes/client/connect.ts'
import { connectTo, realDeps } from '../../test/kubernetes/connect-to.ts'
import type { ControlPlane } from '../../test/kubernetes/control-plane.ts'
import { openBothPlanes, openPlane } from '../../test/kubernetes/open-plane.ts'
import { buildPrograms, findGo, type Programs } from '../../test/kubernetes/programs.ts'

export type Planes = {
  /** Connections as administrator, with no limit, to make the estate by. */
  readonly clusters: Readonly<Record<Side, Cluster>>
  /** Connections as an engine has them: 40 requests a second for each cluster. */
  connect(): Promise<Readonly<Record<Side, Cluster>>>
  /** Files that say where they are, as administrator. */
  readonly kubeconfigs: Readonly<Record<Side, string>>
}

type Opening = {
  readonly programs: Programs
  readonly folder: string
  /** What is to be done at the end, whatever comes. */
  atEnd(end: () => Promise<void>): void
  /** A connection as administrator, and one as an engine has it. */
  admin(plane: ControlPlane): Promise<Cluster>
  engine(plane: ControlPlane): Promise<Cluster>
}

const hurry = { controllersPerSecond: 300 }

const whileOpen = async (work: (opening: Opening) => Promise<void>): Promise<void> => {
  console.log(`load average ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores`)
  const go = await findGo()
  if (go === null) throw new Error('this bench needs Go, to build the control planes')
  const programs = await buildPrograms(go)
  const folder = mkdtempSync(join(tmpdir(), 'titrate-bench-clusters-'))
  const opened: Cluster[] = []
  const ends: (() => Promise<void>)[] = []
  const keep = async (connecting: Promise<Cluster>): Promise<Cluster> => {
    const cluster = await connecting
    opened.push(cluster)
    return cluster
  }
  try {
    await work({
      programs,
      folder,
      atEnd: (end) => void ends.push(end),
      admin: ({ given }) => keep(connectTo(given)),
      engine: ({ given }) => keep(connectCluster({ file: given.kubeconfig, context: null }, realDeps)),
    })
  } finally {
    await Promise.all(opened.map((each) => each.close()))
    await Promise.all(ends.map((end) => end()))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs a bench on two control planes and ends them, whatever comes of it. */
export const withPlanes = (bench: (planes: Planes) => Promise<void>): Promise<void> =>
  whileOpen(async ({ programs, folder, atEnd, admin, engine }) => {
    const { blue, green, stop } = await openBothPlanes(programs, folder, hurry)
    atEnd(stop)
    await bench({
      clusters: { blue: await admin(blue), green: await admin(green) },
      kubeconfigs: { blue: blue.given.kubeconfig, green: green.given.kubeconfig },
      connect: async () => ({ blue: await engine(blue), green: await engine(green) }),
    })
  })

/** The same with one, for an estate whose sides are namespaces of one cluster. */
export const withPlane = (
  bench: (plane: { readonly cluster: Cluster; readonly kubeconfig: string }) => Promise<void>,
): Promise<void> =>
  whileOpen(async ({ programs, folder, atEnd, admin }) => {
    const plane = await openPlane('blue', programs, join(folder, 'blue'), hurry)
    atEnd(plane.stop)
    await bench({ cluster: await admin(plane), kubeconfig: plane.given.kubeconfig })
  })

/** Prints whether a limit was kept; the bench fails where it was not. */
export const limit = (what: string, found: number, most: number, unit = ''): void => {
  const good = found <= most
  console.log(
    `${good ? 'holds        ' : 'DOES NOT HOLD'} ${what}: ${Number(found.toFixed(2))}${unit} (limit ${most}${unit})`,
  )
  if (!good) process.exitCode = 1
}
