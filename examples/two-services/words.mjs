// The internal service: answers with a greeting. The environment gives it its port.
import { createServer } from 'node:http'

const server = createServer((request, response) => {
  if (request.url === '/healthz') return response.end('well\n')
  response.end('hello')
})
server.listen(Number(process.env.PORT), '127.0.0.1')
// Asked to end: no new connections, and those under way finish.
process.on('SIGTERM', () => server.close(() => process.exit(0)))
