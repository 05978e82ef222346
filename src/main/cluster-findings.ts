import type { Split } from '../clusters/split-objects.ts'
import type { Finding } from '../inventory/estate.ts'
import { readNetwork } from '../inventory/kubernetes/network.ts'
import { indexObjects, type KubernetesIndex } from '../kubernetes/index-objects.ts'
import { objectKey, objectText } from '../kubernetes/object.ts'
import { type Side, sides } from '../moves/goal.ts'
import type { GreenPlaces } from '../parity/kubernetes/expected-object.ts'
import { keyOnGreen } from '../parity/kubernetes/pair-objects.ts'
import type { PlatformFinding } from '../platform/rule.ts'
import { kinds } from '../providers/kubernetes/client/kinds.ts'
import type { GreenNames } from '../providers/kubernetes/service-places.ts'
import type { ClusterPair } from './cluster-pair.ts'
import type { MovingService } from './green-names.ts'

export const blocks = (message: string): Finding => ({
  severity: 'blocks',
  service: null,
  message: sentence(message),
  declare: null,
})
export const note = (message: string): Finding => ({
  severity: 'note',
  service: null,
  message: sentence(message),
  declare: null,
})
const sentence = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`

/** Acts go by name: two workloads of one name in one namespace could be mistaken for each other. */
export const nameFaults = (services: readonly MovingService[], { suffix }: GreenNames): readonly Finding[] => {
  const onBlue = Map.groupBy(services, ({ object }) => `${object.namespace}/${object.name}`)
  const onGreen = Map.groupBy(services, ({ object, objectOnGreen }) => `${object.namespace}/${objectOnGreen}`)
  return [
    ...[...onBlue.values()].flatMap((all) => {
      if (all.length === 1) return []
      const which = all.map(({ object }) => objectText(object)).join(' and ')
      return [
        blocks(
          `${which} have one name, and a release knows what it acts on by its name: make one of them anew under another name, and delete it under this one, as names of objects can’t be changed`,
        ),
      ]
    }),
    ...[...onGreen].flatMap(([name, all]) => {
      // Namesakes on blue are told above.
      const which = [...Map.groupBy(all, ({ object }) => object.name).values()].flatMap(([one]) => one?.service ?? [])
      if (which.length === 1) return []
      return [blocks(`${which.join(' and ')} would both be ${name} on green: give one of them another nameOnGreen`)]
    }),
    // In a namespace that both sides share, a name is taken by blue, too.
    ...(suffix === '' ? [] : [...onGreen]).flatMap(([name, [one]]) => {
      const [other] = onBlue.get(name) ?? []
      if (one === undefined || other === undefined) return []
      return [
        blocks(
          `${one.service} would be ${name} on green, which is ${other.service} of blue: give it another nameOnGreen`,
        ),
      ]
    }),
  ]
}

/** Contexts of different names may lead to one cluster. */
export const samePlace = async (
  { clusters, namespaces, title }: ClusterPair,
  signal: AbortSignal,
): Promise<readonly Finding[]> => {
  if (clusters.blue === clusters.green) return []
  const [blue, green] = await Promise.all(
    sides.map((side) =>
      Promise.all(namespaces[side].map((name) => clusters[side].client.get(kinds.namespaces, { name }, { signal }))),
    ),
  )
  // Those that may not be looked at are left out.
  const idsOf = (answers: typeof blue) =>
    (answers ?? []).flatMap((answer) => (answer.kind === 'ok' ? (answer.value?.metadata?.uid ?? []) : []))
  const onBlue = new Set(idsOf(blue))
  if (!idsOf(green).some((id) => onBlue.has(id))) return []
  return [
    blocks(
      `${title.blue} and ${title.green} are the same place, so nothing could move: name another context or other namespaces, or split it by a selector`,
    ),
  ]
}

/** What clusters and platforms have to say, as findings of a release. */
export const asFinding = ({ rule, severity, object, path, message, fix }: PlatformFinding): Finding => ({
  severity: severity === 'error' ? 'blocks' : 'note',
  service: null,
  message: `${rule} ${object} ${path}: ${message} ${fix}`,
  declare: null,
})

/**
 * In a namespace that both sides share, a Service sends to all that it selects: what it selects on green has its part of
 * what callers ask as soon as it is ready, and there is no way to say how much. So copies are not made there, and those
 * that people made have to have labels of their own.
 */
export const splitFaults = (
  index: Readonly<Record<Side, KubernetesIndex>>,
  services: readonly MovingService[],
  places: GreenPlaces,
  { label, value }: Split,
): readonly Finding[] => {
  const onGreen = new Map(index.green.workloads.map((workload) => [objectKey(workload.object), workload.object]))
  const network = readNetwork(indexObjects([...new Set([...index.blue.objects, ...index.green.objects])]))
  return services.flatMap(({ service, object, objectOnGreen }) => {
    const green = onGreen.get(keyOnGreen(object, places))
    if (green === undefined)
      return [
        blocks(
          `on green, ${service} would be ${object.kind} ${object.namespace}/${objectOnGreen}, which is not there, and nothing is copied into a namespace that both sides share: make it, asleep, with ${label}=${value} on its pods and labels of its own`,
        ),
      ]
    const shared = network.services.filter(({ workloads }) => {
      const keys = new Set(workloads.map((workload) => objectKey(workload.object)))
      return keys.has(objectKey(object)) && keys.has(objectKey(green))
    })
    return shared.map(({ object: { namespace, name } }) =>
      blocks(
        `Service ${namespace}/${name} selects the pods of both ${objectText(object)} and ${objectText(green)}, so green's would be asked as soon as they are ready: give them labels of their own, and a Service by these`,
      ),
    )
  })
}
