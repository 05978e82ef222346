import { expect, test } from 'vitest'
import { count, evidenceWords, failed, percent, seconds } from './words.ts'

test('numbers are written for people, the same on every machine', () => {
  expect([0, 7, 999, 1000, 1234567, 12.25, 1234.5, 1e22].map(count)).toEqual([
    '0',
    '7',
    '999',
    '1,000',
    '1,234,567',
    '12.3',
    '1,235',
    '1e+22',
  ])
  expect([0, 0.00011, 0.0123, 0.5, 1].map(percent)).toEqual(['0 %', '0.011 %', '1.2 %', '50 %', '100 %'])
  expect([0.123456, 5, 99.95, 1234.5, 2e7].map(evidenceWords)).toEqual(['0.123', '5', '100', '1,235', 'over a million'])
  expect([0, 1500, 61_000].map(seconds)).toEqual(['0 s', '1.5 s', '61 s'])
  expect(failed('green', { requests: 0, errors: 0 })).toBe('green had no request')
})
