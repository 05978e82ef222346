import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judgeDefaults } from '../judge/defaults.ts'
import { formatFaults } from './format-fault.ts'
import { readRelease } from './read-release.ts'
import { overridesOf, policyFor, rulesFor, settingsFor } from './release.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'resolved-'))
  writeFileSync(join(directory, 'blue.yaml'), 'blue')
  writeFileSync(join(directory, 'green.yaml'), 'green')
})
afterAll(() => rmSync(directory, { recursive: true }))

const resolved = (rest = '') => {
  const path = join(directory, 'release.yaml')
  const head = 'apiVersion: titrate.dev/v1alpha1\nkind: Release\nname: shop\nblue: blue.yaml\ngreen: green.yaml\n'
  writeFileSync(path, head + rest)
  const read = readRelease(path)
  if (read.kind === 'faults') throw new Error(formatFaults(read.faults))
  return read.value.release
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

describe('a release of which only two environments are said', () => {
  it('has the defaults of the design, every one explicit', () => {
    const release = resolved()
    expect(release.policy).toEqual({
      parallelMs: 24 * HOUR,
      maxPerWave: 5,
      afterRollback: 'hold',
      approvals: { beforeUserTraffic: false, beforeRelease: false },
    })
    expect(policyFor(release, 'anything', 1)).toEqual({
      weights: [1, 5, 25, 50, 100],
      shares: [25, 50, 100],
      dwell: { minMs: MINUTE, maxMs: 30 * MINUTE },
      soakMs: 10 * MINUTE,
      bakeMs: HOUR,
      missed: 'latest',
      blindLimitMs: 5 * MINUTE,
      holdLimit: { afterMs: 10 * MINUTE, then: 'call' },
      stepLimitMs: HOUR,
      goodRuns: null,
      trialRun: false,
      judge: {
        intervalMs: 5 * SECOND,
        alpha: 0.01,
        errorRatio: 1.2,
        errorDelta: 0.0003,
        latencyMargin: 1.05,
        latencyRollbackMargin: 1.25,
        throughputRatio: 0.9,
        toleratedExtra: null,
        warmUpMs: 4 * MINUTE,
        maxErrorRatio: null,
        maxLatencySeconds: null,
        dispersion: null,
      },
    })
  })

  it('judges as the judge does by itself', () => {
    const { judge, dwell } = policyFor(resolved(), 'anything', 1)
    expect(judge).toMatchObject({
      intervalMs: judgeDefaults.intervalMs,
      alpha: judgeDefaults.alpha,
      errorRatio: judgeDefaults.errors.rho,
      errorDelta: judgeDefaults.errors.delta,
      latencyMargin: 1 + judgeDefaults.latency.margin,
      latencyRollbackMargin: 1 + judgeDefaults.latency.rollbackMargin,
      throughputRatio: judgeDefaults.drop.rho,
      toleratedExtra: null,
      warmUpMs: judgeDefaults.warmUpMs,
    })
    expect(dwell).toEqual(judgeDefaults.dwell)
  })

  it('keeps its journal beside the file, and knows the hash of each file', () => {
    const release = resolved()
    expect(release.store).toEqual({ kind: 'sqlite', path: join(directory, '.titrate/releases/shop/journal.db') })
    expect(release.blue).toEqual({ kind: 'local', file: join(directory, 'blue.yaml') })
    expect(Object.keys(release.files)).toEqual(['release.yaml', 'blue.yaml', 'green.yaml'])
    // printf blue | sha256sum
    expect(release.files['blue.yaml']).toBe('16477688c0e00699c6cfa4497a3612d7e83c532062b64b250fed8908128ed548')
    expect(resolved('# a remark\n').files['release.yaml']).not.toBe(release.files['release.yaml'])
  })

  it('can be printed and read again without a loss', () => {
    const release = resolved()
    expect(JSON.parse(JSON.stringify(release))).toEqual(release)
  })
})

describe('the policy of a service', () => {
  const release = () =>
    resolved(
      [
        'policy:',
        '  dwell: { min: 10s }',
        '  weights: [10, 100]',
        '  judge: { alpha: { perRelease: 0.04 }, errors: { ratio: 1.5 } }',
        'services:',
        '  checkout: { policy: { dwell: { max: 1h }, judge: { errors: { objective: 0.02 } } } }',
        '  pricing: { policy: { weights: [50, 100], judge: { alpha: 0.05, latency: { objective: { quantile: 0.99, within: 250ms } } } } }',
        '',
      ].join('\n'),
    )

  it('is the service’s own over the release’s over the defaults, key by key', () => {
    const { dwell, weights, judge } = policyFor(release(), 'checkout', 4)
    expect(dwell).toEqual({ minMs: 10 * SECOND, maxMs: HOUR })
    expect(weights).toEqual([10, 100])
    expect(judge).toMatchObject({ errorRatio: 1.5, errorDelta: 0.0003, maxErrorRatio: 0.02 })
  })

  it('replaces lists as a whole', () => {
    expect(policyFor(release(), 'pricing', 4).weights).toEqual([50, 100])
    expect(policyFor(release(), 'pricing', 4).judge.maxLatencySeconds).toEqual({ quantile: 0.99, seconds: 0.25 })
  })

  it('divides the release’s alpha by the judged services, but for those that have their own', () => {
    expect(policyFor(release(), 'checkout', 4).judge.alpha).toBe(0.01)
    expect(policyFor(release(), 'unnamed', 8).judge.alpha).toBe(0.005)
    expect(policyFor(release(), 'pricing', 4).judge.alpha).toBe(0.05)
  })

  it('is that of any service for a name that every object has', () => {
    expect(policyFor(release(), 'constructor', 4).weights).toEqual([10, 100])
  })
})

describe('what is special about a service', () => {
  const release = () =>
    resolved(
      [
        'policy: { windows: [office] }',
        'services:',
        '  mailer: { needs: [catalogue], concurrency: one, kinds: [worker], confirmed: [interruption] }',
        '  digest: { needs: { also: [mailer], not: [pricing] }, nameOnGreen: digest-v2, windows: [] }',
        '  checkout:',
        '    tests:',
        '      smoke: { path: /ready, expectStatus: 204 }',
        '      stress: { path: /, rate: 100 }',
        '      unit: { command: [make, smoke], timeout: 2m, maxAge: 10m }',
        '      outside: { url: "https://status.example/shop" }',
        '    approvals: [{ name: uat, by: [alice, bob], before: weight 1 }]',
        '    conditions: [{ name: calm, when: requests.blue < 500.0 }]',
        'calendar:',
        '  zone: Europe/Paris',
        '  windows: { office: { days: [mon-thu, sun], hours: ["09:00-17:00", "22:00-02:00"] }, night: { cron: 0 22 * * *, for: 6h, zone: UTC } }',
        '  freezes:',
        '    - { name: sale, from: 2026-11-26, until: 2026-11-30, reason: Black Friday }',
        '    - { name: audit, from: 2026-12-01T08:00, until: 2026-12-01T12:00, services: [checkout] }',
        'parity: { waivers: [{ service: mailer, path: variables.HOST, reason: other host, until: 2026-12-31 }] }',
        '',
      ].join('\n'),
    )

  it('is told to the inventory', () => {
    expect(overridesOf(release())).toEqual({
      mailer: { needs: ['catalogue'], concurrency: 'one', kinds: ['worker'] },
      digest: { needs: ['mailer'], needsNot: ['pricing'], greenName: 'digest-v2' },
      checkout: {},
    })
  })

  it('is told to the plan: tests, approvals, conditions, windows and freezes', () => {
    expect(rulesFor(release(), 'checkout')).toEqual({
      tests: {
        smoke: {
          test: { kind: 'green http', path: '/ready', expectStatus: 204, timeoutMs: 30 * SECOND },
          maxAgeMs: HOUR,
        },
        stress: { test: { kind: 'stress', path: '/', ratePerSecond: 100, durationMs: 30 * SECOND }, maxAgeMs: HOUR },
        unit: {
          test: { kind: 'command', command: ['make', 'smoke'], timeoutMs: 2 * MINUTE },
          maxAgeMs: 10 * MINUTE,
        },
        outside: {
          test: { kind: 'http', url: 'https://status.example/shop', expectStatus: null, timeoutMs: 30 * SECOND },
          maxAgeMs: HOUR,
        },
      },
      approvals: [{ name: 'uat', by: ['alice', 'bob'], before: 'weight 1' }],
      conditions: [{ name: 'calm', cel: 'requests.blue < 500.0', before: 'crossing' }],
      windows: ['office'],
      freezes: ['sale', 'audit'],
      confirmed: [],
    })
    expect(rulesFor(release(), 'mailer')).toMatchObject({ confirmed: ['interruption'], freezes: ['sale'] })
    expect(rulesFor(release(), 'unnamed')).toMatchObject({ windows: ['office'], freezes: ['sale'], tests: {} })
  })

  it('leaves a service free of the release’s windows that names none', () => {
    expect(settingsFor(release(), 'digest').windows).toEqual([])
  })

  it('has times as instants and as milliseconds of the wall clock', () => {
    const { calendar, parity } = release()
    expect(calendar.windows).toEqual({
      office: [
        {
          kind: 'weekly',
          days: [0, 1, 2, 3, 6],
          hours: [
            { from: 9 * HOUR, until: 17 * HOUR },
            { from: 22 * HOUR, until: 2 * HOUR },
          ],
          zone: 'Europe/Paris',
        },
      ],
      night: [{ kind: 'cron', cron: '0 22 * * *', forMs: 6 * HOUR, zone: 'UTC' }],
    })
    expect(
      calendar.freezes.map(({ fromMs, untilMs }) => [fromMs, untilMs].map((at) => new Date(at).toISOString())),
    ).toEqual([
      ['2026-11-25T23:00:00.000Z', '2026-11-30T23:00:00.000Z'],
      ['2026-12-01T07:00:00.000Z', '2026-12-01T11:00:00.000Z'],
    ])
    expect(new Date(parity.waivers[0]?.untilMs ?? 0).toISOString()).toBe('2026-12-31T23:00:00.000Z')
  })
})
