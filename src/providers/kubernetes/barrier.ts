import { randomUUID } from 'node:crypto'
import type { Answer } from '../../engine/ports.ts'
import type { Millis } from '../../moves/goal.ts'
import { kinds } from './client/kinds.ts'
import type { KubernetesEnvironment } from './environment.ts'
import { createGathering } from './gathering.ts'
import { createSchedulerProbe } from './scheduler-probe.ts'

/** Lets the CronJob controller be seen to have looked. */
export type Barrier = {
  /** This schedule is being paused and will want a pass: one that is to begin waits for it, though not for long. */
  expect(schedule: string): void
  /**
   * Ok: the controller has acted on what was written after this was called, so its cache has all that was written before;
   * and our watch has every Job that it had made until then. All who wait at once share one pass.
   */
  pass(schedule: string, signal: AbortSignal): Promise<Answer<null>>
}

/** `over`: what the pass left behind is gone, and the probe is ready for the next. */
type Pass = { readonly answer: Promise<Answer<null>>; readonly over: Promise<void> }

/** A controller that is stopped may come back, and another engine may have taken the probe: those who wait begin a new pass. */
const limitMs: Millis = 15_000
const tidyMs: Millis = 10_000

export const createBarrier = (environment: KubernetesEnvironment): Barrier => {
  const { cluster, namespace } = environment
  const probe = createSchedulerProbe(environment)
  let current: Pass | null = null
  let next: Promise<Answer<null>> | null = null
  /** The current one has not begun yet, so whoever comes may wait for it. */
  let isOpen = false
  /** The newest that was used, also when the probe's status doesn't show it yet. */
  let lastTick: Millis = 0
  const gathering = createGathering()

  const passOnce = async (): Promise<Answer<null>> => {
    const signal = AbortSignal.timeout(limitMs)
    const reader = await cluster.watches.of(kinds.jobs, { namespace }).ready(signal)
    if (reader.kind !== 'ok') return reader
    const tick = await probe.prepare(lastTick, signal)
    if (tick.kind !== 'ok') return tick
    lastTick = tick.value
    const pass = randomUUID()
    const seen = probe.jobOf(pass, signal)
    const allowed = await probe.letGo(pass, signal)
    if (allowed.kind !== 'ok') return allowed
    if ((await seen) !== null) return { kind: 'ok', value: null }
    const because = `the CronJob controller of ${cluster.name} did not look within ${limitMs / 1000} s`
    return { kind: 'unknown', because }
  }
  const begin = (): Pass => {
    isOpen = true
    const answer = gathering.over().then(() => {
      isOpen = false
      return passOnce()
    })
    const over = answer
      .then(({ kind }) => (kind === 'ok' ? probe.tidy(lastTick, AbortSignal.timeout(tidyMs)) : undefined))
      .catch(() => undefined)
    void over.then(() => {
      if (next === null) current = null
    })
    return { answer, over }
  }
  const startNow = (): Promise<Answer<null>> => {
    next = null
    current = begin()
    return current.answer
  }

  return {
    expect: gathering.expect,
    pass: (schedule, signal) => {
      gathering.came(schedule)
      // One that is under way may have begun before what the caller wrote.
      if (current !== null && isOpen) return Promise.race([current.answer, givenUp(signal)])
      if (current !== null) next ??= current.over.then(startNow)
      return Promise.race([next ?? startNow(), givenUp(signal)])
    },
  }
}

const givenUp = (signal: AbortSignal): Promise<Answer<never>> =>
  new Promise((resolve) => {
    const because = 'the scheduler was not seen to look within the time there was'
    const end = () => resolve({ kind: 'unknown', because })
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
