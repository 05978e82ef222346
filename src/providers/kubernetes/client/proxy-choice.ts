import { BlockList, isIP } from 'node:net'

/**
 * The proxy on the way to a cluster: the kubeconfig's, else the environment's (`HTTPS_PROXY`, `NO_PROXY`, small letters
 * first) by the rules that kubectl follows: never for this machine itself; `NO_PROXY` holds `*`, names with or without
 * a leading dot, addresses, and networks. null: none.
 */
export const chooseProxy = (
  server: URL,
  ofCluster: string | null,
  environment: Readonly<Record<string, string | undefined>>,
): string | null => {
  if (ofCluster !== null) return ofCluster
  const named = (name: string) => environment[name.toLowerCase()] || environment[name] || null
  const proxy = named(server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY')
  if (proxy === null) return null
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  if (host === 'localhost' || isWithin(host, '127.0.0.0/8') || host === '::1') return null
  const port = server.port || (server.protocol === 'https:' ? '443' : '80')
  const excepted = (named('NO_PROXY') ?? '').split(/[\s,]+/).filter((each) => each !== '')
  if (excepted.some((each) => isExcepted(host, port, each.toLowerCase()))) return null
  return proxy.includes('://') ? proxy : `http://${proxy}`
}

const isExcepted = (host: string, port: string, exception: string): boolean => {
  if (exception === '*') return true
  if (exception.includes('/')) return isWithin(host, exception)
  const withPort = /^(.*[^:]):(\d+)$/.exec(exception)
  if (withPort?.[2] !== undefined && withPort[2] !== port) return false
  const name = (withPort?.[1] ?? exception).replace(/^\*?\./, '').replace(/^\[|\]$/g, '')
  return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`))
}

const isWithin = (host: string, network: string): boolean => {
  const family = isIP(host) === 4 ? 'ipv4' : 'ipv6'
  const [address = '', bits = ''] = network.split('/')
  if (isIP(host) === 0 || isIP(address) !== isIP(host) || !/^\d+$/.test(bits)) return false
  if (Number(bits) > (family === 'ipv4' ? 32 : 128)) return false
  const list = new BlockList()
  list.addSubnet(address, Number(bits), family)
  return list.check(host, family)
}
