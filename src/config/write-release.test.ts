import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { serviceKinds } from '../inventory/estate.ts'
import { formatFaults } from './format-fault.ts'
import { parseBySchema, parsePositionedYaml } from './positioned-yaml.ts'
import { readRelease } from './read-release.ts'
import { type ReleaseInput, releaseSchema } from './release-schema.ts'
import { checkRules } from './rules.ts'
import { writeRelease } from './write-release.ts'

const shop: ReleaseInput = {
  apiVersion: 'titrate.dev/v1alpha1',
  kind: 'Release',
  name: 'shop',
  blue: 'blue.yaml',
  green: 'green.yaml',
}

const parsed = (text: string) => {
  const yaml = parsePositionedYaml('release.yaml', text)
  if (yaml.kind === 'faults') throw new Error(`${formatFaults(yaml.faults)}\n${text}`)
  const read = parseBySchema(yaml.value, releaseSchema)
  if (read.kind === 'faults') throw new Error(`${formatFaults(read.faults)}\n${text}`)
  return { written: read.value, faults: checkRules(read.value, yaml.value) }
}

describe('the release file that init writes', () => {
  it('is short, teaches, and says no more than it must', () => {
    expect(writeRelease({ ...shop, router: 'router.yaml' }, { schema: 'schema/release.schema.json' })).toBe(
      `# yaml-language-server: $schema=schema/release.schema.json
# A release: one migration of an estate of services from blue to green. What is not said here has a default.
# titrate check   what is wrong, and how the two environments differ
# titrate plan    what would be done, in which order, and why
# titrate run     does it; titrate rollback takes it back
apiVersion: titrate.dev/v1alpha1
kind: Release
name: shop

# Where everything runs today, and where it goes.
blue: blue.yaml
green: green.yaml

# Divides user traffic between the two.
router: router.yaml

# How slow and how careful it is. These are the defaults: take away the # of what should differ.
# Each can also be said for a single service, below services.NAME.policy.
# policy:
#   weights: [ 1, 5, 25, 50, 100 ]
#   dwell:
#     min: 60s
#     max: 30m
#   soak: 10m
#   bake: 1h
#   parallel:
#     for: 24h
#   maxPerWave: 5
#   approvals:
#     beforeUserTraffic: false
#     beforeRelease: false
`,
    )
  })

  it('reads the same with the policy’s comment taken away', () => {
    const folder = mkdtempSync(join(tmpdir(), 'written-'))
    const read = (text: string) => {
      for (const name of ['blue.yaml', 'green.yaml']) writeFileSync(join(folder, name), '')
      writeFileSync(join(folder, 'release.yaml'), text)
      const file = readRelease(join(folder, 'release.yaml'))
      return file.kind === 'ok' ? { ...file.value.release, files: {} } : formatFaults(file.faults)
    }
    const text = writeRelease(shop, { schema: null })
    expect(read(text.replace(/# policy:[^]*$/, (lines) => lines.replaceAll(/^# /gm, '')))).toEqual(read(text))
    rmSync(folder, { recursive: true })
  })

  it('puts a remark above its service, and no remark can become more than a comment', () => {
    const text = writeRelease(
      { ...shop, services: { mailer: { kinds: ['worker'] }, a: {} } },
      { schema: null, remarks: { mailer: 'takes from the queue\nname: other', kinds: 'no' } },
    )
    expect(text).toContain('services:\n  # takes from the queue\n  # name: other\n  mailer:\n    kinds: [ worker ]\n')
    expect(text).not.toContain('# no')
    expect(parsed(text).written.name).toBe('shop')
  })
})

describe('any release that is written', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}[A-Za-z0-9]$/)
  const text = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }).filter((value) => value.isWellFormed())
  const duration = fc
    .tuple(fc.integer({ min: 1, max: 900 }), fc.constantFrom('s', 'm', 'h'))
    .map(([n, unit]) => `${n}${unit}`)
  const steps = fc
    .uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 6 })
    .map((list) => [...list.toSorted((a, b) => a - b), 100])
  const policy = fc.record(
    {
      weights: steps,
      shares: steps,
      soak: duration,
      bake: duration,
      goodRuns: fc.integer({ min: 1, max: 9 }),
      trialRun: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  const service = fc.record(
    {
      kinds: fc.uniqueArray(fc.constantFrom(...serviceKinds), { minLength: 1 }),
      concurrency: fc.constantFrom('one' as const, 'many' as const),
      policy,
      tests: fc.dictionary(name, fc.record({ command: fc.array(text, { minLength: 1 }), timeout: duration })),
      skipParity: text,
    },
    { requiredKeys: [] },
  )
  const release: fc.Arbitrary<ReleaseInput> = fc.record(
    {
      apiVersion: fc.constant('titrate.dev/v1alpha1' as const),
      kind: fc.constant('Release' as const),
      name,
      blue: text.map((path) => `blue/${path}`),
      green: text.map((path) => `green/${path}`),
      router: text,
      policy,
      services: fc.dictionary(name, service),
      parity: fc.record({ rewrites: fc.array(fc.record({ from: text, to: text, reason: text })) }),
      notify: fc.array(fc.record({ command: fc.array(text, { minLength: 1 }) })),
      store: fc.record({ sqlite: text }),
    },
    { requiredKeys: ['apiVersion', 'kind', 'name', 'blue', 'green'] },
  )

  it('is read as it was meant, without a fault', () => {
    fc.assert(
      fc.property(release, fc.dictionary(name, text), (input, remarks) => {
        const { written, faults } = parsed(writeRelease(input, { schema: 'x.json', remarks }))
        expect(written).toEqual(releaseSchema.parse(input))
        expect(faults).toEqual([])
      }),
      { numRuns: 60 },
    )
  })
})
