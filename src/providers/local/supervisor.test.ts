import { createHash } from 'node:crypto'
import { chmodSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { WorkloadSeen } from '../../engine/ports.ts'
import { superviseEnvironment } from './daemon.ts'
import { startOf } from './process-group.ts'
import { statePathsOf } from './state-paths.ts'
import { applyEnvironment, environmentStatus, scaleByHand, suspendByHand } from './supervisor-control.ts'
import { callOf, openWorkbench, program, quick, until, type Workbench } from './testing/workbench.ts'

const signal = () => AbortSignal.timeout(5_000)
let bench: Workbench
afterEach(() => bench?.end())

const seen = async (service: string): Promise<WorkloadSeen> => {
  const answer = await bench.workloads.read(service, signal())
  if (answer.kind !== 'ok') throw new Error(answer.because)
  return answer.value
}
const addressOf = async (service: string): Promise<string> => {
  const status = await environmentStatus(bench.file)
  return status.services.find((each) => each.service === service)?.address ?? ''
}
const web = { ...quick, command: program('web'), port: { publish: true, health: '/healthz', metrics: '/metrics' } }
const worker = { ...quick, command: program('worker') }

type Who = { readonly replica: string; readonly pid: number; readonly greeting?: string }
const whoAt = async (url: string): Promise<Who> =>
  (await fetch(url, { headers: { connection: 'close' } })).json() as never

describe('replicas', () => {
  it('says which command was not found, and which folder does not exist', async () => {
    bench = await openWorkbench({
      services: {
        typo: { ...worker, command: ['nodee-not-there', 'x'] },
        folder: { ...worker, directory: 'nowhere' },
        secret: { ...worker, variables: { KEY: { secret: { file: 'secrets/none' } } } },
      },
    })
    await until(async () => (await seen('typo')).problem)
    expect((await seen('typo')).problem).toMatch(
      /^command not found: nodee-not-there \(it is in no folder of PATH\).*next start in/,
    )
    expect((await seen('folder')).problem).toMatch(/the folder .*nowhere does not exist/)
    expect((await seen('secret')).problem).toMatch(/the secret KEY can't be read from file secrets\/none/)
    expect(await seen('typo')).toMatchObject({ desired: 1, ready: 0, running: 0 })
  })

  it('starts a crashing one again with growing pauses, counts it, and says so', async () => {
    bench = await openWorkbench({
      services: { worker: { ...worker, health: { every: '300ms' }, variables: { CRASH: 'yes' } } },
    })
    await until(async () => (await seen('worker')).restarts >= 3)
    const crashing = await until(async () => {
      const now = await seen('worker')
      return now.problem === null ? null : now
    })
    expect(crashing?.problem).toMatch(/^exited with code 3, \d+ times; next start in \d+ s$/)
    expect(crashing?.ready).toBe(0)
    const [first, second] = await bench.workloads
      .logs('worker', 100, signal())
      .then((a) => (a.kind === 'ok' ? a.value : []))
    expect(first).toBe('worker worker-1 began')
    expect(second).toBe('worker worker-1 began')
  })

  it('kills the whole group of a process that ignores SIGTERM, after its grace', async () => {
    bench = await openWorkbench({ services: { worker: { ...worker, variables: { STUBBORN: 'yes' } } } })
    await until(async () => (await seen('worker')).ready === 1)
    const began = Date.now()
    await scaleByHand(bench.file, 'worker', 0)
    await until(async () => (await seen('worker')).running === 0)
    expect(Date.now() - began).toBeGreaterThanOrEqual(500)
    const logs = await bench.workloads.logs('worker', 100, signal())
    expect(logs.kind === 'ok' && logs.value).toContain('no')
  })

  it('ends with a process whatever it has started itself', async () => {
    const parent = {
      ...worker,
      command: ['/bin/sh', '-c', 'sleep 300 & echo $!; sleep 0.2'],
      backoff: { first: '60s', max: '60s' },
    }
    bench = await openWorkbench({ services: { parent } })
    await until(async () => (await seen('parent')).restarts === 1)
    const logs = await bench.workloads.logs('parent', 1, signal())
    const child = Number(logs.kind === 'ok' && logs.value[0])
    expect(child).toBeGreaterThan(1)
    await until(() => startOf(child) === null)
  })

  it('takes an unwell one out of the balancing, and back when it is well, without a restart', async () => {
    bench = await openWorkbench({
      services: { web: { ...web, replicas: 2, health: { every: '50ms', timeout: '500ms', failures: 2 } } },
    })
    await until(async () => (await seen('web')).ready === 2)
    const address = await addressOf('web')
    const sick = await whoAt(`${address}/sick`)
    await until(async () => (await seen('web')).ready === 1)
    const answers = await Promise.all(Array.from({ length: 6 }, () => whoAt(address)))
    expect(answers.map((who) => who.replica)).not.toContain(sick.replica)
    expect((await seen('web')).problem).toBe('not ready: GET /healthz answers 503')
    const endpoints = await endpointsOf(bench)
    const port = endpoints.find((each) => each.replica === sick.replica)?.port
    await whoAt(`http://127.0.0.1:${port}/well`)
    await until(async () => (await seen('web')).ready === 2)
    expect((await seen('web')).restarts).toBe(0)
  })

  it('spreads connections over its replicas, and refuses when none is ready', async () => {
    bench = await openWorkbench({ services: { web: { ...web, replicas: 2 } } })
    await until(async () => (await seen('web')).ready === 2)
    const address = await addressOf('web')
    const answers = await Promise.all(Array.from({ length: 10 }, () => whoAt(address)))
    expect(new Set(answers.map((who) => who.replica)).size).toBe(2)
    await scaleByHand(bench.file, 'web', 0)
    await until(async () => (await seen('web')).ready === 0)
    await expect(fetch(address)).rejects.toThrow('fetch failed')
    expect(await bench.workloads.address('web', signal())).toEqual({ kind: 'ok', value: null })
  })

  it('loses no request that is under way when a replica is drained', async () => {
    // It ends at once when told to: only the wait before that lets it finish.
    const rude = { ...web, replicas: 2, variables: { RUDE: 'yes' }, stop: { drain: '800ms', grace: '1s' } }
    bench = await openWorkbench({ services: { web: rude } })
    await until(async () => (await seen('web')).ready === 2)
    const address = await addressOf('web')
    let stop = false
    let failed = 0
    let answered = 0
    const user = async (): Promise<void> => {
      while (!stop) {
        await whoAt(`${address}/slow`).then(
          () => (answered += 1),
          () => (failed += 1),
        )
      }
    }
    const users = Array.from({ length: 8 }, user)
    await until(() => answered >= 8)
    await bench.workloads.scale(callOf('web'), 'web', 1, null)
    await until(async () => (await seen('web')).running === 1)
    await bench.workloads.scale(callOf('web'), 'web', 3, null)
    await until(async () => (await seen('web')).ready === 3)
    await bench.workloads.scale(callOf('web'), 'web', 1, null)
    await until(async () => (await seen('web')).running === 1)
    stop = true
    await Promise.all(users)
    expect(failed).toBe(0)
    expect(answered).toBeGreaterThan(16)
  })
})

const endpointsOf = async (of: Workbench) => {
  const { request } = await import('node:http')
  const { socket } = statePathsOf({ stateDirectory: join(of.directory, '.titrate/env/blue') })
  const text = await new Promise<string>((resolve, reject) => {
    request({ socketPath: socket, path: '/v1/endpoints' }, (response) => {
      let body = ''
      response.on('data', (chunk) => (body += chunk)).on('end', () => resolve(body))
    })
      .on('error', reject)
      .end()
  })
  const read = JSON.parse(text) as {
    services: { web: { replica: string; port: number; ready: boolean; draining: boolean }[] }
  }
  return read.services.web
}

describe('a changed environment file', () => {
  it('rolls to the new version without a moment when nobody answers', async () => {
    bench = await openWorkbench({
      services: { web: { ...web, version: '1', replicas: 2, variables: { GREETING: 'old' } } },
    })
    await until(async () => (await seen('web')).ready === 2)
    const address = await addressOf('web')
    let failed = 0
    let stop = false
    const user = (async () => {
      while (!stop) await whoAt(address).catch(() => (failed += 1))
    })()
    bench.write({ web: { ...web, version: '2', replicas: 2, variables: { GREETING: 'new' } } })
    await applyEnvironment(bench.file)
    expect((await seen('web')).version).toBe('2')
    await until(async () => {
      const endpoints = await endpointsOf(bench)
      const answers = await Promise.all(endpoints.map(({ port }) => whoAt(`http://127.0.0.1:${port}`)))
      return answers.length === 2 && answers.every((who) => who.greeting === 'new')
    })
    stop = true
    await user
    expect(failed).toBe(0)
    expect((await seen('web')).restarts).toBe(0)
  })

  it('stops the old one before it starts the new under Recreate', async () => {
    const mailer = { ...worker, strategy: 'Recreate' }
    bench = await openWorkbench({ services: { mailer } })
    await until(async () => (await seen('mailer')).ready === 1)
    bench.write({ mailer: { ...mailer, variables: { GREETING: 'new' } } })
    await applyEnvironment(bench.file)
    let most = 0
    await until(async () => {
      const now = await seen('mailer')
      most = Math.max(most, now.running)
      const logs = await bench.workloads.logs('mailer', 10, signal())
      return now.ready === 1 && logs.kind === 'ok' && logs.value.includes('worker mailer-2 began')
    })
    expect(most).toBe(1)
  })

  it('has a version that follows its files when they are applied, and is the same on both sides', async () => {
    const versioned = { ...worker, files: ['worker.json'], variables: { REGION: 'eu' } }
    bench = await openWorkbench({ services: { versioned, twin: { ...versioned, variables: { REGION: 'us' } } } })
    const { version } = await seen('versioned')
    expect(version).toMatch(/^sha256-[0-9a-f]{12}$/)
    expect((await seen('twin')).version).toBe(version)
    writeFileSync(join(bench.directory, 'worker.json'), '{}')
    expect((await seen('versioned')).version).toBe(version)
    await applyEnvironment(bench.file)
    expect((await seen('versioned')).version).not.toBe(version)
    const inventory = await bench.workloads.inventory(Buffer.from('key'), signal())
    if (inventory.kind !== 'ok') throw new Error(inventory.because)
    expect(inventory.value.services[0]?.version).toBe((await seen('versioned')).version)
    expect(inventory.value.services[0]?.files).toEqual([
      { path: 'worker.json', sha256: createHash('sha256').update('{}').digest('hex') },
    ])
  })

  it('shows secrets by digest only, and gives processes their values', async () => {
    bench = await openWorkbench({ services: {}, supervisor: 'none' })
    writeFileSync(join(bench.directory, 'key'), 'hunter2\n')
    bench.write({ web: { ...web, variables: { KEY: { secret: { file: 'key' } }, GONE: 'x' } } })
    await bench.start()
    await until(async () => (await seen('web')).ready === 1)
    expect(await (await fetch(`${await addressOf('web')}/env`)).json()).toMatchObject({ KEY: 'hunter2' })
    const inventory = await bench.workloads.inventory(Buffer.from('key'), signal())
    const status = await environmentStatus(bench.file)
    expect(JSON.stringify([inventory, status])).not.toContain('hunter2')
    expect(JSON.stringify(inventory)).toContain('file key')
  })

  it('keeps what was set by hand where the file did not change it, and refuses a file with faults', async () => {
    bench = await openWorkbench({ services: { worker, other: worker } })
    await scaleByHand(bench.file, 'worker', 3)
    bench.write({ worker, other: { ...worker, replicas: 2 }, third: worker })
    await applyEnvironment(bench.file)
    expect((await seen('worker')).desired).toBe(3)
    expect((await seen('other')).desired).toBe(2)
    await until(async () => (await seen('third')).ready === 1)
    bench.write({ worker })
    await applyEnvironment(bench.file)
    expect((await bench.workloads.read('third', signal())).kind).toBe('refused')
    bench.write({ worker: { ...worker, replicas: -4 } })
    await expect(applyEnvironment(bench.file)).rejects.toMatchObject({ code: 'ENVIRONMENT_FILE' })
    expect((await environmentStatus(bench.file)).name).toBe('blue')
    bench.write({ worker })
  })
})

describe('the socket', () => {
  it('may be used by its owner only, and a second supervisor is refused', async () => {
    bench = await openWorkbench({ services: { worker } })
    const paths = statePathsOf({ stateDirectory: join(bench.directory, '.titrate/env/blue') })
    expect(statSync(paths.socket).mode & 0o777).toBe(0o600)
    expect(statSync(paths.directory).mode & 0o777).toBe(0o700)
    await expect(superviseEnvironment(bench.file, {}, signal())).rejects.toMatchObject({ code: 'ENVIRONMENT_RUNNING' })
    expect((await seen('worker')).desired).toBe(1)
  })

  it('says what to do when there is no supervisor', async () => {
    bench = await openWorkbench({ services: { worker }, supervisor: 'none' })
    const answer = await bench.workloads.list(signal())
    expect(answer).toMatchObject({ kind: 'unknown', because: expect.stringContaining(`titrate env up ${bench.file}`) })
    await expect(environmentStatus(bench.file)).rejects.toMatchObject({ code: 'ENVIRONMENT_UNREACHABLE' })
  })

  it('says so when its folder is read-only', async () => {
    bench = await openWorkbench({ services: { worker }, supervisor: 'none' })
    chmodSync(bench.directory, 0o500)
    // Root may write anywhere.
    if (process.getuid?.() !== 0) {
      await expect(superviseEnvironment(bench.file, {}, signal())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    }
    chmodSync(bench.directory, 0o700)
  })
})

describe('metrics', () => {
  it("brings the replicas' own together, and leaves out and counts one that does not answer", async () => {
    bench = await openWorkbench({ services: { web, mute: { ...web, variables: { MUTE: 'yes' } } } })
    await until(async () => (await seen('web')).ready === 1 && (await seen('mute')).ready === 1)
    const page = await (await fetch(bench.status.metrics)).text()
    expect(page).toContain('http_requests_total{service="web",environment="blue",replica="web-1",code="200"} 7')
    expect(page).not.toContain('replica="mute-1"')
    expect(page).toContain('titrate_scrapes_unanswered_total{service="mute",environment="blue"} 1')
    expect(page).toContain('titrate_replicas{service="web",environment="blue",state="ready"} 1')
  })

  it('refuses to start on a metrics port that somebody else has, by its number', async () => {
    const taken = createServer()
    const port = await new Promise<number>((resolve) =>
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port)),
    )
    bench = await openWorkbench({ services: { worker }, supervisor: 'none' })
    bench.write({ worker })
    const { readFileSync } = await import('node:fs')
    const written = JSON.parse(readFileSync(bench.file, 'utf8')) as object
    writeFileSync(bench.file, JSON.stringify({ ...written, metrics: `127.0.0.1:${port}` }))
    await expect(superviseEnvironment(bench.file, {}, signal())).rejects.toThrow(`127.0.0.1:${port}`)
    taken.close()
  })
})

describe('jobs', () => {
  it('gives a run its name and tick, and a hand can suspend it', async () => {
    bench = await openWorkbench({
      services: { job: { ...quick, command: program('job'), schedule: { cron: '* * * * * *' } } },
    })
    await until(() => bench.lines().length >= 2)
    const [, name, tick] = (bench.lines()[0] ?? '').split(' ')
    expect(name).toBe(`job-${Number(tick) / 1_000}`)
    await suspendByHand(bench.file, 'job', true)
    const answer = await bench.schedules.read('job', signal())
    expect(answer).toMatchObject({ kind: 'ok', value: { suspended: true, stamp: null, revision: '2' } })
  })

  it('ends the run before it starts the next under Replace', async () => {
    bench = await openWorkbench({
      services: {
        job: {
          ...quick,
          command: program('job'),
          variables: { TAKES: '60000' },
          schedule: { cron: '* * * * * *', concurrency: 'Replace' },
        },
      },
    })
    await until(() => bench.lines().length >= 2)
    const answer = await bench.schedules.runs('job', 0, signal())
    if (answer.kind !== 'ok') throw new Error(answer.because)
    const [first, second] = answer.value
    expect(first).toMatchObject({ result: 'failed' })
    expect(second?.startedAt).toBeGreaterThanOrEqual(first?.endedAt ?? Number.POSITIVE_INFINITY)
  })

  it('says why a run could not be started', async () => {
    bench = await openWorkbench({
      services: { job: { ...quick, command: ['not-there-at-all'], schedule: { cron: '* * * * * *' } } },
    })
    await until(async () => (await seen('job')).problem)
    expect((await seen('job')).problem).toMatch(/^run job-\d+ failed: command not found: not-there-at-all/)
  })
})

describe('an end in order', () => {
  it('leaves no process behind', async () => {
    bench = await openWorkbench({ services: { web: { ...web, replicas: 2 }, worker } })
    await until(async () => (await seen('web')).ready === 2)
    const pids = (await endpointsOf(bench)).map(({ port }) => whoAt(`http://127.0.0.1:${port}`))
    const who = await Promise.all(pids)
    await bench.end()
    expect(who.map(({ pid }) => startOf(pid))).toEqual([null, null])
    bench = await openWorkbench({ services: { worker }, supervisor: 'none' })
  })
})
