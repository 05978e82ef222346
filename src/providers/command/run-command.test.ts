import { expect, it } from 'vitest'
import { startOf } from '../local/process-group.ts'
import { runCommand } from './run-command.ts'

const node = (script: string, rest: Partial<Parameters<typeof runCommand>[0]> = {}) =>
  runCommand({
    command: [process.execPath, '-e', script],
    variables: process.env,
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    ...rest,
  })

it('gives the exit code and the last lines of both streams', async () => {
  const end = await node(
    'for (let i = 0; i < 30; i++) console.log("line", i); console.error("at last"); process.exitCode = 3',
  )
  expect(end).toMatchObject({ how: 'exited', exitCode: 3, what: 'exit code 3' })
  expect(end.lastLines).toHaveLength(20)
  expect(end.lastLines).toContain('at last')
})

it('keeps only the end of a flood', async () => {
  const end = await node('process.stdout.write("x".repeat(5_000_000) + "\\nend\\n")')
  expect(end.lastLines.at(-1)).toBe('end')
  expect(end.lastLines.join('').length).toBeLessThan(70_000)
})

it('passes input, and does not mind a program that never reads it', async () => {
  expect((await node('process.stdin.pipe(process.stdout)', { input: '{"a":1}' })).lastLines).toEqual(['{"a":1}'])
  expect((await node('process.exit(0)', { input: 'x'.repeat(1_000_000) })).exitCode).toBe(0)
})

it('ends the whole group when the time is up, also those who ignore SIGTERM', async () => {
  const end = await node(
    `const { spawn } = require('child_process')
     const child = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('ready')"], { stdio: ['ignore', 'pipe', 'inherit'] })
     child.stdout.once('data', () => console.log(child.pid))
     setInterval(() => {}, 1000)`,
    { timeoutMs: 1_500 },
  )
  expect(end).toMatchObject({ how: 'timed out', exitCode: null, what: 'no end within 1500 ms' })
  const child = Number(end.lastLines[0])
  expect(child).toBeGreaterThan(1)
  await expect.poll(() => startOf(child)).toBe(null)
})

it('is over when the program is, even if a child of it keeps the output open', async () => {
  const started = performance.now()
  const end = await node(
    `const child = require('child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 15000)'], { stdio: 'inherit', detached: true })
     console.log(child.pid); child.unref()`,
  )
  process.kill(Number(end.lastLines[0]))
  expect(end.how).toBe('exited')
  expect(performance.now() - started).toBeLessThan(8_000)
})

it('says what to do about a program that is not there', async () => {
  const end = await node('', { command: ['no-such-program-here'] })
  expect(end).toMatchObject({
    how: 'not started',
    what: expect.stringContaining('there is no program no-such-program-here'),
  })
})

it('stops when it is told to', async () => {
  expect(await node('setInterval(() => {}, 1000)', { signal: AbortSignal.timeout(300) })).toMatchObject({
    how: 'aborted',
  })
  expect(await node('', { signal: AbortSignal.abort() })).toMatchObject({
    how: 'aborted',
    what: 'stopped before it began',
  })
})
