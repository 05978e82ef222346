import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { neededNode, supportsNode } from '../bin/supported-node.mjs'

const repository = fileURLToPath(new URL('..', import.meta.url))
let root: string

const lockOf = (version: string): string =>
  JSON.stringify({
    packages: {
      '': { name: 'checkout' },
      'node_modules/left': { version, integrity: 'sha512-x' },
      'node_modules/of-another-platform': { version: '1.0.0', optional: true },
    },
  })

/** What npm writes when it is done: its record of what is installed. */
const recordOf = (version: string): string =>
  JSON.stringify({ packages: { 'node_modules/left': { version, integrity: 'sha512-x' } } })

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'titrate-bootstrap-'))
  for (const folder of ['scripts', 'bin', 'path', 'node_modules']) mkdirSync(join(root, folder))
  for (const file of ['scripts/bootstrap.mjs', 'bin/supported-node.mjs']) {
    cpSync(join(repository, file), join(root, file))
  }
  writeFileSync(join(root, 'package-lock.json'), lockOf('1.0.0'))
  writeFileSync(join(root, 'node_modules/.package-lock.json'), recordOf('1.0.0'))
  // A stand-in for npm, which says on stdout that it was called and installs what the lockfile names.
  writeFileSync(
    join(root, 'path/npm'),
    `#!/bin/sh\necho "npm $*"\n[ -n "$NPM_FAILS" ] && exit 7\nmkdir -p node_modules\necho '${recordOf('1.0.0')}' > node_modules/.package-lock.json\n`,
  )
  chmodSync(join(root, 'path/npm'), 0o755)
  symlinkSync(process.execPath, join(root, 'path/node'))
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

const writeScript = (text: string): void => writeFileSync(join(root, 'scripts/script.mjs'), text)

const environment = (): NodeJS.ProcessEnv => ({ ...process.env, PATH: `${join(root, 'path')}:${process.env['PATH']}` })

const bootstrap = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  spawnSync(process.execPath, ['scripts/bootstrap.mjs', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...environment(), ...env },
  })

describe('bootstrap', () => {
  it('runs the script with its arguments and ends with its exit code, without installing again', () => {
    writeScript('console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 3')
    const { status, stdout, stderr } = bootstrap(['scripts/script.mjs', '--fault', 'two words'])
    expect({ status, stdout, stderr }).toEqual({ status: 3, stdout: '["--fault","two words"]\n', stderr: '' })
  })

  it('installs when node_modules is missing, telling so on stderr only', () => {
    rmSync(join(root, 'node_modules'), { recursive: true })
    writeScript('console.log("ran")')
    const { status, stdout, stderr } = bootstrap(['scripts/script.mjs'])
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'ran\n' })
    expect(stderr).toMatch(/^Installing .*\nnpm ci /)
  })

  it('installs when the lockfile names another version than the one installed', () => {
    writeFileSync(join(root, 'node_modules/.package-lock.json'), recordOf('0.9.0'))
    writeScript('console.log("ran")')
    expect(bootstrap(['scripts/script.mjs']).stderr).toContain('npm ci')
    expect(bootstrap(['scripts/script.mjs']).stderr).toBe('')
  })

  it('does not run the script when the installation fails', () => {
    rmSync(join(root, 'node_modules'), { recursive: true })
    writeScript('console.log("ran")')
    const { status, stdout, stderr } = bootstrap(['scripts/script.mjs'], { NPM_FAILS: '1' })
    expect({ status, stdout }).toEqual({ status: 7, stdout: '' })
    expect(stderr).toContain('The installation failed')
  })

  it('prefers the Node.js that the lockfile pins for this platform', () => {
    const folder = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'node'), '#!/bin/sh\necho pinned "$2"\n', { mode: 0o755 })
    expect(bootstrap(['scripts/script.mjs', 'argument']).stdout).toBe('pinned argument\n')
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('passes %s on and waits for the script to end', async (signal) => {
    writeScript(`
      process.on('${signal}', () => { console.log('leaving'); process.exit(5) })
      setInterval(() => {}, 1000)
      console.log('ready')`)
    const child = spawn(process.execPath, ['scripts/bootstrap.mjs', 'scripts/script.mjs'], {
      cwd: root,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
      if (out === 'ready\n') child.kill(signal)
    })
    const [code] = await once(child, 'close')
    expect({ code, out }).toEqual({ code: 5, out: 'ready\nleaving\n' })
  })

  it('ends by the signal that ended the script', () => {
    writeScript("process.kill(process.pid, 'SIGKILL')")
    expect(bootstrap(['scripts/script.mjs']).signal).toBe('SIGKILL')
  })
})

describe('the range of Node.js', () => {
  it('is the one in package.json', () => {
    expect(JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')).engines.node).toBe(neededNode)
  })

  it.each([
    ['18.20.0', false],
    ['20.20.2', false],
    ['22.18.9', false],
    ['22.19.0', true],
    ['23.11.0', false],
    ['24.10.0', false],
    ['24.11.0', true],
    ['25.0.0', false],
    ['26.0.0', true],
    ['27.1.0', true],
  ])('answers for %s: %s', (version, supported) => {
    expect(supportsNode(version)).toBe(supported)
  })
})
