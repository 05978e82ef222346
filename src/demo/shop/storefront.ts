import { call } from './call.ts'
import { setting } from './identity.ts'
import { serveShop, work } from './serve.ts'

const catalogue = setting('CATALOGUE_URL')
const pricing = setting('PRICING_URL')
const currency = setting('CURRENCY')

/** Exposed: pages of products, with their prices. */
serveShop(async (request) => {
  const product = Number(request.url?.split('/').at(-1)) || 1
  const [item, price] = await Promise.all([
    call<{ readonly name: string }>(`${catalogue}/products/${product}`),
    call<{ readonly cents: number }>(`${pricing}/prices/${product}`),
    work(25, 25),
  ])
  return { status: 200, body: { name: item.name, price: `${currency} ${(price.cents / 100).toFixed(2)}` } }
})
