import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { Run } from '../../engine/ports.ts'
import { startOf } from './process-group.ts'
import { environmentStatus, startSupervisor } from './supervisor-control.ts'
import { callOf, entryFor, openWorkbench, program, quick, until, type Workbench } from './testing/workbench.ts'

const signal = () => AbortSignal.timeout(5_000)
let bench: Workbench
afterEach(() => bench?.end())

const web = { ...quick, command: program('web'), port: { publish: true, health: '/healthz' } }
const job = { ...quick, command: program('job'), schedule: { cron: '* * * * * *' } }

const readyAt = (service: string, count: number) =>
  until(async () => {
    const answer = await bench.workloads.read(service, signal())
    return answer.kind === 'ok' && answer.value.ready === count && answer.value.running === count
  })
const addressOf = async (service: string): Promise<string> =>
  (await environmentStatus(bench.file)).services.find((each) => each.service === service)?.address ?? ''
const pidsAt = async (address: string): Promise<number[]> => {
  const answers = Array.from({ length: 8 }, async () => {
    const response = await fetch(address, { headers: { connection: 'close' } })
    return ((await response.json()) as { pid: number }).pid
  })
  return [...new Set(await Promise.all(answers))].toSorted((a, b) => a - b)
}
const runsOf = async (service: string): Promise<readonly Run[]> => {
  const answer = await bench.schedules.runs(service, 0, signal())
  if (answer.kind !== 'ok') throw new Error(answer.because)
  return answer.value
}
const names = (what: 'begin' | 'end') =>
  bench
    .lines()
    .filter((line) => line.startsWith(what))
    .map((line) => line.split(' ')[1])

describe('a supervisor that is killed with -9', () => {
  it('finds its processes again at the same address, doubles none, and replaces one that died meanwhile', async () => {
    bench = await openWorkbench({ supervisor: 'process', services: { web: { ...web, replicas: 2 } } })
    await readyAt('web', 2)
    const address = await addressOf('web')
    const before = await pidsAt(address)
    expect(before).toHaveLength(2)
    await bench.kill()
    expect(before.map((pid) => startOf(pid) === null)).toEqual([false, false])
    await bench.start()
    await readyAt('web', 2)
    expect(await addressOf('web')).toBe(address)
    expect(await pidsAt(address)).toEqual(before)

    await bench.kill()
    process.kill(before[0] ?? 0, 'SIGKILL')
    await bench.start()
    await readyAt('web', 2)
    const after = await pidsAt(address)
    expect(after).toHaveLength(2)
    expect(after).toContain(before[1])
    expect(after).not.toContain(before[0])
  })

  it('keeps what was set: replicas, suspension, claim, fences and stamps', async () => {
    bench = await openWorkbench({ supervisor: 'process', asleep: true, side: 'green', services: { web, job } })
    await bench.claims.claim('shop', 4, signal())
    const scaled = callOf('web', { epoch: 4, version: 9 })
    await bench.workloads.scale(scaled, 'web', 1, { replicas: 0 })
    await bench.claims.stop({ at: 1_700_000_000_000, by: 'ada', because: 'trouble' }, 4, signal())
    await bench.kill()
    await bench.start()
    await readyAt('web', 1)
    expect(await bench.claims.read(signal())).toMatchObject({
      value: { release: 'shop', epoch: 4, stop: { by: 'ada' } },
    })
    await bench.claims.clearStop(signal())
    expect(await bench.workloads.scale(callOf('web', { epoch: 4, version: 8 }), 'web', 2, null)).toMatchObject({
      kind: 'refused',
    })
    const seen = await bench.workloads.read('web', signal())
    expect(seen).toMatchObject({ value: { desired: 1, stamp: { intent: scaled.intent, baseline: { replicas: 0 } } } })
    expect(await bench.schedules.read('job', signal())).toMatchObject({ value: { suspended: true } })
    expect(await runsOf('job')).toEqual([])
  })

  it('knows how a run ended that ended without it, and goes on with one that still runs', async () => {
    bench = await openWorkbench({
      supervisor: 'process',
      services: {
        job: {
          ...job,
          variables: { TAKES: '1200', EXIT: '7' },
          schedule: { cron: '* * * * * *', concurrency: 'Forbid' },
        },
      },
    })
    await until(() => names('begin').length === 1)
    await bench.kill()
    await bench.start()
    await until(() => names('end').length === 1)
    const adopted = await until(async () =>
      (await runsOf('job')).find((run) => run.name === names('end')[0] && run.endedAt !== null),
    )
    expect(adopted).toMatchObject({ result: 'failed', exitCode: 7 })

    await until(() => names('begin').length === 2)
    await bench.kill()
    await until(() => names('end').length === 2)
    await pause(50)
    await bench.start()
    const missed = await until(async () =>
      (await runsOf('job')).find((run) => run.name === names('end')[1] && run.endedAt !== null),
    )
    expect(missed).toMatchObject({ result: 'failed', exitCode: 7 })
    expect((missed?.endedAt ?? 0) - (missed?.startedAt ?? 0)).toBeLessThan(3_000)
  }, 40_000)

  it('runs no tick twice, and leaves no run open, however often and whenever it is killed', async () => {
    bench = await openWorkbench({ supervisor: 'process', services: { job: { ...job, variables: { TAKES: '30' } } } })
    for (const wait of [1_003, 0, 980, 12]) {
      await until(() => bench.lines().length >= 1)
      // Just before, at, and just after a tick, and while a run is being started.
      await pause(1_000 - (Date.now() % 1_000) + (wait % 1_000))
      await bench.kill()
      await bench.start()
    }
    await until(async () => (await runsOf('job')).length >= 4)
    await bench.schedules.pause(callOf('job'), 'job')
    await until(async () => (await runsOf('job')).every((run) => run.endedAt !== null))
    const began = names('begin')
    expect(began).toEqual([...new Set(began)])
    const table = (await runsOf('job')).map((run) => run.name)
    expect(new Set(began)).toEqual(new Set(table))
  }, 60_000)

  it('takes another port for an address that somebody else has by now, and tells those that use it', async () => {
    const caller = { ...web, variables: { CATALOGUE_URL: { address: 'catalogue' } } }
    bench = await openWorkbench({ supervisor: 'process', services: { catalogue: web, caller } })
    await readyAt('catalogue', 1)
    await readyAt('caller', 1)
    const before = await addressOf('catalogue')
    await bench.kill()
    const squatter = createServer()
    // Connections of the dead supervisor may hold the port for a moment.
    await until(async () => {
      squatter.listen(Number(new URL(before).port), '127.0.0.1')
      return await once(squatter, 'listening').then(
        () => true,
        () => false,
      )
    })
    await bench.start()
    const now = await addressOf('catalogue')
    expect(now).not.toBe(before)
    await until(async () => {
      const env = (await (await fetch(`${await addressOf('caller')}/env`)).json()) as { CATALOGUE_URL: string }
      return env.CATALOGUE_URL === now
    })
    await new Promise<void>((resolve) => squatter.close(() => resolve()))
  })
})

describe('starting', () => {
  it('leaves a running supervisor alone, and says why one could not start', async () => {
    bench = await openWorkbench({ supervisor: 'process', services: { web } })
    const { pid } = await environmentStatus(bench.file)
    expect((await startSupervisor({ file: bench.file, entry: entryFor(bench.file) })).pid).toBe(pid)
    const wrong = await openWorkbench({ supervisor: 'none', services: { web } })
    const entry: [string, ...string[]] = [process.execPath, '-e', 'console.error("no luck"); process.exit(9)']
    await expect(startSupervisor({ file: wrong.file, entry })).rejects.toThrow(
      /did not start: it ended with code 9[^]*no luck/,
    )
    await wrong.end()
  })
})
