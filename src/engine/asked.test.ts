import { describe, expect, it } from 'vitest'
import { asked, limited } from './asked.ts'

/** A clock that tells what still waits for its time. */
const clockOfOneTest = () => {
  const waiting = new Set<() => void>()
  const after = (_ms: number, act: () => void) => {
    waiting.add(act)
    return () => void waiting.delete(act)
  }
  return { clock: { after }, waiting }
}
const { signal } = new AbortController()

describe('a call with a limit', () => {
  it('leaves nothing waiting for its time once it was answered, or failed', async () => {
    const { clock, waiting } = clockOfOneTest()
    const asking = { clock, signal }
    expect(await asked(async () => ({ kind: 'ok', value: 1 }), asking)).toEqual({ kind: 'seen', value: 1 })
    expect(waiting.size).toBe(0)
    const broken = new Error('a port that is broken')
    await expect(limited(() => Promise.reject(broken), asking)).rejects.toBe(broken)
    expect(waiting.size).toBe(0)
    const throwing = () => {
      throw broken
    }
    await expect(limited(throwing, asking)).rejects.toBe(broken)
    expect(waiting.size).toBe(0)
  })

  it('is unknown past its limit and tells the port to stop, whether or not that heeds it', async () => {
    const { clock, waiting } = clockOfOneTest()
    const heard: boolean[] = []
    const answer = limited(
      (limit) => {
        limit.addEventListener('abort', () => heard.push(true))
        return new Promise(() => undefined)
      },
      { clock, signal },
      70,
    )
    for (const act of waiting) act()
    expect(await answer).toEqual({ kind: 'unknown', because: 'no answer within 70 ms' })
    expect(heard).toEqual([true])
    expect(waiting.size).toBe(0)
  })
})
