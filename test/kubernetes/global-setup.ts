/**
 * Two clusters for all tests of the suite: `TITRATE_TEST_KUBECONFIG_BLUE` and `_GREEN` where set, else two real control
 * planes on loopback. Without Go they can't be built: then every test is skipped and counted, unless
 * `TITRATE_TEST_KUBERNETES=required`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import type { ClusterGiven } from './control-plane.ts'
import { takeClusters } from './given-clusters.ts'
import { openBothPlanes } from './open-plane.ts'
import { buildPrograms, findGo, type Programs } from './programs.ts'

export type ClustersGiven =
  | { readonly kind: 'given'; readonly blue: ClusterGiven; readonly green: ClusterGiven }
  | { readonly kind: 'none'; readonly because: string }

declare module 'vitest' {
  interface ProvidedContext {
    clusters: ClustersGiven
  }
}

const names = ['blue', 'green'] as const

export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const own = names.map((name) => process.env[`TITRATE_TEST_KUBECONFIG_${name.toUpperCase()}`] ?? '')
  const [blue = '', green = ''] = own
  if (blue !== '' && green !== '') {
    const taken = await takeClusters({ blue, green })
    project.provide('clusters', { kind: 'given', blue: taken.blue, green: taken.green })
    return taken.leave
  }
  const go = await findGo()
  if (go === null) {
    const because = 'Go is not installed, so no control plane can be built: tests with Kubernetes are skipped'
    if (process.env['TITRATE_TEST_KUBERNETES'] === 'required') throw new Error(`${because}, but they are required`)
    console.warn(because)
    project.provide('clusters', { kind: 'none', because })
    return async () => undefined
  }
  return startBoth(project, await buildPrograms(go))
}

const startBoth = async (project: TestProject, programs: Programs): Promise<() => Promise<void>> => {
  const folder = await mkdtemp(join(tmpdir(), 'titrate-clusters-'))
  const leave = () => rm(folder, { recursive: true, force: true })
  const startedAt = Date.now()
  const planes = await openBothPlanes(programs, folder, { controllersPerSecond: 200 }).catch(async (error: unknown) => {
    await leave()
    throw error
  })
  console.error(`Two control planes are ready after ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`)
  project.provide('clusters', { kind: 'given', blue: planes.blue.given, green: planes.green.given })
  return async () => {
    await planes.stop()
    await leave()
  }
}
