// Answers with who it is. /slow takes its time; /sick and /well change what /healthz says; SIGTERM ends it when all is answered, or at once (RUDE).
import { createServer } from 'node:http'

let well = process.env.UNWELL !== 'yes'
const server = createServer((request, response) => {
  const path = request.url ?? '/'
  if (path === '/healthz') return response.writeHead(well ? 200 : 503).end()
  if (path === '/sick' || path === '/well') well = path === '/well'
  if (path === '/metrics') {
    const text = '# TYPE http_requests_total counter\nhttp_requests_total{code="200"} 7\n'
    return process.env.MUTE === 'yes' ? undefined : response.end(text)
  }
  const who = {
    replica: process.env.TITRATE_REPLICA,
    greeting: process.env.GREETING,
    pid: process.pid,
    env: process.env.TITRATE_ENVIRONMENT,
  }
  if (path === '/env') return response.end(JSON.stringify(process.env))
  setTimeout(() => response.end(JSON.stringify(who)), path === '/slow' ? 400 : 0)
})
server.listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', () => {
  if (process.env.RUDE === 'yes') process.exit(0)
  server.close(() => process.exit(0))
})
