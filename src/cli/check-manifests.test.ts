import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import {
  aContainer,
  aCronJob,
  aDeployment,
  aKubernetesService,
  anObject,
  type Body,
  theLogging,
} from '../kubernetes/testing/build-objects.ts'
import { type Desk, openDesk } from './testing/desk.ts'

let desk: Desk
beforeEach(async () => {
  desk = await openDesk()
})
afterEach(() => desk.leave())

const put = async (name: string, ...bodies: readonly Body[]): Promise<void> => {
  await mkdir(join(desk.folder, name), { recursive: true })
  await writeFile(join(desk.folder, name, 'all.yaml'), bodies.map((body) => `---\n${stringify(body)}`).join(''))
}
const write = (name: string, text: string): Promise<void> => writeFile(join(desk.folder, name), text)
const fargate = '--platform eks-fargate'
const web = (container: Body = {}): Body => aDeployment('web', { container })

describe('one set of manifests', () => {
  it('ends with 0 where nothing blocks, and says what could not be checked', async () => {
    await put('m', web(), aKubernetesService('web'), aCronJob('nightly'), theLogging())
    const { code, out } = await desk.run(`check --manifests m ${fargate}`)
    expect(code).toBe(0)
    expect(out).toMatch(/web {2}internal\n +why: it listens and isn't published/)
    expect(out).toMatch(/Deployment shop\/web +2 +0\.25 vCPU, 0\.25 GB +0\.25 vCPU, 0\.5 GB/)
    expect(out).toContain('FG20: it needs the answer of "aws eks describe-fargate-profile"')
    expect(out).toMatch(/ok: nothing blocks \(4 objects in 1 file; \d+ not checked\)\n$/)
    expect(out).not.toContain('not on green')
  })

  it('ends with 1 and the findings where something would not run', async () => {
    await put('m', web({ securityContext: { privileged: true } }), theLogging())
    const { code, out } = await desk.run(`check --manifests m ${fargate} --output json`)
    expect(code).toBe(1)
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      platform: 'eks-fargate',
      findings: [
        {
          rule: 'FG02',
          severity: 'error',
          object: 'Deployment shop/web',
          path: 'spec.template.spec.containers[0].securityContext.privileged',
          message: expect.stringContaining('container app is privileged'),
          fix: expect.stringContaining('Remove'),
          source: expect.stringContaining('https://'),
        },
      ],
      sizes: [{ object: 'Deployment shop/web', pods: 2, after: { vcpu: 0.25, gb: 0.5 } }],
      notChecked: expect.arrayContaining([{ rule: 'FG20', object: null, because: expect.any(String) }]),
    })
    expect((await desk.run(`check --manifests m ${fargate}`)).out).toMatch(
      /error {2}FG02 {2}Privileged containers are not supported\.\n[^]*not ok: 1 finding of eks-fargate/,
    )
  })

  it('is told without a platform too, and then nothing of the platform', async () => {
    await put('m', web())
    const { code, out } = await desk.run('check --manifests m --output yaml')
    expect(code).toBe(0)
    expect(parseAllDocuments(out)[0]?.toJS()).toMatchObject({
      ok: true,
      platform: null,
      findings: [],
      estate: { services: [{ service: 'web', kinds: ['worker'] }] },
    })
  })

  it('is read with facts of AWS', async () => {
    await put('m', web(), theLogging())
    await mkdir(join(desk.folder, 'aws'))
    await write(
      'aws/profiles.json',
      JSON.stringify({
        fargateProfile: {
          fargateProfileName: 'p',
          clusterName: 'g',
          selectors: [{ namespace: 'other' }],
          subnets: ['s'],
        },
      }),
    )
    const { code, out } = await desk.run(`check --manifests m ${fargate} --aws-facts aws`)
    expect(code).toBe(1)
    expect(out).toContain('no profile matches pods of namespace shop')
  })

  it('takes waivers from a file and from the release file; ended ones count no more', async () => {
    await put('m', web({ securityContext: { privileged: true } }), theLogging())
    const waiver = (until: string) =>
      `waivers:\n  - rule: FG02\n    object: Deployment shop/*\n    reason: goes next week\n    until: ${until}\n`
    const check = () => desk.run(`check --manifests m ${fargate} --waivers w.yaml`)
    await write('w.yaml', waiver('2999-12-31'))
    expect(await check()).toMatchObject({
      code: 0,
      out: expect.stringMatching(/waived\n +FG02 Deployment shop\/web .*goes next week \(until 3000-01-01/),
    })
    await write('w.yaml', waiver('2020-12-31'))
    expect(await check()).toMatchObject({
      code: 1,
      out: expect.stringContaining('the waiver of FG02 (goes next week) ended on 2021-01-01'),
    })
    await write(
      'release.yaml',
      `${await readFile(join(desk.folder, 'release.yaml'), 'utf8')}platform:\n  ${waiver('2999-12-31').replaceAll('\n', '\n  ').trimEnd()}\n`,
    )
    expect(await desk.run(`check --manifests m ${fargate}`)).toMatchObject({ code: 0 })
    await write('w.yaml', 'waivers:\n  - rule: FG2\n    reason: x\n    until: someday\n')
    expect(await check()).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /w\.yaml:2:\d+ {2}waivers\.0\.rule: found "FG2", expected the id of a rule, such as FG17/,
      ),
    })
    await write('w.yaml', waiver('someday'))
    expect(await check()).toMatchObject({ err: expect.stringContaining('expected a day such as 2026-11-26') })
  })

  it('needs no release file', async () => {
    await put('m', web())
    expect((await desk.run('check --manifests m --file nowhere.yaml')).code).toBe(0)
  })

  it.each([
    ['check --platform eks-fargate', 'are for manifests and clusters: add'],
    ['check --output html', 'are for manifests and clusters: add'],
    ['check --manifests m --blue-manifests m', 'either --manifests, or'],
    ['check --manifests m --context a', 'either manifests or clusters'],
    ['check --manifests m --all-namespaces', 'are for clusters: add --context'],
    ['check --manifests m --namespace a,b', 'is one name'],
    ['check --kubeconfig k', 'are for clusters: add --context'],
    ['check --blue-manifests m', 'belong together'],
    ['check --blue-manifests - --green-manifests -', 'Only one of'],
    ['check --manifests m --fix f', '--fix needs two sides'],
    ['check --manifests m --aws-facts a', 'add --platform'],
    ['check --manifests no', 'There is no no'],
    ['check --manifests empty', 'There are no manifests in empty'],
    ['check --manifests none', 'There are no objects of Kubernetes in none'],
    ['check --manifests m --platform mars', 'eks-fargate'],
  ])('%s is a fault of usage', async (line, message) => {
    await put('m', web())
    await put('none', { a: 1 })
    await mkdir(join(desk.folder, 'empty'))
    const { code, err } = await desk.run(line)
    expect([code, err]).toEqual([2, expect.stringContaining(message)])
  })

  it('ends with 1 where it can not be read', async () => {
    await mkdir(join(desk.folder, 'm'))
    await write('m/a.yaml', 'a: [\n')
    expect(await desk.run('check --manifests m')).toMatchObject({
      code: 1,
      err: expect.stringContaining('m/a.yaml:2: not YAML'),
    })
  })
})

describe('two sets of manifests', () => {
  const compare = (more = '') => desk.run(`check --blue-manifests blue --green-manifests green ${more}`.trim())

  it('are compared, labelled as not dry-run, and what would mend green is written', async () => {
    await put('blue', web({ image: 'web:2', env: [{ name: 'A', value: '1' }] }), aCronJob('nightly'))
    await put(
      'green',
      web({
        image: 'web:1',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
      }),
    )
    const { code, out, err } = await compare('--fix out/fixes')
    expect(code).toBe(1)
    expect(out).toContain('not dry-run: 1 object')
    expect(out).toMatch(
      /unexplained +Deployment shop\/web +spec\.template\.spec\.containers\[app\]\.image +web:2 +web:1/,
    )
    expect(err).toContain('2 manifests that would bring green in line')
    const folder = join(desk.folder, 'out/fixes')
    expect(await readdir(folder)).toEqual(['cronjob-shop-nightly.yaml', 'deployment-shop-web.yaml'])
    const text = await readFile(join(folder, 'deployment-shop-web.yaml'), 'utf8')
    expect(text).toMatch(/^# .*image.*\n(# .*\n)*# It takes something away: kubectl replace/)
    await put(
      'green',
      parse(text) as Body,
      parse(await readFile(join(folder, 'cronjob-shop-nightly.yaml'), 'utf8')) as Body,
    )
    expect(await compare('--fix again')).toMatchObject({ code: 0, err: expect.stringContaining('nothing to mend') })
  })

  it('may have namespaces of other names, and rewrites from a file', async () => {
    const of = (namespace: string, region: string) =>
      aDeployment('web', {
        meta: { namespace },
        container: {
          env: [
            { name: 'REGION', value: region },
            { name: 'URL', value: `http://api.${namespace}.svc` },
          ],
        },
      })
    await put('blue', of('shop-blue', 'eu-1'))
    await put('green', of('shop-green', 'us-2'))
    expect((await compare()).out).toContain('parity: 1 unexplained')
    await write('w.yaml', 'parity:\n  rewrites:\n    - { from: eu-1, to: us-2, reason: green is elsewhere }\n')
    expect(await compare('--waivers w.yaml')).toMatchObject({
      code: 0,
      out: expect.stringContaining('rewrite eu-1 → us-2 (green is elsewhere)'),
    })
  })

  it('are looked at for what green would run on', async () => {
    await put('blue', web({ securityContext: { privileged: true } }), theLogging())
    await put('green', web(), theLogging())
    const { code, out } = await compare(`${fargate} --output json`)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      findings: [],
      parity: {
        unexplained: 0,
        differing: [{ service: 'web', differences: [{ class: 'required', why: 'Fargate asks for it (FG02)' }] }],
      },
    })
  })
})

describe('secrets', () => {
  const planted = ['hunter2', 'hunter3', 'hunter4', 'hunter5', 'hunter6', 'hunter7']
  const encoded = planted.map((one) => Buffer.from(one).toString('base64').slice(0, 8))
  const secret = (value: string): Body =>
    anObject('v1', 'Secret', 'db', {
      data: { password: Buffer.from(value).toString('base64') },
      stringData: { url: `postgres://u:${value}@db.example.com:5432/x` },
    })
  const estate = (value: string): readonly Body[] => [
    aDeployment('web', {
      pod: {
        volumes: [
          { name: 's', secret: { secretName: 'db' } },
          { name: 'c', configMap: { name: 'app' } },
        ],
      },
      container: {
        envFrom: [{ secretRef: { name: 'db' } }],
        env: [
          { name: 'DB_PASSWORD', value },
          { name: 'MQ_URL', value: `amqp://u:${value}@mq:5672` },
          { name: 'FROM', valueFrom: { secretKeyRef: { name: 'db', key: 'url' } } },
          { name: 'JOINED', value: 'x$(password)y' },
        ],
        args: [`--token=${value}`, '--password', value],
      },
    }),
    aDeployment('extra', { pod: { containers: [aContainer({ name: 'only', env: [{ name: 'TOKEN', value }] })] } }),
    secret(value),
    anObject('v1', 'ConfigMap', 'app', {
      data: {
        'app.properties': `db.password=${value}\nurl=jdbc:postgresql://u:${value}@db.example.com/x`,
        API_KEY: value,
      },
    }),
    anObject('keda.sh/v1alpha1', 'ScaledObject', 'web', {
      spec: {
        scaleTargetRef: { name: 'web' },
        triggers: [{ type: 'rabbitmq', metadata: { host: `amqp://u:${value}@mq` } }],
      },
    }),
  ]

  it.each(['table', 'json', 'yaml', 'html'])(
    'are nowhere in what is told as %s, written or failed with',
    async (output) => {
      await put('blue', ...estate('hunter2'))
      await put(
        'green',
        ...estate('hunter3').filter(({ metadata }) => JSON.stringify(metadata).includes('extra') === false),
      )
      const told = [
        await desk.run(`check --manifests blue ${fargate} --output ${output}`),
        await desk.run(`check --blue-manifests blue --green-manifests green ${fargate} --output ${output} --fix fixes`),
      ]
      await mkdir(join(desk.folder, 'bad'))
      await write(
        'bad/a.yaml',
        'apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData:\n  a: "hunter4\n  b: *hunter5\n',
      )
      await write('bad/b.json', '{"kind": hunter6}')
      told.push(await desk.run(`check --manifests bad --output ${output}`))
      const written = await readdir(join(desk.folder, 'fixes')).catch(() => [])
      const files = await Promise.all(written.map((name) => readFile(join(desk.folder, 'fixes', name), 'utf8')))
      expect(told.map(({ code }) => code)).toEqual([1, 1, 1])
      const everything = [...told.flatMap(({ out, err }) => [out, err]), ...files].join('\n')
      for (const text of [...planted, ...encoded]) expect(everything).not.toContain(text)
      // Host names are told all the same.
      expect(told[0]?.out).toContain('db.example.com')
    },
  )
})

it('writes a page that needs nothing else, in which nothing of a manifest becomes markup', async () => {
  await put(
    'm',
    aDeployment('web', { container: { image: '<script>alert(1)</script>', securityContext: { privileged: true } } }),
    aKubernetesService('web', { type: 'NodePort' }),
  )
  const { out } = await desk.run(`check --manifests m ${fargate} --output html`)
  expect(out).toContain("default-src 'none'")
  expect(out).not.toMatch(/<script|src="http/)
  for (const text of [
    'Would it run on eks-fargate?',
    'Something blocks.',
    'FG02',
    'Not checked',
    'Sizes',
    'Service shop/web is a NodePort',
  ])
    expect(out).toContain(text)
})
