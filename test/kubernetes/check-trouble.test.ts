import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { aCronJob, aDeployment, anObject, type Body } from '../../src/kubernetes/testing/build-objects.ts'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { createAuthority } from '../../src/providers/kubernetes/client/testing/certificates.ts'
import { sendJson, startScriptedServer } from '../../src/providers/kubernetes/client/testing/scripted-server.ts'
import type { ManifestsView } from '../../src/views/manifests-view.ts'
import { clusterGiven, hasClusters, hasOwnClusters, makeNamespace } from './clusters.ts'
import { connectTo } from './connect-to.ts'
import { kubeconfigOf } from './control-plane.ts'
import { startFaultProxy } from './fault-proxy.ts'
import { putObjects } from './put-objects.ts'
import { signInAs } from './sign-in.ts'
import { type Ended, openTerminal, type Terminal } from './titrate.ts'

describe.skipIf(!hasClusters || !hasOwnClusters)('titrate check in trouble', () => {
  let blue: Cluster
  let green: Cluster
  let terminal: Terminal
  let here: string
  let there: string
  beforeAll(async () => {
    blue = await connectTo(clusterGiven('blue'))
    green = await connectTo(clusterGiven('green'))
  })
  afterAll(async () => void (await Promise.all([blue?.close(), green?.close()])))
  beforeEach(async () => {
    terminal = openTerminal()
    here = await makeNamespace(blue, 'trouble')
    there = await makeNamespace(green, 'trouble')
  })
  afterEach(() => terminal.leave())

  const sides = () => [
    '--blue-context',
    'blue',
    '--green-context',
    'green',
    '--namespace',
    here,
    '--green-namespace',
    there,
  ]
  const one = (...more: readonly string[]): Promise<Ended> => terminal.run('check', '--context', 'blue', ...more)
  /** A program whose kubeconfig leads elsewhere. */
  const at = (kubeconfig: string): Terminal => {
    const file = join(terminal.folder, 'other.kubeconfig')
    writeFileSync(file, kubeconfig)
    return openTerminal([file])
  }

  it('names what there is and what was probably meant, when a context or a namespace is missing', async () => {
    expect(await terminal.run('check', '--context', 'blu')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/Context blu is not in the kubeconfig .* It has: blue, green\. Did you mean blue\?/),
    })
    expect(await one('--namespace', `${here}x`)).toMatchObject({
      code: 2,
      err: expect.stringMatching(
        new RegExp(`There is no namespace ${here}x on blue\\. It has: .*Did you mean ${here}\\?`),
      ),
    })
  })

  it('says that a cluster is not reached, does not know us, or shows a certificate that has expired', async () => {
    const { server, authority } = clusterGiven('blue')
    const nobody = at(kubeconfigOf('blue', 'https://127.0.0.1:9', authority, { token: 'x' }))
    expect(await nobody.run('check', '--context', 'blue')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/nothing listens on 127\.0\.0\.1:9[\s\S]*CLUSTER_UNREACHABLE/),
    })
    nobody.leave()
    const stranger = at(kubeconfigOf('blue', server, authority, { token: 'planted-token' }))
    const unknown = await stranger.run('check', '--context', 'blue')
    expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('does not accept the credentials (401)') })
    expect(unknown.err).not.toContain('planted-token')
    stranger.leave()

    const own = createAuthority('expired')
    const tls = own.issue({ commonName: 'x', hosts: ['127.0.0.1'], until: new Date(Date.now() - 60_000) })
    const expired = await startScriptedServer((_, response) => void response.end(), tls)
    const late = at(kubeconfigOf('blue', expired.url, own.certificate, { token: 'x' }))
    expect(await late.run('check', '--context', 'blue')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/certificate of 127\.0\.0\.1:\d+ has expired/),
    })
    late.leave()
    await expired.close()
  })

  it('refuses a cluster that is too old', async () => {
    const own = createAuthority('old')
    const version = { major: '1', minor: '27+', gitVersion: 'v1.27.9-eks' }
    const old = await startScriptedServer(
      (_, response) => sendJson(response, 200, version),
      own.issue({ commonName: 'x', hosts: ['127.0.0.1'] }),
    )
    const person = at(kubeconfigOf('blue', old.url, own.certificate, { token: 'x' }))
    expect(await person.run('check', '--context', 'blue')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/runs Kubernetes v1\.27\.9-eks; Titrate needs 1\.28 or later[\s\S]*CLUSTER_REFUSED/),
    })
    person.leave()
    await old.close()
  })

  it('says that green is empty, and what makes it so no more', async () => {
    await putObjects(blue, here, [aDeployment('web')])
    const { code, out } = await terminal.run('check', ...sides())
    expect(code).toBe(1)
    expect(out).toContain(`nothing is in ${there} of green yet`)
    expect(out).toContain('"--fix DIR" writes what would bring it in line')
  })

  it('tells an object that somebody changes while it is looked at, and lost answers, without an end of its own', async () => {
    await putObjects(blue, here, [aDeployment('web', { container: { image: 'shop/web:2' } })])
    await putObjects(green, there, [aDeployment('web')])
    const proxy = await startFaultProxy(clusterGiven('green'))
    const { token } = clusterGiven('green')
    const file = join(terminal.folder, 'through.kubeconfig')
    writeFileSync(file, kubeconfigOf('green', proxy.server, proxy.authority, { token }))
    const person = openTerminal([clusterGiven('blue').kubeconfig, file])
    proxy.faultFor(({ method }) => (method === 'PATCH' ? { kind: 'answer', status: 409 } : null))
    const conflict = await person.run('check', ...sides(), '--output', 'json')
    const { findings } = JSON.parse(conflict.out) as ManifestsView // what the program prints of a check
    expect(findings).toMatchObject([{ rule: 'KC06', object: `Deployment ${there}/web` }])

    proxy.faultFor(({ method }) => (method === 'PATCH' ? { kind: 'lose the answer' } : null))
    const lost = await person.run('check', ...sides())
    expect(lost.out).toMatch(/not dry-run: 1 object .*the connection to \S+ was closed before the answer was there/)
    expect(lost.code).toBe(1)
    person.leave()
    await proxy.close()
  })

  it('checks what it may see, and says what it may not: Secrets, and all of the cluster', async () => {
    await putObjects(blue, here, [
      aDeployment('web', { container: { envFrom: [{ secretRef: { name: 'db' } }] } }),
      anObject('v1', 'Secret', 'db', { data: { password: 'aHVudGVyMg==' } }),
      anObject('v1', 'ServiceAccount', 'reader'),
      anObject('rbac.authorization.k8s.io/v1', 'Role', 'reader', {
        rules: [
          { apiGroups: ['apps', 'batch'], resources: ['*'], verbs: ['list'] },
          { apiGroups: [''], resources: ['configmaps', 'services', 'serviceaccounts'], verbs: ['list'] },
        ],
      }),
      anObject('rbac.authorization.k8s.io/v1', 'RoleBinding', 'reader', {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
        subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace: here }],
      }),
    ])
    const file = await signInAs(clusterGiven('blue'), { namespace: here, name: 'reader' }, terminal.folder)
    const reader = openTerminal([file])
    const check = () =>
      reader.run('check', '--context', 'blue', '--namespace', here, '--platform', 'eks-fargate', '--output', 'json')
    const services = async () => {
      const { out } = await check()
      return out === '' ? [] : (JSON.parse(out) as ManifestsView).estate.services.map(({ service }) => service)
    }
    // A new role takes a moment to be in force.
    await expect.poll(services, { timeout: 60_000 }).toEqual(['web'])
    const { out } = await check()
    const { notChecked, findings } = JSON.parse(out) as ManifestsView // what the program prints of a check
    const rules = notChecked.map(({ rule }) => rule)
    expect(rules).toEqual(expect.arrayContaining(['Secret', 'Ingress', 'StorageClass', 'KC01', 'FG34']))
    expect(notChecked.find(({ rule }) => rule === 'Secret')).toMatchObject({
      object: `Namespace ${here}`,
      because: expect.stringContaining('not permitted'),
    })
    expect(findings.map(({ rule }) => rule)).not.toContain('FG34')
    reader.leave()
  })

  it.each(['table', 'json', 'yaml', 'html'])(
    'shows no secret value as %s, in what it writes or fails with',
    async (output) => {
      const estate = (value: string): readonly Body[] => [
        anObject('v1', 'Secret', 'db', {
          data: { password: Buffer.from(value).toString('base64') },
          stringData: { url: `postgres://u:${value}@db.example.com:5432/x` },
        }),
        aDeployment('web', {
          container: {
            envFrom: [{ secretRef: { name: 'db' } }],
            env: [
              { name: 'DB_PASSWORD', value },
              { name: 'MQ_URL', value: `amqp://u:${value}@mq:5672` },
            ],
            args: [`--token=${value}`, '--password', value],
          },
        }),
        aCronJob('nightly', { container: { env: [{ name: 'TOKEN', value }] } }),
        anObject('v1', 'ConfigMap', 'app', { data: { 'app.properties': `db.password=${value}`, API_KEY: value } }),
      ]
      await putObjects(blue, here, [
        ...estate('hunter2'),
        aDeployment('only', { container: { env: [{ name: 'API_TOKEN', value: 'hunter3' }] } }),
      ])
      await putObjects(green, there, estate('hunter4'))
      // A webhook or quota quotes what it refuses; this one refuses everything.
      await putObjects(green, there, [
        anObject('v1', 'ResourceQuota', 'q', {
          spec: { hard: { 'count/deployments.apps': '1', 'count/secrets': '1' } },
        }),
      ])
      mkdirSync(join(terminal.folder, 'out'))
      const told = [
        await one('--namespace', here, '--platform', 'eks-fargate', '--output', output),
        await terminal.run('check', ...sides(), '--platform', 'eks-fargate', '--output', output, '--fix', 'out'),
        await terminal.run('check', ...sides(), '--output', output, '--apply', '--yes'),
      ]
      const files = readdirSync(join(terminal.folder, 'out')).map((name) =>
        readFileSync(join(terminal.folder, 'out', name), 'utf8'),
      )
      const everything = [...told.flatMap(({ out, err }) => [out, err]), ...files].join('\n')
      expect(everything).toContain('db.example.com')
      for (const value of ['hunter2', 'hunter3', 'hunter4'])
        for (const text of [value, Buffer.from(value).toString('base64').slice(0, 8)])
          expect(everything).not.toContain(text)
    },
  )
})
