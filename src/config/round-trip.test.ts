import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatFaults } from './format-fault.ts'
import { normalise } from './normalise.ts'
import { type Fault, parseBySchema, parsePositionedYaml } from './positioned-yaml.ts'
import { readRelease } from './read-release.ts'
import { type ReleaseInput, releaseSchema } from './release-schema.ts'
import { fromSchema } from './testing/from-schema.ts'
import { writeRelease } from './write-release.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'round-trip-'))
  for (const name of ['blue.yaml', 'green.yaml', 'router.yaml']) writeFileSync(join(folder, name), `# ${name}\n`)
})
afterAll(() => rmSync(folder, { recursive: true }))

const anything: fc.Arbitrary<ReleaseInput> = fromSchema(releaseSchema)

/** Files that are there; the rest is anything. */
const release = anything.map(
  (input): ReleaseInput => ({
    ...input,
    blue: 'blue.yaml',
    green: 'green.yaml',
    ...(input.router === undefined ? {} : { router: 'router.yaml' }),
  }),
)

const checkPlaces = (text: string, faults: readonly Fault[]): void => {
  const lines = text.split('\n')
  for (const { line, column, expected } of faults) {
    expect(lines.length).toBeGreaterThanOrEqual(line)
    expect((lines[line - 1] ?? '').length + 1).toBeGreaterThanOrEqual(column)
    expect(expected).not.toBe('')
  }
}

/** Takes out what stands at a path, or the nearest thing above it that can be left out: of a list, the whole list. */
const without = (input: ReleaseInput, path: readonly string[]): ReleaseInput => {
  const copy: ReleaseInput = structuredClone(input)
  let holder: unknown = copy
  let cut: (() => void) | null = null
  for (const key of path) {
    if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, key)) break
    const parent = holder
    if (!Array.isArray(parent)) cut = () => void Reflect.deleteProperty(parent, key)
    holder = Reflect.get(parent, key)
  }
  cut?.()
  return releaseSchema.safeParse(copy).success ? copy : without(input, path.slice(0, -1))
}

describe('any release that the schema takes', () => {
  it('reads as it was written, in every field', () => {
    fc.assert(
      fc.property(release, (input) => {
        const text = writeRelease(input, { schema: null })
        const yaml = parsePositionedYaml('release.yaml', text)
        if (yaml.kind === 'faults') throw new Error(`${formatFaults(yaml.faults)}\n${text}`)
        const read = parseBySchema(yaml.value, releaseSchema)
        if (read.kind === 'faults') throw new Error(`${formatFaults(read.faults)}\n${text}`)
        expect(read.value).toEqual(releaseSchema.parse(input))
      }),
      { numRuns: 60 },
    )
  })

  it('resolves to the same from its file as in memory, once what is faulted was taken out', () => {
    const path = join(folder, 'release.yaml')
    let resolved = 0
    fc.assert(
      fc.property(release, (drawn) => {
        let input = drawn
        for (let round = 0; round < 20; round += 1) {
          const text = writeRelease(input, { schema: null })
          writeFileSync(path, text)
          const read = readRelease(path)
          if (read.kind === 'ok') {
            resolved += 1
            expect(read.value.release).toEqual(normalise(releaseSchema.parse(input), path, read.value.release.files))
            return
          }
          checkPlaces(text, read.faults)
          for (const fault of read.faults) input = without(input, fault.path.split('.'))
        }
        throw new Error(`it stays faulted: ${writeRelease(input, { schema: null })}`)
      }),
      { numRuns: 60 },
    )
    expect(resolved).toBe(60)
  })
})
