import { createHmac } from 'node:crypto'
import type { ClusterRead } from '../clusters/cluster-read.ts'
import { splitObjects } from '../clusters/split-objects.ts'
import { usedObjects } from '../clusters/used-objects.ts'
import type { Answer } from '../engine/ports.ts'
import type { EnvironmentSeen, Finding, ServiceDefinition } from '../inventory/estate.ts'
import { readEnvironment } from '../inventory/kubernetes/read-environment.ts'
import type { Overrides } from '../inventory/overrides.ts'
import { indexObjects, type KubernetesIndex } from '../kubernetes/index-objects.ts'
import type { KubernetesObject } from '../kubernetes/object.ts'
import type { Millis, Side } from '../moves/goal.ts'
import type { GreenPlaces } from '../parity/kubernetes/expected-object.ts'
import type { GreenNames } from '../providers/kubernetes/service-places.ts'
import { nameFaults, splitFaults } from './cluster-findings.ts'
import type { ClusterPair } from './cluster-pair.ts'
import { namedAsOnBlue, placesOf, servicesOf } from './green-names.ts'

/** Both sides as their clusters have them at one moment. */
export type ClusterEstate = {
  readonly pair: ClusterPair
  /** What was read of each side; of namespaces that both share, each has its part. */
  readonly read: Readonly<Record<Side, ClusterRead>>
  readonly index: Readonly<Record<Side, KubernetesIndex>>
  readonly seen: Readonly<Record<Side, EnvironmentSeen>>
  readonly places: GreenPlaces
  /** Names on green of every service whose name is another one there. */
  readonly overrides: Overrides
  readonly findings: readonly Finding[]
  readonly digest: (text: string) => string
}

/** Reads both sides. Secrets are digested with the key; nothing of their contents is in what is seen. */
export const readClusterEstate = async (
  pair: ClusterPair,
  hmacKey: Uint8Array,
  now: Millis,
  signal: AbortSignal,
): Promise<Answer<ClusterEstate>> => {
  const ofBlue = pair.read.blue(signal)
  // Namespaces that both sides share are read once.
  const [onBlue, onGreen] = await Promise.all([ofBlue, pair.split === null ? pair.read.green(signal) : ofBlue])
  if (onBlue.kind !== 'ok') return onBlue
  if (onGreen.kind !== 'ok') return onGreen
  const digest = (text: string): string => createHmac('sha256', hmacKey).update(text).digest('hex')
  // What green has beyond that may be what blue's objects need there, so only blue is cut.
  const used = usedObjects(onBlue.value.objects, new Set(onBlue.value.namespaces.keys()))
  const objects = partsOf(pair, used, onGreen.value.objects)
  const index = { blue: indexObjects(objects.blue), green: indexObjects(objects.green) }
  const services = servicesOf(index.blue, pair.names)
  const places = placesOf(objects.green, services, pair.names, pair.split)
  const blue = readEnvironment(index.blue, { name: pair.title.blue, readAt: now, digest })
  const green = readEnvironment(index.green, { name: pair.title.green, readAt: now, digest })
  const fixed = new Set(blue.services.flatMap(({ name, observed }) => (observed?.fixedBecause == null ? [] : [name])))
  const moving = services.filter(({ service }) => !fixed.has(service))
  const value: ClusterEstate = {
    pair,
    read: { blue: { ...onBlue.value, objects: objects.blue }, green: { ...onGreen.value, objects: objects.green } },
    index,
    seen: { blue, green: namedAsOnBlue(green, index, services, places) },
    places,
    overrides: Object.fromEntries(
      services
        .filter(({ greenName, service }) => greenName !== service)
        .map(({ service, greenName }) => [service, { greenName }]),
    ),
    digest,
    findings: [
      ...nameFaults(moving, pair.names),
      ...(pair.split === null ? [] : splitFaults(index, moving, places, pair.split)),
    ],
  }
  return { kind: 'ok', value }
}

/**
 * The services of blue, or, where it does not answer, what green has of them: for whoever has to act without knowing
 * more than that.
 */
export const readServicesOfEither = async (
  pair: ClusterPair,
  signal: (side: Side) => AbortSignal,
): Promise<Answer<readonly ServiceDefinition[]>> => {
  const servicesIn = (side: Side, { objects }: ClusterRead): readonly ServiceDefinition[] => {
    const index = indexObjects(partsOf(pair, objects, objects)[side])
    return readEnvironment(index, { name: pair.title[side], readAt: 0, digest: () => '' }).services
  }
  const onBlue = await pair.read.blue(signal('blue'))
  if (onBlue.kind === 'ok') return { kind: 'ok', value: servicesIn('blue', onBlue.value) }
  const onGreen = await pair.read.green(signal('green'))
  if (onGreen.kind !== 'ok') return onBlue
  const services = servicesIn('green', onGreen.value)
  return { kind: 'ok', value: services.map((one) => ({ ...one, name: nameOnBlue(one.name, pair.names) })) }
}

const nameOnBlue = (name: string, { names, suffix }: GreenNames): string => {
  const named = [...names].find(([, onGreen]) => onGreen === name)
  if (named !== undefined) return named[0]
  return suffix !== '' && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name
}

/** Of namespaces that both sides share, each has its part. */
const partsOf = (
  { split }: ClusterPair,
  blue: readonly KubernetesObject[],
  green: readonly KubernetesObject[],
): Readonly<Record<Side, readonly KubernetesObject[]>> => (split === null ? { blue, green } : splitObjects(blue, split))
