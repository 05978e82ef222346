import { expect, it } from 'vitest'
import { fits } from './rules.ts'

it.each([
  ['variables.A', 'variables.A', true],
  ['variables.A', 'variables.AB', false],
  ['variables.*', 'variables.A', true],
  ['variables.*', 'files.A', false],
  ['*', '', true],
  ['*.A', 'variables.A', true],
  ['a*b*c', 'a1b2c', true],
  ['a*b*c', 'acb', false],
  ['ab*b', 'ab', false],
  ['a*ba*a', 'aba', false],
  ['.*', 'variables.A', false],
] as const)('%s fits %s: %s', (pattern, text, yes) => expect(fits(pattern, text)).toBe(yes))
