import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inClusterEntry } from './in-cluster.ts'
import { readClusterEntry } from './kubeconfig.ts'

const yaml = `
current-context: blue
contexts:
  - { name: blue, context: { cluster: one, user: ada, namespace: shop } }
  - { name: green, context: { cluster: one, user: bert } }
  - { name: lost, context: { cluster: nowhere, user: ada } }
clusters:
  - { name: one, cluster: { server: 'https://one.example', certificate-authority: pki/ca.crt } }
users:
  - { name: ada, user: { token: very-secret } }
  - { name: bert, user: { exec: { apiVersion: client.authentication.k8s.io/v1, command: ./bin/login } } }
`

describe('kubeconfig', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'titrate-kubeconfig-'))
    await writeFile(join(folder, 'config'), yaml)
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))
  const read = (context: string | null, environment: Record<string, string> = {}) =>
    readClusterEntry({
      file: environment['KUBECONFIG'] === undefined ? join(folder, 'config') : null,
      context,
      environment,
    })

  it('finds the current context or the one named, with paths from the folder of the file', async () => {
    expect(await read(null)).toMatchObject({
      context: 'blue',
      namespace: 'shop',
      cluster: { server: 'https://one.example', 'certificate-authority': join(folder, 'pki/ca.crt') },
      user: { token: 'very-secret' },
    })
    expect(await read('green')).toMatchObject({
      namespace: null,
      user: { exec: { command: join(folder, 'bin/login') } },
    })
  })

  it('takes the first of two entries of one name, as kubectl does', async () => {
    const other = join(folder, 'other')
    await writeFile(
      other,
      yaml.replace('one.example', 'two.example').replace('current-context: blue', 'current-context: green'),
    )
    const environment = { KUBECONFIG: `${other}:${join(folder, 'config')}:${join(folder, 'absent')}` }
    expect(await read(null, environment)).toMatchObject({
      context: 'green',
      cluster: { server: 'https://two.example' },
    })
  })

  it.each([
    ['greem', /Context greem is not in the kubeconfig .*It has: blue, green, lost\. Did you mean green\?/],
    ['lost', /Context lost names cluster nowhere, which the kubeconfig .* does not have/],
  ])('says what is wrong with context %s', async (context, message) => {
    await expect(read(context)).rejects.toThrow(message)
    await expect(read(context)).rejects.toMatchObject({ code: 'KUBECONFIG' })
  })

  it('shows nothing of a file that it cannot use', async () => {
    for (const text of [
      'users: [{ name: ada, user: { token: very-secret, exec: 5 } }]',
      'users: [very-secret',
      '"very-secret"',
    ]) {
      await writeFile(join(folder, 'config'), text)
      const error = await read(null).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'KUBECONFIG' })
      expect(String(error)).not.toContain('very-secret')
    }
  })

  it('says where it looked when there is none', async () => {
    await expect(read(null, { KUBECONFIG: '/nowhere/config' })).rejects.toThrow(
      'There is no kubeconfig at /nowhere/config',
    )
  })

  it('takes the service account of the pod that it runs in', async () => {
    await mkdir(join(folder, 'account'))
    await writeFile(join(folder, 'account', 'token'), 'very-secret')
    await writeFile(join(folder, 'account', 'namespace'), 'tools\n')
    const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }
    expect(await inClusterEntry(environment, join(folder, 'account'))).toMatchObject({
      context: 'in-cluster',
      namespace: 'tools',
      cluster: { server: 'https://[fd00::1]:443' },
      user: { tokenFile: join(folder, 'account', 'token') },
    })
    expect(await inClusterEntry({}, join(folder, 'account'))).toBeNull()
  })
})
