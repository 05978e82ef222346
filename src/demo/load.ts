import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import type { Millis } from '../moves/goal.ts'
import { type AnsweredBy, createLoadCounts, type LoadCounts } from './load-counts.ts'

export type LoadOptions = {
  /** Where users reach each exposed service: `host:port`. */
  readonly addresses: Readonly<Record<string, string>>
  readonly perSecond: number
  readonly timeoutMs: Millis
}

export type Load = {
  counts(): LoadCounts
  /** Sends nothing more, and waits for the answers that are still due. */
  stop(): Promise<LoadCounts>
}

type Visit = { readonly service: string; readonly path: string; readonly post: string | null }

const beatMs = 10
const users = 400
const products = 50

/** What users do, one after the other: pages, carts and orders. */
const visitOf = (services: readonly string[], number: number): Visit => {
  const service = services[number % services.length] ?? ''
  const product = 1 + (number % products)
  if (service !== 'checkout') return { service, path: `/products/${product}`, post: null }
  const orders = number % 4 === 1
  return orders
    ? { service, path: '/orders', post: JSON.stringify({ product }) }
    : { service, path: '/cart', post: null }
}

/**
 * Plays users: an open loop, so that a slow answer never makes the next request later. Half of the requests come from
 * users who come again and keep their cookies, half from new ones.
 */
export const startLoad = ({ addresses, perSecond, timeoutMs }: LoadOptions): Load => {
  const agent = new Agent({ keepAlive: true, timeout: 30_000 })
  const counts = createLoadCounts()
  const services = Object.keys(addresses)
  const cookies = new Map<number, string>()
  const startedAt = performance.now()
  let number = 0
  let open = 0
  let stopped = false
  let idle: (() => void) | null = null

  const finish = (): void => {
    open -= 1
    if (stopped && open === 0) idle?.()
  }

  const visit = (): void => {
    const { service, path, post } = visitOf(services, number)
    const user = number % 2 === 0 ? null : number % users
    number += 1
    open += 1
    counts.send()
    let over = false
    const end = (by: AnsweredBy, status: number | null, because: string): void => {
      if (over) return
      over = true
      clearTimeout(timer)
      counts.end({ at: Date.now(), service, by, status, because })
      finish()
    }
    const sent = request(
      `http://${addresses[service]}${path}`,
      {
        agent,
        method: post === null ? 'GET' : 'POST',
        headers: headersOf(post, user === null ? null : cookies.get(user)),
      },
      (response) => {
        const cookie = response.headers['set-cookie']?.[0]?.split(';')[0]
        if (user !== null && cookie !== undefined) cookies.set(user, cookie)
        let text = ''
        response.on('data', (part) => {
          if (text.length < 200) text += String(part)
        })
        response.once('end', () => end(answeredBy(response), response.statusCode ?? null, text.trim()))
        response.once('error', (error) => end(answeredBy(response), null, error.message))
      },
    )
    const timer = setTimeout(() => {
      end('router', null, `no answer in ${timeoutMs} ms`)
      sent.destroy()
    }, timeoutMs)
    sent.once('error', (error) => end('router', null, error.message))
    sent.end(post ?? undefined)
  }

  const beat = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * perSecond)
    while (number < due) visit()
  }, beatMs)

  return {
    counts: counts.read,
    stop: async () => {
      clearInterval(beat)
      stopped = true
      if (open > 0) {
        await new Promise<void>((resolve) => {
          idle = resolve
        })
      }
      agent.destroy()
      return counts.read()
    },
  }
}

const headersOf = (post: string | null, cookie: string | undefined | null): OutgoingHttpHeaders => ({
  ...(post === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(post) }),
  ...(cookie == null ? {} : { cookie }),
})

const answeredBy = ({ headers }: IncomingMessage): AnsweredBy => {
  const told = headers['x-shop-environment']
  return told === 'blue' || told === 'green' ? told : 'router'
}
