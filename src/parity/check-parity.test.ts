import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { ScheduleDefinition, ServiceDefinition } from '../inventory/estate.ts'
import {
  addressOf,
  anEstate,
  aSchedule,
  aService,
  listening,
  plain,
  secret,
} from '../inventory/testing/build-estate.ts'
import { checkParity, fixEverything } from './check-parity.ts'
import type { ParityRules } from './rules.ts'

const noRules: ParityRules = { rewrites: [], waivers: [] }
const now = Date.UTC(2026, 10, 23)

type Parts = Partial<ServiceDefinition>

const compare = (blue: Parts, green: Parts, rules: Partial<ParityRules> = {}) => {
  const base = { port: listening, takesFrom: ['orders'] }
  const estate = anEstate([aService('a', { ...base, ...blue })], { green: [aService('a', { ...base, ...green })] })
  const report = checkParity(estate, { ...noRules, ...rules }, now)
  const [service] = report.services
  if (!service) throw new Error('no service')
  return { report, all: [...service.required, ...service.declared, ...service.unexplained] }
}

const job = (blue: Partial<ScheduleDefinition>, green: Partial<ScheduleDefinition>) =>
  compare({ schedule: aSchedule(blue), replicas: 0 }, { schedule: aSchedule(green), replicas: 0 }).all

it('finds nothing where both sides are the same', () => {
  const { report, all } = compare({}, {})
  expect(all).toEqual([])
  expect(report).toMatchObject({ unexplained: 0, findings: [] })
})

it.each([
  [{ command: ['node', 'a.js'] }, { command: ['node', 'b.js'] }, 'command', 'node a.js', 'node b.js'],
  [{ variables: { N: plain('1') } }, { variables: { N: plain('2') } }, 'variables.N', '1', '2'],
  [{ variables: { N: plain('1') } }, {}, 'variables.N', '1', null],
  [{}, { variables: { N: plain('1') } }, 'variables.N', null, '1'],
  [{ replicas: 2 }, { replicas: 3 }, 'replicas', '2', '3'],
  [{ version: '1.10' }, { version: '1.1' }, 'version', '1.10', '1.1'],
  [{ strategy: 'Recreate' }, {}, 'strategy', 'Recreate', 'RollingUpdate'],
  [{ lease: 'leader' }, {}, 'lease', 'leader', null],
  [{ takesFrom: ['x', 'y'] }, { takesFrom: ['x'] }, 'takesFrom', 'x, y', 'x'],
  [{ port: { ...listening, healthPath: '/ready' } }, {}, 'port.health', '/ready', '/healthz'],
  [{ port: null }, {}, 'port', null, 'it listens'],
  [{ workingDirectory: 'app' }, {}, 'directory', 'app', '.'],
] as readonly (readonly [Parts, Parts, string, string | null, string | null])[])(
  'blocks on what differs without an explanation (%#: %o)',
  (blue, green, path, was, is) => {
    const { report, all } = compare(blue, green)
    expect(all).toMatchObject([{ service: 'a', path, blue: was, green: is, class: 'unexplained' }])
    expect(report.unexplained).toBe(1)
    expect(report.findings).toMatchObject([{ severity: 'blocks', service: 'a', declare: all[0]?.fix }])
  },
)

describe('the fix', () => {
  it('is YAML for green as blue has it', () => {
    const { all } = compare({ variables: { GREETING: plain('yes') } }, { variables: { GREETING: plain('no') } })
    expect(all[0]?.fix).toBe('services:\n  a:\n    variables:\n      GREETING: "yes"\n')
  })

  it('takes all differences together, removes what only green has, and reads as what was meant', () => {
    const { report } = compare(
      { variables: { N: plain('a: b # c'), M: plain("it's") }, replicas: 2, port: { ...listening, published: true } },
      { variables: { OLD: plain('1') }, replicas: 1 },
    )
    expect(parse(fixEverything(report))).toEqual({
      services: { a: { variables: { N: 'a: b # c', M: "it's", OLD: null }, replicas: 2, port: { publish: true } } },
    })
  })

  it('gives the whole service where green has none, its schedule suspended', () => {
    const service = aService('nightly', {
      schedule: aSchedule(),
      variables: { KEY: secret('file secrets/key', 'd'), PASSWORD: plain('hunter2') },
    })
    const report = checkParity(anEstate([service], { green: [] }), noRules, now)
    const [difference] = report.services[0]?.unexplained ?? []
    expect(difference).toMatchObject({ path: 'service', blue: 'nightly', green: null })
    expect(difference?.fix).toContain('# the variable PASSWORD of nightly must be added by hand')
    expect(difference?.fix).not.toContain('hunter2')
    expect(parse(difference?.fix ?? '')).toMatchObject({
      services: {
        nightly: {
          command: ['node', 'nightly.js'],
          schedule: { cron: '*/5 * * * *', suspend: true },
          variables: { KEY: { secret: { file: 'secrets/key' } } },
        },
      },
    })
  })

  it('says how to remove what only green has', () => {
    const estate = anEstate([aService('a', { port: listening })], {
      green: [aService('a', { port: listening }), aService('b')],
    })
    const report = checkParity(estate, noRules, now)
    expect(report.services[1]?.unexplained).toMatchObject([
      { service: 'b', path: 'service', fix: 'services:\n  b: null\n' },
    ])
  })
})

describe('secrets', () => {
  it('are the same by their digest, wherever they come from', () => {
    const { all } = compare(
      { variables: { K: secret('file k', 'd1') } },
      { variables: { K: secret('variable K', 'd1') } },
    )
    expect(all).toEqual([])
  })

  it('differ without being shown', () => {
    const { all } = compare({ variables: { K: secret('file k', 'd1') } }, { variables: { K: secret('file k', 'd2') } })
    expect(all).toMatchObject([
      {
        path: 'variables.K',
        blue: 'secret (file k), differs',
        class: 'unexplained',
        fix: expect.stringContaining('put the same secret'),
      },
    ])
    expect(JSON.stringify(all)).not.toMatch(/d1|d2/)
  })

  it.each([
    [{ K: secret('file k', 'd') }, { K: plain('hunter2') }],
    [{ K: plain('hunter2') }, { K: secret('file k', 'd') }],
    [{ API_TOKEN: plain('hunter2') }, { API_TOKEN: plain('hunter3') }],
    [{ URL: plain('postgres://u:hunter2@db/x') }, { URL: plain('postgres://u:hunter3@db/x') }],
    [{ PASSWORD: plain('hunter2') }, {}],
    [{}, { PASSWORD: plain('hunter2') }],
  ] as const)('that people wrote in plain sight are not shown either (%#)', (blue, green) => {
    const { report, all } = compare({ variables: blue }, { variables: green })
    expect(all).toHaveLength(1)
    expect(JSON.stringify(report) + fixEverything(report)).not.toContain('hunter')
  })

  it.each([
    [
      ['x', '--password', 'hunter2'],
      ['x', '--password', 'hunter3'],
    ],
    [['x', '--api-key=hunter2'], ['x']],
    [
      ['x', 'amqp://u:hunter2@mq'],
      ['y', 'amqp://u:hunter2@mq'],
    ],
  ])('in command lines are not shown (%#)', (blue, green) => {
    const { report, all } = compare({ command: blue }, { command: green })
    expect(all).toMatchObject([{ path: 'command', class: 'unexplained' }])
    expect(JSON.stringify(report)).not.toContain('hunter')
  })
})

describe('what is the same in another writing', () => {
  it('is an address of the same service, also under its name on green', () => {
    const blue = [
      aService('a', { port: listening, variables: { B: addressOf('b', 1) } }),
      aService('b', { port: listening }),
    ]
    const green = [
      aService('a', { port: listening, variables: { B: addressOf('b2', 2) } }),
      aService('b2', { port: listening, command: ['node', 'b.js'] }),
    ]
    const mapped = anEstate(blue, { green, overrides: { b: { greenName: 'b2' } } })
    expect(checkParity(mapped, noRules, now).unexplained).toBe(0)
    expect(checkParity(anEstate(blue, { green }), noRules, now).services[0]?.unexplained).toMatchObject([
      { path: 'variables.B', blue: 'address of b', green: 'address of b2' },
    ])
  })

  it.each([
    ['0.50', '0.5'],
    ['1e3', '1000'],
    ['5', '5.0'],
  ])('is a number: %s = %s', (blue, green) =>
    expect(compare({ variables: { N: plain(blue) } }, { variables: { N: plain(green) } }).all).toEqual([]),
  )

  it('is no number where it is a version', () => {
    expect(
      compare({ variables: { APP_VERSION: plain('1.10') } }, { variables: { APP_VERSION: plain('1.1') } }).all,
    ).toHaveLength(1)
  })

  it.each([
    ['@hourly', '0 * * * *'],
    ['0 0 * * 0', '0 0 * * SUN'],
    ['0 0 * * 7', '0 0 0 * * sun'],
    ['*/15 * * * *', '0,15,30,45 * * * *'],
    ['0  3 * jan *', '0 3 ? 1 *'],
    ['0-59 * * * *', '* * * * *'],
    ['0 0 * * 1-5', '0 0 * * MON-FRI'],
  ])('is a schedule: %s = %s', (blue, green) => expect(job({ cron: blue }, { cron: green })).toEqual([]))

  it.each([
    ['0 0 1-31 * 1', '0 0 * * 1'],
    ['*/7 * * * *', '*/8 * * * *'],
    ['0 0 L * *', '0 0 31 * *'],
    ['5 * * * *', '*/5 * * * *'],
  ])('is not another schedule: %s ≠ %s', (blue, green) =>
    expect(job({ cron: blue }, { cron: green })).toMatchObject([{ path: 'schedule.cron', class: 'unexplained' }]),
  )

  it('is UTC by another name, and the order of a list', () => {
    expect(job({ zone: 'Etc/UTC' }, { zone: 'UTC' })).toEqual([])
    expect(compare({ takesFrom: ['x', 'y'] }, { takesFrom: ['y', 'x'] }).all).toEqual([])
  })
})

describe('required differences', () => {
  it('are that green sleeps: suspended, and at 0 replicas', () => {
    expect(job({}, { suspended: true })).toMatchObject([{ path: 'schedule.suspend', class: 'required', fix: null }])
    expect(compare({ replicas: 2 }, { replicas: 0 }).all).toMatchObject([{ path: 'replicas', class: 'required' }])
  })

  it('do not include a job that runs on green while it is suspended on blue', () => {
    expect(job({ suspended: true }, {})).toMatchObject([
      {
        path: 'schedule.suspend',
        class: 'unexplained',
        why: 'it is suspended on blue, so it has to be on green, and stays so',
        fix: 'services:\n  a:\n    schedule:\n      suspend: true\n',
      },
    ])
  })

  it('are computed versions, as long as what they are computed from is unexplained', () => {
    const parts = { version: `sha256-${'a'.repeat(12)}`, command: ['x'] }
    const other = { version: `sha256-${'b'.repeat(12)}`, command: ['y'] }
    expect(compare(parts, other).all).toMatchObject([
      { path: 'version', class: 'required' },
      { path: 'command', class: 'unexplained' },
    ])
    const rewrites = [{ from: 'x', to: 'y', services: null, reason: null }]
    expect(compare(parts, other, { rewrites }).all).toMatchObject([
      { path: 'command', class: 'declared' },
      { path: 'version', class: 'unexplained', fix: expect.stringContaining('write the same version in both') },
    ])
  })
})

describe('declared differences', () => {
  const variables = (value: string) => ({ variables: { REGION: plain(value) } })
  const rewrite = { from: 'eu-1', to: 'us-2', services: null, reason: 'green is elsewhere' }

  it('are what a rewrite explains', () => {
    const { all, report } = compare(variables('x-eu-1-y'), variables('x-us-2-y'), { rewrites: [rewrite] })
    expect(all).toMatchObject([{ class: 'declared', why: 'rewrite eu-1 → us-2 (green is elsewhere)', fix: null }])
    expect(report.findings).toEqual([])
  })

  it.each([
    [{ from: 'eu-(\\d)', to: 'us-$1', services: null, reason: null, match: 'regex' }, 'us-1'],
    [{ from: 'eu-1', to: '$1', services: ['a'], reason: null }, '$1'],
    [{ from: 'eu-1', to: 'z', services: null, reason: null, path: 'variables.*' }, 'z'],
  ] as const)('follow the rewrite to the letter (%#)', (rule, green) =>
    expect(compare(variables('eu-1'), variables(green), { rewrites: [rule] }).all).toMatchObject([
      { class: 'declared' },
    ]),
  )

  it.each([
    { ...rewrite, services: ['other'] },
    { ...rewrite, path: 'command' },
  ])('are not what a rewrite of something else would explain; it is said that it can go (%#)', (rule) => {
    const { all, report } = compare(variables('eu-1'), variables('us-2'), { rewrites: [rule] })
    expect(all).toMatchObject([{ class: 'unexplained' }])
    expect(report.findings.at(-1)).toMatchObject({
      severity: 'note',
      message: 'The rewrite eu-1 → us-2 explains no difference; it can go.',
    })
  })

  it('are not what a rewrite gets wrong: the fix is the value rewritten', () => {
    const { all } = compare(variables('eu-1'), variables('us-3'), { rewrites: [rewrite] })
    expect(all).toMatchObject([
      {
        class: 'unexplained',
        why: "blue's value, rewritten, would be us-2",
        fix: expect.stringContaining('REGION: us-2'),
      },
    ])
  })

  it('block when a rewrite cannot be read', () => {
    const { report } = compare({}, {}, { rewrites: [{ ...rewrite, from: '(', match: 'regex' }] })
    expect(report.findings[0]).toMatchObject({
      severity: 'blocks',
      message: expect.stringContaining('not a regular expression: ('),
    })
  })

  it('are what a waiver takes responsibility for, until it ends', () => {
    const waiver = { service: 'a', path: 'variables.*', reason: 'agreed', untilMs: now + 1 }
    expect(compare(variables('1'), variables('2'), { waivers: [waiver] }).all).toMatchObject([
      { class: 'declared', why: 'waived: agreed until 2026-11-23 00:00 UTC' },
    ])
    const { all, report } = compare(variables('1'), variables('2'), { waivers: [{ ...waiver, untilMs: now }] })
    expect(all).toMatchObject([
      { class: 'unexplained', why: 'the values differ; its waiver (agreed) ended on 2026-11-23 00:00 UTC' },
    ])
    expect(report.findings.at(-1)?.message).toBe(
      'The waiver of variables.* of a (agreed) ended on 2026-11-23 00:00 UTC.',
    )
  })

  it('are those of a service that is left out, with the reason', () => {
    expect(compare(variables('1'), variables('2'), { skipped: { a: 'rebuilt for green' } }).all).toMatchObject([
      { class: 'declared', why: 'the service is left out of parity: rebuilt for green' },
    ])
  })
})

describe('files', () => {
  const files = (sha256: string | null, path = 'config/a.json') => ({ files: [{ path, sha256 }] })

  it('are compared by content', () => {
    expect(compare(files('1'), files('1')).all).toEqual([])
    expect(compare(files('1'), files('2')).all).toMatchObject([
      { path: 'files.config/a.json', fix: '# copy config/a.json from blue to green\n' },
    ])
    expect(compare(files('1'), files(null)).all).toMatchObject([{ green: 'missing' }])
    expect(compare(files(null), files(null)).all).toMatchObject([{ why: 'the file is missing on blue' }])
    expect(compare(files('1'), {}).all).toMatchObject([{ fix: 'services:\n  a:\n    files: ["config/a.json"]\n' }])
  })
})
