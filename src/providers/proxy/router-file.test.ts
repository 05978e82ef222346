import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeFault } from '../../config/positioned-yaml.ts'
import { readRouterFile } from './router-file.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'router-file-'))
  for (const side of ['blue', 'green']) {
    write(
      `${side}.yaml`,
      `apiVersion: titrate.dev/v1alpha1
kind: Environment
services:
  storefront: { command: [node], port: { publish: true } }
  catalogue: { command: [node], port: {} }
`,
    )
  }
})
afterEach(() => rmSync(directory, { recursive: true }))

const write = (name: string, text: string): string => {
  writeFileSync(join(directory, name), text)
  return join(directory, name)
}
const head = 'apiVersion: titrate.dev/v1alpha1\nkind: Router\nblue: blue.yaml\n'
const faultsOf = (text: string): string[] => {
  const read = readRouterFile(write('router.yaml', text))
  return read.kind === 'ok' ? [] : read.faults.map((fault) => describeFault(fault).replace(`${directory}/`, ''))
}

test('a short file gets its defaults', () => {
  const read = readRouterFile(write('edge.yaml', `${head}green: green.yaml\nservices: { storefront: {} }\n`))
  if (read.kind !== 'ok') throw new Error(JSON.stringify(read.faults))
  const { environments, ...router } = read.router
  expect([environments.blue.name, environments.green.name]).toEqual(['blue', 'green'])
  expect(router).toEqual({
    file: join(directory, 'edge.yaml'),
    name: 'edge',
    stateDirectory: join(directory, '.titrate/router'),
    metrics: { host: '127.0.0.1', port: 0 },
    services: { storefront: { name: 'storefront', listen: { host: '127.0.0.1', port: 0 }, timeoutMs: 30_000 } },
    sticky: { cookie: 'titrate-side', forMs: 3_600_000 },
    test: { header: 'x-titrate-side', cookie: 'titrate-test' },
  })
})

test('wrong values are told with their places', () => {
  const faults = faultsOf(
    `${head}green: green.yaml\nmetrics: here\nservices: { storefront: { listn: 1, timeout: 5 } }\n`,
  )
  expect(faults).toHaveLength(3)
  expect(faults[0]).toBe('router.yaml:5:10: metrics: found "here", expected an address such as 127.0.0.1:8080')
  expect(faults.join('\n')).toContain('did you mean listen?')
  expect(faults.join('\n')).toContain('services.storefront.timeout: found 5, expected a duration')
})

test('services that an environment does not publish are told, with what was meant', () => {
  const faults = faultsOf(`${head}green: green.yaml\nservices: { storefrnt: {}, catalogue: {} }\n`)
  expect(faults).toHaveLength(4)
  expect(faults[0]).toMatch(/services.storefrnt: .*did you mean storefront\?$/)
  expect(faults[2]).toMatch(/write port: \{ publish: true \} for catalogue in blue$/)
})

test('one environment twice, two listeners on one port, a missing file', () => {
  expect(faultsOf(`${head}green: blue.yaml\nservices: { storefront: {} }\n`)[0]).toContain('both are called blue')
  const ports = 'metrics: 127.0.0.1:8080\nservices: { storefront: { listen: "127.0.0.1:8080" } }\n'
  expect(faultsOf(`${head}green: green.yaml\n${ports}`)[0]).toContain('an address of its own: metrics listens there')
  expect(faultsOf(`${head}green: gren.yaml\nservices: {}\n`)).toEqual([
    'router.yaml:4:8: green: found "gren.yaml", expected an environment file; the path is relative to this file',
  ])
})

test('faults inside an environment file are told at their own places', () => {
  write('green.yaml', 'apiVersion: titrate.dev/v1alpha1\nkind: Environment\nservices: 5\n')
  expect(faultsOf(`${head}green: green.yaml\nservices: {}\n`)[0]).toMatch(/^green.yaml:3:11: services: found 5/)
})
