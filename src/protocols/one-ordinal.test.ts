import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Side } from '../moves/goal.ts'
import { nextOrdinal } from './one-ordinal.ts'

type Process = { readonly ordinal: number; age: number; leaving: boolean }

/** Two sets of numbered replicas: blue has them from 0 on, green up to the highest. Some take long to start, or to end. */
const worldOf = (total: number, blue: number, green: number) => {
  const range = (from: number, count: number) =>
    Array.from({ length: count }, (_, index): Process => ({ ordinal: from + index, age: 9, leaving: false }))
  const processes: Record<Side, Process[]> = { blue: range(0, blue), green: range(total - green, green) }
  const desired: Record<Side, number> = { blue, green }
  return {
    processes,
    desired,
    scale: (side: Side, replicas: number) => {
      desired[side] = replicas
      const first = side === 'blue' ? 0 : total - replicas
      const wanted = new Set(range(first, replicas).map(({ ordinal }) => ordinal))
      for (const each of processes[side]) if (!wanted.has(each.ordinal)) each.leaving = true
      for (const ordinal of wanted)
        if (!processes[side].some((each) => each.ordinal === ordinal))
          processes[side].push({ ordinal, age: 0, leaving: false })
    },
    pass: (slow: number) => {
      for (const side of ['blue', 'green'] as const) {
        for (const each of processes[side]) each.age += 1
        processes[side] = processes[side].filter(
          ({ leaving, ordinal, age }) => !leaving || (ordinal + age) % slow !== 0,
        )
      }
    },
    seen: (side: Side) => {
      const ready = processes[side].filter(({ leaving, age }) => !leaving && age > 1).length
      return {
        desired: desired[side],
        held: Math.max(desired[side], processes[side].length),
        isUp: ready >= desired[side],
      }
    },
  }
}

describe('numbered replicas', () => {
  it('go over and back one at a time: none runs on both sides, and at most one is on its way', () => {
    const size = fc.integer({ min: 1, max: 9 })
    const shifts = fc.record({
      total: size,
      start: fc.nat(9),
      goals: fc.array(fc.nat(9), { minLength: 1, maxLength: 3 }),
      slow: fc.integer({ min: 1, max: 4 }),
    })
    fc.assert(
      fc.property(shifts, ({ total, start, goals, slow }) => {
        const first = Math.min(start, total)
        const world = worldOf(total, total - first, first)
        for (const wanted of goals.map((goal) => Math.min(goal, total))) {
          const goal = { blue: total - wanted, green: wanted }
          for (let turn = 0; ; turn++) {
            expect(turn).toBeLessThan(500)
            const step = nextOrdinal({ blue: world.seen('blue'), green: world.seen('green') }, goal)
            if (step === null) break
            if (step.kind === 'scale') world.scale(step.side, step.replicas)
            const running = [...world.processes.blue, ...world.processes.green].map(({ ordinal }) => ordinal)
            expect(new Set(running).size).toBe(running.length)
            expect(world.desired.blue + world.desired.green).toBeGreaterThanOrEqual(total - 1)
            world.pass(slow)
          }
          expect(world.desired).toEqual(goal)
        }
      }),
    )
  })

  it('grow freely where both sides are to have all of them, as for what has no work to divide', () => {
    const now = { blue: { desired: 3, held: 3, isUp: true }, green: { desired: 0, held: 0, isUp: true } }
    expect(nextOrdinal(now, { blue: 3, green: 3 })).toEqual({ kind: 'scale', side: 'green', replicas: 3 })
  })
})
