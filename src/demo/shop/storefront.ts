import { call } from './call.ts'
import { setting } from './identity.ts'
import { serveShop, work } from './serve.ts'

const catalogue = setting('CATALOGUE_URL')
const pricing = setting('PRICING_URL')
const currency = setting('CURRENCY')
const keptForMs = 3_000

/** What was asked lately needn't be asked again. */
const remembered = <T>(ask: (product: number) => Promise<T>): ((product: number) => Promise<T>) => {
  const known = new Map<number, { readonly answer: Promise<T>; readonly until: number }>()
  return (product) => {
    const kept = known.get(product)
    if (kept !== undefined && kept.until > Date.now()) return kept.answer
    const answer = ask(product)
    known.set(product, { answer, until: Date.now() + keptForMs })
    // What failed is asked again.
    answer.catch(() => known.delete(product))
    return answer
  }
}

const itemOf = remembered((product) => call<{ readonly name: string }>(`${catalogue}/products/${product}`))
const priceOf = remembered((product) => call<{ readonly cents: number }>(`${pricing}/prices/${product}`))

/** Exposed: pages of products, with their prices. */
serveShop(async (request) => {
  const product = Number(request.url?.split('/').at(-1)) || 1
  const [item, price] = await Promise.all([itemOf(product), priceOf(product), work(25, 25)])
  return { status: 200, body: { name: item.name, price: `${currency} ${(price.cents / 100).toFixed(2)}` } }
})
