import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import type { RunOptions } from '../cli/deps.ts'
import { calendarAt } from '../config/calendar.ts'
import { type EngineEnd, runEngine } from '../engine/engine.ts'
import type { Notify } from '../engine/ports.ts'
import { TitrateError } from '../errors.ts'
import type { Store, StoreLock } from '../store/store.ts'
import { createCarryOutWork, type RunTest } from './carry-out-work.ts'
import { systemClock } from './clock.ts'
import { createConditions } from './conditions.ts'
import { prepareRelease } from './prepare.ts'
import { keepHeapSmall } from './small-heap.ts'

const lockTries = 10
const lockPauseMs = 100
const pollMs = 1_000
/** Intents under way at once; those going back do not count. */
const slots = 64

/** The lock of the living engine. A command that only looks whether one lives holds it for a moment: so it is tried again. */
const lockRelease = async (store: Store, takeOver: boolean): Promise<StoreLock | null> => {
  for (let tries = 0; tries < lockTries; tries += 1) {
    const lock = await store.lock()
    if (lock !== null) return lock
    if (takeOver) return null
    await pause(lockPauseMs)
  }
  throw new TitrateError(
    'ENGINE_RUNNING',
    `Another engine runs the release "${store.release}" (${store.where}). Watch it with "titrate watch"; "titrate run --take-over" takes the release from it.`,
  )
}

export type RunWiring = {
  readonly version: string
  readonly log: (what: string, details: Readonly<Record<string, unknown>>) => void
  readonly notify: (release: RunOptions['release']) => Notify
  readonly heartbeat: (release: RunOptions['release'], store: Store, signal: AbortSignal) => void
  readonly runTest: (options: RunOptions) => RunTest
}

/** Becomes the engine of the release: takes its lock, wires the world to it, and runs it to its end. */
export const runRelease = async (options: RunOptions, wiring: RunWiring, signal: AbortSignal): Promise<EngineEnd> => {
  const { release, store, world } = options
  keepHeapSmall()
  const lock = await lockRelease(store, options.takeOver)
  const notify = wiring.notify(release)
  const alive = new AbortController()
  wiring.heartbeat(release, store, AbortSignal.any([alive.signal, signal]))
  let conditions: ReturnType<typeof createConditions> | null = null
  try {
    return await runEngine(
      {
        store,
        world,
        plan: options.plan,
        titrate: wiring.version,
        engine: `${hostname()}, process ${process.pid}`,
        clock: systemClock,
        notify,
        check: async () => (await prepareRelease(release, world, systemClock.now())).check,
        carryOut: createCarryOutWork({ world, clock: systemClock, runTest: wiring.runTest(options) }),
        calendars: (now) => calendarAt(release.calendar, now),
        conditions: (service, facts, plan, journal, now) => {
          conditions ??= createConditions(plan)
          return conditions(service, facts, journal, now)
        },
        log: wiring.log,
        appended: options.appended,
        say: options.say,
        pollMs,
        slots,
        exitAtGate: options.exitAtGate,
      },
      // An engine that lost its lock may have a successor: it leaves, and its epoch fences what it still has under way.
      lock === null ? signal : AbortSignal.any([signal, lock.lost]),
    )
  } finally {
    alive.abort()
    await notify.close()
    await lock?.release()
  }
}
