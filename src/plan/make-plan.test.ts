import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Estate, ServiceDefinition } from '../inventory/estate.ts'
import type { Overrides } from '../inventory/overrides.ts'
import {
  addressOf,
  anEstate,
  aSchedule,
  aService,
  aShop,
  listening,
  plain,
  published,
} from '../inventory/testing/build-estate.ts'
import { frozen } from '../journal/testing/frozen.ts'
import { makePlan } from './make-plan.ts'
import type { PlanInput, ServiceRules } from './plan-input.ts'
import type { Policy } from './policy.ts'
import { aPlan, aPlanInput, aPolicy, aReleasePolicy, moveOf, planned, stepLines } from './testing/build-plan.ts'

const alone = (
  service: ServiceDefinition,
  parts: {
    readonly policy?: Partial<Policy>
    readonly rules?: ServiceRules
    readonly runsPerDay?: PlanInput['runsPerDay']
  } = {},
) => {
  const { policy, rules, ...input } = parts
  const plan = aPlan(anEstate([service]), { policyOf: () => aPolicy(policy), rulesOf: () => rules ?? {}, ...input })
  return moveOf(plan, service.name)
}

describe('waves', () => {
  it('move what no user sees first, dependencies before dependents, the least risky first', () => {
    const { waves } = aPlan(anEstate(aShop()))
    expect(waves.map(({ phase, services }) => [phase, services])).toEqual([
      ['non-exposed', ['cleanup', 'invoices', 'mailer', 'pricing']],
      ['non-exposed', ['catalogue']],
      ['exposed', ['checkout', 'storefront']],
    ])
  })

  it('say why a service is where it is', () => {
    const plan = aPlan(anEstate(aShop()), { policy: aReleasePolicy({ maxPerWave: 2 }) })
    expect(plan.waves.map(({ services }) => services)).toEqual([
      ['cleanup', 'invoices'],
      ['mailer', 'pricing'],
      ['catalogue'],
      ['checkout', 'storefront'],
    ])
    expect(moveOf(plan, 'cleanup').why).toContain(
      'It is in wave 1 because it needs nothing that moves in this release.',
    )
    expect(moveOf(plan, 'mailer').why).toContain(
      'It is in wave 2 because it could move from wave 1 on, but less risky ones filled the waves before.',
    )
    expect(moveOf(plan, 'catalogue').why).toContain('It is in wave 3 because it needs pricing, settled in wave 2.')
    expect(moveOf(plan, 'storefront').why).toContain('It is in wave 4 because it needs catalogue, settled in wave 3.')
    expect(moveOf(plan, 'storefront').why).toContain(
      'It needs catalogue: its variable CATALOGUE_URL is the address of it.',
    )
  })

  it('move, of what could move now, what has fewer dependents first, then fewer replicas, then by kind and name', () => {
    const estate = anEstate([
      aService('api', { port: listening }),
      aService('b-worker', { takesFrom: ['q'], variables: { X: addressOf('api') } }),
      aService('big', { takesFrom: ['q'], replicas: 9 }),
      aService('c-internal', { port: listening }),
      aService('a-worker', { takesFrom: ['q'] }),
      aService('job', { schedule: aSchedule() }),
    ])
    const { waves } = aPlan(estate, { policy: aReleasePolicy({ maxPerWave: 1 }) })
    expect(waves.flatMap(({ services }) => services)).toEqual([
      'job',
      'c-internal',
      'a-worker',
      'big',
      'api',
      'b-worker',
    ])
  })

  it('move an inferred cycle together, also when it is larger than a wave', () => {
    const ring = ['a', 'b', 'c'].map((name, index) =>
      aService(name, { port: listening, variables: { NEXT: addressOf(['b', 'c', 'a'][index] ?? '', 9000 + index) } }),
    )
    const plan = aPlan(anEstate([...ring, aService('w', { takesFrom: ['q'] })]), {
      policy: aReleasePolicy({ maxPerWave: 2 }),
    })
    expect(plan.cycles).toEqual([['a', 'b', 'c']])
    expect(plan.waves.map(({ services }) => services)).toEqual([['w'], ['a', 'b', 'c']])
    expect(plan.waves[1]?.why).toBe(
      'They call each other in a circle, so all 3 move together, although that is more than maxPerWave (2).',
    )
    expect(moveOf(plan, 'a')).toMatchObject({ needs: [], reaches: ['b'] })
  })

  it('cut a circle between what users reach and what they do not: the latter moves first', () => {
    const estate = anEstate([
      aService('web', { port: published, variables: { P: addressOf('prices', 9001) } }),
      aService('prices', { port: listening, variables: { W: addressOf('web', 9002) } }),
    ])
    const plan = aPlan(estate)
    expect(plan.waves.map(({ services }) => services)).toEqual([['prices'], ['web']])
    expect(plan.cycles).toEqual([])
    expect(moveOf(plan, 'prices')).toMatchObject({ needs: [], reaches: ['web'] })
    expect(moveOf(plan, 'prices').why.join()).toContain('the copy on green is made ready without users')
    expect(moveOf(plan, 'web')).toMatchObject({ needs: ['prices'] })
    expect(moveOf(plan, 'web').reaches).toBeUndefined()
  })

  it('expect the time of the longest move of each wave, and of the parallel operation', () => {
    const plan = aPlan(anEstate(aShop()))
    const longest = plan.waves.map(({ services }) => Math.max(...services.map((name) => moveOf(plan, name).expectedMs)))
    expect(plan.expectedMs).toBe(longest.reduce((a, b) => a + b, 0) + plan.policy.parallelMs)
    expect(moveOf(plan, 'invoices').expectedMs).toBe(1_000 + 2_000 + 3 * 5 * 60_000)
  })
})

describe('a job', () => {
  const job = aService('nightly', { schedule: aSchedule() })

  it('is handed over, and watched for good runs', () => {
    const move = alone(job)
    expect(stepLines(move)).toEqual([
      'provision: [] provision []',
      '!hand over: [same version] schedule green []',
      '!watch: [] nothing [good runs]',
    ])
    expect(move.steps.at(-1)?.after).toEqual([{ kind: 'good runs', count: 3 }])
    expect(move.unproven).toBeNull()
  })

  it.each([
    [288, null, 3],
    [2, null, 2],
    [288, 7, 7],
    [1, 7, 7],
  ])('with %i runs a day and goodRuns %s needs %i good runs', (runs, goodRuns, count) => {
    const { steps } = alone(job, { runsPerDay: { nightly: runs }, policy: { goodRuns } })
    expect(steps.at(-1)?.after).toEqual([{ kind: 'good runs', count }])
  })

  it('has its trial run where that is allowed', () => {
    const move = alone(job, { policy: { trialRun: true } })
    expect(stepLines(move)).toEqual([
      'provision: [] provision []',
      '!trial run: [same version] test trial run [test trial run]',
      '!hand over: [same version] schedule green []',
      '!watch: [] nothing [good runs]',
    ])
    expect(move.tests).toMatchObject({ 'trial run': { kind: 'trial run' } })
  })

  it('that runs too rarely settles unproven after its trial run', () => {
    const move = alone(job, { policy: { trialRun: true }, runsPerDay: { nightly: 0 } })
    expect(move.steps.map(({ name }) => name)).toEqual(['provision', 'trial run', 'hand over'])
    expect(move.unproven).toBe('it has no run in 24 hours: only its trial run was seen')
  })

  it('that runs too rarely and has no trial run waits for a run or a named skip', () => {
    const move = alone(job, { runsPerDay: { nightly: 0 } })
    expect(move.steps.at(-1)).toMatchObject({ name: 'watch', after: [{ kind: 'good runs', count: 1 }] })
    expect(move.unproven).toContain('no trial run')
    expect(move.why.join()).toContain('titrate skip, with a reason')
  })

  it('that is suspended on blue is never run, and settles at once', () => {
    const suspended = aService('cleanup', { schedule: aSchedule({ suspended: true }) })
    const move = alone(suspended, { policy: { trialRun: true } })
    expect(move).toMatchObject({ suspended: true, unproven: expect.stringContaining('suspended') })
    expect(stepLines(move)).toEqual(['provision: [] provision []', '!hand over: [same version] schedule green []'])
  })
})

describe('a worker', () => {
  const worker = (parts: Partial<ServiceDefinition>) => aService('mailer', { takesFrom: ['orders'], ...parts })

  it('is shifted by shares, then watched', () => {
    expect(stepLines(alone(worker({ replicas: 4 })))).toEqual([
      'provision: [] provision []',
      '!shift 25: [same version] workload 3 1 [ready, verdict]',
      '!shift 50: [same version] workload 2 2 [ready, verdict]',
      '!shift 100: [same version] workload 0 4 [ready, verdict]',
      '!watch: [] nothing [soak]',
    ])
  })

  it.each([
    [1, [25, 50, 100], ['shift 100']],
    [2, [25, 50, 100], ['shift 50', 'shift 100']],
    [3, [25, 50, 100], ['shift 33', 'shift 67', 'shift 100']],
    [4, [30], ['shift 50', 'shift 100']],
  ])('of %i replicas by shares %j goes in steps %j', (replicas, shares, names) => {
    const { steps } = alone(worker({ replicas }), { policy: { shares } })
    expect(steps.map(({ name }) => name).filter((name) => name.startsWith('shift'))).toEqual(names)
  })

  it('of which only one may run is stopped before it starts', () => {
    const move = alone(worker({ strategy: 'Recreate' }))
    expect(move.exclusive).toBe(true)
    expect(stepLines(move)[1]).toBe('!switch: [same version] workload 0 1 true [ready, verdict]')
    expect(move.why).toContain('Only one copy of it may run anywhere: it has one replica and the strategy Recreate.')
  })

  it('that acts at its start is asked about first, unless that was answered', () => {
    const service = worker({ actsAtStart: ['migrations'], takesFrom: ['orders'] })
    expect(stepLines(alone(service))[1]).toContain('[approval acts at start, same version]')
    expect(stepLines(alone(service, { rules: { confirmed: ['acts at start'] } }))[1]).toContain('[same version]')
  })

  it('with no replicas on blue gets none on green', () => {
    const move = alone(worker({ replicas: 0 }))
    expect(move.steps.map(({ name }) => name)).toEqual(['provision'])
    expect(move.unproven).toContain('no replicas')
  })
})

describe('an internal service', () => {
  it('gets its copy on green, which is tested and watched; the one on blue stays', () => {
    expect(stepLines(alone(aService('prices', { port: listening, replicas: 2 })))).toEqual([
      'provision: [] provision []',
      '!ready: [same version] workload 2 2 [ready]',
      '!smoke: [] test smoke [test smoke]',
      '!watch: [] nothing [ready, soak]',
    ])
  })

  it('may have a test that is called like a step', () => {
    const test = { test: { kind: 'command', command: ['true'], timeoutMs: 1_000 }, maxAgeMs: 1_000 } as const
    const move = alone(aService('prices', { port: listening }), { rules: { tests: { ready: test, dns: test } } })
    expect(move.steps.map(({ name }) => name)).toEqual(['provision', 'ready', 'test ready', 'dns', 'watch'])
    expect(Object.keys(move.tests)).toEqual(['ready', 'dns'])
  })

  it('of which only one may run asks before its callers lose it', () => {
    const only = aService('prices', { port: listening, lease: 'leader' })
    expect(stepLines(alone(only))[1]).toBe('!switch: [same version] workload 0 1 true [ready]')
    const called = anEstate([only, aService('w', { takesFrom: ['q'], variables: { P: addressOf('prices') } })])
    expect(stepLines(moveOf(aPlan(called), 'prices'))[1]).toContain('approval interruption')
  })
})

describe('an exposed service', () => {
  const web = aService('web', { port: published, replicas: 2 })
  const rules: ServiceRules = {
    tests: {
      smoke: { test: { kind: 'command', command: ['./smoke'], timeoutMs: 1_000 }, maxAgeMs: 5_000 },
      stress: { test: { kind: 'stress', path: '/', ratePerSecond: 50, durationMs: 30_000 }, maxAgeMs: 5_000 },
    },
    approvals: [{ name: 'shop owner', before: 'crossing' }],
    conditions: [{ name: 'calm', cel: 'true', before: 'weight 50' }],
    windows: ['office'],
    freezes: ['christmas'],
  }

  it('is prepared without users, then goes by weights, then bakes', () => {
    expect(stepLines(alone(web, { policy: { weights: [5, 100] } }))).toEqual([
      'provision: [] provision []',
      'ready: [] workload 2 2 [ready]',
      'smoke: [] test smoke [test smoke]',
      '!weight 5: [same version, ready] weights 5 [verdict]',
      '!weight 100: [same version, ready] weights 100 [verdict]',
      '!bake: [] nothing [soak]',
    ])
  })

  it('waits for all that people declared, where they declared it', () => {
    const policy = aReleasePolicy({ approvals: { beforeUserTraffic: true, beforeRelease: true } })
    const plan = aPlan(anEstate([web]), {
      policy,
      rulesOf: () => rules,
      policyOf: () => aPolicy({ weights: [50, 100] }),
    })
    expect(stepLines(moveOf(plan, 'web'))).toEqual([
      'provision: [] provision []',
      'ready: [] workload 2 2 [ready]',
      'smoke: [] test smoke [test smoke]',
      'stress: [] test stress [test stress]',
      'uat: [] nothing [approval shop owner, approval user traffic]',
      '!weight 50: [condition calm, same version, window office, window christmas, ready] weights 50 [verdict]',
      '!weight 100: [approval release, same version, window office, window christmas, ready] weights 100 [verdict]',
      '!bake: [] nothing [soak]',
    ])
  })

  it('that also takes work needs a person to confirm that both sides may', () => {
    const both = aService('web', { port: published, takesFrom: ['orders'] })
    const move = alone(both)
    expect(move).toMatchObject({ kind: 'exposed', kinds: ['worker', 'exposed'] })
    expect(stepLines(move)).toContain('uat: [] nothing [approval both sides take work]')
    expect(move.why.join(' ')).toContain('both copies take work from orders at once')
    expect(alone(both, { rules: { confirmed: ['both sides take work'] } }).steps.map(({ name }) => name)).not.toContain(
      'uat',
    )
  })

  it('of which only one may run asks before users are cut off, and goes at once', () => {
    const move = alone(aService('web', { port: published, strategy: 'Recreate' }))
    expect(stepLines(move)).toEqual([
      'provision: [] provision []',
      'uat: [] nothing [approval interruption]',
      '!switch: [same version] workload 0 1 true [ready]',
      '!smoke: [] test smoke [test smoke]',
      '!weight 100: [same version, ready] weights 100 [verdict]',
      '!bake: [] nothing [soak]',
    ])
  })
})

describe('refusals', () => {
  const refused = (estate: Estate, parts: Partial<PlanInput> = {}) => {
    const outcome = makePlan(aPlanInput(estate, parts))
    return outcome.kind === 'refused'
      ? outcome.findings.filter(({ severity }) => severity === 'blocks').map(({ message }) => message)
      : outcome
  }

  it('name all that stands against a plan at once', () => {
    const estate = anEstate([
      aService('mystery'),
      aService('web', { port: published, replicas: 0 }),
      aService('job', { schedule: aSchedule() }),
    ])
    expect(refused(estate, { routerServices: [], runsPerDay: {} })).toEqual([
      expect.stringContaining("The kind of mystery can't be told"),
      expect.stringContaining('How often job runs in 24 hours could not be told'),
      expect.stringContaining("web is exposed, but the router doesn't listen for it"),
      expect.stringContaining('web is exposed, but has 0 replicas on blue'),
    ])
  })

  it('include a declared cycle', () => {
    const services = [aService('a', { port: listening }), aService('b', { port: listening })]
    const overrides: Overrides = { a: { needs: ['b'] }, b: { needs: ['a'] } }
    expect(refused(anEstate(services, { overrides }))).toEqual([
      expect.stringContaining('a and b are declared to need each other in a circle'),
    ])
  })

  it('include a gate before a step that there is not', () => {
    const estate = anEstate([aService('prices', { port: listening })])
    expect(refused(estate, { rulesOf: () => ({ approvals: [{ name: 'dba', before: 'weight 7' }] }) })).toEqual([
      expect.stringContaining(
        'before the step "weight 7", which prices doesn\'t have; its steps are provision, ready, smoke, watch',
      ),
    ])
  })
})

it('asks the policy of a service with the number of judged services', () => {
  const asked: [string, number][] = []
  aPlan(anEstate(aShop()), {
    policyOf: (service, judged) => {
      asked.push([service, judged])
      return aPolicy()
    },
  })
  expect(asked).toHaveLength(7)
  expect(new Set(asked.map(([, judged]) => judged))).toEqual(new Set([3]))
})

describe('any estate', () => {
  const kinds = ['job', 'worker', 'internal', 'exposed', 'both'] as const
  type Drawn = { readonly kind: (typeof kinds)[number]; readonly replicas: number; readonly needs: readonly number[] }
  const drawn: fc.Arbitrary<readonly Drawn[]> = fc.array(
    fc.record({
      kind: fc.constantFrom(...kinds),
      replicas: fc.integer({ min: 1, max: 6 }),
      needs: fc.array(fc.nat(24), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 25 },
  )
  const nameOf = (index: number): string => `s${index}`
  const servicesOf = (all: readonly Drawn[]): readonly ServiceDefinition[] =>
    all.map(({ kind, replicas, needs }, index) =>
      aService(nameOf(index), {
        ...(kind === 'job' ? { schedule: aSchedule(), replicas: 0 } : { replicas }),
        ...(kind === 'worker' || kind === 'both' ? { takesFrom: ['q'] } : {}),
        ...(kind === 'exposed' || kind === 'both'
          ? { port: published }
          : kind === 'internal'
            ? { port: listening }
            : {}),
        variables: Object.fromEntries(
          needs.filter((need) => need < all.length).map((need) => [`N${need}`, plain(`http://${nameOf(need)}:80`)]),
        ),
      }),
    )
  const sized = fc.tuple(drawn, fc.integer({ min: 1, max: 6 }))

  it('gives each service one place, in waves of the right size, after all that it can wait for', () => {
    fc.assert(
      fc.property(sized, ([all, maxPerWave]) => {
        const plan = aPlan(anEstate(servicesOf(all)), { policy: aReleasePolicy({ maxPerWave }) })
        const placed = plan.waves.flatMap(({ services }) => services)
        expect(placed.toSorted()).toEqual(all.map((_, index) => nameOf(index)).toSorted())
        expect(Object.keys(plan.moves).toSorted()).toEqual(placed.toSorted())
        const phases = plan.waves.map(({ phase }) => phase)
        expect(phases).toEqual(phases.toSorted((a, b) => Number(a === 'exposed') - Number(b === 'exposed')))
        for (const { number, services, phase } of plan.waves) {
          const cycle = plan.cycles.some((members) => members.join() === services.join())
          expect(services.length <= maxPerWave || cycle).toBe(true)
          for (const name of services) {
            const move = moveOf(plan, name)
            expect(move.wave).toBe(number)
            expect(move.kind === 'exposed').toBe(phase === 'exposed')
            for (const needed of move.needs) expect(moveOf(plan, needed).wave).toBeLessThan(number)
            for (const needed of move.reaches ?? []) {
              const mate = plan.cycles.some((members) => members.includes(name) && members.includes(needed))
              expect(mate || (phase === 'non-exposed' && moveOf(plan, needed).kind === 'exposed')).toBe(true)
            }
            const called = [...move.needs, ...(move.reaches ?? [])].toSorted()
            const seen = new Set(
              all[Number(name.slice(1))]?.needs
                .filter((need) => need < all.length && nameOf(need) !== name)
                .map(nameOf),
            )
            expect(called).toEqual([...seen].toSorted())
          }
        }
      }),
      { numRuns: 150 },
    )
  })

  /** Who reaches whom over needs, the slow way: by trying every service in between. */
  const reaches = (all: readonly Drawn[], isEdge: (from: number, to: number) => boolean): readonly boolean[][] => {
    const found = all.map((_, from) => all.map((__, to) => isEdge(from, to)))
    for (const [between] of all.entries())
      for (const [from] of all.entries())
        for (const [to] of all.entries()) if (found[from]?.[between] && found[between]?.[to]) found[from][to] = true
    return found
  }

  it('moves together exactly those that need each other in a circle, of what users reach and of what they do not', () => {
    fc.assert(
      fc.property(sized, ([all, maxPerWave]) => {
        const plan = aPlan(anEstate(servicesOf(all)), { policy: aReleasePolicy({ maxPerWave }) })
        const isUsed = (index: number): boolean => ['exposed', 'both'].includes(all[index]?.kind ?? '')
        // What no user reaches doesn't wait for what they reach: that edge is cut.
        const reach = reaches(
          all,
          (from, to) => (all[from]?.needs.includes(to) ?? false) && from !== to && (isUsed(from) || !isUsed(to)),
        )
        for (const [a] of all.entries())
          for (const [b] of all.entries()) {
            if (a >= b) continue
            const circle = reach[a]?.[b] === true && reach[b]?.[a] === true
            const together = plan.cycles.some((names) => names.includes(nameOf(a)) && names.includes(nameOf(b)))
            expect(together).toBe(circle)
            if (circle) expect(moveOf(plan, nameOf(a)).wave).toBe(moveOf(plan, nameOf(b)).wave)
          }
      }),
      { numRuns: 100 },
    )
  })

  it('is as soon as it can be: a wave before is full, or holds a circle, or something in it is needed', () => {
    fc.assert(
      fc.property(sized, ([all, maxPerWave]) => {
        const plan = aPlan(anEstate(servicesOf(all)), { policy: aReleasePolicy({ maxPerWave }) })
        const isCircle = (services: readonly string[]): boolean =>
          plan.cycles.some((members) => members.join() === services.join())
        for (const [index, wave] of plan.waves.entries()) {
          const before = plan.waves[index - 1]
          if (before === undefined || before.phase !== wave.phase) continue
          const mustWait = wave.services.some((name) =>
            moveOf(plan, name).needs.some((need) => before.services.includes(need)),
          )
          expect(
            before.services.length >= maxPerWave || isCircle(before.services) || isCircle(wave.services) || mustWait,
          ).toBe(true)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('changes nothing of what it is made from', () => {
    fc.assert(
      fc.property(sized, ([all, maxPerWave]) => {
        const input = aPlanInput(frozen(anEstate(servicesOf(all))), { policy: frozen(aReleasePolicy({ maxPerWave })) })
        expect(JSON.stringify(makePlan(input))).toBe(JSON.stringify(makePlan(input)))
      }),
      { numRuns: 30 },
    )
  })

  it('ends every move with all of it on green, by rising steps that name each step once', () => {
    fc.assert(
      fc.property(drawn, (all) => {
        for (const { kind, replicas, steps, expectedMs } of Object.values(aPlan(anEstate(servicesOf(all))).moves)) {
          expect(new Set(steps.map(({ name }) => name)).size).toBe(steps.length)
          expect(expectedMs).toBe(steps.reduce((sum, step) => sum + step.expectedMs, 0))
          const goals = steps.flatMap(({ goal }) => goal ?? [])
          const green = goals.flatMap((goal) =>
            goal.kind === 'workload' || goal.kind === 'weights' ? [goal.green] : [],
          )
          if (kind === 'job') expect(goals.at(-1)).toEqual({ kind: 'schedule', owner: 'green' })
          if (kind === 'worker')
            expect(goals.at(-1)).toEqual({ kind: 'workload', blue: 0, green: replicas, exclusive: false })
          if (kind === 'internal') expect(green).toEqual([replicas])
          if (kind === 'exposed') expect(green.at(-1)).toBe(100)
          const rising = kind === 'exposed' ? green.slice(1) : green
          expect(rising).toEqual([...new Set(rising)].toSorted((a, b) => a - b))
          const firstCrossing = steps.findIndex(({ crossing }) => crossing)
          expect(steps.slice(firstCrossing).every(({ crossing }) => crossing)).toBe(true)
          expect(steps[firstCrossing]?.before).toContainEqual({ kind: 'same version' })
        }
      }),
      { numRuns: 50 },
    )
  })

  it('gives the same plan, to the letter, in whatever order its services come', () => {
    fc.assert(
      fc.property(
        drawn.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray([...servicesOf(all)], { minLength: all.length })),
        ),
        ([all, shuffled]) => {
          const one = JSON.stringify(aPlan(anEstate(servicesOf(all))))
          expect(JSON.stringify(aPlan(anEstate(shuffled)))).toBe(one)
        },
      ),
      { numRuns: 50 },
    )
  })
})

it('keeps notes beside the plan', () => {
  const outcome = makePlan(
    aPlanInput(
      anEstate([
        aService('web', { port: published, variables: { U: plain('http://web2.example.com') } }),
        aService('web2', { port: listening }),
      ]),
    ),
  )
  expect(outcome.kind === 'ok' && outcome.notes).toMatchObject([{ severity: 'note', service: 'web' }])
  expect(planned(outcome).version).toBe(1)
})
