import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { errorCodes } from './errors.ts'

/** The sections of docs/errors.md by their headings. */
const sections = (): ReadonlyMap<string, string> => {
  const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')
  const parts = page.split(/^## /m).slice(1)
  return new Map(parts.map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]))
}

describe('docs/errors.md', () => {
  it('describes every code, and none that does not exist', () => {
    expect([...sections().keys()].toSorted()).toEqual(Object.keys(errorCodes).toSorted())
  })

  it.each(Object.keys(errorCodes))('says the cause of %s, and what to do', (code) => {
    const text = sections().get(code) ?? ''
    expect(text).toMatch(/^Cause: \S/m)
    expect(text).toMatch(/^What to do: \S/m)
  })
})
