import { type Address, addressesIn } from '../inventory/addresses.ts'
import type { Variable } from './environment.ts'

/** Names of variables and keys whose whole value is a host. */
const hostName =
  /(^|[_.-])(host|hosts|hostname|endpoint|endpoints|addr|address|server|servers|broker|brokers|bootstrap|upstream|origin|service|svc)([_.-]|$)/i
const dnsName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))*\.?$/i
const url = /\b([a-z][a-z0-9+.-]{1,20}):\/\/([^\s"'`<>]+)/gi
const longestSecret = 65_536

/**
 * The hosts that a variable names: in URLs, as `host:port`, or alone where the variable's name says that it is a host.
 * Of a secret only what is certainly a host is told, never what could be a part of a password.
 */
export const hostsIn = (variable: Pick<Variable, 'name' | 'kind' | 'value'>): readonly Address[] => {
  switch (variable.kind) {
    case 'plain':
      return [...addressesIn(variable.value), ...wholeHosts(variable.name, variable.value)]
    case 'secret':
      return [
        ...hostsInSecret(variable.value),
        ...wholeHosts(variable.name, variable.value).filter(({ host }) => isCertainHost(host)),
      ]
    case 'field':
    case 'unread':
      return []
    default:
      return variable.kind satisfies never
  }
}

/** `db` or `db-1:5432,db-2:5432`, where the name says that it holds hosts. Values with a port are found in plain text anyway. */
const wholeHosts = (name: string, value: string): readonly Address[] => {
  if (value.length > 1_024 || !hostName.test(spelled(name))) return []
  return value.split(',').flatMap((part): readonly Address[] => {
    const [, host = '', port] = /^([^:]+)(?::(\d{1,5}))?$/.exec(part.trim()) ?? []
    if (!dnsName.test(host) || !/[a-z]/i.test(host) || /^(true|false|yes|no|on|off|none|null|localhost)$/i.test(host))
      return []
    return [
      { host: host.toLowerCase().replace(/\.$/, ''), port: port === undefined ? null : Number(port), scheme: null },
    ]
  })
}

const spelled = (name: string): string => name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')

/** A name with a dot and a plain ending; a password is rarely one, and a key that says `host` holds none. */
const isCertainHost = (host: string): boolean => /^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}$/i.test(host)

/**
 * Hosts of URLs in a secret. Everything that could make a part of the credentials look like the host (an unescaped
 * `/`, `?`, `#` or `@` in a password) makes that URL be left out.
 */
const hostsInSecret = (text: string): readonly Address[] => {
  const found: Address[] = []
  for (const [, scheme = '', rest = ''] of text.slice(0, longestSecret).matchAll(url)) {
    const end = rest.search(/[/?#\\]/)
    const authority = end === -1 ? rest : rest.slice(0, end)
    if (end !== -1 && rest.slice(end).includes('@')) continue
    for (const part of authority.slice(authority.lastIndexOf('@') + 1).split(',')) {
      const [, host = '', port] = /^([a-z0-9.-]+)(?::(\d{1,5}))?$/i.exec(part) ?? []
      if (!dnsName.test(host)) continue
      found.push({
        host: host.toLowerCase(),
        port: port === undefined ? null : Number(port),
        scheme: scheme.toLowerCase(),
      })
    }
  }
  return found
}
