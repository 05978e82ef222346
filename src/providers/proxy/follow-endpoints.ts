import { z } from 'zod'
import { callJson, followWatch } from './json-over-socket.ts'
import type { Endpoint } from './replicas.ts'

export const endpointsByServiceSchema = z.record(
  z.string(),
  z.array(
    z.object({
      replica: z.string(),
      port: z.int().min(1).max(65_535),
      ready: z.boolean(),
      draining: z.boolean(),
    }),
  ),
)
const endpointsSchema = z.object({ services: endpointsByServiceSchema })

export type Endpoints = Readonly<Record<string, readonly Endpoint[]>>

const answerLimitMs = 2_000
/** Also without a hint, so that a supervisor that hangs is noticed. */
const rereadMs = 5_000

/**
 * Follows the endpoints of one supervisor. `found` with each list that was read; `lost` when the supervisor is gone or
 * does not answer, once until it is found again. Ends with the signal.
 */
export const followEndpoints = (
  socket: string,
  on: { readonly found: (endpoints: Endpoints) => void; readonly lost: (because: string) => void },
  signal: AbortSignal,
): void => {
  let reading = false
  let again = false
  let connected = false

  const lose = (because: string): void => {
    if (connected && !signal.aborted) on.lost(because)
    connected = false
  }

  const readOnce = async (): Promise<void> => {
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(answerLimitMs)])
      const { body } = await callJson({ socket, method: 'GET', path: '/v1/endpoints', signal: limit })
      const { services } = endpointsSchema.parse(body)
      if (signal.aborted) return
      connected = true
      on.found(services)
    } catch (error) {
      lose(String(error))
    }
  }

  /** Hints that come while a list is being read ask for one more: the list may be older than they are. */
  const read = async (): Promise<void> => {
    again = true
    if (reading) return
    reading = true
    while (again && !signal.aborted) {
      again = false
      await readOnce()
    }
    reading = false
  }

  const timer = setInterval(() => void read(), rereadMs)
  signal.addEventListener('abort', () => clearInterval(timer))
  void followWatch(socket, { hint: () => void read(), lost: lose }, signal)
}
