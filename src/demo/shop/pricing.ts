import { serveShop, work } from './serve.ts'

/** Internal: what it costs. */
serveShop(async (request) => {
  await work(4, 4)
  const product = Number(request.url?.split('/').at(-1)) || 1
  return { status: 200, body: { product, cents: 300 + ((product * 37) % 700) } }
})
