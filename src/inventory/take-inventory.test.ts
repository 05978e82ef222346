import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ServiceDefinition } from './estate.ts'
import type { ServiceOverride } from './overrides.ts'
import {
  addressOf,
  anEstate,
  aSchedule,
  aService,
  aShop,
  listening,
  plain,
  published,
  secret,
} from './testing/build-estate.ts'

const only = (services: readonly ServiceDefinition[], name: string, override?: ServiceOverride) => {
  const estate = anEstate(services, override ? { overrides: { [name]: override } } : {})
  const found = estate.services.find((one) => one.name === name)
  if (!found) throw new Error(`no ${name}`)
  return { ...found, findings: estate.findings.filter(({ service }) => service === name) }
}

const needsOf = (services: readonly ServiceDefinition[], name: string, override?: ServiceOverride) =>
  only(services, name, override).needs.map(({ service }) => service)

describe('kinds', () => {
  it('tells each kind of a whole estate from what is seen, with its reason', () => {
    const told = anEstate(aShop()).services.map(({ name, kinds, reasons }) => [name, kinds.join('+'), reasons[0]])
    expect(told).toEqual([
      ['catalogue', 'internal', "it listens, isn't published, and is called by storefront"],
      ['checkout', 'exposed', 'its port is published: users reach it'],
      ['cleanup', 'job', 'it has a schedule, */5 * * * * (UTC)'],
      ['invoices', 'job', 'it has a schedule, */5 * * * * (UTC)'],
      ['mailer', 'worker', 'it takes work from orders'],
      ['pricing', 'internal', "it listens, isn't published, and is called by catalogue and checkout"],
      ['storefront', 'exposed', 'its port is published: users reach it'],
    ])
  })

  it('sees an API that also takes from a queue as exposed and worker', () => {
    expect(only([aService('api', { port: published, takesFrom: ['orders'] })], 'api').kinds).toEqual([
      'worker',
      'exposed',
    ])
  })

  it('takes a listening service with a queue that nobody calls for a worker whose port is for its health', () => {
    expect(only([aService('mailer', { port: listening, takesFrom: ['orders'] })], 'mailer').kinds).toEqual(['worker'])
  })

  it('says that nobody is seen to call an internal service', () => {
    const { kinds, reasons } = only([aService('lonely', { port: listening })], 'lonely')
    expect([kinds, reasons]).toEqual([['internal'], ["it listens and isn't published; nobody is seen to call it"]])
  })

  it('takes a service that knows a queue and does not listen for a worker, one that listens for a producer', () => {
    const variables = { BROKER_URL: plain('amqp://user:hunter2@broker:5672/') }
    expect(only([aService('a', { variables })], 'a').kinds).toEqual(['worker'])
    const listener = only([aService('a', { variables, port: published })], 'a')
    expect(listener.kinds).toEqual(['exposed'])
    expect(listener.reasons.join()).toContain('only add to it')
  })

  it('blocks on a service whose kind cannot be told, and says what to declare', () => {
    const { kinds, findings } = only([aService('mystery')], 'mystery')
    expect(kinds).toEqual([])
    expect(findings).toMatchObject([
      {
        severity: 'blocks',
        message: expect.stringContaining("The kind of mystery can't be told"),
        declare: 'services:\n  mystery:\n    kinds: [worker]\n',
      },
    ])
  })

  it('lets the release file win over the environment, and that over what is seen', () => {
    const service = aService('a', { port: listening, declaredKinds: ['worker'] })
    expect(only([service], 'a').kinds).toEqual(['worker'])
    const { kinds, reasons } = only([service], 'a', { kinds: ['exposed'] })
    expect(kinds).toEqual(['exposed'])
    expect(reasons).toEqual(['the release file says that it is exposed; it looks like internal'])
  })

  it.each([
    [aService('a', { schedule: aSchedule() }), { kinds: ['worker'] }, 'it has a schedule'],
    [aService('a', { takesFrom: ['q'] }), { kinds: ['job'] }, 'blue has no schedule'],
    [aService('a', { schedule: aSchedule() }), { kinds: ['job', 'worker'] }, 'a job is only a job'],
    [aService('a', { takesFrom: ['q'] }), { kinds: ['exposed'] }, 'it has no port'],
  ] as const)('blocks on a declaration that contradicts what is there (%#)', (service, override, message) => {
    expect(only([service], 'a', override).findings).toMatchObject([
      { severity: 'blocks', message: expect.stringContaining(message) },
    ])
  })

  it.each([
    [{ replicas: 1, strategy: 'Recreate' }, 'it has one replica and the strategy Recreate'],
    [{ replicas: 2, strategy: 'Recreate' }, null],
    [{ replicas: 1 }, null],
    [{ replicas: 3, lease: 'leader' }, 'it holds the lease leader while it runs'],
  ] as const)('knows of which only one copy may run: %o', (parts, why) => {
    expect(only([aService('a', { takesFrom: ['q'], ...parts })], 'a').exclusive).toBe(why)
  })

  it('does what the release file says about concurrency', () => {
    const service = aService('a', { takesFrom: ['q'], lease: 'leader' })
    expect(only([service], 'a', { concurrency: 'many' }).exclusive).toBeNull()
    expect(only([aService('a', { takesFrom: ['q'] })], 'a', { concurrency: 'one' }).exclusive).toContain(
      'concurrency: one',
    )
  })
})

describe('dependencies', () => {
  const callee = aService('catalogue', { port: listening })
  const caller = (value: string) => aService('web', { port: published, variables: { TARGET: plain(value) } })

  it.each([
    'http://catalogue:8080/items',
    'catalogue:8080',
    'http://catalogue',
    'http://catalogue.shop.svc.cluster.local:80',
    'postgres://u:p@catalogue:5432/db',
    'nats://other:1,catalogue:2',
  ])('sees a need in %s', (value) => expect(needsOf([callee, caller(value)], 'web')).toEqual(['catalogue']))

  it.each(['catalogue', 'the catalogue: 12', 'mycatalogue:8080', 'http://catalogue-v2:80', '12:30', 'a:b:8080'])(
    'sees no need in %s',
    (value) => expect(needsOf([callee, caller(value)], 'web')).toEqual([]),
  )

  it('sees needs in the command line, and in addresses that another service is given', () => {
    const other = aService('batch', { schedule: aSchedule(), variables: { X: addressOf('catalogue', 9001) } })
    const byAddress = caller('http://localhost:9001/x')
    expect(needsOf([callee, other, byAddress], 'web')).toEqual(['catalogue'])
    const byCommand = aService('web', { port: published, command: ['serve', '--upstream=catalogue:8080'] })
    expect(needsOf([callee, byCommand], 'web')).toEqual(['catalogue'])
  })

  it('lists what may be a service or somebody else as ambiguous, until the release file says', () => {
    const services = [callee, caller('https://catalogue.example.com/')]
    const { needs, ambiguous, findings } = only(services, 'web')
    expect(needs).toEqual([])
    expect(ambiguous).toMatchObject([{ address: 'catalogue.example.com', services: ['catalogue'] }])
    expect(findings).toMatchObject([{ severity: 'note', declare: 'services:\n  web:\n    needs: [catalogue]\n' }])
    expect(only(services, 'web', { needs: ['catalogue'] })).toMatchObject({
      findings: [],
      needs: [{ source: 'declared' }],
    })
    expect(only(services, 'web', { needsNot: ['catalogue'] })).toMatchObject({ findings: [], needs: [] })
  })

  it('lists hosts outside the estate for the probe, without the credentials beside them', () => {
    const web = caller('postgres://shop:hunter2@db.example.com:5432/shop')
    const { external } = only([web], 'web')
    expect(external).toEqual([
      { host: 'db.example.com', port: 5432, evidence: 'its variable TARGET names db.example.com:5432' },
    ])
  })

  it('shows no credential anywhere', () => {
    const services = [
      aService('w', { takesFrom: ['amqp://u:hunter2@mq:5672/q'], command: ['x', 'http://u:hunter2@catalogue:1/'] }),
      callee,
      aService('s', { port: published, variables: { KEY: secret('file k', 'abc') } }),
    ]
    const { services: seen, findings } = anEstate(services)
    expect(
      JSON.stringify([seen.map(({ reasons, needs, external }) => [reasons, needs, external]), findings]),
    ).not.toContain('hunter2')
  })

  it('blocks on a declared need that blue does not have', () => {
    expect(only([callee], 'catalogue', { needs: ['pricng'] }).findings).toMatchObject([
      { severity: 'blocks', message: expect.stringContaining("pricng, which blue doesn't have") },
    ])
  })

  it('notes an inferred cycle, and blocks on a declared one', () => {
    const a = aService('a', { port: listening, variables: { B: addressOf('b', 2) } })
    const b = aService('b', { port: listening, variables: { A: addressOf('a', 1) } })
    expect(anEstate([a, b])).toMatchObject({
      cycles: [{ services: ['a', 'b'], source: 'seen' }],
      findings: [{ severity: 'note' }],
    })
    const overrides = { a: { needs: ['b'] }, b: { needs: ['a'] } }
    expect(anEstate([a, b], { overrides })).toMatchObject({
      cycles: [{ source: 'declared' }],
      findings: [{ severity: 'blocks' }],
    })
    expect(anEstate([a, b], { overrides: { a: { needs: ['b'] } } })).toMatchObject({ cycles: [{ source: 'seen' }] })
  })

  it('finds a cycle among ten thousand services in a row without running out of stack', () => {
    const chain = Array.from({ length: 10_000 }, (_, index) =>
      aService(`s${index}`, {
        port: listening,
        variables: { NEXT: addressOf(`s${(index + 1) % 10_000}`, 10_000 + index) },
      }),
    )
    expect(anEstate(chain).cycles.map(({ services }) => services.length)).toEqual([10_000])
  })
})

it('gives the same estate whatever the order of services', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...aShop()], { minLength: 7 }), (shuffled) => {
      expect(anEstate(shuffled)).toEqual(anEstate(aShop()))
    }),
    { numRuns: 20 },
  )
})

it('maps names, and says what only green has', () => {
  const estate = anEstate([aService('a', { port: listening })], {
    green: [aService('a-green', { port: listening }), aService('extra', { port: listening })],
    overrides: { a: { greenName: 'a-green' } },
  })
  expect(estate.services[0]).toMatchObject({ greenName: 'a-green', green: { name: 'a-green' } })
  expect(estate.onlyOnGreen.map(({ name }) => name)).toEqual(['extra'])
})

it('blocks on a release file that speaks of services that blue does not have', () => {
  const { findings } = anEstate([aService('a', { port: listening })], { overrides: { storefrnt: {} } })
  expect(findings).toMatchObject([{ severity: 'blocks', service: 'storefrnt' }])
})
