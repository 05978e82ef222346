// The exposed service: asks "words" for a greeting, and says which environment it runs in.
import { createServer } from 'node:http'

const greeting = async () => {
  const answer = await fetch(process.env.WORDS_URL ?? '', { signal: AbortSignal.timeout(2_000) })
  return answer.text()
}

const server = createServer((request, response) => {
  if (request.url === '/healthz') {
    response.end('well\n')
    return
  }
  greeting().then(
    (text) => response.end(`${text} from ${process.env.TITRATE_ENVIRONMENT}\n`),
    () => response.writeHead(502).end('"words" did not answer\n'),
  )
})
server.listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', () => server.close(() => process.exit(0)))
