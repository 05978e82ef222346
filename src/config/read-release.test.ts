import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noticeKinds } from '../engine/ports.ts'
import { formatFault, formatFaults } from './format-fault.ts'
import { checkAgainstEstate, readRelease } from './read-release.ts'
import { notifiedKinds } from './release-schema.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'release-'))
  for (const name of ['blue.yaml', 'green.yaml', 'router.yaml']) writeFileSync(join(directory, name), `# ${name}\n`)
})
afterAll(() => rmSync(directory, { recursive: true }))

const head = 'apiVersion: titrate.dev/v1alpha1\nkind: Release\nname: shop\nblue: blue.yaml\ngreen: green.yaml\n'

const write = (content: string | Uint8Array, name = 'release.yaml'): string => {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

/** The faults of a file, without the folder. */
const faultsOf = (content: string | Uint8Array) => {
  const read = readRelease(write(content))
  return read.kind === 'ok' ? [] : read.faults
}

/** Below the five lines that every release has, so the first line of `rest` is line 6. */
const faultsBelow = (rest: string) => faultsOf(head + rest)

const releaseOf = (rest: string) => {
  const read = readRelease(write(head + rest))
  if (read.kind === 'faults') throw new Error(formatFaults(read.faults))
  return read.value
}

describe('a release file with a fault', () => {
  it.each([
    ['a wrong type', 'policy:\n  weights: fast\n', { line: 7, column: 12, path: 'policy.weights', value: '"fast"' }],
    ['a number that is no duration', 'policy:\n  soak: 60\n', { line: 7, expected: expect.stringContaining('10s') }],
    ['an unknown key', 'polcy:\n  soak: 1m\n', { line: 6, column: 1, suggestion: 'did you mean policy?' }],
    [
      'an unknown key deep inside',
      'services:\n  a:\n    policy:\n      judge: { alhpa: 0.05 }\n',
      { line: 9, path: 'services.a.policy.judge.alhpa', suggestion: 'did you mean alpha?' },
    ],
    ['an unknown choice', 'policy: { missed: lastest }\n', { value: '"lastest"', suggestion: 'did you mean latest?' }],
    [
      'weights out of order',
      'policy:\n  weights: [1, 60, 50, 100]\n',
      { path: 'policy.weights.2', column: 20, value: '50', suggestion: 'write [1, 50, 60, 100]' },
    ],
    ['a weight twice', 'policy: { weights: [5, 5, 100] }\n', { path: 'policy.weights.1' }],
    ['weights that do not end at 100', 'policy: { weights: [5, 50] }\n', { suggestion: 'write [5, 50, 100]' }],
    ['a service’s shares that do not end at 100', 'services: { a: { policy: { shares: [50] } } }\n', { value: '50' }],
    ['a weight above 100', 'policy: { weights: [5, 500] }\n', { expected: 'at most 100' }],
    [
      'a least dwell above the default’s greatest',
      'policy: { dwell: { min: 2h } }\n',
      { path: 'policy.dwell.min', expected: 'at most the maximum, 30m' },
    ],
    [
      'margins that contradict the release’s',
      'policy: { judge: { latency: { margin: 1.2 } } }\nservices: { a: { policy: { judge: { latency: { rollbackMargin: 1.1 } } } } }\n',
      { line: 7, path: 'services.a.policy.judge.latency.rollbackMargin', expected: 'at least margin, 1.2' },
    ],
    ['an interval of nothing', 'policy: { judge: { interval: 0ms } }\n', { expected: 'at least 100ms' }],
    [
      'a declared cycle',
      'services:\n  a: { needs: [b] }\n  b: { needs: [c] }\n  c: { needs: [a] }\n',
      { line: 9, path: 'services.c.needs.0', suggestion: 'a → b → c → a: remove one of these needs' },
    ],
    ['a service that needs itself', 'services: { a: { needs: { also: [a] } } }\n', { path: 'services.a.needs.also.0' }],
    [
      'a bad cron',
      'calendar: { windows: { w: { cron: "0 25 * * *", for: 1h } } }\n',
      { path: 'calendar.windows.w.cron', expected: expect.stringContaining('five or six fields') },
    ],
    [
      'a cron window without an end',
      'calendar: { windows: { w: { cron: "0 22 * * *" } } }\n',
      { path: 'calendar.windows.w.for', value: 'nothing' },
    ],
    [
      'a bad zone',
      'calendar: { windows: { w: { days: [mon-fri], zone: Europe/Pariss } } }\n',
      { suggestion: 'did you mean Europe/Paris?' },
    ],
    ['a bad zone in a list', 'calendar: { windows: { w: [{ zone: Mars }] } }\n', { path: 'calendar.windows.w.0.zone' }],
    ['a bad day', 'calendar: { windows: { w: { days: [monday] } } }\n', { path: 'calendar.windows.w.days.0' }],
    [
      'a freeze that ends before it begins',
      'calendar: { freezes: [{ name: f, from: 2026-11-30, until: 2026-11-26 }] }\n',
      { path: 'calendar.freezes.0.until', expected: 'later than 2026-11-30' },
    ],
    [
      'a day that does not exist',
      'calendar: { freezes: [{ name: f, from: 2026-02-30, until: 2026-11-26 }] }\n',
      { path: 'calendar.freezes.0.from' },
    ],
    [
      'an unknown window',
      'services: { a: { windows: [ofice] } }\ncalendar: { windows: { office: {} } }\n',
      { suggestion: 'did you mean office?' },
    ],
    [
      'a condition that does not compile',
      'services: { a: { conditions: [{ name: c, when: "green.redy" }] } }\n',
      { path: 'services.a.conditions.0.when', suggestion: 'did you mean green.ready?' },
    ],
    [
      'a test that is two',
      'services: { a: { tests: { smoke: { command: [x], path: /y } } } }\n',
      { expected: 'exactly one of command, url and path' },
    ],
    [
      'a rate on a command',
      'services: { a: { tests: { t: { command: [x], rate: 5 } } } }\n',
      { suggestion: 'remove it' },
    ],
    ['the same environment twice', 'policy: {}\n', null],
    [
      'a router that is not there',
      'router: ruter.yaml\n',
      { path: 'router', expected: expect.stringContaining('does not exist') },
    ],
    ['a router that is a directory', 'router: .\n', { expected: expect.stringContaining('is a directory') }],
    ['an address that is none', 'metrics: ["localhost:9090"]\n', { path: 'metrics.0' }],
    ['a store of another kind', 'store: mysql://db/shop\n', { expected: expect.stringContaining('postgresql://') }],
    [
      'a waiver without a reason',
      'parity: { waivers: [{ service: a, path: x }] }\n',
      { value: 'nothing', path: 'parity.waivers.0.reason' },
    ],
    [
      'a regular expression that is none',
      'metrics: { names: { failed: "5(" } }\n',
      { expected: 'a regular expression' },
    ],
    [
      'a password that is written out',
      'store: { postgresql: "postgresql://db/shop", password: hunter2 }\n',
      { value: null },
    ],
  ])('says where and what: %s', (_, rest, expected) => {
    const faults = faultsBelow(rest)
    if (expected === null) return expect(faults).toEqual([])
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatchObject(expected)
  })

  it('is told all at once, in the order of the file, also where its shape is wrong elsewhere', () => {
    const faults = faultsBelow(
      [
        'policy:',
        '  weights: [5, 1, 100]',
        '  bake: soon',
        'services:',
        '  a: { needs: [a], kinds: exposed, windows: [night] }',
        'calendar:',
        '  freezes: [{ name: f, from: 2026-11-01 }]',
        '  windows: { night: { zone: Nowhere } }',
        'notfy: []',
      ].join('\n'),
    )
    expect(faults.map(({ line, path }) => `${line} ${path}`)).toEqual([
      '7 policy.weights.1',
      '8 policy.bake',
      '10 services.a.needs.0',
      '10 services.a.kinds',
      '12 calendar.freezes.0.until',
      '13 calendar.windows.night.zone',
      '14 notfy',
    ])
  })

  it('asks for what must be there, and still looks at the rest', () => {
    const faults = faultsOf('kind: Release\npolicy: { weights: [2, 1, 100] }\n')
    expect(faults.map(({ path }) => path).toSorted()).toEqual([
      'apiVersion',
      'blue',
      'green',
      'name',
      'policy.weights.1',
    ])
  })

  it('has environments that exist and differ', () => {
    const faults = faultsOf('apiVersion: titrate.dev/v1alpha1\nkind: Release\nname: x\nblue: b.yaml\ngreen: b.yaml\n')
    expect(faults.map(({ path, expected }) => `${path}: ${expected.replace(directory, '')}`)).toEqual([
      'blue: a file that can be read, but /b.yaml does not exist',
      'green: another environment than blue',
      'green: a file that can be read, but /b.yaml does not exist',
    ])
  })
})

describe('a file that is no release file at all', () => {
  it.each([
    ['an empty file', '', 'an empty file'],
    ['only a comment', '# nothing\n', 'an empty file'],
    ['a list', '- a\n', 'a list'],
    ['a word', 'hello\n', '"hello"'],
    ['10 MB', 'a'.repeat(10_000_000), '10000000 bytes'],
    ['not UTF-8', Uint8Array.of(0x6e, 0x3a, 0x20, 0xe9, 0x0a), 'bytes that are not UTF-8'],
  ])('is refused in one fault: %s', (_, content, value) => {
    const faults = faultsOf(content)
    expect(faults).toHaveLength(1)
    expect(faults[0]?.value).toBe(value)
    expect(formatFaults(faults).length).toBeLessThan(500)
  })

  it.each([
    ['several documents', `${head}---\n${head}`, { line: 6, expected: 'one document in the file' }],
    ['a key that comes twice', `${head}name: again\n`, { line: 6, expected: 'each key once' }],
    ['tabs', `${head}policy:\n\tsoak: 1m\n`, { line: 7, expected: 'indentation by spaces' }],
    ['a quote that stays open', `${head}router: "x\n`, { expected: 'valid YAML' }],
    ['a tag of another language', `${head}router: !!js/function "x"\n`, { line: 6, expected: 'valid YAML' }],
  ])('says where the YAML is wrong: %s', (_, content, expected) => {
    expect(faultsOf(content)[0]).toMatchObject(expected)
  })

  it('is refused at once when its aliases multiply', () => {
    const levels = Array.from({ length: 30 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(9)}]`)
    const started = performance.now()
    const faults = faultsBelow(`l0: &l0 [x]\n${levels.join('\n')}\n`)
    expect(faults[0]?.suggestion).toContain('aliases')
    expect(performance.now() - started).toBeLessThan(2_000)
  })

  it('is refused when it is not there, or a directory', () => {
    mkdirSync(join(directory, 'folder'), { recursive: true })
    expect(readRelease(join(directory, 'none.yaml'))).toMatchObject({ faults: [{ value: 'no such file' }] })
    expect(readRelease(join(directory, 'folder'))).toMatchObject({ faults: [{ value: 'a directory' }] })
  })

  it('may begin with a byte order mark and have the line ends of Windows', () => {
    expect(faultsOf(`\uFEFF${head.replaceAll('\n', '\r\n')}`)).toEqual([])
  })

  it('cannot reach the prototypes of what reads it', () => {
    const faults = faultsBelow(
      '__proto__: { polluted: true }\nservices: { __proto__: { kinds: [job] }, constructor: { kinds: [job] } }\n',
    )
    expect(faults.map(({ path }) => path)).toContain('__proto__')
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})

describe('secrets in a release file', () => {
  const secret = 'hunter2'
  it.each([
    ['in the store’s URL', `store: postgresql://titrate:${secret}@db.internal/shop\n`],
    ['in the store’s URL in a map', `store: { postgresql: "postgresql://titrate:${secret}@db/shop" }\n`],
    ['in an address', `metrics: ["https://me:${secret}@metrics.internal/metrics"]\n`],
    ['in a query', `heartbeat: { url: "https://alive.example/ping?token=${secret}" }\n`],
    [
      'in a header',
      `notify: [{ webhook: { url: "https://a.example", headers: { Authorization: "Bearer ${secret}" } } }]\n`,
    ],
    ['in a password', `store: { postgresql: "postgresql://db/shop", password: ${secret} }\n`],
    ['in a test', `services: { a: { tests: { t: { url: "http://x:${secret}@a" } } } }\n`],
    ['in a line with another fault', `store: { postgres: "postgresql://titrate:${secret}@db/shop" }\n`],
    ['in an address that is none', `metrics: ["me:${secret}@metrics"]\n`],
  ])('are a fault that never shows them: %s', (_, rest) => {
    const faults = faultsBelow(rest)
    expect(faults.length).toBeGreaterThan(0)
    expect(JSON.stringify(faults)).not.toContain(secret)
    expect(formatFaults(faults)).not.toContain(secret)
  })

  it('go by reference, and paths in references are absolute', () => {
    const { release } = releaseOf(
      'store: { postgresql: "postgresql://titrate@db/shop", password: { variable: DB_PASSWORD } }\n' +
        'notify: [{ webhook: { url: { file: secrets/hook }, headers: { Authorization: { variable: HOOK } } } }]\n',
    )
    expect(release.store).toEqual({
      kind: 'postgresql',
      url: 'postgresql://titrate@db/shop',
      password: { kind: 'variable', name: 'DB_PASSWORD' },
    })
    expect(release.notify).toEqual([
      {
        kind: 'webhook',
        url: { kind: 'file', path: join(directory, 'secrets/hook') },
        headers: { Authorization: { kind: 'variable', name: 'HOOK' } },
        on: notifiedKinds,
      },
    ])
  })
})

describe('what the estate has', () => {
  const rest = [
    'services:',
    '  storefrnt: {}',
    '  checkout: { needs: [catalog] }',
    'parity: { waivers: [{ service: mailr, path: x, reason: y }] }',
    'calendar: { freezes: [{ name: f, from: 2026-11-01, until: 2026-11-02, services: [checkout, nobody] }] }',
    '',
  ].join('\n')

  it('has every service that the file names', () => {
    const file = releaseOf(rest)
    const faults = checkAgainstEstate(file, ['storefront', 'checkout', 'catalogue', 'mailer'])
    expect(faults.map(({ line, path, suggestion }) => `${line} ${path}: ${suggestion}`)).toEqual([
      '7 services.storefrnt: did you mean storefront?',
      '8 services.checkout.needs.0: did you mean catalogue?',
      '9 parity.waivers.0.service: did you mean mailer?',
      '10 calendar.freezes.0.services.1: null',
    ])
    expect(checkAgainstEstate(file, ['storefrnt', 'checkout', 'catalog', 'mailr', 'nobody'])).toEqual([])
  })

  it('may differ in what belongs to no service, which is waived as it is printed', () => {
    const waiver = 'parity: { waivers: [{ service: environment, path: DaemonSet shop/agent, reason: y }] }\n'
    expect(checkAgainstEstate(releaseOf(waiver), ['storefront'])).toEqual([])
  })
})

describe('a fault as people see it', () => {
  it('shows the line with a mark and what to write', () => {
    const [fault] = faultsBelow('policy:\n  weights: [1, 60, 50, 100]\n')
    if (fault === undefined) throw new Error('no fault')
    const shown = formatFault({ ...fault, file: 'release.yaml' }, `${head}policy:\n  weights: [1, 60, 50, 100]\n`)
    expect(shown).toBe(
      [
        'release.yaml:7:20  policy.weights.2: found 50, expected more than 60, which comes before it',
        '    7 |   weights: [1, 60, 50, 100]',
        '      |                    ^',
        '      = write [1, 50, 60, 100]',
      ].join('\n'),
    )
  })

  it('cuts a long line around the mark, and lets nothing steer the terminal', () => {
    const line = `name: ${'x'.repeat(300)}\u001b[2J${'y'.repeat(300)}`
    const fault = {
      file: 'f',
      line: 1,
      column: 300,
      path: 'name',
      value: null,
      expected: '\u001b[31mred',
      suggestion: null,
    }
    const shown = formatFault(fault, line)
    expect(shown).not.toContain('\u001b')
    const [, source = '', mark = ''] = shown.split('\n')
    expect(source.length).toBeLessThan(120)
    expect(source[mark.indexOf('^')]).toBe('x')
  })
})

it('tells people about the same things as the engine’s ports', () => {
  expect(notifiedKinds).toEqual(noticeKinds)
})
