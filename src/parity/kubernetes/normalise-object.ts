import { isMap, type JsonMap, mapAt, textAt } from '../../kubernetes/json.ts'
import type { KubernetesObject } from '../../kubernetes/object.ts'
import type { Json } from '../../moves/goal.ts'
import { isWrittenMark } from './tool-marks.ts'

/** What servers, controllers and tools write into objects by themselves, and nobody means as a setting. */
export const serverFields: readonly string[] = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'ownerReferences',
  'selfLink',
]
const metadataFields = new Set([...serverFields, 'generateName', 'finalizers', 'name', 'namespace'])

/**
 * An object as parity compares it: without what a server or a tool wrote, with what the API server would fill in from
 * the object itself. Variables of containers are taken out: they are compared by what they come to in the end.
 */
export const normaliseObject = ({ sort, body }: Pick<KubernetesObject, 'sort' | 'body'>): JsonMap => {
  const { status: _, metadata, ...rest } = body
  const cleaned = cleanMap(rest, '')
  return { ...bySort(sort, cleaned), metadata: cleanMetadata(metadata) }
}

const cleanMetadata = (metadata: Json | undefined): JsonMap => {
  if (!isMap(metadata)) return {}
  const kept = Object.entries(metadata).filter(([key]) => !metadataFields.has(key))
  return Object.fromEntries(
    kept.map(([key, value]) => [key, key === 'annotations' || key === 'labels' ? withoutMarks(value) : value]),
  )
}

const withoutMarks = (value: Json): Json =>
  isMap(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => !isWrittenMark(key))) : value

/** Everything at any depth: certificates that controllers inject, metadata of templates, pods. */
const clean = (value: Json, key: string): Json => {
  if (Array.isArray(value)) return (value as readonly Json[]).map((one) => clean(one, key)) // an array of JSON holds JSON
  return isMap(value) ? cleanMap(value, key) : value
}

const cleanMap = (map: JsonMap, key: string): JsonMap => {
  const entries = Object.entries(map)
    .filter(([name]) => name !== 'caBundle' && !(key === 'conditions' && name.endsWith('Time')))
    .map(([name, value]): [string, Json] => {
      if (name === 'metadata' && isMap(value)) return [name, { ...cleanMetadata(value), ...nameOf(value) }]
      return [name, clean(value, name)]
    })
  const cleaned = Object.fromEntries(entries)
  return Array.isArray(cleaned['containers']) ? cleanPod(cleaned) : cleaned
}

/** Templates of claims are told apart by their names. */
const nameOf = (metadata: JsonMap): JsonMap => {
  const name = textAt(metadata, 'name')
  return name === null ? {} : { name }
}

const cleanPod = (pod: JsonMap): JsonMap => {
  const { serviceAccount, nodeName: _, ...rest } = pod
  const account = rest['serviceAccountName'] ?? serviceAccount
  const lists = ['containers', 'initContainers', 'ephemeralContainers'].filter((list) => Array.isArray(rest[list]))
  return {
    ...rest,
    ...(account === undefined ? {} : { serviceAccountName: account }),
    ...Object.fromEntries(lists.map((list) => [list, asList(rest[list]).map(cleanContainer)])),
  }
}

const asList = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []) // an array of JSON holds JSON

const cleanContainer = (container: Json): Json => {
  if (!isMap(container)) return container
  const { env: _, envFrom: __, ...rest } = container
  const limits = mapAt(rest, 'resources', 'limits')
  if (Object.keys(limits).length === 0) return rest
  // A limit without a request is the request too.
  return {
    ...rest,
    resources: { ...mapAt(rest, 'resources'), requests: { ...limits, ...mapAt(rest, 'resources', 'requests') } },
  }
}

const bySort = (sort: string, body: JsonMap): JsonMap => {
  const spec = mapAt(body, 'spec')
  switch (sort) {
    case 'Service':
      return { ...body, spec: cleanService(spec) }
    case 'ServiceAccount': {
      const { secrets: _, ...rest } = body
      return rest
    }
    case 'ClusterRole':
      // Rules of an aggregated role are gathered by a controller.
      return isMap(body['aggregationRule']) ? { ...body, rules: [] } : body
    case 'PersistentVolumeClaim': {
      const { volumeName, ...rest } = spec
      return { ...body, spec: typeof volumeName === 'string' && !volumeName.startsWith('pvc-') ? spec : rest }
    }
    case 'NetworkPolicy': {
      const types = spec['policyTypes'] ?? ['Ingress', ...(spec['egress'] === undefined ? [] : ['Egress'])]
      return { ...body, spec: { ...spec, policyTypes: types } }
    }
    case 'CustomResourceDefinition':
      return crdOf(body, spec)
    default:
      return body
  }
}

const cleanService = (spec: JsonMap): JsonMap => {
  const { clusterIP, clusterIPs: _, healthCheckNodePort: __, ipFamilies: ___, ...rest } = spec
  const ports = asList(spec['ports']).map((port) => {
    if (!isMap(port)) return port
    const { nodePort: ____, ...kept } = port
    return { ...kept, targetPort: kept['targetPort'] ?? kept['port'] ?? null }
  })
  // A headless Service is another thing; any other address is given by the cluster.
  return { ...rest, ports, ...(clusterIP === 'None' ? { clusterIP } : {}) }
}

/** Of a kind, which versions are served matters; its schema is its maker's. */
const crdOf = (body: JsonMap, spec: JsonMap): JsonMap => ({
  apiVersion: body['apiVersion'] ?? null,
  kind: body['kind'] ?? null,
  spec: {
    scope: spec['scope'] ?? null,
    versions: asList(spec['versions']).flatMap((one) =>
      isMap(one) && one['served'] === true ? [{ name: one['name'] ?? null, served: true }] : [],
    ),
  },
})
