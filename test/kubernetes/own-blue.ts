import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectTo } from './connect-to.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { playNodes } from './nodes.ts'
import { buildPrograms, findGo } from './programs.ts'

/** A blue control plane of one test's own, so that it may stop parts of it while others use the one that is shared. */
export const startOwnBlue = async (): Promise<ControlPlane> => {
  const go = await findGo()
  if (go === null) throw new Error('a control plane of its own takes Go')
  const programs = await buildPrograms(go)
  const folder = await mkdtemp(join(tmpdir(), 'titrate-own-blue-'))
  const plane = await startControlPlane('blue', programs, folder, { controllersPerSecond: 200 })
  const cluster = await connectTo(plane.given)
  const kwok = await playNodes(cluster, plane.given, programs)
  await cluster.close()
  return {
    ...plane,
    stop: async () => {
      await Promise.all([kwok.end(), plane.stop()])
      await rm(folder, { recursive: true, force: true })
    },
  }
}
