import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideFleet, type Member } from './fleet-decision.ts'

const member = (name: string, more: Partial<Member> = {}): Member => ({
  name,
  current: true,
  ready: true,
  draining: false,
  createdAt: 0,
  ...more,
})

describe('how replicas are brought to what should be', () => {
  it('starts what is missing and drains what is too much, unready and young ones first', () => {
    expect(decideFleet([], 3, 'RollingUpdate')).toEqual({ start: 3, drain: [] })
    const three = [member('a', { createdAt: 1 }), member('b', { createdAt: 2 }), member('c', { ready: false })]
    expect(decideFleet(three, 2, 'RollingUpdate')).toEqual({ start: 0, drain: ['c'] })
    expect(decideFleet(three, 1, 'RollingUpdate')).toEqual({ start: 0, drain: ['c', 'b'] })
  })

  it('starts a new one before it drains an old one that serves', () => {
    const old = [member('a', { current: false }), member('b', { current: false })]
    expect(decideFleet(old, 2, 'RollingUpdate')).toEqual({ start: 1, drain: [] })
    const starting = [...old, member('c', { ready: false })]
    expect(decideFleet(starting, 2, 'RollingUpdate')).toEqual({ start: 0, drain: [] })
    const begun = decideFleet([...old, member('c')], 2, 'RollingUpdate')
    expect(begun.drain).toHaveLength(1)
  })

  it('under Recreate starts nothing while an old one lives, even a draining one', () => {
    expect(decideFleet([member('a', { current: false })], 1, 'Recreate')).toEqual({ start: 0, drain: ['a'] })
    expect(decideFleet([member('a', { current: false, draining: true })], 1, 'Recreate')).toEqual({
      start: 0,
      drain: [],
    })
    expect(decideFleet([member('a', { draining: true })], 1, 'Recreate')).toEqual({ start: 0, drain: [] })
    expect(decideFleet([], 1, 'Recreate')).toEqual({ start: 1, drain: [] })
  })

  it('rolls any fleet to the new definition without fewer ready ones than there were or should be', () => {
    const members = fc.array(fc.record({ current: fc.boolean(), ready: fc.boolean() }), { maxLength: 6 })
    fc.assert(
      fc.property(members, fc.integer({ min: 0, max: 5 }), (seeds, desired) => {
        let fleet = seeds.map((seed, index) => member(`old-${index}`, { ...seed, createdAt: index }))
        for (let turn = 0; turn < 40; turn++) {
          const before = fleet.filter((each) => each.ready).length
          const { start, drain } = decideFleet(fleet, desired, 'RollingUpdate')
          fleet = fleet.filter((each) => !drain.includes(each.name))
          expect(fleet.filter((each) => each.ready).length).toBeGreaterThanOrEqual(Math.min(before, desired))
          for (let i = 0; i < start; i++)
            fleet.push(member(`new-${turn}-${i}`, { ready: false, createdAt: 100 + turn }))
          expect(fleet.length).toBeLessThanOrEqual(Math.max(desired + 1, seeds.length))
          // One that was starting gets ready.
          fleet = fleet.map((each, index) =>
            index === fleet.findIndex((one) => !one.ready) ? { ...each, ready: true } : each,
          )
        }
        expect(fleet).toHaveLength(desired)
        expect(fleet.every((each) => each.current && each.ready)).toBe(true)
      }),
    )
  })
})
