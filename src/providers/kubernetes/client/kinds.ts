import type { Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { CronJob, Job } from 'kubernetes-types/batch/v1.js'
import type { Lease } from 'kubernetes-types/coordination/v1.js'
import type { ConfigMap, Event, Namespace, Pod, Secret, Service } from 'kubernetes-types/core/v1.js'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import type { Resource } from './resource.ts'

const core = { group: '', version: 'v1', namespaced: true } as const
const apps = { group: 'apps', version: 'v1', namespaced: true } as const
const batch = { group: 'batch', version: 'v1', namespaced: true } as const

const namespaces: Resource<Namespace> = { ...core, plural: 'namespaces', kind: 'Namespace', namespaced: false }
const pods: Resource<Pod> = { ...core, plural: 'pods', kind: 'Pod' }
const services: Resource<Service> = { ...core, plural: 'services', kind: 'Service' }
const configMaps: Resource<ConfigMap> = { ...core, plural: 'configmaps', kind: 'ConfigMap' }
const secrets: Resource<Secret> = { ...core, plural: 'secrets', kind: 'Secret' }
const events: Resource<Event> = { ...core, plural: 'events', kind: 'Event' }
const deployments: Resource<Deployment> = { ...apps, plural: 'deployments', kind: 'Deployment' }
const replicaSets: Resource<ReplicaSet> = { ...apps, plural: 'replicasets', kind: 'ReplicaSet' }
const statefulSets: Resource<StatefulSet> = { ...apps, plural: 'statefulsets', kind: 'StatefulSet' }
const cronJobs: Resource<CronJob> = { ...batch, plural: 'cronjobs', kind: 'CronJob' }
const jobs: Resource<Job> = { ...batch, plural: 'jobs', kind: 'Job' }
const leases: Resource<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
}
const endpointSlices: Resource<EndpointSlice> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
}

/** The kinds of Kubernetes itself that Titrate reads or writes by name. */
export const kinds = {
  namespaces,
  pods,
  services,
  configMaps,
  secrets,
  events,
  deployments,
  replicaSets,
  statefulSets,
  cronJobs,
  jobs,
  leases,
  endpointSlices,
} as const

/** The kinds of workloads that move. Of one name, an earlier one goes before a later one. */
export const workloadKinds: readonly Resource[] = [deployments, statefulSets, cronJobs]
