import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { describeEnvironment } from './environment-settings.ts'
import { formatFaults } from './format-fault.ts'
import { readRelease } from './read-release.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'environments-'))
  for (const name of ['blue.yaml', 'router.yaml', 'config']) writeFileSync(join(folder, name), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

const read = (blue: unknown, green: unknown, rest: object = {}) => {
  const path = join(folder, 'release.yaml')
  writeFileSync(
    path,
    stringify({ apiVersion: 'titrate.dev/v1alpha1', kind: 'Release', name: 'shop', blue, green, ...rest }),
  )
  return readRelease(path)
}

const faultsOf = (blue: unknown, green: unknown, rest: object = {}): readonly string[] => {
  const file = read(blue, green, rest)
  return file.kind === 'ok' ? [] : file.faults.map(({ path, expected }) => `${path}: ${expected.replace(folder, '')}`)
}

const settingsOf = (blue: unknown, green: unknown, rest: object = {}) => {
  const file = read(blue, green, rest)
  if (file.kind === 'faults') throw new Error(formatFaults(file.faults))
  return file.value.release
}

const on = (context: string, more: object = {}) => ({ kubernetes: { context, ...more } })

describe('a release between clusters', () => {
  it('is two contexts, and the namespaces that these name', () => {
    const { blue, green, files } = settingsOf(on('ec2'), on('fargate', { kubeconfig: 'config' }))
    expect(blue).toEqual({ kind: 'kubernetes', context: 'ec2', kubeconfig: null, namespaces: null, split: null })
    expect(green).toMatchObject({ context: 'fargate', kubeconfig: join(folder, 'config'), namespaces: null })
    // A renewed login is no other release.
    expect(Object.keys(files)).toEqual(['release.yaml'])
  })

  it('divides users by the HTTPRoutes of its namespaces, if it says so', () => {
    const { router } = settingsOf(on('ec2'), on('fargate'), { router: { gateway: {} } })
    expect(router).toEqual({
      kind: 'gateway',
      namespaces: null,
      backend: 'service',
      suffix: null,
      names: {},
      test: { header: 'titrate-side', cookie: null },
    })
    const gateway = { namespaces: ['edge'], backend: 'import', names: { web: 'web-next' }, test: { cookie: 'side' } }
    expect(settingsOf(on('ec2'), on('fargate'), { router: { gateway } }).router).toEqual({
      kind: 'gateway',
      namespaces: ['edge'],
      backend: 'import',
      suffix: null,
      names: { web: 'web-next' },
      test: { header: 'titrate-side', cookie: 'side' },
    })
  })

  it.each([
    ['the same names', undefined, ['shop', 'stock']],
    ['a list in another order', ['stock', 'shop'], ['shop', 'stock']],
    ['a map of those that differ', { stock: 'storage' }, ['shop', 'storage']],
  ])('goes to %s', (_, namespaces, expected) => {
    const blue = on('ec2', { namespaces: ['shop', 'stock'] })
    const { green } = settingsOf(blue, on('fargate', namespaces === undefined ? {} : { namespaces }))
    expect(green).toMatchObject({ namespaces: expected })
  })

  it('goes from one namespace to one of another name, in one cluster too', () => {
    const { blue, green } = settingsOf(on('one', { namespaces: ['shop'] }), on('one', { namespaces: ['shop-fargate'] }))
    expect(green).toMatchObject({ namespaces: ['shop-fargate'] })
    expect([blue, green].map(describeEnvironment)).toEqual(['one/shop', 'one/shop-fargate'])
  })

  it('splits a namespace by a label', () => {
    const shared = { namespaces: ['shop'] }
    const { blue, green } = settingsOf(on('one', shared), on('one', { ...shared, selector: 'compute=fargate' }))
    const split = { label: 'compute', value: 'fargate', suffix: '-green' }
    expect([blue, green]).toEqual([expect.objectContaining({ split }), expect.objectContaining({ split })])
    expect(describeEnvironment(green)).toBe('one/shop (split by compute=fargate)')
  })

  it('has a platform whose rules count', () => {
    const platform = { name: 'eks-fargate', awsFacts: 'facts' }
    expect(settingsOf(on('a'), on('b'), { platform }).platform).toMatchObject({
      name: 'eks-fargate',
      awsFacts: join(folder, 'facts'),
    })
  })

  it.each<readonly [string, unknown, unknown, object, string]>([
    [
      'one place',
      on('a'),
      on('a'),
      {},
      'green.kubernetes: another place than blue, which is the same namespace of the same context',
    ],
    [
      'one namespace of several',
      on('a', { namespaces: ['x', 'y'] }),
      on('a', { namespaces: { x: 'z' } }),
      {},
      'green.kubernetes: another place than blue, which is namespace y of the same context',
    ],
    ['a file and a cluster', 'blue.yaml', on('a'), {}, 'green: the path of an environment’s file, as blue is one'],
    [
      'a cluster and a file',
      on('a'),
      'blue.yaml',
      {},
      'green: { kubernetes: { context: NAME } }, as blue is in a cluster',
    ],
    ['no context', on('a'), { kubernetes: {} }, {}, 'green.kubernetes.context: text'],
    [
      'an unknown key',
      on('a', { namespace: 'x' }),
      on('b'),
      {},
      'blue.kubernetes.namespace: one of context, kubeconfig, namespaces',
    ],
    [
      'a kubeconfig that is not there',
      on('a', { kubeconfig: 'nowhere' }),
      on('b'),
      {},
      'blue.kubernetes.kubeconfig: a file that can be read, but /nowhere does not exist',
    ],
    [
      'namespaces without a counterpart',
      on('a', { namespaces: ['x', 'y'] }),
      on('b', { namespaces: ['x'] }),
      {},
      'green.kubernetes.namespaces: the namespaces of blue (x, y), or a map where names differ',
    ],
    [
      'a map of what is not there',
      on('a', { namespaces: ['x'] }),
      on('b', { namespaces: { z: 'x' } }),
      {},
      'green.kubernetes.namespaces.z: one of blue’s namespaces: x',
    ],
    [
      'two that become one',
      on('a', { namespaces: ['x', 'y'] }),
      on('b', { namespaces: { x: 'y' } }),
      {},
      'green.kubernetes.namespaces: a namespace of its own for each of blue’s; x and y both become y',
    ],
    [
      'a map without blue’s names',
      on('a'),
      on('b', { namespaces: { x: 'y' } }),
      {},
      'green.kubernetes.namespaces: one namespace, or a map with the namespaces of blue that are named there',
    ],
    [
      'a selector between clusters',
      on('a'),
      on('b', { selector: 'x=y' }),
      {},
      'green.kubernetes.selector: no selector, as the two sides are in different clusters',
    ],
    [
      'a selector between namespaces',
      on('a', { namespaces: ['x'] }),
      on('a', { namespaces: ['y'], selector: 'x=y' }),
      {},
      'green.kubernetes.selector: no selector, as the two sides have different namespaces',
    ],
    ['a suffix alone', on('a'), on('b', { suffix: '-x' }), {}, 'green.kubernetes.suffix: a selector beside it'],
    [
      'the local router',
      on('a'),
      on('b'),
      { router: 'router.yaml' },
      'router: no file: that router divides traffic between local environments',
    ],
    [
      'a probe between processes',
      'blue.yaml',
      'router.yaml',
      { probe: { image: 'busybox' } },
      'probe: no probe: green is a local environment',
    ],
    [
      'a gateway between processes',
      'blue.yaml',
      'router.yaml',
      { router: { gateway: {} } },
      'router.gateway: no gateway: blue is a local environment',
    ],
    [
      'one name for both backends of a namespace',
      on('a', { namespaces: ['x'] }),
      on('a', { namespaces: ['x'], selector: 'x=y' }),
      { router: { gateway: { suffix: '' } } },
      'router.gateway.suffix: a suffix: both sides share their namespaces',
    ],
    [
      'a gateway’s namespace that can’t be',
      on('a'),
      on('b'),
      { router: { gateway: { namespaces: ['Edge'] } } },
      'router.gateway.namespaces.0: the name of a namespace: small letters, digits and “-”',
    ],
    [
      'a platform of processes',
      'blue.yaml',
      'router.yaml',
      { platform: { name: 'eks-fargate' } },
      'platform.name: no platform: green is a local environment',
    ],
    [
      'facts without a platform',
      on('a'),
      on('b'),
      { platform: { awsFacts: 'facts' } },
      'platform.awsFacts: the platform’s name beside it',
    ],
  ])('is refused with %s', (_, blue, green, rest, expected) => {
    expect(faultsOf(blue, green, rest)).toEqual([expected])
  })
})
