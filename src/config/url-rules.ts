import type { Fault, FaultPath, PositionedYaml } from './positioned-yaml.ts'
import type { WrittenRelease } from './release-schema.ts'
import type { Rule } from './rule.ts'

type UrlPlace = { readonly url: string; readonly path: FaultPath; readonly schemes: readonly string[] }

const web = ['http:', 'https:'] as const
const postgres = ['postgresql:', 'postgres:'] as const

const urlsOf = (written: WrittenRelease): readonly UrlPlace[] => {
  const places: UrlPlace[] = []
  const add = (url: unknown, path: FaultPath, schemes: readonly string[]): void => {
    if (typeof url === 'string') places.push({ url, path, schemes })
  }
  const { metrics, store, heartbeat } = written
  const inList = Array.isArray(metrics)
  const addresses = inList ? metrics : metrics?.addresses
  addresses?.forEach((url, index) => add(url, ['metrics', ...(inList ? [] : ['addresses']), index], web))
  if (typeof store === 'string' && store !== 'sqlite') add(store, ['store'], postgres)
  if (typeof store === 'object' && 'postgresql' in store) add(store.postgresql, ['store', 'postgresql'], postgres)
  add(heartbeat?.url, ['heartbeat', 'url'], web)
  written.notify?.forEach((notice, index) => {
    if ('webhook' in notice) add(notice.webhook.url, ['notify', index, 'webhook', 'url'], web)
  })
  for (const [service, { tests }] of Object.entries(written.services ?? {})) {
    for (const [name, test] of Object.entries(tests ?? {}))
      add(test.url, ['services', service, 'tests', name, 'url'], web)
  }
  return places
}

const urlsAreWhole: Rule = (written, yaml) => urlsOf(written).flatMap((place) => urlFaults(place, yaml))

const urlFaults = ({ url, path, schemes }: UrlPlace, yaml: PositionedYaml): readonly Fault[] => {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed === null || !schemes.includes(parsed.protocol)) {
    const isStore = path[0] === 'store'
    const expected = isStore
      ? 'sqlite, or a URL that begins with postgresql://'
      : 'a URL that begins with http:// or https://'
    return [yaml.fault(path, expected)]
  }
  const secret = secretIn(parsed)
  if (secret === null) return []
  return [
    {
      ...yaml.fault(path, `a URL without ${secret}`, { suggestion: referenceFor(path) }),
      value: withoutSecret(parsed),
    },
  ]
}

const secretName = /^(.*[-_.])?(password|passwd|secret|token|api[-_]?key|access[-_]?key|sig|signature|key)$/i

const secretIn = (url: URL): string | null => {
  if (url.password !== '') return 'a password'
  if (url.username !== '' && web.some((scheme) => scheme === url.protocol)) return 'credentials'
  const parameter = [...url.searchParams.keys()].find((key) => secretName.test(key))
  return parameter === undefined ? null : `a secret in it (${parameter})`
}

/** What may be shown of a URL that holds a secret: where it leads. */
const withoutSecret = (url: URL): string => `${url.protocol}//…@${url.host}${url.pathname}`

const referenceFor = (path: FaultPath): string => {
  if (path[0] === 'store') {
    return 'take it out, and name where it is found: store: { postgresql: URL, password: { variable: NAME } }'
  }
  if (path[0] === 'notify' || path[0] === 'heartbeat') {
    return 'name where the whole URL is found: url: { file: PATH } or url: { variable: NAME }'
  }
  return 'take it out: what is written here is shown in plans and reports'
}

/** Headers that authorise go by reference; what such a header holds is not shown. */
const headersByReference: Rule = (written, yaml) =>
  (written.notify ?? []).flatMap((notice, index) => {
    if (!('webhook' in notice)) return []
    return Object.entries(notice.webhook.headers ?? {}).flatMap(([header, value]): readonly Fault[] => {
      if (typeof value !== 'string' || !/^(proxy-)?authorization$|^cookie$|token|secret|key$/i.test(header)) return []
      const suggestion = `${header}: { file: PATH } or { variable: NAME }`
      const fault = yaml.fault(['notify', index, 'webhook', 'headers', header], 'a secret by reference', { suggestion })
      return [{ ...fault, value: null }]
    })
  })

export const urlRules: readonly Rule[] = [urlsAreWhole, headersByReference]
