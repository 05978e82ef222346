import { join } from 'node:path'
import { connectTo } from './connect-to.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { installGatewayCrds } from './gateway-crds.ts'
import { playNodes } from './nodes.ts'
import type { Programs } from './programs.ts'

type Options = Parameters<typeof startControlPlane>[3]

/**
 * A control plane with the kinds of the Gateway API, and with nodes that play pods: `stop` ends all of it. Where it
 * can't be had whole, what was started of it has ended when that is told.
 */
export const openPlane = async (
  name: ControlPlane['given']['name'],
  programs: Programs,
  folder: string,
  options: Options,
): Promise<ControlPlane> => {
  const plane = await startControlPlane(name, programs, folder, options)
  const ends = [plane.stop]
  const stop = async () => void (await Promise.all(ends.map((end) => end())))
  try {
    const cluster = await connectTo(plane.given)
    try {
      await installGatewayCrds(cluster.client, programs.gatewayCrds)
      ends.push((await playNodes(cluster, plane.given, programs)).end)
    } finally {
      await cluster.close()
    }
    return { ...plane, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Blue and green, each in a folder of its own. Neither is left where the other can't be had. */
export const openBothPlanes = async (
  programs: Programs,
  folder: string,
  options: Options,
): Promise<{ readonly blue: ControlPlane; readonly green: ControlPlane; stop(): Promise<void> }> => {
  const opened = await Promise.allSettled(
    (['blue', 'green'] as const).map((name) => openPlane(name, programs, join(folder, name), options)),
  )
  const planes = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const stop = async () => void (await Promise.all(planes.map((plane) => plane.stop())))
  const [blue, green] = planes
  if (blue !== undefined && green !== undefined) return { blue, green, stop }
  await stop()
  throw opened.find((one) => one.status === 'rejected')?.reason
}
