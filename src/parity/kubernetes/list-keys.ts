import { isMap, type JsonMap } from '../../kubernetes/json.ts'
import type { Json } from '../../moves/goal.ts'

/** Tells the entries of a list apart; null: they are known by their place. */
export type EntryKey = ((entry: JsonMap) => string) | null

const text = (value: Json | undefined): string =>
  value === undefined || value === null ? '' : typeof value === 'object' ? stableText(value) : String(value)
const by =
  (...fields: readonly string[]) =>
  (entry: JsonMap): string =>
    fields
      .map((field) => text(entry[field]))
      .filter((one) => one !== '')
      .join('/')

/** JSON with keys and entries of scalar lists in order: the same for what means the same. */
export const stableText = (value: Json): string => {
  if (Array.isArray(value)) {
    const entries = (value as readonly Json[]).map(stableText) // an array of JSON holds JSON
    return `[${(value.some((one) => typeof one === 'object') ? entries : entries.toSorted()).join(',')}]`
  }
  if (!isMap(value)) return JSON.stringify(value)
  const keys = Object.keys(value).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${stableText(value[key] ?? null)}`).join(',')}}`
}

/** The merge keys of Kubernetes, by the list's name. */
const keys: Readonly<Record<string, (entry: JsonMap) => string>> = {
  containers: by('name'),
  initContainers: by('name'),
  ephemeralContainers: by('name'),
  volumes: by('name'),
  imagePullSecrets: by('name'),
  volumeMounts: by('mountPath'),
  volumeDevices: by('devicePath'),
  hostAliases: by('ip'),
  topologySpreadConstraints: by('topologyKey', 'whenUnsatisfiable'),
  ports: (entry) => [text(entry['containerPort'] ?? entry['port']), text(entry['protocol'] ?? 'TCP')].join('/'),
  tolerations: stableText,
  volumeClaimTemplates: (entry) => (isMap(entry['metadata']) ? text(entry['metadata']['name']) : ''),
  metrics: (entry) => metricKey(entry),
  // What else is in a trigger may be secret, and these keys are shown.
  triggers: by('name', 'type'),
  subjects: by('kind', 'namespace', 'name'),
  paths: by('path', 'pathType'),
  tls: by('secretName', 'hosts'),
  parentRefs: by('namespace', 'name', 'sectionName', 'port'),
  backendRefs: by('namespace', 'name', 'port'),
  webhooks: by('name'),
  versions: by('name'),
  items: by('key'),
  sources: stableText,
  matchExpressions: by('key', 'operator'),
  from: stableText,
  to: stableText,
  policies: by('type'),
  limits: by('type'),
}

const metricKey = (metric: JsonMap): string => {
  const type = text(metric['type'])
  const source = metric[`${type.slice(0, 1).toLowerCase()}${type.slice(1)}`]
  if (!isMap(source)) return type
  const inner = isMap(source['metric']) ? text(source['metric']['name']) : ''
  return [type, text(source['name']), text(source['container']), inner].filter((one) => one !== '').join('/')
}

/** How the entries of a list are paired. `sort`: the kind of the object, as lists of one name differ between kinds. */
export const entryKeyOf = (name: string, sort: string, a: readonly Json[], b: readonly Json[]): EntryKey => {
  const known = name === 'rules' ? rulesKey(sort) : keys[name]
  if (known === null) return null
  const key = known ?? by('name')
  const unique = (list: readonly Json[]): boolean => {
    const found = list.map((entry) => (isMap(entry) ? key(entry) : ''))
    return !found.includes('') && new Set(found).size === found.length
  }
  return unique(a) && unique(b) ? key : null
}

/** Rules of roles are a set, those of an Ingress go by host, those of routes by their order. */
const rulesKey = (sort: string): EntryKey => {
  if (sort === 'Role' || sort === 'ClusterRole') return stableText
  return sort === 'Ingress' ? (entry) => text(entry['host']) || '*' : null
}

/** Lists of words whose order matters. */
const ordered = new Set(['command', 'args'])
export const isOrdered = (name: string): boolean => ordered.has(name)
