import { expect, it } from 'vitest'
import { jsonSchemaOf } from './json-schema.ts'
import { referencePage } from './reference-page.ts'
import { releaseSchema } from './release-schema.ts'

const rows = referencePage(jsonSchemaOf(releaseSchema))
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))

it('says what every key of the release file means, and of which type it is', () => {
  expect(rows.length).toBeGreaterThan(100)
  const silent = rows.filter((cells) => cells.slice(1, -1).some((cell, index) => cell === '' && index !== 2))
  expect(silent).toEqual([])
  expect(rows.filter(([, , type]) => type?.includes('undefined'))).toEqual([])
})

it('shows durations with their defaults, in the words of the file', () => {
  expect(rows.find(([, path]) => path === '`policy.dwell.min`')?.slice(2, 4)).toEqual(['duration', '`60s`'])
  expect(JSON.stringify(jsonSchemaOf(releaseSchema))).not.toContain('"fallback"')
})
