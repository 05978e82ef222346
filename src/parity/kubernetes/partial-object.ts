import { isMap, type JsonMap, mapAt } from '../../kubernetes/json.ts'
import type { Json } from '../../moves/goal.ts'
import { getAt, setAt, type TreeStep } from './compare-trees.ts'

/**
 * Lists whose entries server-side apply knows by these fields, so that one entry can be applied by itself. Every other
 * list is one value, applied as a whole.
 */
const entryFields: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  hostAliases: ['ip'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
}

/** Ports have two names: those of containers and those of Services. */
const portFields = ['containerPort', 'port', 'protocol'] as const

/**
 * The part of a manifest that server-side apply needs to set some places and nothing else. `whole`: the manifest as it
 * should be.
 */
export const partialObject = (whole: JsonMap, places: readonly (readonly TreeStep[])[]): JsonMap => {
  const { name, namespace } = mapAt(whole, 'metadata')
  let part: Json | undefined = {
    apiVersion: whole['apiVersion'] ?? null,
    kind: whole['kind'] ?? null,
    metadata: { ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }) },
  }
  for (const place of places) part = putPlace(part, whole, place)
  return isMap(part) ? part : {}
}

const putPlace = (part: Json | undefined, whole: JsonMap, place: readonly TreeStep[]): Json | undefined => {
  const isOpen = (index: number): boolean => {
    const list = place[index - 1]
    return list?.kind === 'field' && (list.name === 'ports' || Object.hasOwn(entryFields, list.name))
  }
  const atomic = place.findIndex((step, index) => step.kind === 'entry' && !isOpen(index))
  const steps = atomic === -1 ? place : place.slice(0, atomic)
  let put = part
  steps.forEach((step, index) => {
    if (step.kind !== 'entry') return
    const until = steps.slice(0, index + 1)
    const entry = getAt(whole, until)
    if (getAt(put, until) === undefined && isMap(entry)) put = setAt(put, until, identityOf(steps[index - 1], entry))
  })
  const value = getAt(whole, steps)
  return value === undefined ? put : setAt(put, steps, value)
}

const identityOf = (list: TreeStep | undefined, entry: JsonMap): JsonMap => {
  const name = list?.kind === 'field' ? list.name : ''
  const fields = name === 'ports' ? portFields : (entryFields[name] ?? [])
  return Object.fromEntries(
    fields.flatMap((field) => (Object.hasOwn(entry, field) ? [[field, entry[field] ?? null]] : [])),
  )
}
