/**
 * A small estate of real processes for tests of trouble: both environments, the router and every command run as a
 * person would start them, through `bin/titrate.mjs`. Files, sockets and journal stand in a temporary folder.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import { stringify } from 'yaml'
import { connectRouter } from '../../src/providers/proxy/router-client.ts'
import { type Ended, follow, type Line, type Running } from '../follow-command.ts'

const program = fileURLToPath(new URL('../../bin/titrate.mjs', import.meta.url))

/** Says which side answered. Green fails its users while a file `bad-green` stands beside it. */
const web = `
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
const server = createServer((request, response) => {
  if (request.url === '/' && process.env.TITRATE_ENVIRONMENT === 'green' && existsSync('bad-green')) response.statusCode = 500
  response.end(process.env.TITRATE_ENVIRONMENT)
})
server.listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeIdleConnections() })
`

/** Each run notes its side and its tick, and then goes on for as many milliseconds as its second argument says. */
const job = `
import { appendFileSync } from 'node:fs'
appendFileSync(process.argv[2], process.env.TITRATE_ENVIRONMENT + ' ' + process.env.TITRATE_TICK + '\\n')
setTimeout(() => undefined, Number(process.argv[3] ?? 0))
`

type Fields = Readonly<Record<string, unknown>>

export type EstateOptions = {
  readonly policy?: Fields
  readonly services?: Fields
  readonly release?: Fields
  /** What is different of a service's file: of both sides, or of one. */
  readonly environment?: Readonly<Record<string, Fields>>
  readonly onGreen?: Readonly<Record<string, Fields>>
}

/** A policy in seconds: what it waits for is timed, not proven. */
const quick = {
  weights: [25, 100],
  dwell: { min: '1s', max: '3s' },
  soak: '1s',
  bake: '1s',
  parallel: { for: '1s' },
  goodRuns: 1,
  judge: { interval: '500ms', toleratedExtra: 0.05, warmUp: '500ms' },
}

export type Estate = {
  readonly folder: string
  readonly path: (name: string) => string
  /** Where users reach the storefront. */
  readonly url: () => string
  /** The names and ticks of all runs of the job, as the runs themselves noted them. */
  readonly runs: () => readonly { readonly side: string; readonly tick: string }[]
  titrate(...args: readonly string[]): Promise<Ended>
  start(...args: readonly string[]): Running
  writeRelease(fields?: Fields): void
  writeEnvironment(side: 'blue' | 'green', fields?: Readonly<Record<string, Fields>>): void
  pid(name: 'blue' | 'green' | 'router'): Promise<number>
  /** The share of users that green gets, as the router itself says. */
  weight(): Promise<number>
  up(): Promise<void>
  close(): Promise<void>
}

/** What a test that ran out of time left behind is ended all the same. */
const open = new Set<Estate>()
afterAll(async () => {
  for (const estate of open) await estate.close()
}, 120_000)

const variablesOfCommands = { NO_COLOR: '1', TITRATE_USER: 'tester' }

/** Writes the files; nothing runs before `up`. */
export const createEstate = (options: EstateOptions = {}): Estate => {
  const folder = mkdtempSync(join(tmpdir(), 'titrate-trouble-'))
  const path = (name: string): string => join(folder, name)
  writeFileSync(path('web.mjs'), web)
  writeFileSync(path('job.mjs'), job)
  writeFileSync(path('runs.log'), '')

  const writeEnvironment: Estate['writeEnvironment'] = (side, fields = {}) => {
    const base: Readonly<Record<string, Fields>> = {
      storefront: {
        command: [process.execPath, 'web.mjs'],
        version: '1',
        replicas: 1,
        port: { publish: true, health: '/healthz' },
        variables: { CATALOGUE: { address: 'catalogue' } },
      },
      catalogue: {
        command: [process.execPath, 'web.mjs'],
        version: '1',
        replicas: 1,
        port: { health: '/healthz' },
      },
      invoices: {
        command: [process.execPath, 'job.mjs', path('runs.log')],
        version: '1',
        schedule: { cron: '*/2 * * * * *', zone: 'UTC' },
      },
    }
    const own = side === 'green' ? (options.onGreen ?? {}) : {}
    const names = new Set([base, options.environment ?? {}, own, fields].flatMap((each) => Object.keys(each)))
    const services = Object.fromEntries(
      [...names].map((name) => [
        name,
        { ...base[name], ...options.environment?.[name], ...own[name], ...fields[name] },
      ]),
    )
    const file = { apiVersion: 'titrate.dev/v1alpha1', kind: 'Environment', name: side, services }
    writeFileSync(path(`${side}.yaml`), stringify(file))
  }
  const writeRelease: Estate['writeRelease'] = (fields = {}) => {
    const file = {
      apiVersion: 'titrate.dev/v1alpha1',
      kind: 'Release',
      name: 'trouble',
      blue: 'blue.yaml',
      green: 'green.yaml',
      router: 'router.yaml',
      policy: { ...quick, ...options.policy },
      ...(options.services === undefined ? {} : { services: options.services }),
      ...options.release,
      ...fields,
    }
    writeFileSync(path('release.yaml'), stringify(file))
  }
  writeEnvironment('blue')
  writeEnvironment('green')
  writeRelease()
  writeFileSync(
    path('router.yaml'),
    stringify({
      apiVersion: 'titrate.dev/v1alpha1',
      kind: 'Router',
      name: 'router',
      blue: 'blue.yaml',
      green: 'green.yaml',
      services: { storefront: { listen: '127.0.0.1:0' } },
    }),
  )

  const children = new Set<ChildProcess>()
  const start: Estate['start'] = (...args) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: folder,
      env: { ...process.env, ...variablesOfCommands },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.add(child)
    child.on('close', () => children.delete(child))
    return follow(child)
  }
  const titrate: Estate['titrate'] = (...args) => start(...args).ended
  const must = async (...args: readonly string[]): Promise<Ended> => {
    const ended = await titrate(...args)
    if (ended.code !== 0) throw new Error(`titrate ${args.join(' ')} ended with ${ended.code}: ${ended.err}`)
    return ended
  }
  const statusOf = async (name: string) => {
    const { out } = await must('env', 'status', `${name}.yaml`, '-o', 'json')
    const [one] = JSON.parse(out) as readonly {
      readonly facts: { readonly process: string }
      readonly services: readonly Readonly<Record<string, string>>[]
    }[]
    if (one === undefined) throw new Error(`no status of ${name}`)
    return one
  }
  let listens = ''
  const estate: Estate = {
    folder,
    path,
    url: () => `http://${listens}/`,
    runs: () =>
      readFileSync(path('runs.log'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const [side = '', tick = ''] = line.split(' ')
          return { side, tick }
        }),
    titrate,
    start,
    writeRelease,
    writeEnvironment,
    pid: async (name) => Number((await statusOf(name)).facts.process),
    weight: async () => {
      const router = connectRouter(path('router.yaml'))
      const answer = await router.traffic.read('storefront', AbortSignal.timeout(5_000))
      router.close()
      if (answer.kind !== 'ok') throw new Error(answer.because)
      return answer.value.green
    },
    up: async () => {
      await must('env', 'up', 'blue.yaml')
      await must('env', 'up', 'green.yaml', '--asleep')
      await must('env', 'up', 'router.yaml')
      listens = (await statusOf('router')).services[0]?.listen ?? ''
    },
    close: async () => {
      open.delete(estate)
      const ending = [...children].map((child) => new Promise((resolve) => child.on('close', resolve)))
      for (const child of children) child.kill('SIGKILL')
      await Promise.all(ending)
      for (const name of ['router', 'green', 'blue']) {
        const down = await titrate('env', 'down', `${name}.yaml`)
        // Whose supervisor was killed has processes all the same: one that starts finds them, and ends them with itself.
        if (down.out.includes('did not run') && name !== 'router' && listens !== '') {
          await titrate('env', 'up', `${name}.yaml`, '--asleep')
          await titrate('env', 'down', `${name}.yaml`)
        }
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
  open.add(estate)
  return estate
}

/** Users: one request after another at a steady pace until it is stopped; tells what they saw. */
export const startUsers = (url: string, perSecond = 40) => {
  const seen = { answered: 0, failed: 0, green: 0, broken: [] as string[] }
  const under = new Set<Promise<void>>()
  const ask = async (): Promise<void> => {
    try {
      const answer = await fetch(url, { headers: { connection: 'close' } })
      const text = await answer.text()
      if (answer.status >= 500) seen.failed += 1
      else seen.answered += 1
      if (text === 'green') seen.green += 1
    } catch (error) {
      seen.failed += 1
      seen.broken.push(
        error instanceof Error ? `${error.message}, because of ${JSON.stringify(error.cause)}` : String(error),
      )
    }
  }
  const timer = setInterval(() => {
    const one = ask().finally(() => under.delete(one))
    under.add(one)
  }, 1_000 / perSecond)
  return {
    seen,
    stop: async () => {
      clearInterval(timer)
      await Promise.all(under)
      return seen
    },
  }
}

/** Waits at its last gate: everything but the storefront has settled on green, which has a quarter of the users. */
export const waitsForRelease = { policy: { approvals: { beforeRelease: true } } } as const

/** Whether a line says that the gate before 100 % is what is waited for. */
export const isGate = ({ event }: Line): boolean =>
  event.kind === 'called a person' && event.because.includes('waits for the approval "release"')

/** Ends a process that this estate started, at once, and waits until it is gone. */
export const killNow = async (pid: number): Promise<void> => {
  process.kill(pid, 'SIGKILL')
  for (;;) {
    try {
      process.kill(pid, 0)
      const state = execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).trim()
      if (state.startsWith('Z')) return
    } catch {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
