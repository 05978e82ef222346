import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { readEnvironmentFile } from '../providers/local/environment-file.ts'
import { readRouterFile } from '../providers/proxy/router-file.ts'
import { readRelease } from './read-release.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const example = join(root, 'examples/two-services')
const faultsOf = (read: { readonly kind: string; readonly faults?: unknown }) => read.faults ?? []

/** The YAML that a page shows, one text a block. */
const yamlIn = (page: string): readonly string[] =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text = '']) => text)

describe('the example of two services', () => {
  it('has a release, two environments and a router without a fault', () => {
    expect(faultsOf(readRelease(join(example, 'release.yaml')))).toEqual([])
    expect(faultsOf(readEnvironmentFile(join(example, 'blue.yaml')))).toEqual([])
    expect(faultsOf(readEnvironmentFile(join(example, 'green.yaml')))).toEqual([])
    expect(faultsOf(readRouterFile(join(example, 'router.yaml')))).toEqual([])
  })

  it('starts programs that are there', () => {
    const read = readEnvironmentFile(join(example, 'blue.yaml'))
    if (read.kind !== 'ok') throw new Error('the example has faults')
    const programs = Object.values(read.environment.services).map(({ command }) => command[1])
    expect(readdirSync(example)).toEqual(expect.arrayContaining(programs))
  })

  it('names in its README the address on which the router listens', () => {
    const read = readRouterFile(join(example, 'router.yaml'))
    if (read.kind !== 'ok') throw new Error('the example has faults')
    const { host, port } = read.router.services['site']?.listen ?? { host: '', port: 0 }
    expect(readFileSync(join(example, 'README.md'), 'utf8')).toContain(`http://${host}:${port}/`)
  })

  it('is what the README shows as an environment', () => {
    expect(yamlIn('README.md')).toContain(readFileSync(join(example, 'blue.yaml'), 'utf8'))
  })
})

describe('the parts of release files that docs/gates-and-notices.md shows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'titrate-examples-'))
  cpSync(example, folder, { recursive: true, filter: (path) => !path.includes('.titrate') })
  afterAll(() => rmSync(folder, { recursive: true }))
  const head = 'apiVersion: titrate.dev/v1alpha1\nkind: Release\nname: shown\nblue: blue.yaml\ngreen: green.yaml\n'

  it.each(yamlIn('docs/gates-and-notices.md').map((text) => ({ text, first: text.split('\n')[0] })))(
    'has no fault in the one that begins with $first',
    ({ text }) => {
      const file = join(folder, 'release.yaml')
      writeFileSync(file, head + text)
      expect(faultsOf(readRelease(file))).toEqual([])
    },
  )
})
