import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { pathsIn, writeEstate } from '../demo/estate-files.ts'
import type { Metrics, MetricsSnapshot } from '../engine/ports.ts'
import { systemClock } from '../main/clock.ts'
import { prepareReleaseFile } from '../main/prepare.ts'
import { rehearseRelease } from '../main/rehearse.ts'
import type { Deps } from './deps.ts'
import { type Desk, openDesk } from './testing/desk.ts'
import { filedWorld } from './testing/filed-world.ts'

const example = fileURLToPath(new URL('../../examples/two-services', import.meta.url))

let desk: Desk
let folder: string
beforeEach(async () => {
  desk = await openDesk()
  folder = join(desk.folder, 'site')
  await mkdir(folder)
})
afterEach(() => desk.leave())

/** Of a site that is asked 40 times a second, and fails once in 500. */
const busy = (): Metrics => {
  let seconds = 3_600
  const counters = (): MetricsSnapshot['counters'] => {
    const of = (measure: 'requests' | 'errors', value: number) =>
      ({ series: `router ${measure} site`, service: 'site', side: 'blue', measure, value }) as const
    return [of('requests', 40 * seconds), of('errors', Math.round((40 * seconds) / 500))]
  }
  return {
    read: async () => {
      const at = seconds * 1_000
      const value: MetricsSnapshot = { at, counters: counters(), gauges: [], missing: [] }
      seconds += 5
      return { kind: 'ok', value }
    },
  }
}

/** The program on files alone: it may look at them and play, and do nothing. */
const onFiles = (metrics: Metrics | null = busy()): Partial<Deps> => ({
  now: () => Date.UTC(2026, 0, 7, 12),
  connect: async (release) => ({ world: filedWorld(release, metrics), close: async () => undefined }),
  prepare: (file, world) => prepareReleaseFile(file, world, Date.UTC(2026, 0, 7, 12)),
  rehearse: (asked) => rehearseRelease(asked, systemClock),
})
const rehearse = (line: string, metrics?: Metrics | null) =>
  desk.run(`rehearse --file ${join(folder, 'release.yaml')} --measure 1ms ${line}`, onFiles(metrics))

describe('titrate rehearse', () => {
  beforeEach(() => cp(example, folder, { recursive: true }))

  it('plays the release file with what was measured, and says what was not', async () => {
    const { code, out } = await rehearse('--seed 5 --runs 2 --fault errors-5')
    expect(code).toBe(0)
    expect(out).toMatch(/^two-services: 2 services from blue to green, played 2 times; begins .*, seed 5\n/)
    expect(out).toMatch(/rate\.site +40\/s +measured/)
    expect(out).toMatch(/errors\.site +0\.2% +measured, \d+ of 14\d{4}/)
    expect(out).toMatch(/latency +40ms +assumed/)
    expect(out).toMatch(/wave 2 \(users\)/)
    expect(out).toMatch(/errors-5 +site +went back +weight/)
  })

  it('prints one document for programs, the same for the same seed', async () => {
    const [one, again] = [
      await rehearse('--seed 5 --runs 1 --fault errors-5 --output json --assume begin=2026-01-07T12:00:00Z'),
      await rehearse('--seed 5 --runs 1 --fault errors-5 --output json --assume begin=2026-01-07T12:00:00Z'),
    ]
    expect(again.out).toBe(one.out)
    expect(JSON.parse(one.out)).toMatchObject({ release: 'two-services', seed: 5, outcome: 'ends' })
    const yaml = await rehearse('--seed 5 --runs 1 --fault errors-5 --output yaml')
    expect(parse(yaml.out)).toMatchObject({ release: 'two-services', seed: 5 })
  })

  it('writes a page that needs nothing else', async () => {
    const { code, err } = await rehearse('--runs 1 --fault errors-5 --out rehearsal.html')
    expect(code).toBe(0)
    expect(err).toContain('wrote')
    const page = await readFile(join(desk.folder, 'rehearsal.html'), 'utf8')
    expect(page).toMatch(/^<!doctype html>/)
    expect(page).toContain("default-src 'none'")
    expect(page).not.toMatch(/<script|https?:\/\//)
  })

  it.each([
    ['--fault error-5', 'There is no fault "error-5". Did you mean errors-5?'],
    ['--fault errors-0', 'There is no fault "errors-0"'],
    ['--seed many', 'found "many", expected a whole number'],
    ['--runs 0', '--runs is 0, expected 1 to 1000'],
    ['--service sit', 'There is no service "sit" in this release. Did you mean site?'],
    ['--assume rat.site=5/s', 'there is no assumption "rat"; did you mean rate?'],
    ['--assume rate.sit=5/s', 'there is no service "sit" in this release; did you mean site?'],
    ['--assume errors=5', 'found "5" for errors, expected a share such as 0.1% or 0.001'],
    ['--assume answer.site=5m', '"answer" holds for the whole release'],
    ['--assume start', 'found "" for start, expected a time such as'],
    ['--out page.pdf', 'expected a name that ends with .html'],
  ])('refuses %s with what was meant', async (words, message) => {
    const { code, out, err } = await rehearse(words)
    expect(err).toContain(message)
    expect(code).toBe(2)
    expect(out).toBe('')
  })

  it('reads assumptions from a file, and lets the command line win', async () => {
    await writeFile(join(desk.folder, 'known.yaml'), 'rate: { site: 600/min }\nanswer: 5m\nlatency: 20ms\n')
    const { out } = await rehearse('--runs 1 --fault errors-5 --assumptions known.yaml --assume latency=30ms')
    expect(out).toMatch(/rate\.site +10\/s +set by you/)
    expect(out).toMatch(/answer +5m +set by you/)
    expect(out).toMatch(/latency +30ms +set by you/)
  })

  it('goes on without metrics, says what is assumed, and that the release would be refused so', async () => {
    const { code, out, err } = await rehearse('--runs 1 --fault errors-5', null)
    expect(out).toContain('Not measured, so assumed: how much site has to do (no metrics are read)')
    expect(err).toContain('as it stands now the release would be refused')
    expect(code).toBe(1)
  })

  it('says which service of the file neither side has, by the file as it was read, whatever became of it since', async () => {
    const file = join(folder, 'release.yaml')
    const lines = (await readFile(file, 'utf8')).split('\n')
    await writeFile(file, [...lines, 'services:', '  sight: { skipParity: new }', ''].join('\n'))
    const files = onFiles()
    const { code, err } = await desk.run(`rehearse --file ${file} --measure 1ms --runs 1`, {
      ...files,
      connect: async (release) => {
        const connected = await files.connect?.(release)
        await writeFile(file, 'rubbish: [')
        if (connected === undefined) throw new Error('these deps connect')
        return connected
      },
    })
    expect(err).toContain(`release.yaml:${lines.length + 2}`)
    expect(err).toContain('services.sight: found sight')
    expect(code).toBe(1)
  })

  it('ends with 1 and the reason where the release cannot end', async () => {
    const file = join(folder, 'release.yaml')
    const text = await readFile(file, 'utf8')
    await writeFile(
      file,
      `${text}\nservices:\n  site:\n    conditions: [{ name: later, when: 'wave > 99', before: weight 25 }]\n`,
    )
    const { code, out, err } = await rehearse('--runs 1 --assume patience=1d')
    expect(err).toBe('titrate: rehearses measuring what runs now\n')
    expect(out).toContain('It cannot end')
    expect(out).toMatch(/site +weight 25 +"later" does not hold: wave > 99/)
    expect(code).toBe(1)
  })

  it('shows no secret', async () => {
    process.env.TITRATE_TEST_SECRET = 'hunter2-hunter2'
    for (const side of ['blue', 'green']) {
      const text = await readFile(join(folder, `${side}.yaml`), 'utf8')
      const secret = 'PASSWORD: { secret: { variable: TITRATE_TEST_SECRET } }'
      await writeFile(join(folder, `${side}.yaml`), text.replace('WORDS_URL:', `${secret}\n      WORDS_URL:`))
    }
    const { code, out, err } = await rehearse('--runs 1 --fault errors-5 --output json --out rehearsal.html')
    delete process.env.TITRATE_TEST_SECRET
    expect(code).toBe(0)
    const page = await readFile(join(desk.folder, 'rehearsal.html'), 'utf8')
    expect(`${out}${err}${page}`).not.toContain('hunter2')
  })
})

describe('titrate rehearse of the demo', () => {
  it('plays the whole shop: users, a worker, jobs, one of them suspended', async () => {
    const options = { queueUrl: 'http://127.0.0.1:1', metrics: null, versions: { blue: {}, green: {} }, mistakes: {} }
    writeEstate(pathsIn(folder), options)
    const { code, out, err } = await rehearse(
      '--runs 2 --seed 1 --assume rate=100/s --assume start=1s --assume run=500ms',
    )
    expect(err).not.toContain('refused')
    expect(code).toBe(0)
    expect(out).toMatch(/^shop: 9 services from blue to green/)
    expect(out).toMatch(/errors-100 +(storefront|checkout) +went back/)
    expect(out).toMatch(/job-failures +\S+ +called a person/)
    expect(out).not.toMatch(/job-failures +cleanup/)
  })
})
