/** A place that a text names: `host` in lower case, `port` null where none was written. */
export type Address = { readonly host: string; readonly port: number | null; readonly scheme: string | null }

const url = /\b([a-z][a-z0-9+.-]{1,20}):\/\/(?:[^\s/@"']*@)?([^\s/?#"',;]+(?:,[^\s/?#"',;]+)*)/gi
const hostAndPort = /(?<![\w.:/@-])([a-z0-9][a-z0-9.-]*):(\d{2,5})(?![\d:\w])/gi

/** Longer texts are not looked into: they are content, not addresses. */
const longestText = 4_096

/**
 * The addresses written in a value or in an argument: in URLs (also several hosts, as databases and queues have them)
 * and as `host:port`. Whatever stands before an `@` is a credential and is dropped here.
 */
export const addressesIn = (text: string): readonly Address[] => {
  if (text.length > longestText || !text.includes(':')) return []
  const found: Address[] = []
  for (const [, scheme, authority] of text.matchAll(url)) {
    for (const part of (authority ?? '').split(',')) add(found, part, (scheme ?? '').toLowerCase())
  }
  const rest = text.replace(url, ' ')
  for (const [, host, port] of rest.matchAll(hostAndPort)) {
    // A clock time or a version (`12:30`) has no letter in its host, and an address without a name is an IPv4 one.
    if (host !== undefined && (/[a-z]/i.test(host) || /^\d+(\.\d+){3}$/.test(host))) add(found, `${host}:${port}`, null)
  }
  return found
}

const add = (found: Address[], authority: string, scheme: string | null): void => {
  const parts = /^(?:\[([0-9a-f:]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/i.exec(
    authority.slice(authority.lastIndexOf('@') + 1),
  )
  const host = parts?.[1] ?? parts?.[2]
  if (host === undefined) return
  const port = parts?.[3] === undefined ? null : Number(parts[3])
  const address = { host: host.toLowerCase(), port, scheme }
  if (!found.some((one) => one.host === address.host && one.port === port)) found.push(address)
}

/** How an address is shown: host and port, nothing else of the value that it came from. */
export const textOf = ({ host, port }: Address): string => (port === null ? host : `${host}:${port}`)

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '0.0.0.0' || /^127(\.\d+){3}$/.test(host)

const queueSchemes = new Set(['amqp', 'amqps', 'kafka', 'nats', 'mqtt', 'mqtts', 'sqs', 'pulsar', 'stomp', 'beanstalk'])
const queueHost = /^(sqs|sns)\.[a-z0-9-]+\.amazonaws\.com$/
const queueName = /(^|_)(QUEUE|QUEUES|TOPIC|TOPICS|BROKER|BROKERS|STREAM|SUBSCRIPTION|CONSUMER_GROUP)(_|$)/i

/** Whether a variable looks like that of a queue: by its name, or by the scheme or host of an address in it. */
export const looksLikeQueue = (name: string, value: string): boolean =>
  queueName.test(name) ||
  addressesIn(value).some(({ scheme, host }) => queueSchemes.has(scheme ?? '') || queueHost.test(host))
