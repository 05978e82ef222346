import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Service } from 'kubernetes-types/core/v1.js'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import type { Answer, Call } from '../../../engine/ports.ts'
import type { Millis } from '../../../moves/goal.ts'
import { fieldManager, label } from '../annotations.ts'
import type { ClaimKeeper } from '../claims.ts'
import { removeObjects } from '../clear-away.ts'
import type { Cluster } from '../client/connect.ts'
import { abortOf } from '../client/kind-watch.ts'
import { kinds } from '../client/kinds.ts'
import { describeObject, type ObjectPlace, placeOf } from '../client/resource.ts'
import { writtenStamp } from '../stamps.ts'
import type { BackendId } from './backend.ts'
import { endpointsOf, ofService } from './endpoint-readiness.ts'
import type { RouteLook } from './look-routes.ts'

const managedBy = 'endpointslice.kubernetes.io/managed-by'
const us = 'titrate.dev'
/** On our Service: which of green's it leads to, as `NAMESPACE/NAME`. */
const leadsTo = 'titrate.dev/leads-to'

/**
 * How blue's cluster reaches green in another one: by a Service without a selector, whose EndpointSlices are those of
 * green's Service, pod addresses and all. They follow it for as long as this process lives.
 */
export type GreenFollower = {
  /** Makes the Service, which is an act like another. Ok also when it is there. */
  open(call: Call, service: string): Promise<Answer<null>>
  /** Follows all Services of ours that are there, and those that come. More than once is as good as once. */
  start(): void
  /** Takes Services of ours away to which no route sends anybody: of one service, or of all. */
  tidy(service: string | null, signal: AbortSignal): Promise<Answer<null>>
}

type Options = {
  readonly blue: Cluster
  readonly green: Cluster
  /** Green's namespaces, by blue's. */
  readonly namespaces: ReadonlyMap<string, string>
  readonly look: RouteLook
  readonly claims: ClaimKeeper
}

const againMs: Millis = 1_000

export const followGreen = (options: Options, life: AbortSignal): GreenFollower => {
  const { blue, green, namespaces, look, claims } = options
  let isStarted = false

  const open = async (call: Call, service: string): Promise<Answer<null>> => {
    const admitted = await claims.admit(call.fence, call.signal)
    if (admitted.kind !== 'ok') return admitted
    const looked = await look.one(service, call.signal)
    if (looked.kind !== 'ok') return looked
    for (const id of looked.value.backends.blue) {
      const source = { namespace: namespaces.get(id.namespace) ?? id.namespace, name: id.name }
      const made = await makeService(options, call, service, looked.value.backends.green(id), source)
      if (made.kind !== 'ok') return made
    }
    return { kind: 'ok', value: null }
  }
  const followIn = (from: string, to: string): void => {
    const [sources, services] = [
      green.watches.of(kinds.endpointSlices, { namespace: to }),
      blue.watches.of(kinds.services, { namespace: from }),
    ]
    const ended = abortOf(life)
    let wake = Promise.withResolvers<void>()
    const changed = (): void => wake.resolve()
    sources.onChange(changed, life)
    services.onChange(changed, life)
    blue.watches.of(kinds.endpointSlices, { namespace: from }).onChange(({ object }) => {
      // Also what somebody else did to ours.
      if (object.metadata?.labels?.[managedBy] === us) changed()
    }, life)
    const loop = async (): Promise<void> => {
      while (!life.aborted) {
        wake = Promise.withResolvers<void>()
        const isDone = await followOnce(options, from, to, life)
        await (isDone
          ? Promise.race([wake.promise, ended])
          : pause(againMs, undefined, { signal: life }).catch(() => undefined))
      }
    }
    void loop()
  }
  return {
    open,
    start: () => {
      if (isStarted || life.aborted) return
      isStarted = true
      for (const [from, to] of namespaces) followIn(from, to)
    },
    tidy: async (service, signal) => {
      const used = await look.backendsInUse(signal)
      if (used.kind !== 'ok') return used
      const isLeftOver = (each: Service): boolean => {
        const of = each.metadata?.labels?.[label.follows]
        const { namespace, name } = placeOf(each)
        return of !== undefined && (service === null || of === service) && !used.value.has(`${namespace}/${name}`)
      }
      const ours = { cluster: blue, resource: kinds.services, namespaces: [...namespaces.keys()] }
      return removeObjects(ours, isLeftOver, signal)
    },
  }
}

const isOurs = ({ metadata }: Service): boolean => metadata?.labels?.[label.follows] !== undefined

/** By the watch, which takes no right to ask for single ones; what it doesn't have yet is asked for, where that may be. */
const serviceOn = async (
  { watches, client }: Cluster,
  place: ObjectPlace,
  signal: AbortSignal,
): Promise<Answer<Service | null>> => {
  const reader = await watches.of(kinds.services, { namespace: place.namespace ?? '' }).ready(signal)
  if (reader.kind !== 'ok') return reader
  const known = reader.value.get(place)
  if (known !== null) return { kind: 'ok', value: known }
  const read = await client.get(kinds.services, place, { signal })
  return read.kind === 'refused' ? { kind: 'ok', value: null } : read
}

const makeService = async (
  { blue, green }: Options,
  call: Call,
  service: string,
  { namespace, name }: BackendId,
  source: ObjectPlace,
): Promise<Answer<null>> => {
  const place = { namespace, name }
  const services = blue.watches.of(kinds.services, { namespace })
  const found = await blue.client.get(kinds.services, place, { signal: call.signal })
  if (found.kind !== 'ok') return found
  if (found.value !== null && !isOurs(found.value)) {
    const title = describeObject(kinds.services, place)
    return {
      kind: 'refused',
      because: `${title} on ${blue.name} is there already, and not ours. Give green's backend another name (router.gateway.names), or take it away.`,
    }
  }
  const read = await serviceOn(green, source, call.signal)
  if (read.kind !== 'ok') return read
  if (read.value === null) {
    const title = describeObject(kinds.services, source)
    return {
      kind: 'refused',
      because: `there is no ${title} on ${green.name}, so blue's cluster can't lead users to green. Make it there first.`,
    }
  }
  const object: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...place,
      labels: { [label.follows]: service },
      annotations: {
        [leadsTo]: `${source.namespace}/${source.name}`,
        ...writtenStamp({ fence: call.fence, intent: call.intent, baseline: null }),
      },
    },
    spec: {
      ports: (read.value.spec?.ports ?? []).map(({ name: portName, port, protocol, appProtocol }) => ({
        ...(portName === undefined ? {} : { name: portName }),
        port,
        protocol: protocol ?? 'TCP',
        ...(appProtocol === undefined ? {} : { appProtocol }),
      })),
    },
  }
  const patch = { kind: 'apply', object, manager: fieldManager, force: true } as const
  const written = await blue.client.patch(kinds.services, place, patch, { signal: call.signal })
  if (written.kind !== 'ok') return written
  services.note(written.value)
  return { kind: 'ok', value: null }
}

/** Brings the slices of all our Services of a namespace up to green's. False: something could not be read or written. */
const followOnce = async ({ blue, green }: Options, from: string, to: string, life: AbortSignal): Promise<boolean> => {
  const ofBlue = blue.watches.of(kinds.endpointSlices, { namespace: from })
  const [services, sources, own] = await Promise.all([
    blue.watches.of(kinds.services, { namespace: from }).ready(life),
    green.watches.of(kinds.endpointSlices, { namespace: to }).ready(life),
    ofBlue.ready(life),
  ])
  // Out of touch with green, what is there stays: it was right a moment ago.
  if (services.kind !== 'ok' || sources.kind !== 'ok' || own.kind !== 'ok') return false
  const bySource = Map.groupBy(
    sources.value.list({ namespace: to }),
    ({ metadata }) => metadata?.labels?.[ofService] ?? '',
  )
  const wanted = services.value
    .list({ namespace: from })
    .filter(isOurs)
    .flatMap((service) => slicesOf(service, bySource.get(sourceOf(service)) ?? []))
  const there = own.value.list({ namespace: from, labels: { [managedBy]: us } })
  let isDone = true
  for (const slice of wanted) {
    const before = own.value.get(placeOf(slice))
    if (before !== null && isSame(before, slice)) continue
    const patch = { kind: 'apply', object: slice, manager: fieldManager, force: true } as const
    const written = await blue.client.patch(kinds.endpointSlices, placeOf(slice), patch, {
      signal: life,
      urgency: 'urgent',
    })
    if (written.kind === 'ok') ofBlue.note(written.value)
    else isDone = false
  }
  const names = new Set(wanted.map((slice) => placeOf(slice).name))
  for (const slice of there.filter((each) => !names.has(placeOf(each).name))) {
    const removed = await blue.client.remove(kinds.endpointSlices, placeOf(slice), { signal: life, urgency: 'urgent' })
    if (removed.kind !== 'ok') isDone = false
  }
  return isDone
}

/** The name of green's Service; empty: somebody took it off ours. */
const sourceOf = ({ metadata }: Service): string => metadata?.annotations?.[leadsTo]?.split('/')[1] ?? ''

/** One for each of green's, so that none has more endpoints than a slice may. */
const slicesOf = (service: Service, sources: readonly EndpointSlice[]): readonly EndpointSlice[] => {
  const { namespace = '', name } = placeOf(service)
  const uid = service.metadata?.uid ?? ''
  return sources.map((slice) => {
    // With the Service's own id: slices of one before it are on their way out, and must not be met under these names.
    const hash = createHash('sha256')
      .update(`${uid} ${placeOf(slice).name}`)
      .digest('hex')
      .slice(0, 8)
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        namespace,
        name: `${name}-${hash}`,
        labels: {
          [ofService]: name,
          [managedBy]: us,
          [label.follows]: service.metadata?.labels?.[label.follows] ?? '',
        },
        // It goes when its Service goes.
        ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name, uid }],
      },
      addressType: slice.addressType,
      ports: slice.ports ?? [],
      endpoints: endpointsOf(slice).map(({ addresses, conditions }) => ({
        addresses,
        conditions: { ...conditions },
      })),
    }
  })
}

/** As far as we write it. */
const isSame = (a: EndpointSlice, b: EndpointSlice): boolean => {
  const written = (slice: EndpointSlice) =>
    JSON.stringify([
      slice.addressType,
      (slice.ports ?? []).map(({ name = '', port = 0, protocol = 'TCP' }) => [name, port, protocol]),
      endpointsOf(slice).map(({ addresses, conditions }) => [
        addresses,
        conditions?.ready ?? null,
        conditions?.serving ?? null,
        conditions?.terminating ?? null,
      ]),
      slice.metadata?.labels?.[ofService] ?? '',
    ])
  return written(a) === written(b)
}
