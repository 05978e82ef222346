import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const repository = fileURLToPath(new URL('..', import.meta.url))
const elsewhere = mkdtempSync(join(tmpdir(), 'titrate-package-'))
const installed = join(elsewhere, 'node_modules/titrate')

/** A user's shell: the checkout's own programs are not in it, and the Node.js of this run comes first. */
const path = [dirname(process.execPath), ...(process.env['PATH'] ?? '').split(delimiter)]
  .filter((folder) => !folder.includes('node_modules/.bin'))
  .join(delimiter)

/** Without what `npm run` tells its scripts about the checkout; where to find packages stays as it is here. */
const env = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD)/.test(name) || name === 'npm_config_registry'),
  ),
  PATH: path,
}

const run = (program: string, args: readonly string[], cwd: string) => {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env,
  })
  return { status, stdout, stderr }
}

const titrate = (...args: readonly string[]) => run(join(elsewhere, 'node_modules/.bin/titrate'), args, elsewhere)

/** The files of the package, as npm unpacked them. */
const packed = (): string[] =>
  globSync('**/*', { cwd: installed, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1))

beforeAll(() => {
  const pack = run('npm', ['pack', '--json', '--silent', '--pack-destination', elsewhere], repository)
  expect(pack, 'npm pack').toMatchObject({ status: 0 })
  writeFileSync(join(elsewhere, 'package.json'), '{ "name": "elsewhere", "private": true }')
  const [tarball] = globSync('*.tgz', { cwd: elsewhere })
  const install = run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`], elsewhere)
  expect(install, 'npm install of the package').toMatchObject({ status: 0 })
})

afterAll(() => rmSync(elsewhere, { recursive: true, force: true }))

describe('the published package', () => {
  it('has a program that tells its version', () => {
    const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
    expect(titrate('--version')).toEqual({ status: 0, stdout: expect.stringContaining(version), stderr: '' })
  })

  it('has a program that explains itself', () => {
    expect(titrate('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('titrate') })
  })

  it('answers a wrong command with exit code 2 and nothing on stdout', () => {
    expect(titrate('no-such-command')).toMatchObject({ status: 2, stdout: '' })
  })

  it('can start each program that it starts as a process of its own', () => {
    const started = packed().flatMap((file) =>
      file.endsWith('.js')
        ? [
            ...readFileSync(join(installed, file), 'utf8').matchAll(
              /new URL\(['"](\.[^'"]+)['"], *import\.meta\.url\)/g,
            ),
          ].map(([, target]) => join(dirname(file), target ?? ''))
        : [],
    )
    expect(started.filter((file) => !existsSync(join(installed, file)))).toEqual([])
  })

  it('carries no sources, tests or tools', () => {
    const strangers = packed().filter(
      (file) =>
        (file.endsWith('.ts') && !file.endsWith('.d.ts')) ||
        /\.test\.|(^|\/)(testing|fixtures|bench|scripts|test|src)\//.test(file),
    )
    expect(strangers).toEqual([])
  })

  it('carries what the code reads beside itself', () => {
    const assets = globSync('src/**/*.{sql,json,html,css}', { cwd: repository })
      .filter((file) => !/\/(testing|fixtures)\//.test(file))
      .map((file) => file.replace(/^src/, 'dist'))
    expect(packed()).toEqual(expect.arrayContaining(assets))
  })

  it('carries the JSON Schema of the release file and the licence', () => {
    expect(packed()).toEqual(expect.arrayContaining(['LICENSE', 'package.json', 'schema/release.schema.json']))
  })

  it('asks for no package that only development needs', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
    const names = [...Object.keys(devDependencies), `node-${process.platform}-${process.arch}`]
    expect(names.filter((name) => existsSync(join(elsewhere, 'node_modules', name)))).toEqual([])
  })
})
