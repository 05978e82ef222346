import { serveShop, work } from './serve.ts'

/** Internal: what the shop sells. */
serveShop(async (request) => {
  await work(4, 4)
  const product = Number(request.url?.split('/').at(-1)) || 1
  return { status: 200, body: { product, name: `Tea no. ${product}` } }
})
