import { createServer, type Server, type ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { type Load, startLoad } from './load.ts'
import { createLoadCounts, type Ended, totalFailed } from './load-counts.ts'

const ended = (parts: Partial<Ended>): Ended => ({
  at: 1,
  service: 'storefront',
  by: 'green',
  status: 200,
  because: '',
  ...parts,
})

describe('the count of requests', () => {
  it('counts a 5xx against the side that answered it', () => {
    const counts = createLoadCounts()
    counts.end(ended({ status: 500 }))
    counts.end(ended({ status: 200, by: 'blue' }))
    expect(counts.read()).toMatchObject({
      answered: { blue: 1, green: 1, router: 0 },
      failed: { blue: 0, green: 1, router: 0 },
    })
  })

  it('counts a request without an answer as failed, and keeps when', () => {
    const counts = createLoadCounts()
    counts.end(ended({ status: null, by: 'router', at: 7 }))
    counts.end(ended({ status: null, by: 'router', at: 9 }))
    expect(counts.read()).toMatchObject({ answered: { router: 0 }, firstFailureAt: 7, lastFailureAt: 9 })
    expect(totalFailed(counts.read())).toBe(2)
  })
})

describe('the load generator', () => {
  const open: { server: Server | null; load: Load | null } = { server: null, load: null }
  afterEach(async () => {
    await open.load?.stop()
    open.server?.closeAllConnections()
    open.server?.close()
  })

  const load = async (answer: (response: ServerResponse, number: number) => void, timeoutMs = 300): Promise<Load> => {
    let number = 0
    const server = createServer((request, response) => {
      request.resume()
      number += 1
      answer(response, number)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    open.server = server
    open.load = startLoad({ addresses: { storefront: `127.0.0.1:${port}` }, perSecond: 200, timeoutMs })
    return open.load
  }

  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10))
  }

  it('sends on time although nobody answers, and counts each as failed', async () => {
    const running = await load(() => undefined, 200)
    await until(() => running.counts().sent >= 60)
    const { sent, failed } = await running.stop()
    expect(failed.router).toBe(sent)
  })

  it('tells the sides apart and counts what breaks off', async () => {
    const running = await load((response, number) => {
      if (number % 3 === 0) response.destroy()
      else response.writeHead(200, { 'x-shop-environment': number % 3 === 1 ? 'blue' : 'green' }).end('ok')
    })
    await until(() => running.counts().sent >= 60)
    const { sent, answered, failed } = await running.stop()
    expect(answered.blue).toBeGreaterThan(0)
    expect(answered.green).toBeGreaterThan(0)
    expect(answered.blue + answered.green + failed.router).toBe(sent)
    expect(failed.router).toBeGreaterThanOrEqual(Math.floor(sent / 3) - 1)
  })
})
