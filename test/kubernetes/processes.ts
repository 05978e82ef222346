import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { createServer } from 'node:net'

/** A process of the suite's own. */
export type Running = {
  readonly name: string
  readonly pid: number
  /** False once it has ended, however. */
  isAlive(): boolean
  /** What it wrote last. */
  tail(): string
  signal(signal: NodeJS.Signals): void
  /** Ends it, also when it is stopped. */
  end(): Promise<void>
}

const patienceMs = 3_000

/**
 * Starts a program whose output goes to a file. Its standard input stays open for as long as this process lives, by which
 * the programs of `test/control-plane` know when to end. It has a process group of its own: what it guards is stopped and
 * killed with it.
 */
export const start = (name: string, program: string, args: readonly string[], log: string): Running => {
  const child: ChildProcess = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  const file = createWriteStream(log, { flags: 'a' })
  child.stdout?.pipe(file, { end: false })
  child.stderr?.pipe(file, { end: false })
  child.stdin?.on('error', () => undefined)
  child.once('error', (error) => file.write(`${error.message}\n`))
  const ended = once(child, 'close').catch(() => undefined)
  void ended.then(() => file.end())
  const signal = (each: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, each)
    } catch {
      // It has ended already.
    }
  }
  const isAlive = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null
  return {
    name,
    // 0 only for a program that could not be started, which is not alive.
    pid: child.pid ?? 0,
    isAlive,
    tail: () => readFileSync(log, 'utf8').slice(-3_000),
    signal,
    end: async () => {
      // By its input first: a guard that is killed can't end what it guards. A stopped process reads nothing, and is killed.
      child.stdin?.end()
      const timer = setTimeout(() => signal('SIGKILL'), patienceMs)
      await ended
      clearTimeout(timer)
    },
  }
}

/** Ports of the loopback that were free just now. */
export const findFreePorts = async (count: number): Promise<readonly number[]> => {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
