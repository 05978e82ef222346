// The exposed service: asks "words" for a greeting, and says which environment it runs in.
import { createServer } from 'node:http'

const server = createServer(async (request, response) => {
  if (request.url === '/healthz') return response.end('well\n')
  try {
    const greeting = await fetch(process.env.WORDS_URL, { signal: AbortSignal.timeout(2_000) })
    response.end(`${await greeting.text()} from ${process.env.TITRATE_ENVIRONMENT}\n`)
  } catch (error) {
    response.writeHead(502).end(`${error}\n`)
  }
})
server.listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', () => server.close(() => process.exit(0)))
