/** Two real control planes for benches, as the tests with Kubernetes have them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Side } from '../../src/moves/goal.ts'
import { type Cluster, connectCluster } from '../../src/providers/kubernetes/client/connect.ts'
import { connectTo, realDeps } from '../../test/kubernetes/connect-to.ts'
import { type ControlPlane, startControlPlane } from '../../test/kubernetes/control-plane.ts'
import { installGatewayCrds } from '../../test/kubernetes/gateway-crds.ts'
import { playNodes } from '../../test/kubernetes/nodes.ts'
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
  const open = async (side: Side): Promise<{ readonly plane: ControlPlane; readonly cluster: Cluster }> => {
    const plane = await startControlPlane(side, programs, join(folder, side), { controllersPerSecond: 300 })
    ends.push(plane.stop)
    const cluster = await connectTo(plane.given)
    opened.push(cluster)
    await installGatewayCrds(cluster.client, programs.gatewayCrds)
    const kwok = await playNodes(cluster, plane.given, programs)
    ends.push(kwok.end)
    return { plane, cluster }
  }
  const close = async () => {
    await Promise.all(opened.map((each) => each.close()))
    await Promise.all(ends.map((end) => end()))
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const [blue, green] = await Promise.all([open('blue'), open('green')])
    const engineTo = async ({ plane }: typeof blue) => {
      const cluster = await connectCluster({ file: plane.given.kubeconfig, context: null }, realDeps)
      opened.push(cluster)
      return cluster
    }
    return {
      clusters: { blue: blue.cluster, green: green.cluster },
      kubeconfigs: { blue: blue.plane.given.kubeconfig, green: green.plane.given.kubeconfig },
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
