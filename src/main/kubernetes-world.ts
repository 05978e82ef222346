import type { EnvironmentSetting } from '../config/environment-settings.ts'
import { overridesOf, type ResolvedRelease } from '../config/release.ts'
import { TitrateError } from '../errors.ts'
import { type Side, sides } from '../moves/goal.ts'
import { createRewriter } from '../parity/rewrites.ts'
import { type Barrier, createBarrier } from '../providers/kubernetes/barrier.ts'
import { type Cluster, connectCluster } from '../providers/kubernetes/client/connect.ts'
import { connectKubernetes } from '../providers/kubernetes/connect-kubernetes.ts'
import { type ConnectedSide, connectSide } from '../providers/kubernetes/connect-side.ts'
import type { CopySource } from '../providers/kubernetes/make-copy.ts'
import { readCluster } from '../providers/kubernetes/read-cluster.ts'
import { type GreenNames, objectOnBlue, placesOnBlue, placesOnGreen } from '../providers/kubernetes/service-places.ts'
import { createInventories } from './cluster-inventories.ts'
import type { ClusterPair } from './cluster-pair.ts'

type Setting = Extract<EnvironmentSetting, { readonly kind: 'kubernetes' }>

export type ConnectedClusters = {
  readonly sides: Readonly<Record<Side, ConnectedSide>>
  readonly pair: ClusterPair
  close(): Promise<void>
}

/** Connects to both sides of a release between clusters. Asks nothing of them yet. Throws KUBECONFIG. */
export const connectClusters = async (
  release: Pick<ResolvedRelease, 'services' | 'parity'>,
  settings: Readonly<Record<Side, Setting>>,
): Promise<ConnectedClusters> => {
  const blue = await open('blue', settings.blue)
  const isOne =
    settings.blue.context === settings.green.context && settings.blue.kubeconfig === settings.green.kubeconfig
  const green = isOne ? blue : await open('green', settings.green)
  const clusters = { blue, green }
  const namespaces = {
    blue: namespacesOf(settings.blue, blue),
    green: namespacesOf(settings.green, green),
  }
  const titleOf = (side: Side): string => `${clusters[side].name}/${namespaces[side].join('+')}`
  const { split } = settings.green
  const names = greenNames(release, namespaces, split?.suffix ?? '')
  const readOf = (side: Side) => (signal: AbortSignal) =>
    readCluster(clusters[side], { namespaces: namespaces[side], signal })
  const onBlue = placesOnBlue({ cluster: blue, namespaces: namespaces.blue })
  const places = {
    blue: onBlue,
    green: placesOnGreen(onBlue, names, { cluster: green, namespaces: namespaces.green }),
  }
  const pair: ClusterPair = {
    clusters,
    namespaces,
    title: {
      blue: titleOf('blue'),
      green: split === null ? titleOf('green') : `${titleOf('green')} (${split.label}=${split.value})`,
    },
    names,
    places,
    split,
    read: { blue: readOf('blue'), green: readOf('green') },
  }
  const inventoryOf = createInventories(pair)
  const barriers = new Map<string, Barrier>()
  const barrierOf = (cluster: Cluster, namespace: string, side: Side): Barrier => {
    const key = `${sides.findIndex((each) => clusters[each] === cluster)}/${namespace}`
    const known = barriers.get(key) ?? createBarrier({ cluster, namespace, side })
    barriers.set(key, known)
    return known
  }
  const { rewrite } = createRewriter(release.parity.rewrites)
  const sourceOf = (namespace: string): CopySource => ({
    cluster: blue,
    namespace,
    nameOnBlue: (name) => objectOnBlue(name, namespace, names),
    namespaceOnGreen: (name) => names.namespaces.get(name) ?? name,
    rewrite,
  })
  const connected = (side: Side): ConnectedSide => {
    const cluster = clusters[side]
    const inventory = inventoryOf(side)
    const providers = namespaces[side].map((namespace, index) => {
      const from = namespaces.blue[index]
      const source = side === 'green' && from !== undefined ? sourceOf(from) : null
      const barrier = barrierOf(cluster, namespace, side)
      return [
        namespace,
        connectKubernetes({ environment: { cluster, namespace, side }, source, inventory, barrier }),
      ] as const
    })
    return connectSide({ side, name: pair.title[side], providers: new Map(providers), places: places[side], inventory })
  }
  return {
    sides: { blue: connected('blue'), green: connected('green') },
    pair,
    close: async () => {
      await Promise.all([...new Set([blue, green])].map((cluster) => cluster.close()))
    },
  }
}

const open = async (side: Side, { context, kubeconfig }: Setting): Promise<Cluster> => {
  try {
    return await connectCluster(
      { file: kubeconfig, context },
      {
        environment: process.env,
        now: () => Date.now(),
        elapsed: () => performance.now(),
        random: Math.random,
        fault: (error) => process.emitWarning(error instanceof Error ? error : String(error)),
      },
    )
  } catch (error) {
    if (!(error instanceof TitrateError)) throw error
    throw new TitrateError(error.code, `${side}: ${error.message}`, { details: error.details, cause: error })
  }
}

const namespacesOf = ({ namespaces }: Setting, { namespace }: Cluster): readonly string[] =>
  namespaces ?? [namespace ?? 'default']

const greenNames = (
  release: Pick<ResolvedRelease, 'services'>,
  { blue, green }: Readonly<Record<Side, readonly string[]>>,
  suffix: string,
): GreenNames => ({
  namespaces: new Map(blue.map((name, index) => [name, green[index] ?? name])),
  names: new Map(
    Object.entries(overridesOf({ services: release.services })).flatMap(([service, { greenName }]) =>
      greenName === undefined ? [] : [[service, greenName] as const],
    ),
  ),
  suffix,
})
