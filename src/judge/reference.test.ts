import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkReference } from './reference.ts'

const copy = new URL('../../test/fixtures/judge-reference.json', import.meta.url)
const shared = new URL('../../../shared/design/judge-reference.json', import.meta.url)
const text = readFileSync(copy, 'utf8')

describe('reference cases', () => {
  const result = checkReference(text)
  if (result.kind !== 'checked') throw new Error(result.because)

  test.each(result.cases)('$id ($fn)', ({ faults }) => {
    expect(faults).toEqual([])
  })

  test('all 34 are checked', () => {
    expect(result).toMatchObject({ passed: 34, failed: 0 })
  })

  test.skipIf(!existsSync(shared))('the copy in this repository is the shared file', () => {
    expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(shared, 'utf8')))
  })
})

describe('a file that does not agree', () => {
  const check = (cases: unknown) => checkReference(JSON.stringify({ cases }))
  const llr = { id: 'x', fn: 'llr', in: { xg: 5, ng: 500, xb: 10, nb: 9500, rho: 1.2, delta: 0.0003, r: 2 } }

  test('a value off by one part in a million fails, and is shown beside what was got', () => {
    const result = check([{ ...llr, out: { logE: 2.4669335683965676 * (1 + 1e-6) } }])
    expect(result).toMatchObject({ passed: 0, failed: 1 })
    expect(JSON.stringify(result)).toContain('got 2.46693356839656')
  })

  test('every case is changed in its first number, and every one is then found to differ', () => {
    const { cases } = JSON.parse(text) as { cases: { out: Record<string, unknown> }[] }
    const bent = cases.map((one) => ({
      ...one,
      out: Object.fromEntries(Object.entries(one.out).map(([k, v]) => [k, bend(v)])),
    }))
    expect(check(bent)).toMatchObject({ passed: 0, failed: 34 })
  })

  test('an unknown function, a missing input and an empty list are named', () => {
    expect(JSON.stringify(check([{ id: 'a', fn: 'median', in: {}, out: {} }]))).toContain('unknown fn \\"median\\"')
    expect(JSON.stringify(check([{ ...llr, in: { ...llr.in, nb: 'many' }, out: { logE: 1 } }]))).toContain(
      'in.nb: expected a number',
    )
    expect(check([])).toMatchObject({ kind: 'unreadable' })
    expect(checkReference('{ "cases": [')).toMatchObject({ kind: 'unreadable' })
    expect(checkReference('[]')).toMatchObject({ kind: 'unreadable' })
  })
})

const bend = (value: unknown): unknown => {
  if (typeof value === 'number') return value * 1.0001 + 1e-3
  if (typeof value === 'boolean') return !value
  if (Array.isArray(value)) return value.map(bend)
  return `${String(value)}!x`
}
