import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readEnvironmentFile } from '../providers/local/environment-file.ts'
import { readRouterFile } from '../providers/proxy/router-file.ts'
import { readRelease } from './read-release.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const faultsOf = (read: { readonly kind: string; readonly faults?: unknown }) => read.faults ?? []

describe('the example of two services', () => {
  const at = join(root, 'examples/two-services')

  it('has a release, two environments and a router without a fault', () => {
    expect(faultsOf(readRelease(join(at, 'release.yaml')))).toEqual([])
    expect(faultsOf(readEnvironmentFile(join(at, 'blue.yaml')))).toEqual([])
    expect(faultsOf(readEnvironmentFile(join(at, 'green.yaml')))).toEqual([])
    expect(faultsOf(readRouterFile(join(at, 'router.yaml')))).toEqual([])
  })

  it('starts programs that are there', () => {
    const read = readEnvironmentFile(join(at, 'blue.yaml'))
    if (read.kind !== 'ok') throw new Error('the example has faults')
    const programs = Object.values(read.environment.services).map(({ command }) => command[1])
    expect(readdirSync(at)).toEqual(expect.arrayContaining(programs))
  })

  it('names in its README the address on which the router listens', () => {
    const read = readRouterFile(join(at, 'router.yaml'))
    if (read.kind !== 'ok') throw new Error('the example has faults')
    const { host, port } = read.router.services['site']?.listen ?? { host: '', port: 0 }
    expect(readFileSync(join(at, 'README.md'), 'utf8')).toContain(`http://${host}:${port}/`)
  })
})
