import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ProbeAddress, probeScript, readProbe, targetLines, variables } from './probe-script.ts'

/** A real shell, name service and sockets, as in a pod. */
describe('the script of a probe', () => {
  const folder = mkdtempSync(join(tmpdir(), 'titrate-probe-'))
  const server = createServer((_, response) => void response.end('203.0.113.7\n'))
  let port = 0
  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    port = typeof address === 'object' && address !== null ? address.port : 0
  })
  afterAll(() => {
    server.close()
    rmSync(folder, { recursive: true })
  })

  const run = async (targets: readonly ProbeAddress[], more: Readonly<Record<string, string>> = {}) => {
    const result = join(folder, 'result')
    const env = {
      PATH: process.env.PATH,
      [variables.targets]: targetLines(targets),
      [variables.seconds]: '0',
      [variables.result]: result,
      ...more,
    }
    const child = spawn('sh', ['-c', probeScript], { env, stdio: 'ignore' })
    const [code] = (await once(child, 'exit')) as [number] // ended by itself, so it has a code
    return { code, ...readProbe(readFileSync(result, 'utf8')) }
  }

  it('says of each target whether its name and port answer, and fails when one does not', async () => {
    const { code, lines, leaves } = await run([
      { host: 'localhost', port },
      { host: '127.0.0.1', port },
      { host: 'nowhere.invalid', port: 80 },
      { host: '127.0.0.1', port: 1 },
      { host: 'localhost', port: null },
    ])
    expect(lines).toEqual([
      { said: 'ok', host: 'localhost', port, address: expect.stringMatching(/^(::1|127\.0\.0\.1)$/) },
      { said: 'ok', host: '127.0.0.1', port, address: '127.0.0.1' },
      { said: 'unresolved', host: 'nowhere.invalid', port: 80, address: null },
      { said: 'unreachable', host: '127.0.0.1', port: 1, address: '127.0.0.1' },
      { said: 'ok', host: 'localhost', port: null, address: expect.any(String) },
    ])
    expect({ code, leaves }).toEqual({ code: 1, leaves: null })
  })

  it('waits for a target that answers later', async () => {
    const late = createServer()
    late.listen(0, '127.0.0.1')
    await once(late, 'listening')
    const address = late.address()
    const at = typeof address === 'object' && address !== null ? address.port : 0
    await new Promise((resolve) => late.close(resolve))
    const running = run([{ host: '127.0.0.1', port: at }], { [variables.seconds]: '30' })
    late.listen(at, '127.0.0.1')
    expect(await running).toMatchObject({ code: 0, lines: [{ said: 'ok' }] })
    await new Promise((resolve) => late.close(resolve))
  })

  it('shows by which address it is seen outside, where somebody can be asked', async () => {
    const by = { [variables.leavesBy]: `http://127.0.0.1:${port}/` }
    expect(await run([{ host: '127.0.0.1', port }], by)).toMatchObject({ code: 0, leaves: '203.0.113.7' })
  })

  it('takes nothing from a target for a command', async () => {
    const made = join(folder, 'made')
    const evil = `$(touch\${IFS}${made});\`touch\${IFS}${made}\``
    const { lines } = await run([{ host: evil, port: 80 }])
    expect(lines).toEqual([{ said: 'unresolved', host: evil, port: 80, address: null }])
    expect(() => readFileSync(made)).toThrow('ENOENT')
  })
})
