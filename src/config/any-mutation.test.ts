import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { readEnvironmentFile } from '../providers/local/environment-file.ts'
import { readRouterFile } from '../providers/proxy/router-file.ts'
import { formatFaults } from './format-fault.ts'
import { describeFault, type Fault } from './positioned-yaml.ts'
import { checkAgainstEstate, readRelease } from './read-release.ts'
import { overridesOf, policyFor, rulesFor, settingsFor } from './release.ts'

/** A release file in which most things stand once. */
const wholeRelease = stringify({
  ...{ apiVersion: 'titrate.dev/v1alpha1', kind: 'Release', name: 'shop' },
  ...{ blue: 'blue.yaml', green: 'green.yaml', router: 'router.yaml' },
  metrics: { addresses: ['http://127.0.0.1:9000/metrics'], names: { requests: 'requests_total' } },
  store: { postgresql: 'postgresql://titrate@127.0.0.1:5432/titrate', password: { file: 'secret' } },
  policy: {
    ...{ weights: [1, 25, 100], dwell: { min: '60s', max: '30m' }, soak: '10m', missed: 'all', goodRuns: 'auto' },
    ...{ judge: { alpha: { perRelease: 0.05 }, errors: { ratio: 1.2 } }, parallel: { for: '1h' }, maxPerWave: 3 },
    approvals: { beforeRelease: true },
    windows: ['office'],
  },
  services: {
    storefront: {
      kinds: ['exposed'],
      needs: { also: ['catalogue'] },
      tests: { smoke: { path: '/healthz', expectStatus: 200 }, stress: { path: '/', rate: 5, for: '10s' } },
      approvals: [{ name: 'owner', by: ['ada'], before: 'crossing' }],
      conditions: [{ name: 'quiet', when: 'green.ready' }],
    },
    invoices: { policy: { trialRun: true }, concurrency: 'one', confirmed: ['acts at start'] },
  },
  parity: {
    rewrites: [{ from: 'blue', to: 'green', reason: 'names' }],
    waivers: [{ service: 'storefront', path: 'variables.*', reason: 'known', until: '2027-01-01' }],
  },
  calendar: {
    zone: 'Europe/Berlin',
    windows: { office: { days: ['mon-fri'], hours: ['09:00-17:00'] } },
    freezes: [{ name: 'holidays', from: '2026-12-24', until: '2026-12-26' }],
  },
  notify: [{ command: ['true'], on: ['call'] }],
  heartbeat: { url: 'http://127.0.0.1:9/alive', every: '30s' },
})

const examples = fileURLToPath(new URL('../../examples/two-services/', import.meta.url))

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mutations-'))
  for (const name of ['blue.yaml', 'green.yaml', 'router.yaml']) copyFileSync(join(examples, name), join(folder, name))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** What a slip of the hand, a merge, or a machine makes of a text. */
type Mutation = (text: string) => string

const at = (text: string, part: number): number => Math.floor(part * (text.length + 1))
const part = fc.double({ min: 0, max: 0.999, noNaN: true })
const piece = fc.oneof(
  fc.constantFrom('\n', '  ', '\t', ':', ': ', '- ', '#', '"', "'", '{', '}', '[', ']', '&a ', '*a', '!!x ', '|', '>'),
  fc.constantFrom(
    '---\n',
    '<<: *a',
    '\u0000',
    '\ud83d',
    '\ufeff',
    '\r',
    ',',
    '%',
    '@',
    '`',
    '? ',
    'null',
    '1e999',
    '-1',
  ),
  fc.string({ maxLength: 6 }),
)

const onCharacters: fc.Arbitrary<Mutation> = fc.tuple(part, fc.nat(12), fc.oneof(fc.constant(''), piece)).map(
  ([from, length, put]) =>
    (text) =>
      text.slice(0, at(text, from)) + put + text.slice(at(text, from) + length),
)

const onLines: fc.Arbitrary<Mutation> = fc
  .tuple(part, part, fc.constantFrom('drop', 'double', 'move', 'indent', 'outdent', 'cut'))
  .map(([one, other, how]) => (text) => {
    const lines = text.split('\n')
    const from = Math.floor(one * lines.length)
    const line = lines[from] ?? ''
    const replaced = {
      drop: [],
      double: [line, line],
      move: [],
      indent: [`  ${line}`],
      outdent: [line.replace(/^ {2}/, '')],
      cut: [],
    }
    if (how === 'cut') return lines.slice(0, from).join('\n')
    const left = lines.toSpliced(from, 1, ...replaced[how])
    return (how === 'move' ? left.toSpliced(Math.floor(other * left.length), 0, line) : left).join('\n')
  })

/** Puts something else where a value stands. */
const onValues: fc.Arbitrary<Mutation> = fc
  .tuple(
    part,
    fc.oneof(
      fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
      piece,
    ),
  )
  .map(([from, put]) => (text) => {
    const places = [...text.matchAll(/: ?(.*)$/gm)]
    const place = places[Math.floor(from * places.length)]
    return place === undefined
      ? text
      : `${text.slice(0, place.index)}: ${put}${text.slice(place.index + place[0].length)}`
  })

const mutations = fc.array(fc.oneof(onCharacters, onLines, onValues), { minLength: 1, maxLength: 3 })

const checkFaults = (path: string, text: string, faults: readonly Fault[]): void => {
  expect(faults.length).toBeGreaterThan(0)
  const lines = text.split(/\r\n|\r|\n/)
  for (const fault of faults) {
    expect(fault.file).toBe(path)
    expect(fault.line).toBeGreaterThanOrEqual(1)
    expect(fault.line).toBeLessThanOrEqual(lines.length)
    expect(fault.column).toBeGreaterThanOrEqual(1)
    expect(fault.expected.trim()).not.toBe('')
    expect(describeFault(fault)).toContain(`${path}:${fault.line}:${fault.column}`)
  }
  expect(formatFaults(faults)).not.toBe('')
}

const files: readonly {
  readonly name: string
  readonly text: string
  readonly read: (
    path: string,
  ) => { readonly kind: 'ok' } | { readonly kind: 'faults'; readonly faults: readonly Fault[] }
}[] = [
  {
    name: 'release.yaml',
    text: wholeRelease,
    read: (path) => {
      const read = readRelease(path)
      if (read.kind === 'faults') return read
      const { release } = read.value
      for (const service of [...Object.keys(release.services), 'constructor'])
        for (const of of [settingsFor, rulesFor]) expect(of(release, service)).toBeDefined()
      expect(policyFor(release, 'storefront', 3).judge.alpha).toBeGreaterThan(0)
      expect(overridesOf(release)).toBeDefined()
      const missing = checkAgainstEstate(read.value, ['storefront', 'invoices', 'catalogue'])
      return missing.length === 0 ? { kind: 'ok' } : { kind: 'faults', faults: missing }
    },
  },
  { name: 'blue.yaml', text: readFileSync(join(examples, 'blue.yaml'), 'utf8'), read: readEnvironmentFile },
  { name: 'router.yaml', text: readFileSync(join(examples, 'router.yaml'), 'utf8'), read: readRouterFile },
]

describe.each(files)('any mutation of $name', ({ name, text, read }) => {
  it('is read by itself', () => {
    const path = join(folder, `whole-${name}`)
    writeFileSync(path, text)
    const found = read(path)
    expect(found.kind === 'ok' ? [] : found.faults.map(describeFault)).toEqual([])
  })

  it('is read, or gives faults with their places; nothing is thrown', () => {
    const path = join(folder, `mutated-${name}`)
    fc.assert(
      fc.property(mutations, (all) => {
        const mutated = all.reduce((before, mutate) => mutate(before), text)
        writeFileSync(path, mutated)
        const found = read(path)
        if (found.kind === 'faults') checkFaults(path, mutated, found.faults)
      }),
      { numRuns: 200 },
    )
  })
})
