import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ControlPlane } from './control-plane.ts'
import { openPlane } from './open-plane.ts'
import { buildPrograms, findGo } from './programs.ts'

/** A blue control plane of one test's own, so that it may stop parts of it while others use the one that is shared. */
export const startOwnBlue = async (): Promise<ControlPlane> => {
  const go = await findGo()
  if (go === null) throw new Error('a control plane of its own takes Go')
  const programs = await buildPrograms(go)
  const folder = await mkdtemp(join(tmpdir(), 'titrate-own-blue-'))
  const leave = () => rm(folder, { recursive: true, force: true })
  try {
    const plane = await openPlane('blue', programs, folder, { controllersPerSecond: 200 })
    const stop = async () => {
      await plane.stop()
      await leave()
    }
    return { ...plane, stop }
  } catch (error) {
    await leave()
    throw error
  }
}
