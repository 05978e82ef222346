import type { Answer, Claims, Run, Schedules, WorkloadSeen, Workloads } from '../../engine/ports.ts'
import type { Side } from '../../moves/goal.ts'
import type { KubernetesProvider } from './connect-kubernetes.ts'
import { joinClaims } from './join-claims.ts'
import type { ServicePlaces } from './service-places.ts'

type Options = {
  readonly side: Side
  readonly name: string
  /** By namespace. */
  readonly providers: ReadonlyMap<string, KubernetesProvider>
  readonly places: ServicePlaces
  readonly inventory: Workloads['inventory']
}

export type ConnectedSide = { readonly claims: Claims; readonly workloads: Workloads; readonly schedules: Schedules }

/** One or several namespaces as one side of a release: services by the names that people call them, wherever they are. */
export const connectSide = (options: Options): ConnectedSide => {
  const { providers, name } = options
  return {
    claims: joinClaims(
      name,
      [...providers.values()].map(({ claims }) => claims),
    ),
    workloads: workloadsOfSide(options),
    schedules: schedulesOfSide(options),
  }
}

/** Does something with the provider that has a service, by the service's name there. */
const finderOf =
  ({ providers, places }: Options) =>
  async <T>(
    service: string,
    signal: AbortSignal,
    work: (provider: KubernetesProvider, name: string) => Promise<Answer<T>>,
  ): Promise<Answer<T>> => {
    const place = await places.of(service, signal)
    if (place.kind !== 'ok') return place
    const provider = providers.get(place.value.namespace)
    if (provider === undefined)
      return { kind: 'refused', because: `namespace ${place.value.namespace} is not one of the release` }
    return work(provider, place.value.name)
  }

const named = <T extends { readonly service: string }>(answer: Answer<T>, service: string): Answer<T> =>
  answer.kind === 'ok' ? { kind: 'ok', value: { ...answer.value, service } } : answer

const workloadsOfSide = (options: Options): Workloads => {
  const { providers, places, side } = options
  const at = finderOf(options)
  return {
    side,
    inventory: options.inventory,
    list: async (signal) => {
      const lists = await Promise.all([...providers].map((each) => listIn(places, each, signal)))
      const seen: WorkloadSeen[] = []
      for (const list of lists) {
        if (list.kind !== 'ok') return list
        seen.push(...list.value)
      }
      return { kind: 'ok', value: seen }
    },
    read: async (service, signal) =>
      named(await at(service, signal, ({ workloads }, name) => workloads.read(name, signal)), service),
    tellsAll: true,
    watch: (changed, signal) => {
      for (const [namespace, { workloads }] of providers)
        workloads.watch((name) => {
          if (name === null) return changed(null)
          for (const service of places.mayBe({ namespace, name })) changed(service)
        }, signal)
    },
    provision: (call, service, baseline) =>
      at(service, call.signal, ({ workloads }, name) => workloads.provision(call, name, baseline)),
    scale: (call, service, replicas, baseline) =>
      at(service, call.signal, ({ workloads }, name) => workloads.scale(call, name, replicas, baseline)),
    logs: (service, lines, signal) => at(service, signal, ({ workloads }, name) => workloads.logs(name, lines, signal)),
    address: (service, signal) => at(service, signal, ({ workloads }, name) => workloads.address(name, signal)),
  }
}

/** What runs in one namespace, by the names of services. */
const listIn = async (
  places: ServicePlaces,
  [namespace, { workloads }]: readonly [string, KubernetesProvider],
  signal: AbortSignal,
): Promise<Answer<readonly WorkloadSeen[]>> => {
  const list = await workloads.list(signal)
  if (list.kind !== 'ok') return list
  const seen: WorkloadSeen[] = []
  for (const each of list.value) {
    const service = await places.serviceAt({ namespace, name: each.service }, signal)
    if (service.kind !== 'ok') return service
    if (service.value !== null) seen.push({ ...each, service: service.value })
  }
  return { kind: 'ok', value: seen }
}

const schedulesOfSide = (options: Options): Schedules => {
  const { providers, side } = options
  const at = finderOf(options)
  const horizonMs = Math.max(...[...providers.values()].map(({ schedules }) => schedules.horizonMs))
  const runsOf = (runs: readonly Run[], service: string): readonly Run[] => runs.map((run) => ({ ...run, service }))
  return {
    side,
    horizonMs,
    read: async (service, signal) => {
      const seen = await at(service, signal, ({ schedules }, name) => schedules.read(name, signal))
      if (seen.kind !== 'ok') return seen
      return { kind: 'ok', value: { ...seen.value, service, active: runsOf(seen.value.active, service) } }
    },
    runs: async (service, since, signal) => {
      const runs = await at(service, signal, ({ schedules }, name) => schedules.runs(name, since, signal))
      return runs.kind === 'ok' ? { kind: 'ok', value: runsOf(runs.value, service) } : runs
    },
    recordsSince: (service, signal) =>
      at(service, signal, ({ schedules }, name) => schedules.recordsSince(name, signal)),
    ticks: (service, from, until, signal, phase) =>
      at(service, signal, ({ schedules }, name) => schedules.ticks(name, from, until, signal, phase)),
    stamp: (call, service, baseline) =>
      at(service, call.signal, ({ schedules }, name) => schedules.stamp(call, name, baseline)),
    pause: (call, service) => at(service, call.signal, ({ schedules }, name) => schedules.pause(call, name)),
    resume: (call, service) => at(service, call.signal, ({ schedules }, name) => schedules.resume(call, name)),
    fence: (call, service, tick) =>
      at(service, call.signal, ({ schedules }, name) => schedules.fence(call, name, tick)),
    unfence: (call, service, after) =>
      at(service, call.signal, ({ schedules }, name) => schedules.unfence(call, name, after)),
    barrier: (call, service) => at(service, call.signal, ({ schedules }, name) => schedules.barrier(call, name)),
    setCursor: (call, service, cursor) =>
      at(service, call.signal, ({ schedules }, name) => schedules.setCursor(call, name, cursor)),
    runNow: (call, service, tick) =>
      at(service, call.signal, ({ schedules }, name) => schedules.runNow(call, name, tick)),
  }
}
