import type { Answer } from '../../engine/ports.ts'
import { request } from '../request.ts'

/** What a person does about an environment that doesn't answer. */
export const unreachable = (name: string, file: string, because: string): string =>
  `Environment ${name} does not answer (${because}). Start it: titrate env up ${file}`

/**
 * One question to a supervisor. Each has a connection of its own: on a UNIX socket that costs little, and no answer
 * is lost to a connection that was closed for being idle. Whatever goes wrong on the way is `unknown`.
 */
export const ask = <T>(
  socket: string,
  method: 'GET' | 'POST',
  path: string,
  body: unknown,
  signal: AbortSignal,
): Promise<Answer<T>> =>
  new Promise((resolve) => {
    const lost = (error: unknown) => resolve({ kind: 'unknown', because: inWords(error, socket) })
    if (signal.aborted) return lost(signal.reason)
    const payload = body === undefined ? undefined : JSON.stringify(body)
    const headers = payload === undefined ? {} : { 'content-type': 'application/json' }
    const asked = request({ socketPath: socket, method, path, headers, agent: false, signal }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', lost)
      response.on('aborted', () => lost(new Error('the connection was lost')))
      response.on('end', () => {
        const answer = answerIn<T>(Buffer.concat(chunks).toString('utf8'))
        resolve(answer ?? { kind: 'unknown', because: 'the supervisor gave an answer that cannot be read' })
      })
    })
    asked.on('error', lost)
    asked.end(payload)
  })

const kinds: readonly unknown[] = ['ok', 'conflict', 'refused', 'unknown'] satisfies Answer<unknown>['kind'][]

/** The supervisor is ours and of the same version as its client: its answers are checked for their kind only. */
const answerIn = <T>(text: string): Answer<T> | null => {
  try {
    const read: unknown = JSON.parse(text)
    const isAnswer = typeof read === 'object' && read !== null && 'kind' in read && kinds.includes(read.kind)
    return isAnswer ? (read as Answer<T>) : null
  } catch {
    return null
  }
}

const inWords = (error: unknown, socket: string): string => {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ENOENT') return `there is no socket ${socket}`
  if (code === 'ECONNREFUSED') return `nobody listens on ${socket}`
  if (code === 'EACCES' || code === 'EPERM') return `${socket} belongs to another user`
  return error instanceof Error ? error.message : String(error)
}
