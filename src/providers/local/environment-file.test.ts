import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeFault } from '../../config/positioned-yaml.ts'
import { placeOf, readEnvironmentFile } from './environment-file.ts'
import { statePathsOf } from './state-paths.ts'

const directory = mkdtempSync(join(tmpdir(), 'titrate-file-'))
const written = (text: string, name = 'blue.yaml'): string => {
  const file = join(directory, name)
  writeFileSync(file, `apiVersion: titrate.dev/v1alpha1\nkind: Environment\n${text}`)
  return file
}
const faultsIn = (text: string): string[] => {
  const read = readEnvironmentFile(written(text))
  if (read.kind === 'ok') throw new Error('it has no faults')
  return read.faults.map((fault) => describeFault(fault).replace(`${directory}/blue.yaml:`, ''))
}

describe('an environment file', () => {
  it('is short: a command is enough, the rest is filled in', () => {
    const file = written('services:\n  web:\n    command: [node, web.js]\n')
    const read = readEnvironmentFile(file)
    if (read.kind !== 'ok') throw new Error('it has faults')
    expect(read.environment).toMatchObject({
      name: 'blue',
      metrics: null,
      stateDirectory: join(directory, '.titrate/env/blue'),
    })
    expect(read.environment.services['web']).toEqual({
      name: 'web',
      command: ['node', 'web.js'],
      directory,
      writtenDirectory: '.',
      version: null,
      replicas: 1,
      port: null,
      variables: {},
      files: [],
      strategy: 'RollingUpdate',
      lease: null,
      takesFrom: [],
      actsAtStart: [],
      kinds: null,
      health: { everyMs: 500, timeoutMs: 1_000, failures: 2 },
      stop: { drainMs: 1_000, graceMs: 5_000 },
      backoff: { firstMs: 500, maxMs: 30_000 },
      schedule: null,
    })
  })

  it('gives every service the variables of the environment, and opens no secret', () => {
    const read = readEnvironmentFile(
      written(`variables: { REGION: eu, KEY: { secret: { file: secrets/key } } }
services:
  web: { command: [x], port: {}, variables: { REGION: us } }
  job: { command: [x], schedule: { cron: "@every 30s", deadline: 1m30s } }
  api: { command: [x], variables: { WEB: { address: web }, TOKEN: { secret: { variable: TOKEN } } } }
`),
    )
    if (read.kind !== 'ok') throw new Error('it has faults')
    const { web, job, api } = read.environment.services
    expect(web?.variables['REGION']).toEqual({ kind: 'plain', value: 'us' })
    expect(job).toMatchObject({ replicas: 0, schedule: { zone: 'UTC', concurrency: 'Allow', deadlineMs: 90_000 } })
    expect(api?.variables).toEqual({
      REGION: { kind: 'plain', value: 'eu' },
      KEY: { kind: 'secret file', file: join(directory, 'secrets/key'), reference: 'file secrets/key' },
      WEB: { kind: 'address', service: 'web' },
      TOKEN: { kind: 'secret variable', variable: 'TOKEN', reference: 'variable TOKEN' },
    })
  })

  it('lists all faults of its form at once, each with its place', () => {
    const text = `services:
  web:
    command: node web.js
    replica: 2
    health: { every: 5 }
    variables: { PORT: 80, API: { secret: hunter2 } }
  Web: { command: [x] }
`
    expect(faultsIn(text)).toEqual([
      '5:14: services.web.command: found "node web.js", expected a list: the program and its arguments',
      expect.stringMatching(/^6:5: services\.web\.replica: .*did you mean replicas\?$/),
      expect.stringMatching(
        /^7:22: services\.web\.health\.every: found 5, expected a duration such as 500ms, 10s, 5m, 24h or 7d$/,
      ),
      expect.stringMatching(/^8:24: services\.web\.variables\.PORT: found 80, .*put it in quotes: "80"$/),
      expect.stringMatching(/^8:43: services\.web\.variables\.API\.secret: expected a reference/),
      '9:3: services.Web: found Web, expected a name of small letters, digits and hyphens, at most 63',
    ])
    expect(faultsIn(text).join('\n')).not.toContain('hunter2')
  })

  it('lists all faults between its parts at once', () => {
    const faults = faultsIn(`services:
  web: { command: [x], kinds: [exposed], variables: { C: { address: catalog } } }
  catalogue: { command: [x], port: {} }
  job: { command: [x], replicas: 1, port: {}, schedule: { cron: "61 * * * *", zone: Europe/Berln } }
  never: { command: [x], schedule: { cron: "0 0 30 2 *" } }
`)
    expect(faults.map((fault) => fault.replace(/^\d+:\d+: /, '').slice(0, 48))).toEqual([
      expect.stringContaining('services.web.variables.C.address: found "catalog'),
      expect.stringContaining('services.web.kinds'),
      expect.stringContaining('services.job.schedule.cron'),
      expect.stringContaining('services.job.schedule.zone'),
      expect.stringContaining('services.job.port'),
      expect.stringContaining('services.job.replicas'),
      expect.stringContaining('services.never.schedule.cron'),
    ])
    expect(faults[0]).toContain('did you mean catalogue?')
    expect(faults[3]).toContain('did you mean Europe/Berlin?')
    expect(faults.at(-1)).toContain('it is never due')
  })

  it('can be found by its state even when it is broken', () => {
    const file = written('name: azure\nstate: here\nservices: { web: { comand: [x] } }\n')
    expect(placeOf(file)).toEqual({ file, name: 'azure', stateDirectory: join(directory, 'here') })
    const torn = written('services: [', 'torn.yaml')
    expect(placeOf(torn)).toEqual({ file: torn, name: 'torn', stateDirectory: join(directory, '.titrate/env/torn') })
  })

  it('has its socket beside its state, or in the temporary directory where that path is too long', () => {
    expect(statePathsOf({ stateDirectory: '/srv/blue' }).socket).toBe('/srv/blue/supervisor.sock')
    const long = statePathsOf({ stateDirectory: `/srv/${'x'.repeat(100)}` })
    expect(Buffer.byteLength(long.socket)).toBeLessThanOrEqual(100)
    expect(dirname(long.socket)).toBe(long.socketDirectory)
    expect(long.socketDirectory.startsWith(tmpdir())).toBe(true)
    expect(statePathsOf({ stateDirectory: `/srv/${'y'.repeat(100)}` }).socket).not.toBe(long.socket)
  })
})
