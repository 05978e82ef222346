import { describe, expect, it } from 'vitest'
import { createWatchedTime } from './watched-time.ts'

/** A wall clock that somebody sets, beside a monotonic one that nobody can. */
const clocks = () => {
  let wall = 1_000_000
  let steady = 0
  return {
    clock: {
      now: () => wall,
      monotonic: () => steady,
      sleep: async () => undefined,
      rest: () => ({ over: Promise.resolve(), end: () => undefined }),
      after: () => () => undefined,
    },
    pass: (ms: number) => {
      wall += ms
      steady += ms
    },
    set: (ms: number) => {
      wall += ms
    },
  }
}

describe('time that nobody watched', () => {
  it('is none while turns follow each other', () => {
    const { clock, pass } = clocks()
    const watched = createWatchedTime(clock)
    for (let turn = 0; turn < 100; turn += 1) {
      pass(1_000)
      expect(watched.gap()).toBeNull()
    }
  })

  it('is a pause of the process, from its last turn on, once', () => {
    const { clock, pass } = clocks()
    const watched = createWatchedTime(clock)
    pass(60_000)
    expect(watched.gap()).toMatchObject({ from: 1_000_000, until: 1_060_000, because: expect.stringContaining('60 s') })
    pass(1_000)
    expect(watched.gap()).toBeNull()
  })

  it('is what a clock that jumps ahead left out, so that no soak or dwell passes by it', () => {
    const { clock, pass, set } = clocks()
    const watched = createWatchedTime(clock)
    pass(1_000)
    set(3_600_000)
    expect(watched.gap()).toMatchObject({ from: 1_000_000, until: 4_601_000, because: 'the clock jumped 3600 s ahead' })
    pass(1_000)
    expect(watched.gap()).toBeNull()
  })

  it('is what a clock that jumps back gives twice', () => {
    const { clock, pass, set } = clocks()
    const watched = createWatchedTime(clock)
    pass(1_000)
    set(-600_000)
    expect(watched.gap()).toMatchObject({ from: 401_000, until: 1_000_000, because: 'the clock jumped 600 s back' })
    pass(1_000)
    expect(watched.gap()).toBeNull()
  })

  it('is not a clock that is corrected a little', () => {
    const { clock, pass, set } = clocks()
    const watched = createWatchedTime(clock)
    pass(1_000)
    set(1_500)
    expect(watched.gap()).toBeNull()
  })
})
