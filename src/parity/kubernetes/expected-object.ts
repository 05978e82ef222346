import { isMap, type JsonMap, mapAt } from '../../kubernetes/json.ts'
import { type KubernetesObject, objectKey } from '../../kubernetes/object.ts'
import type { Json } from '../../moves/goal.ts'
import type { Rewriter } from '../rewrites.ts'
import { serverFields } from './normalise-object.ts'

/** How names of blue are called on green. */
export type GreenPlaces = {
  readonly namespace: (blue: string) => string
  /** The name of an object of blue on green. */
  readonly name: (object: KubernetesObject) => string
}

/** By the names on green of namespaces, and of objects (by `objectKey`), that are other ones there; `otherwise` has the rest. */
export const placesByName = (
  namespaces: ReadonlyMap<string, string>,
  names: ReadonlyMap<string, string>,
  otherwise: GreenPlaces['name'],
): GreenPlaces => ({
  namespace: (name) => namespaces.get(name) ?? name,
  name: (object) => names.get(objectKey(object)) ?? otherwise(object),
})

export const samePlaces: GreenPlaces = { namespace: (blue) => blue, name: ({ name }) => name }

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/** An object as a file would hold it: nothing that only a server writes. */
export const manifestOf = ({ body, sort }: Pick<KubernetesObject, 'body' | 'sort'>): JsonMap => {
  const { status: _, metadata, ...rest } = body
  const kept = Object.entries(isMap(metadata) ? metadata : {}).filter(([key]) => !serverFields.includes(key))
  const annotations = Object.entries(mapAt(body, 'metadata', 'annotations')).filter(
    ([key]) => key !== lastApplied && !key.startsWith('deployment.kubernetes.io/'),
  )
  const { annotations: __, ...others } = Object.fromEntries(kept)
  return {
    apiVersion: body['apiVersion'] ?? null,
    kind: body['kind'] ?? null,
    metadata: { ...others, ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }) },
    ...withoutPlace(
      sort,
      Object.fromEntries(Object.entries(rest).filter(([key]) => key !== 'apiVersion' && key !== 'kind')),
    ),
  }
}

/** Addresses and ports that a cluster gave. */
const withoutPlace = (sort: string, body: JsonMap): JsonMap => {
  if (sort !== 'Service') return body
  const { clusterIP, clusterIPs: _, healthCheckNodePort: __, ...spec } = mapAt(body, 'spec')
  const ports = Array.isArray(spec['ports']) ? (spec['ports'] as readonly Json[]) : [] // an array of JSON holds JSON
  return {
    ...body,
    spec: {
      ...spec,
      ...(clusterIP === 'None' ? { clusterIP } : {}),
      ports: ports.map((port) =>
        isMap(port) ? Object.fromEntries(Object.entries(port).filter(([key]) => key !== 'nodePort')) : port,
      ),
    },
  }
}

/** What was changed by rewrites of the release file, and which ones. */
export type RewrittenText = {
  readonly path: string
  readonly before: string
  readonly after: string
  readonly by: readonly number[]
}

/**
 * An object of blue as it should be on green: its manifest with declared rewrites, and with green's namespaces. This is
 * what a dry run sends to green's API server.
 */
export const expectedOnGreen = (
  object: KubernetesObject,
  service: string,
  places: GreenPlaces,
  rewrite: Rewriter,
): { readonly manifest: JsonMap; readonly rewritten: readonly RewrittenText[] } => {
  const rewritten: RewrittenText[] = []
  const inText = (text: string, path: string, key: string): string => {
    const moved = namesNamespace(key) ? places.namespace(text) : intoNamespace(text, places)
    const { text: after, by } = rewrite(service, path, moved)
    if (by.length > 0) rewritten.push({ path, before: moved, after, by })
    return after
  }
  const walk = (value: Json, path: string, key: string): Json => {
    if (typeof value === 'string') return inText(value, path, key)
    if (Array.isArray(value)) {
      return (value as readonly Json[]).map((one, index) => walk(one, `${path}[${entryName(one, index)}]`, key)) // an array of JSON holds JSON
    }
    if (!isMap(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, walk(one, stepInto(path, name), name)]))
  }
  const own = manifestOf(object)
  const walked = walk({ ...own, metadata: { ...mapAt(own, 'metadata'), name: '', namespace: '' } }, '', '')
  const metadata = {
    ...mapAt(walked, 'metadata'),
    name: places.name(object),
    ...(object.namespace === null ? {} : { namespace: places.namespace(object.namespace) }),
  }
  if (object.namespace === null) delete (metadata as { namespace?: Json }).namespace // it was put in above, as an empty text
  return { manifest: isMap(walked) ? { ...walked, metadata } : own, rewritten }
}

/** Policies choose namespaces by the label that Kubernetes gives each of them. */
const namesNamespace = (key: string): boolean => key === 'namespace' || key === 'kubernetes.io/metadata.name'

const entryName = (entry: Json, index: number): string =>
  isMap(entry) && typeof entry['name'] === 'string' ? entry['name'] : String(index)

const stepInto = (path: string, name: string): string => {
  if (!/^[A-Za-z_][\w-]*$/.test(name)) return `${path}["${name}"]`
  return path === '' ? name : `${path}.${name}`
}

const inside = /(?<=\.)([a-z0-9-]+)(?=\.svc\b)/g

/** `web.blue.svc` is `web.green.svc` there. */
export const intoNamespace = (text: string, { namespace }: GreenPlaces): string =>
  text.includes('.svc') ? text.replace(inside, (name) => namespace(name)) : text
