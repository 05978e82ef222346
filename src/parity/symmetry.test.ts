import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concurrencyPolicies, type ServiceDefinition, type Variable } from '../inventory/estate.ts'
import { addressOf, anEstate, aService, plain, secret } from '../inventory/testing/build-estate.ts'
import { checkParity, type ParityReport } from './check-parity.ts'

const few = <const T>(...of: readonly [T, ...T[]]): fc.Arbitrary<T> => fc.constantFrom(...of)
const key = few('URL', 'N', 'APP_VERSION', 'API_KEY', '__proto__', 'constructor')

const variable: fc.Arbitrary<Variable> = fc.oneof(
  few('1', '1.0', '1.10', '', 'eu', 'postgres://u:p@h/d').map(plain),
  few('x', 'y').map((name) => addressOf(name)),
  fc.tuple(few('file a', 'variable B'), few('d1', 'd2')).map(([reference, digest]) => secret(reference, digest)),
)

const schedule = fc.record({
  cron: few('*/5 * * * *', '0 * * * *', '@hourly'),
  zone: few('UTC', 'Etc/UTC', 'Europe/Berlin'),
  concurrency: few(...concurrencyPolicies),
  deadlineMs: few(null, 60_000),
  suspended: fc.boolean(),
})

const port = fc.record({
  published: fc.boolean(),
  healthPath: few(null, '/healthz'),
  metricsPath: few(null, '/metrics'),
})

/** One service as two people might have written it: few values, so that some are the same. */
const definition: fc.Arbitrary<ServiceDefinition> = fc
  .record({
    version: few('1', '1.0', 'a'.repeat(12), 'b'.repeat(12)),
    command: fc.array(few('node', 'a.js', '--token=x'), { minLength: 1, maxLength: 3 }),
    workingDirectory: few(null, '.', '/srv/blue', '/srv/green'),
    variables: fc.dictionary(key, variable, { maxKeys: 4 }),
    files: fc.uniqueArray(fc.record({ path: few('f', 'g'), sha256: few(null, 'a'.repeat(64), 'b'.repeat(64)) }), {
      selector: ({ path }) => path,
    }),
    replicas: few(0, 1, 2),
    port: fc.option(port),
    schedule: fc.option(schedule),
    takesFrom: fc.uniqueArray(few('q', 'r')),
    strategy: few('RollingUpdate', 'Recreate'),
    lease: few(null, 'leader'),
    actsAtStart: fc.uniqueArray(few('migrations', 'timers')),
  })
  .map((parts) => aService('one', parts))

const compare = (blue: ServiceDefinition, green: ServiceDefinition): ParityReport =>
  checkParity(anEstate([blue], { green: [green] }), { rewrites: [], waivers: [] }, 0)

/** Path by path, what stands on either side. */
const facts = ({ services }: ParityReport) =>
  services
    .flatMap(({ required, declared, unexplained }) => [...required, ...declared, ...unexplained])
    .map(({ path, blue, green }) => ({ path, blue, green }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))

const runs = { numRuns: 400 }

describe('two definitions of a service', () => {
  it('differ in the same, seen from either side', () => {
    fc.assert(
      fc.property(definition, definition, (a, b) => {
        const turned = facts(compare(b, a)).map(({ path, blue, green }) => ({ path, blue: green, green: blue }))
        expect(facts(compare(a, b))).toEqual(turned)
      }),
      runs,
    )
  })

  it('do not differ where they are the same', () => {
    fc.assert(
      fc.property(definition, (a) => {
        expect(facts(compare(a, structuredClone(a)))).toEqual(
          // A file that is missing on both sides is none that both have.
          a.files
            .filter(({ sha256 }) => sha256 === null)
            .toSorted((one, other) => (one.path < other.path ? -1 : 1))
            .map(({ path }) => ({ path: `files.${path}`, blue: 'missing', green: 'missing' })),
        )
      }),
      runs,
    )
  })

  it('block for each difference that nothing explains, and for no other', () => {
    fc.assert(
      fc.property(definition, definition, (a, b) => {
        const report = compare(a, b)
        const unexplained = report.services.flatMap((one) => one.unexplained)
        expect(report.unexplained).toBe(unexplained.length)
        expect(report.findings.filter(({ severity }) => severity === 'blocks')).toHaveLength(unexplained.length)
        const places = report.services.flatMap((one) => [...one.required, ...one.declared, ...one.unexplained])
        expect(new Set(places.map(({ path }) => path)).size).toBe(places.length)
      }),
      runs,
    )
  })

  it('are declared the same by a waiver of everything', () => {
    fc.assert(
      fc.property(definition, definition, (a, b) => {
        const waived = checkParity(
          anEstate([a], { green: [b] }),
          { rewrites: [], waivers: [{ service: '*', path: '*', reason: 'all', untilMs: null }] },
          0,
        )
        expect(waived.unexplained).toBe(0)
        expect(facts(waived)).toEqual(facts(compare(a, b)))
      }),
      runs,
    )
  })
})
