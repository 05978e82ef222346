import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { CronJob } from 'kubernetes-types/batch/v1.js'
import type { Service } from 'kubernetes-types/core/v1.js'
import type { ContractHarness } from '../../src/providers/contract/testing/harness.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import { connectKubernetes } from '../../src/providers/kubernetes/connect-kubernetes.ts'
import { clusterGiven, makeNamespace, okOf, soon } from './clusters.ts'
import { connectTo } from './connect-to.ts'
import { does, takes } from './stages.ts'

export const deploymentOf = (namespace: string, name: string, replicas: number): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace, name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: `registry.example/${name}:1` }] },
    },
  },
})

export const cronJobOf = (
  namespace: string,
  name: string,
  more: {
    readonly suspend: boolean
    readonly concurrency?: 'Allow' | 'Forbid'
    readonly annotations?: Record<string, string>
  },
): CronJob => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { namespace, name },
  spec: {
    schedule: '* * * * *',
    timeZone: 'Etc/UTC',
    suspend: more.suspend,
    concurrencyPolicy: more.concurrency ?? 'Allow',
    jobTemplate: {
      spec: {
        backoffLimit: 0,
        template: {
          metadata: { annotations: more.annotations ?? {} },
          spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: `registry.example/${name}:1` }] },
        },
      },
    },
  },
})

export const serviceOf = (namespace: string, name: string): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace, name },
  spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
})

/** The environment of the contract suites: a namespace of its own for each test. */
export const kubernetesHarness: ContractHarness = {
  name: 'Kubernetes',
  periodMs: 60_000,
  // kwok's pods listen nowhere and write no logs.
  without: ['network', 'inventory'],
  open: async ({ asleep }) => {
    const cluster = await connectTo(clusterGiven(asleep ? 'green' : 'blue'))
    const namespace = await makeNamespace(cluster, 'contract')
    const write = { signal: soon() }
    const replicas = asleep ? 0 : 1
    await Promise.all([
      okOf(cluster.client.create(kinds.deployments, deploymentOf(namespace, 'web', replicas), write)),
      okOf(cluster.client.create(kinds.deployments, deploymentOf(namespace, 'worker', replicas), write)),
      okOf(cluster.client.create(kinds.services, serviceOf(namespace, 'web'), write)),
      okOf(cluster.client.create(kinds.cronJobs, cronJobOf(namespace, 'often', { suspend: asleep }), write)),
      okOf(
        cluster.client.create(
          kinds.cronJobs,
          cronJobOf(namespace, 'long', { suspend: asleep, concurrency: 'Forbid', annotations: { [takes]: '90s' } }),
          write,
        ),
      ),
      okOf(
        cluster.client.create(
          kinds.cronJobs,
          cronJobOf(namespace, 'failing', { suspend: true, annotations: { [does]: 'fail' } }),
          write,
        ),
      ),
    ])
    const provider = connectKubernetes({
      environment: { cluster, namespace, side: asleep ? 'green' : 'blue' },
      source: null,
      inventory: async () => ({ kind: 'refused', because: 'this test reads no inventory' }),
    })
    return {
      ...provider,
      end: async () => {
        await cluster.client.remove(kinds.namespaces, { name: namespace }, { signal: soon() })
        await cluster.close()
      },
    }
  },
}
