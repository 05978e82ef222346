/**
 * An estate in namespaces of its own on both clusters, and the program as a person starts it: with a kubeconfig that has
 * a context for each side.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Deployment } from 'kubernetes-types/apps/v1.js'
import { stringify } from 'yaml'
import type { Side } from '../../src/moves/goal.ts'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import type { KubernetesObject, Resource } from '../../src/providers/kubernetes/client/resource.ts'
import { type Ended, follow, type Running } from '../follow-command.ts'
import { clusterGiven, makeNamespace, okOf, soon } from './clusters.ts'
import { connectTo } from './connect-to.ts'
import { cronJobOf, deploymentOf, serviceOf } from './contract-world.ts'

const program = fileURLToPath(new URL('../../bin/titrate.mjs', import.meta.url))

export type ReleaseEstate = {
  readonly folder: string
  readonly path: (name: string) => string
  readonly clusters: Readonly<Record<Side, Cluster>>
  readonly namespace: string
  /** Runs a command to its end. */
  titrate(...args: readonly string[]): Promise<Ended>
  start(...args: readonly string[]): Running
  /** Writes more into the release file that `init` wrote. */
  addToRelease(text: object): void
  create<T extends KubernetesObject>(side: Side, resource: Resource<T>, object: T): Promise<void>
  deployment(side: Side, name: string): Promise<Deployment | null>
  isSuspended(side: Side, name: string): Promise<boolean | null>
  close(): Promise<void>
}

/** The same namespace on both clusters, empty. */
export const openReleaseEstate = async (hint: string): Promise<ReleaseEstate> => {
  const clusters = { blue: await connectTo(clusterGiven('blue')), green: await connectTo(clusterGiven('green')) }
  const namespace = await makeNamespace(clusters.blue, hint)
  const there = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } } as const
  await okOf(clusters.green.client.create(kinds.namespaces, there, { signal: soon() }))
  const folder = mkdtempSync(join(tmpdir(), 'titrate-release-'))
  const path = (name: string): string => join(folder, name)
  const children = new Set<ChildProcess>()
  const variables = {
    KUBECONFIG: [clusterGiven('blue').kubeconfig, clusterGiven('green').kubeconfig].join(delimiter),
    NO_COLOR: '1',
    TITRATE_USER: 'tester',
  }
  const start: ReleaseEstate['start'] = (...args) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: folder,
      env: { ...process.env, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.add(child)
    child.on('close', () => children.delete(child))
    return follow(child)
  }
  return {
    folder,
    path,
    clusters,
    namespace,
    start,
    titrate: (...args) => start(...args).ended,
    addToRelease: (more) =>
      writeFileSync(path('release.yaml'), `${readFileSync(path('release.yaml'), 'utf8')}\n${stringify(more)}`),
    create: async (side, resource, object) => {
      await okOf(clusters[side].client.create(resource, object, { signal: soon() }))
    },
    deployment: (side, name) =>
      okOf(clusters[side].client.get(kinds.deployments, { namespace, name }, { signal: soon() })),
    isSuspended: async (side, name) => {
      const found = await okOf(clusters[side].client.get(kinds.cronJobs, { namespace, name }, { signal: soon() }))
      return found === null ? null : found.spec?.suspend === true
    },
    close: async () => {
      const ending = [...children].map((child) => new Promise((resolve) => child.on('close', resolve)))
      for (const child of children) child.kill('SIGKILL')
      await Promise.all(ending)
      for (const cluster of Object.values(clusters)) {
        await cluster.client.remove(kinds.namespaces, { name: namespace }, { signal: soon() })
        await cluster.close()
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** As short as a release on real minutes can be. */
export const quickPolicy = {
  policy: {
    shares: [50, 100],
    dwell: { min: '1s', max: '3s' },
    soak: '1s',
    goodRuns: 1,
    judge: { interval: '500ms', warmUp: '500ms' },
  },
}

/**
 * Two internal services, one of which calls the other, and CronJobs: of every minute, of every minute one by one,
 * suspended. And what stays: a workload with data of its own.
 */
export const fillBlue = async ({ create, namespace }: ReleaseEstate): Promise<void> => {
  const caller = deploymentOf(namespace, 'catalogue', 2)
  const [container] = caller.spec?.template.spec?.containers ?? []
  if (container !== undefined) container.env = [{ name: 'PRICES', value: 'http://prices' }]
  await create('blue', kinds.deployments, caller)
  const prices = deploymentOf(namespace, 'prices', 1)
  const ofHelm = { 'meta.helm.sh/release-name': 'shop', 'meta.helm.sh/release-namespace': namespace }
  await create('blue', kinds.deployments, { ...prices, metadata: { ...prices.metadata, annotations: ofHelm } })
  await create('blue', kinds.deployments, withData(deploymentOf(namespace, 'ledger', 1)))
  for (const name of ['catalogue', 'prices']) await create('blue', kinds.services, serviceOf(namespace, name))
  await create('blue', kinds.cronJobs, cronJobOf(namespace, 'invoices', { suspend: false }))
  await create('blue', kinds.cronJobs, cronJobOf(namespace, 'tidy', { suspend: false, concurrency: 'Forbid' }))
  await create('blue', kinds.cronJobs, cronJobOf(namespace, 'yearly', { suspend: true }))
}

const withData = (deployment: Deployment): Deployment => {
  const pod = deployment.spec?.template.spec
  if (pod !== undefined) pod.volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'ledger' } }]
  return deployment
}
