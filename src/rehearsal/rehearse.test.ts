import { beforeAll, describe, expect, it } from 'vitest'
import { readRelease } from '../config/read-release.ts'
import { anEstate, aSchedule, aService, listening, published } from '../inventory/testing/build-estate.ts'
import { createStage } from '../main/rehearsal-stage.ts'
import type { ServiceRules } from '../plan/plan-input.ts'
import { aPlan, aPolicy, aReleasePolicy } from '../plan/testing/build-plan.ts'
import type { Finding } from './assumption.ts'
import type { FaultPlayed, Rehearsal } from './rehearsal.ts'
import { type RehearsalOptions, rehearse } from './rehearse.ts'

const noon = Date.UTC(2026, 0, 7, 12)

/** One service of each kind, and a quiet one. */
const shop = () =>
  anEstate([
    aService('catalogue', { port: listening, replicas: 2 }),
    aService('mailer', { takesFrom: ['orders'], replicas: 4 }),
    aService('invoices', { schedule: aSchedule({ cron: '*/5 * * * *' }) }),
    aService('storefront', { port: published, replicas: 2 }),
    aService('backoffice', { port: published, replicas: 2 }),
  ])

const rate = (value: number): Finding => ({ rate: { value, source: 'measured', note: 'over 3 s' } })
const found = new Map([
  ['storefront', rate(200)],
  ['backoffice', rate(4)],
  ['mailer', rate(20)],
])

const play = (parts: Partial<RehearsalOptions> & { readonly rules?: Readonly<Record<string, ServiceRules>> } = {}) => {
  const { rules = {}, ...more } = parts
  const estate = shop()
  const plan = aPlan(estate, { rulesOf: (service) => rules[service] ?? {} })
  return rehearse({
    ...{ plan, estate, found, stage: createStage({ calendar: { windows: {}, freezes: [] } }, plan) },
    ...{ notFound: [], set: new Map(), now: noon, seed: 3, runs: 1, faultRuns: 3, faults: [], targets: [] },
    ...{ tell: () => undefined, signal: new AbortController().signal },
    ...more,
  })
}

const of = ({ faults }: Rehearsal, fault: string, service: string): FaultPlayed => {
  const one = faults.find((each) => each.fault === fault && each.service === service)
  if (one === undefined) throw new Error(`${fault} of ${service} was not played`)
  return one
}

describe('a rehearsal', () => {
  it('is the same for the same seed, and another for another', async () => {
    const [one, again, other] = [
      await play({ faults: ['errors-5'] }),
      await play({ faults: ['errors-5'] }),
      await play({ faults: ['errors-5'], seed: 4 }),
    ]
    expect(again).toEqual(one)
    expect(other.faults).not.toEqual(one.faults)
  })

  it('divides all of the time over its phases, and plays the parallel operation whole', async () => {
    const { time } = await play({ runs: 3 })
    const sum = time?.phases.reduce((all, { share }) => all + share, 0)
    expect(sum).toBeCloseTo(1, 6)
    expect(time?.phases.find(({ phase }) => phase === 'parallel')?.p50).toBe(24 * 3_600_000)
    const total = time?.total
    if (total === undefined) throw new Error('no time')
    expect(total.least).toBeLessThanOrEqual(total.p50)
    expect(total.p50).toBeLessThanOrEqual(total.p95)
    expect(total.p95).toBeLessThanOrEqual(total.most)
    expect(time?.falseAlarms).toEqual([])
  })

  it('shows every step of every service, and the weights in order', async () => {
    const { time } = await play()
    const moves = time?.waves.flatMap((wave) => wave.moves) ?? []
    expect(moves.map(({ service }) => service).toSorted()).toEqual([
      'backoffice',
      'catalogue',
      'invoices',
      'mailer',
      'storefront',
    ])
    const storefront = moves.find(({ service }) => service === 'storefront')
    expect(storefront?.steps.flatMap(({ green }) => (green === null ? [] : [green]))).toEqual([1, 5, 25, 50, 100])
  })

  it('waits for people as long as they are assumed to need, and counts it as theirs', async () => {
    const rules = { storefront: { approvals: [{ name: 'go', before: 'weight 25' }] } }
    const quick = await play({ rules, set: new Map([['answer', 60_000]]) })
    const slow = await play({ rules, set: new Map([['answer', 3_600_000]]) })
    const people = ({ time }: Rehearsal) => time?.phases.find(({ phase }) => phase === 'people')?.p50
    expect(people(quick)).toBe(60_000)
    expect(people(slow)).toBe(3_600_000)
  })

  it('says which service waits for what where the release cannot end', async () => {
    const rules = { storefront: { conditions: [{ name: 'quiet', cel: 'wave > 99', before: 'weight 5' }] } }
    const { outcome, stuck, time } = await play({
      rules,
      set: new Map([['patience', 86_400_000]]),
      faults: ['errors-5'],
    })
    expect(outcome).toBe('cannot end')
    expect(time).toBeNull()
    expect(stuck).toContainEqual({
      service: 'storefront',
      step: 'weight 5',
      because: '"quiet" does not hold: wave > 99',
    })
  })

  it('takes no worker back because its copies need a while to start', async () => {
    const { time } = await play({ set: new Map([['start.mailer', 40_000]]) })
    expect(time?.falseAlarms).toEqual([])
  })

  it('names what it assumed for want of a measurement, and what was set', async () => {
    const { assumptions, notes } = await play({
      found: new Map([['storefront', rate(200)]]),
      notFound: ['no metrics are read'],
      set: new Map([['latency.storefront', 7]]),
    })
    expect(notes).toEqual(['Not measured, so assumed: how much backoffice, mailer have to do (no metrics are read)'])
    const shown = assumptions.map(({ key, service, value, source }) => [key, service, value, source])
    expect(shown).toContainEqual(['rate', null, 50, 'assumed'])
    expect(shown).toContainEqual(['rate', 'storefront', 200, 'measured'])
    expect(shown).toContainEqual(['latency', 'storefront', 7, 'set'])
  })
})

describe('a fault in a rehearsal', () => {
  let played: Rehearsal
  beforeAll(async () => {
    played = await play({
      faults: [
        'errors-1',
        'errors-5',
        'errors-50',
        'errors-100',
        'latency-2',
        'crash-loop',
        'job-failures',
        'blind-metrics',
        'slow-start-10',
      ],
    })
  })

  it('is noticed the sooner the more fails, and costs few requests', () => {
    const all = ['errors-1', 'errors-5', 'errors-50', 'errors-100'].map((fault) => of(played, fault, 'storefront'))
    const noticed = all.map(({ noticeMs }) => noticeMs?.p50 ?? Number.POSITIVE_INFINITY)
    expect(noticed).toEqual(noticed.toSorted((a, b) => b - a))
    for (const { noticed: how, cost, backMs, noticeMs } of all) {
      expect(how['went back']).toBe(3)
      expect(cost.most).toBeLessThan(60)
      expect(backMs?.p50 ?? 0).toBeGreaterThan(noticeMs?.p50 ?? 0)
    }
  })

  it('costs more at once the more of the work fails', () => {
    const costs = ['errors-5', 'errors-50', 'errors-100'].map((fault) => of(played, fault, 'mailer').cost.p50)
    expect(costs).toEqual(costs.toSorted((a, b) => a - b))
  })

  it('is rehearsed with the busiest and the quietest service', () => {
    expect(of(played, 'errors-5', 'backoffice').noticeMs?.p50).toBeGreaterThan(
      of(played, 'errors-5', 'storefront').noticeMs?.p50 ?? 0,
    )
  })

  it('ends as the policy says: slow and dying copies go back, failing jobs and blindness call a person', () => {
    expect(of(played, 'latency-2', 'storefront').noticed['went back']).toBe(3)
    expect(of(played, 'crash-loop', 'storefront').noticed['went back']).toBe(3)
    expect(of(played, 'job-failures', 'invoices').noticed['called a person']).toBe(3)
    expect(of(played, 'blind-metrics', 'storefront').noticed['called a person']).toBe(3)
    expect(of(played, 'blind-metrics', 'storefront').cost).toMatchObject({ of: 'nothing', most: 0 })
    const later = of(played, 'slow-start-10', 'catalogue').laterMs?.p50 ?? 0
    expect(Math.round(later / 1_000)).toBe(45)
  })

  it('counts the time until a called person has taken it back', () => {
    const { noticeMs, backMs } = of(played, 'job-failures', 'invoices')
    expect((backMs?.p50 ?? 0) - (noticeMs?.p50 ?? 0)).toBeGreaterThanOrEqual(900_000)
  })

  it('that nobody would notice at this rate is said to be so, with how long it would take', async () => {
    const quiet = await play({ faults: ['errors-0.1'], targets: ['backoffice'] })
    const one = of(quiet, 'errors-0.1', 'backoffice')
    expect(one.noticed['not noticed']).toBe(3)
    expect(one.would?.ms).toBeGreaterThan(3 * 3_600_000)
    expect(quiet.sight.find(({ service }) => service === 'backoffice')?.doubledMs).toBeGreaterThan(3 * 3_600_000)
  })

  it('takes everything back, and counts until the last is there, where the policy says so', async () => {
    const estate = shop()
    const plan = aPlan(estate, { policy: aReleasePolicy({ afterRollback: 'release' }) })
    const { faults } = await play({ plan, estate, faults: ['errors-50'], targets: ['storefront'] })
    // The worker's replicas on blue have to start again.
    expect((faults[0]?.backMs?.p50 ?? 0) - (faults[0]?.noticeMs?.p50 ?? 0)).toBeGreaterThan(5_000)
  })
})

describe('advice', () => {
  it('lets a quiet service be proven in time, with lines that the release file takes', async () => {
    const estate = shop()
    const tolerating = (toleratedExtra: number) => {
      const policyOf = (service: string) => {
        const policy = aPolicy()
        return service === 'backoffice' ? { ...policy, judge: { ...policy.judge, toleratedExtra } } : policy
      }
      return play({ estate, runs: 1, plan: aPlan(estate, { policyOf }) })
    }
    const before = await tolerating(0.0005)
    const advice = before.advice.find(({ service }) => service === 'backoffice')
    expect(advice?.because).toMatch(/^backoffice goes on unproven at weight 1/)
    expect(advice?.yaml).toContain('toleratedExtra')
    const after = await tolerating(Number(/toleratedExtra: ([\d.]+)/.exec(advice?.yaml ?? '')?.[1]))
    const timed = ({ time }: Rehearsal): number =>
      (time?.waves ?? [])
        .flatMap(({ moves }) => moves.flatMap(({ steps }) => steps))
        .filter(({ verdict }) => verdict === 'timed').length
    expect(timed(after)).toBeLessThan(timed(before))
  })

  it('is none where nothing could be better', async () => {
    const estate = shop()
    const plan = aPlan(estate, { policy: aReleasePolicy({ parallelMs: 3_600_000 }) })
    const { advice } = await play({
      estate,
      plan,
      faults: ['errors-5'],
      found: new Map([...found, ['backoffice', rate(200)]]),
    })
    expect(advice.filter(({ service }) => service !== 'mailer')).toEqual([])
  })

  it('is written as the release file has it', async () => {
    const { advice } = await play({ faults: ['errors-0.1'], targets: ['storefront'] })
    expect(advice.length).toBeGreaterThan(0)
    const { mkdtemp, writeFile, rm } = await import('node:fs/promises')
    const folder = await mkdtemp('/tmp/titrate-advice-')
    const header = 'apiVersion: titrate.dev/v1alpha1\nkind: Release\nname: shop\nblue: blue.yaml\ngreen: green.yaml\n'
    for (const side of ['blue', 'green']) await writeFile(`${folder}/${side}.yaml`, 'kind: Environment\n')
    for (const { yaml } of advice) {
      await writeFile(`${folder}/release.yaml`, `${header}${yaml}\n`)
      expect(readRelease(`${folder}/release.yaml`)).toMatchObject({ kind: 'ok' })
    }
    await rm(folder, { recursive: true })
  })
})
