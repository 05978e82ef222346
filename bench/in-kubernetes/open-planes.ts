/** Two real control planes for benches, as the tests with Kubernetes have them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Side } from '../../src/moves/goal.ts'
import { type Cluster, connectCluster } from '../../src/providers/kubernetes/client/connect.ts'
import { connectTo, realDeps } from '../../test/kubernetes/connect-to.ts'
import type { ControlPlane } from '../../test/kubernetes/control-plane.ts'
import { openBothPlanes } from '../../test/kubernetes/open-plane.ts'
import { buildPrograms, findGo } from '../../test/kubernetes/programs.ts'

export type Planes = {
  /** Connections as administrator, with no limit, to make the estate by. */
  readonly clusters: Readonly<Record<Side, Cluster>>
  /** Connections as an engine has them: 40 requests a second for each cluster. */
  connect(): Promise<Readonly<Record<Side, Cluster>>>
  /** Files that say where they are, as administrator. */
  readonly kubeconfigs: Readonly<Record<Side, string>>
  close(): Promise<void>
}

export const openPlanes = async (): Promise<Planes> => {
  console.log(`load average ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores`)
  const go = await findGo()
  if (go === null) throw new Error('this bench needs Go, to build the control planes')
  const programs = await buildPrograms(go)
  const folder = mkdtempSync(join(tmpdir(), 'titrate-bench-clusters-'))
  const opened: Cluster[] = []
  const ends: (() => Promise<void>)[] = []
  const close = async () => {
    await Promise.all(opened.map((each) => each.close()))
    await Promise.all(ends.map((end) => end()))
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const { blue, green, stop } = await openBothPlanes(programs, folder, { controllersPerSecond: 300 })
    ends.push(stop)
    const adminOf = async ({ given }: ControlPlane) => {
      const cluster = await connectTo(given)
      opened.push(cluster)
      return cluster
    }
    const engineTo = async ({ given }: ControlPlane) => {
      const cluster = await connectCluster({ file: given.kubeconfig, context: null }, realDeps)
      opened.push(cluster)
      return cluster
    }
    return {
      clusters: { blue: await adminOf(blue), green: await adminOf(green) },
      kubeconfigs: { blue: blue.given.kubeconfig, green: green.given.kubeconfig },
      connect: async () => ({ blue: await engineTo(blue), green: await engineTo(green) }),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Runs a bench and ends its control planes, whatever comes of it. */
export const withPlanes = async (bench: (planes: Planes) => Promise<void>): Promise<void> => {
  const planes = await openPlanes()
  try {
    await bench(planes)
  } finally {
    await planes.close()
  }
}

/** Prints whether a limit was kept; the bench fails where it was not. */
export const limit = (what: string, found: number, most: number, unit = ''): void => {
  const good = found <= most
  console.log(
    `${good ? 'holds        ' : 'DOES NOT HOLD'} ${what}: ${Number(found.toFixed(2))}${unit} (limit ${most}${unit})`,
  )
  if (!good) process.exitCode = 1
}
