import { call } from './call.ts'
import { setting } from './identity.ts'
import { bodyOf, serveShop, work } from './serve.ts'

const pricing = setting('PRICING_URL')
const queue = setting('QUEUE_URL')

/** Exposed: carts (GET) and orders (POST), each of which sends a mail through the queue. */
serveShop(async (request) => {
  if (request.method !== 'POST') {
    const [price] = await Promise.all([call<{ readonly cents: number }>(`${pricing}/prices/7`), work(25, 25)])
    return { status: 200, body: { cents: price.cents } }
  }
  const order = await bodyOf(request)
  await Promise.all([call(`${pricing}/prices/7`), work(25, 25)])
  const { id } = await call<{ readonly id: string }>(`${queue}/mails`, { post: { order } })
  return { status: 201, body: { mail: id } }
})
