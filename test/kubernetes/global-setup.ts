/**
 * Two clusters for all tests of the suite: `TITRATE_TEST_KUBECONFIG_BLUE` and `_GREEN` where set, else two real control
 * planes on loopback. Without Go they can't be built: then every test is skipped and counted, unless
 * `TITRATE_TEST_KUBERNETES=required`.
 */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { parse } from 'yaml'
import { connectTo } from './connect-to.ts'
import { type ClusterGiven, type ControlPlane, startControlPlane } from './control-plane.ts'
import { installGatewayCrds } from './gateway-crds.ts'
import { playNodes } from './nodes.ts'
import type { Running } from './processes.ts'
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
    project.provide('clusters', {
      kind: 'given',
      blue: fromKubeconfig('blue', blue),
      green: fromKubeconfig('green', green),
    })
    return async () => undefined
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
  const started: (ControlPlane | Running)[] = []
  const stop = async () => {
    await Promise.all(started.map((each) => ('stop' in each ? each.stop() : each.end())))
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const startedAt = Date.now()
    const [blue, green] = await Promise.all(
      names.map(async (name) => {
        const plane = await startControlPlane(name, programs, join(folder, name), { controllersPerSecond: 200 })
        started.push(plane)
        const cluster = await connectTo(plane.given)
        await installGatewayCrds(cluster.client, programs.gatewayCrds)
        started.push(await playNodes(cluster, plane.given, programs))
        await cluster.close()
        return plane.given
      }),
    )
    if (blue === undefined || green === undefined) throw new Error('two clusters were asked for')
    console.error(`Two control planes are ready after ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`)
    project.provide('clusters', { kind: 'given', blue, green })
    return stop
  } catch (error) {
    await stop()
    throw error
  }
}

const fromKubeconfig = (name: 'blue' | 'green', kubeconfig: string): ClusterGiven => {
  const read: unknown = parse(readFileSync(kubeconfig, 'utf8'))
  const clusters: unknown = typeof read === 'object' && read !== null && 'clusters' in read ? read.clusters : []
  const first: unknown = Array.isArray(clusters) ? clusters[0] : null
  const server = JSON.stringify(first).match(/"server":"([^"]+)"/)?.[1] ?? ''
  return { name, server, authority: '', kubeconfig, token: '', pids: null, folder: '' }
}
