import { describe, expect, it } from 'vitest'
import { type ConditionFacts, compileCondition } from './conditions.ts'

const facts: ConditionFacts = {
  service: 'checkout',
  step: 'weight 25',
  wave: 3,
  weight: 5,
  now: Date.parse('2026-11-23T15:30:00Z'),
  blue: { ready: true, replicas: 4, version: '1.4.0' },
  green: { ready: true, replicas: 2, version: '1.4.0' },
  errors: { blue: 0.001, green: null },
  requests: { blue: 200, green: null },
}

const answer = (cel: string, seen: ConditionFacts = facts) => {
  const compiled = compileCondition(cel)
  return compiled.kind === 'ok' ? compiled.condition(seen) : compiled
}

describe('conditions', () => {
  it.each([
    ['green.ready && weight < 25', true],
    ['weight == 5 && wave >= 3', true],
    ['green.replicas * 2.0 > blue.replicas', false],
    ['blue.version == green.version', true],
    ['now.getHours("Europe/Paris") < 16', false],
    ['now < timestamp("2027-01-01T00:00:00Z")', true],
    ['step.startsWith("weight") && service in ["checkout", "storefront"]', true],
    ['[blue.ready, green.ready].all(ready, ready)', true],
  ])('reads %s', (cel, expected) => {
    expect(answer(cel)).toBe(expected)
  })

  it('cannot tell what depends on a fact that is not known', () => {
    expect(answer('errors.green < 0.01')).toBe('cannot tell')
    expect(answer('green.ready', { ...facts, green: null })).toBe('cannot tell')
    expect(answer('weight < 10', { ...facts, weight: null })).toBe('cannot tell')
  })

  it('tells what does not depend on the fact that is missing', () => {
    expect(answer('errors.green < 0.01 || blue.ready')).toBe(true)
    expect(answer('errors.green < 0.01 && !blue.ready')).toBe(false)
  })

  it.each([
    ['green.redy', 'did you mean green.ready?'],
    ['wieght > 5', 'did you mean weight?'],
    ['weight', 'compare it with something'],
  ])('refuses %s with a suggestion', (cel, suggestion) => {
    expect(answer(cel)).toMatchObject({ kind: 'fault', suggestion })
  })

  it.each(['green.ready &&', 'nosuchfunction(weight)', '"a" + 1 == weight', 'x'.repeat(3000), '', 'process.exit()'])(
    'refuses %s',
    (cel) => {
      expect(answer(cel)).toMatchObject({ kind: 'fault' })
    },
  )
})
