import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { connectTo } from './connect-to.ts'
import type { ClusterGiven } from './control-plane.ts'
import { installGatewayCrds } from './gateway-crds.ts'
import { hasNoNode, playNodes } from './nodes.ts'
import type { Running } from './processes.ts'
import { buildPrograms, findGo } from './programs.ts'

const names = ['blue', 'green'] as const

export type Taken = { readonly blue: ClusterGiven; readonly green: ClusterGiven; leave(): Promise<void> }

/**
 * Clusters that others started. They get what the tests need and they don't have: the kinds of the Gateway API, and, where
 * they have no node, one that kwok plays. Both need Go; without it, what is missing makes tests fail.
 */
export const takeClusters = async (files: Readonly<Record<'blue' | 'green', string>>): Promise<Taken> => {
  const folder = await mkdtemp(join(tmpdir(), 'titrate-clusters-'))
  const kwoks: Running[] = []
  const leave = async () => {
    await Promise.all(kwoks.map((each) => each.end()))
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const go = await findGo()
    const programs = go === null ? null : await buildPrograms(go)
    const taken = await Promise.all(
      names.map(async (name) => {
        const given = fromKubeconfig(name, files[name], join(folder, name))
        const cluster = await connectTo(given)
        if (programs !== null) {
          await mkdir(given.folder)
          await installGatewayCrds(cluster.client, programs.gatewayCrds)
          if (await hasNoNode(cluster)) kwoks.push(await playNodes(cluster, given, programs))
        }
        await cluster.close()
        return given
      }),
    )
    const [blue, green] = taken
    if (blue === undefined || green === undefined) throw new Error('two clusters were asked for')
    return { blue, green, leave }
  } catch (error) {
    await leave()
    throw error
  }
}

/** Tests name the clusters by their contexts, and so these have to be called `blue` and `green`. */
const fromKubeconfig = (name: 'blue' | 'green', kubeconfig: string, folder: string): ClusterGiven => {
  const variable = `TITRATE_TEST_KUBECONFIG_${name.toUpperCase()}`
  const read: unknown = parse(readFileSync(kubeconfig, 'utf8'))
  const { 'current-context': current, contexts, clusters } = kubeconfigSchema.parse(read)
  const context = contexts.find((each) => each.name === current)?.context
  const server = clusters.find((each) => each.name === context?.cluster)?.cluster.server
  if (current !== name || server === undefined)
    throw new Error(
      `${variable}: the current context of ${kubeconfig} is ${current}; one called ${name}, with a server, was expected. Rename it: kubectl config rename-context ${current} ${name}`,
    )
  return { name, server, authority: '', kubeconfig, token: '', pids: null, folder }
}

const kubeconfigSchema = z.object({
  'current-context': z.string(),
  contexts: z.array(z.object({ name: z.string(), context: z.object({ cluster: z.string() }) })),
  clusters: z.array(z.object({ name: z.string(), cluster: z.object({ server: z.string() }) })),
})
