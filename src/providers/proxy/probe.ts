import { request } from 'node:http'
import { connect } from 'node:net'
import type { Millis } from '../../moves/goal.ts'

/** How a replica is probed: the environment file's words. `path` null: whether anything accepts a connection. */
export type ProbeSettings = {
  readonly path: string | null
  readonly everyMs: Millis
  readonly timeoutMs: Millis
  readonly failures: number
}

export type Probe = { stop(): void }

/**
 * Asks a replica again and again whether it is well, each time on a new connection, and calls back whenever the answer
 * changed: up after one good answer (2xx or 3xx), down after so many bad ones in a row. `found` is also called when the
 * same answer follows one that somebody else may have overruled: with every good one.
 */
export const startProbe = (port: number, settings: ProbeSettings, found: (up: boolean) => void): Probe => {
  let failures = 0
  let timer: NodeJS.Timeout | undefined
  let cancel = (): void => undefined
  let stopped = false

  const once = (): void => {
    let answered = false
    const answer = (up: boolean): void => {
      if (answered || stopped) return
      answered = true
      cancel()
      failures = up ? 0 : failures + 1
      if (up || failures >= settings.failures) found(up)
      timer = setTimeout(once, settings.everyMs)
    }
    const ask = settings.path === null ? connectTo(port, answer) : get(port, settings.path, answer)
    const limit = setTimeout(answer, settings.timeoutMs, false)
    cancel = () => {
      clearTimeout(limit)
      ask.destroy()
    }
  }

  // Not at once: the supervisor has just said what it knows, and all replicas of a list would be asked together.
  timer = setTimeout(once, Math.random() * settings.everyMs)
  return {
    stop: () => {
      stopped = true
      clearTimeout(timer)
      cancel()
    },
  }
}

const get = (port: number, path: string, answer: (up: boolean) => void) => {
  const asked = request({ host: '127.0.0.1', port, path, agent: false }, (response) => {
    const status = response.statusCode ?? 0
    answer(status >= 200 && status < 400)
  })
  asked.on('error', () => answer(false))
  return asked.end()
}

const connectTo = (port: number, answer: (up: boolean) => void) => {
  const socket = connect(port, '127.0.0.1', () => answer(true))
  return socket.on('error', () => answer(false))
}
