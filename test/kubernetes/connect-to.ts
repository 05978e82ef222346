import { type Cluster, type ConnectDeps, connectCluster } from '../../src/providers/kubernetes/client/connect.ts'
import type { ClusterGiven } from './control-plane.ts'

export const realDeps: ConnectDeps = {
  environment: process.env,
  now: Date.now,
  elapsed: () => performance.now(),
  random: Math.random,
  fault: (error) => {
    throw error
  },
}

/** Connects as administrator, with no limit that tests would wait for. */
export const connectTo = ({ kubeconfig }: Pick<ClusterGiven, 'kubeconfig'>): Promise<Cluster> =>
  connectCluster({ file: kubeconfig, context: null, requestsPerSecond: 500 }, realDeps)
