/**
 * A PostgreSQL server of our own for tests: a new cluster in a temporary folder, on a free port of the loopback.
 * Where no server program is installed there is none, and tests skip, unless `TITRATE_TEST_POSTGRES=required`.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import pg from 'pg'

const password = 'not-to-be-shown'

export type PostgresServer = {
  readonly port: number
  /** All that is its own; belongs to the user that it runs as. */
  readonly folder: string
  /** Of the superuser, with its password; the database `postgres` unless another is named. */
  url(database?: string): string
  /** The password inside the URLs, which must not be seen anywhere. */
  readonly password: string
  /** Makes an empty database and gives its URL. */
  createDatabase(name: string, encoding?: string): Promise<string>
  /** Runs SQL as the superuser. */
  run(sql: string, database?: string): Promise<pg.QueryResult>
  /** Ends every process of the server at once, as a power cut does. */
  crash(): Promise<void>
  /** Starts it again on the same port after `crash`. */
  start(): Promise<void>
  /** Ends it and removes its folder. */
  stop(): Promise<void>
}

const folders = (process.env['PATH'] ?? '').split(delimiter).concat(globSync('/usr/lib/postgresql/*/bin').toSorted())

/** The folder of PostgreSQL's programs, or null. */
const binaries = folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))

/** Whether tests with PostgreSQL can run here. When they must and can't, says so at once. */
export const hasPostgres = (): boolean => {
  if (binaries !== undefined) return true
  const message = 'PostgreSQL (initdb, postgres) is neither in PATH nor in /usr/lib/postgresql: its tests are skipped'
  if (process.env['TITRATE_TEST_POSTGRES'] === 'required') throw new Error(`${message}, but they are required`)
  console.warn(message)
  return false
}

/** PostgreSQL refuses to run as root: then its own user does. */
const findUser = (): { uid: number; gid: number } | Record<string, never> => {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

const findFreePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

const initialise = (bin: string, folder: string, user: ReturnType<typeof findUser>): string => {
  const data = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, password)
  chmodSync(folder, 0o755)
  if (user.uid !== undefined) for (const path of [folder, passwordFile]) chownSync(path, user.uid, user.gid)
  const options = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync', '--username=postgres']
  execFileSync(join(bin, 'initdb'), ['--pgdata', data, `--pwfile=${passwordFile}`, ...options], {
    ...user,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return data
}

export const startPostgres = async (): Promise<PostgresServer> => {
  if (binaries === undefined) throw new Error('there is no PostgreSQL here: ask hasPostgres first')
  const bin = binaries
  const user = findUser()
  const folder = mkdtempSync(join(tmpdir(), 'titrate-postgres-'))
  const data = initialise(bin, folder, user)
  const port = await findFreePort()
  const url = (database = 'postgres'): string => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`
  let child: ChildProcess | undefined

  const start = async (): Promise<void> => {
    const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'shared_buffers=16MB']
    child = spawn(
      join(bin, 'postgres'),
      ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    await untilReady(child)
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  const endWithUs = (): void => void child?.kill('SIGQUIT')
  process.once('exit', endWithUs)

  const run = async (sql: string, database = 'postgres'): Promise<pg.QueryResult> => {
    const client = new pg.Client({ connectionString: url(database) })
    await client.connect()
    try {
      return await client.query(sql)
    } finally {
      await client.end()
    }
  }

  await start()
  return {
    port,
    folder,
    url,
    password,
    run,
    start,
    createDatabase: async (name, encoding = 'UTF8') => {
      await run(`create database "${name}" template template0 encoding '${encoding}' locale 'C'`)
      return url(name)
    },
    // Immediate shutdown: no checkpoint, recovery at the next start.
    crash: () => end('SIGQUIT'),
    stop: async () => {
      await end('SIGINT')
      process.off('exit', endWithUs)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const untilReady = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    let log = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4_000)
      if (log.includes('ready to accept connections')) resolve()
    })
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${log}`)))
  })
