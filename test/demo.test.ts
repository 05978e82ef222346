import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DemoResult } from '../src/demo/result.ts'
import { leftBehind } from './left-behind.ts'

const program = fileURLToPath(new URL('../bin/titrate.mjs', import.meta.url))

/** The demo's folders are made in a temporary directory of their own, so that what is left behind can be seen. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'titrate-demo-test-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

type Ended = { readonly code: number | null; readonly out: string; readonly err: string }

const startDemo = (args: readonly string[]) => {
  const child = spawn(process.execPath, [program, 'demo', ...args], {
    cwd: folder,
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (part) => {
    out += String(part)
  })
  child.stderr.on('data', (part) => {
    err += String(part)
  })
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, out, err })))
  return { child, ended, err: () => err }
}

const playDemo = async (...args: readonly string[]): Promise<Ended & { readonly result: DemoResult }> => {
  const ended = await startDemo([...args, '--output', 'json']).ended
  return { ...ended, result: JSON.parse(ended.out) as DemoResult }
}

const keptPromises = ({ ticks, queue, ledgerDisagrees }: DemoResult): void => {
  expect(ticks.expected).toBeGreaterThan(0)
  expect(ticks).toMatchObject({ ran: ticks.expected, duplicate: 0, missed: 0, unseen: 0 })
  expect(queue).toMatchObject({ done: queue.added, lost: 0, twice: 0 })
  expect(ledgerDisagrees).toEqual([])
}

describe('the demo', () => {
  it('moves the shop to green with every step proven, no failed request and each tick exactly once', async () => {
    const { code, result } = await playDemo()
    expect(result).toMatchObject({ outcome: 'done', failedRequests: 0, failures: [], fault: null })
    expect(result.requests).toBeGreaterThan(5_000)
    expect(result.steps.filter(({ how }) => how !== 'proven')).toEqual([])
    expect(result.steps.length).toBeGreaterThanOrEqual(8)
    keptPromises(result)
    expect(code).toBe(0)
    expect(existsSync(result.report ?? '')).toBe(true)
    expect(leftBehind(folder)).toEqual([])
  })

  it('takes everything back when green answers with errors', async () => {
    const { code, result } = await playDemo('--fault', 'errors')
    expect(result).toMatchObject({ outcome: 'rolled back', fault: 'errors' })
    expect(result.detectedAfterSeconds).toBeLessThan(20)
    expect(result.backAfterSeconds).toBeLessThan(40)
    keptPromises(result)
    expect(code).toBe(0)
    expect(leftBehind(folder)).toEqual([])
  })

  it('holds and calls a person when a job fails on green', async () => {
    const { code, result } = await playDemo('--fault', 'job-fails')
    expect(result).toMatchObject({ outcome: 'held', failedRequests: 0 })
    expect(result.because).toContain('invoices')
    keptPromises(result)
    expect(code).toBe(0)
    expect(leftBehind(folder)).toEqual([])
  })

  it('moves nothing when green is configured differently', async () => {
    const { code, result } = await playDemo('--fault', 'config-differs')
    expect(result).toMatchObject({ outcome: 'failed', failedRequests: 0, answeredBy: { green: 0 } })
    expect(result.because).toContain('CURRENCY')
    keptPromises(result)
    expect(code).toBe(0)
  })

  it('leaves nothing behind when it is killed', async () => {
    const { child, ended, err } = startDemo([])
    while (!err().includes('took over')) await new Promise((resolve) => setTimeout(resolve, 100))
    child.kill('SIGKILL')
    await ended
    await expect.poll(() => leftBehind(folder), { timeout: 60_000, interval: 250 }).toEqual([])
    expect(readdirSync(folder).filter((name) => name.startsWith('titrate-demo-'))).toEqual([])
  })
})
