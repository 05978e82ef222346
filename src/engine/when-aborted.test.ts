import { describe, expect, it } from 'vitest'
import { whenAborted } from './when-aborted.ts'

describe('waiting for a signal to abort', () => {
  it('calls each back once, also twice the same, and not one that was taken back', () => {
    const controller = new AbortController()
    const called: string[] = []
    const first = (): void => void called.push('first')
    whenAborted(controller.signal, first)
    whenAborted(controller.signal, first)
    const takeBack = whenAborted(controller.signal, () => called.push('second'))
    whenAborted(controller.signal, () => called.push('third'))
    takeBack()
    controller.abort()
    controller.abort()
    expect(called).toEqual(['first', 'first', 'third'])
  })

  it('calls nobody back who begins to wait when it has aborted, also while others are called', () => {
    const controller = new AbortController()
    const called: string[] = []
    whenAborted(controller.signal, () => {
      called.push('in time')
      whenAborted(controller.signal, () => called.push('late'))
    })
    controller.abort()
    whenAborted(controller.signal, () => called.push('later'))
    expect(called).toEqual(['in time'])
  })

  it('leaves one listener on the signal, whoever waits', () => {
    const { signal } = new AbortController()
    let listeners = 0
    const counted = Object.assign(signal, { addEventListener: () => (listeners += 1) })
    for (let times = 0; times < 100; times += 1) whenAborted(counted, () => undefined)()
    expect(listeners).toBe(1)
  })
})
