import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import type { Cluster } from '../client/connect.ts'
import { kinds } from '../client/kinds.ts'
import type { BackendId } from './backend.ts'
import { type Derived, derivedOf } from './derived.ts'

/** Whether somebody behind a backend takes requests. null: it can't be told. */
export type Readiness = (id: BackendId) => boolean | null

export const ofService = 'kubernetes.io/service-name'
/** On slices that a multi-cluster controller (mcs-api) makes for what it imports. */
const ofImport = 'multicluster.kubernetes.io/service-name'

/** By the EndpointSlices of the namespaces in which backends are. */
export const followReadiness = (
  cluster: Cluster,
  namespaces: readonly string[],
  life: AbortSignal,
): Derived<Readiness> =>
  derivedOf({ cluster, namespaces: [...new Set(namespaces)], resource: kinds.endpointSlices }, readinessIn, life)

export const readinessIn = (slices: readonly EndpointSlice[]): Readiness => {
  const ready = new Map<string, boolean>()
  for (const slice of slices) {
    const { namespace = '', labels = {} } = slice.metadata ?? {}
    for (const label of [ofService, ofImport]) {
      const name = labels[label]
      if (name === undefined) continue
      const key = `${label} ${namespace}/${name}`
      ready.set(key, ready.get(key) === true || endpointsOf(slice).some(isReady))
    }
  }
  return ({ kind, namespace, name }) => {
    const label = kind === 'Service' ? ofService : ofImport
    // A Service without slices has no pods; who imports may keep its endpoints elsewhere.
    return ready.get(`${label} ${namespace}/${name}`) ?? (kind === 'Service' ? false : null)
  }
}

/** The API server writes null where there are none, whatever the types say. */
export const endpointsOf = (slice: EndpointSlice): EndpointSlice['endpoints'] => {
  const endpoints = slice.endpoints as EndpointSlice['endpoints'] | null
  return endpoints ?? []
}

/** As a proxy sees it: nothing said counts as ready. */
const isReady = ({ addresses, conditions }: EndpointSlice['endpoints'][number]): boolean =>
  addresses.length > 0 && conditions?.ready !== false && conditions?.terminating !== true
