import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { describeFault, parseBySchema, parsePositionedYaml, readPositionedYaml } from './positioned-yaml.ts'

const directory = mkdtempSync(join(tmpdir(), 'titrate-yaml-'))
const written = (name: string, content: string | Buffer) => {
  const file = join(directory, name)
  writeFileSync(file, content)
  return file
}
const firstFault = (read: ReturnType<typeof readPositionedYaml>) => {
  if (read.kind === 'ok') throw new Error('it has no fault')
  return describeFault(read.faults[0] as never)
}

describe('a YAML file that people wrote', () => {
  it('says where the syntax breaks', () => {
    expect(firstFault(readPositionedYaml(written('a.yaml', 'a: 1\nb: [1, 2\nc: 3\n')))).toMatch(
      /a\.yaml:[23]:\d+: .*valid YAML/,
    )
  })

  it('refuses a file that is missing, too large, or not UTF-8', () => {
    expect(firstFault(readPositionedYaml(join(directory, 'none.yaml')))).toContain('no such file')
    expect(firstFault(readPositionedYaml(written('big.yaml', 'a: 1\n'.repeat(2_000_000))))).toContain('10000000 bytes')
    expect(firstFault(readPositionedYaml(written('latin.yaml', Buffer.from([0x61, 0x3a, 0xe9, 0x28]))))).toContain(
      'UTF-8',
    )
  })

  it('refuses aliases that multiply, nesting that has no end, and a second document', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i}, `.repeat(9)}*l${i}]`)
    const bomb = `l0: &l0 x\n${levels.join('\n')}\n`
    expect(parsePositionedYaml('bomb.yaml', bomb).kind).toBe('faults')
    expect(parsePositionedYaml('deep.yaml', '['.repeat(200_000)).kind).toBe('faults')
    expect(parsePositionedYaml('deep.yaml', '- '.repeat(400_000)).kind).toBe('faults')
    expect(parsePositionedYaml('two.yaml', 'a: 1\n---\na: 2\n').kind).toBe('faults')
  })

  it('lists every fault of a schema in the order of the file, with suggestions, and shows no secret', () => {
    const yaml = parsePositionedYaml('x.yaml', 'replcas: 2\nmode: fats\ntext: 5\napiKey: 7\n')
    if (yaml.kind !== 'ok') throw new Error('must parse')
    const schema = z.strictObject({
      replicas: z.number().optional(),
      mode: z.enum(['fast', 'slow']),
      text: z.string(),
      apiKey: z.string(),
    })
    const read = parseBySchema(yaml.value, schema)
    if (read.kind !== 'faults') throw new Error('must fault')
    expect(read.faults.map(describeFault)).toEqual([
      'x.yaml:1:1: replcas: found replcas, expected one of replicas, mode, text, apiKey; did you mean replicas?',
      'x.yaml:2:7: mode: found "fats", expected one of fast, slow; did you mean fast?',
      'x.yaml:3:7: text: found 5, expected text; put it in quotes: "5"',
      'x.yaml:4:9: apiKey: expected text',
    ])
  })
})
