import type { Clock } from '../engine/clock.ts'
import { type EngineEnd, type EngineOptions, runEngine, type World } from '../engine/engine.ts'
import type { Notice } from '../engine/ports.ts'
import type { Plan } from '../plan/plan.ts'
import type { Store } from '../store/store.ts'
import type { SimulatedProcess } from './simulated-process.ts'

/** How an engine of the simulated world ended: as the real one, by a fault of its own, or it was killed (it says nothing). */
export type SimulatedEnd = EngineEnd | { readonly kind: 'threw'; readonly error: unknown }

export type SimulatedEngine = {
  readonly process: SimulatedProcess
  /** null: it runs, or was killed. */
  readonly end: () => SimulatedEnd | null
  /** Asks it to leave. */
  readonly stop: () => void
}

export type SimulatedEngineOptions = Pick<EngineOptions, 'check' | 'calendars' | 'conditions' | 'pace'> & {
  readonly name: string
  readonly process: SimulatedProcess
  readonly store: Store
  readonly world: World
  /** Of a release that has not begun; else null. */
  readonly plan: Plan | null
  readonly carryOut: (world: World, clock: Clock) => EngineOptions['carryOut']
  readonly pollMs: number
  readonly notice: (notice: Notice) => void
  readonly log?: EngineOptions['log']
  readonly appended?: EngineOptions['appended']
  readonly turned?: EngineOptions['turned']
}

const reachesAll = ({ sides, router, metrics }: World, { reaches }: SimulatedProcess): World => {
  const side = (ports: World['sides']['blue']): World['sides']['blue'] => ({
    claims: reaches(ports.claims),
    workloads: reaches(ports.workloads),
    schedules: reaches(ports.schedules),
  })
  return {
    sides: { blue: side(sides.blue), green: side(sides.green) },
    router: router === null ? null : { claims: reaches(router.claims), traffic: reaches(router.traffic) },
    metrics: metrics === null ? null : reaches(metrics),
  }
}

/** The real engine in a process of the simulated world: it sees everything outside only through that process. */
export const startSimulatedEngine = (options: SimulatedEngineOptions): SimulatedEngine => {
  const { process } = options
  const stop = new AbortController()
  const world = reachesAll(options.world, process)
  /** A dead engine may still get to the end of a line; nobody hears of it. */
  const whileAlive =
    <A extends readonly unknown[]>(tell: (...news: A) => void) =>
    (...news: A): void => {
      if (!process.isDead()) tell(...news)
    }
  let end: SimulatedEnd | null = null
  const running = runEngine(
    {
      ...{ check: options.check, calendars: options.calendars, conditions: options.conditions },
      store: process.reaches(options.store),
      world,
      plan: options.plan,
      titrate: 'simulated',
      engine: options.name,
      clock: process.clock,
      notify: { send: whileAlive(options.notice), close: () => Promise.resolve() },
      carryOut: options.carryOut(world, process.clock),
      log: options.log ?? (() => undefined),
      ...(options.appended === undefined ? {} : { appended: whileAlive(options.appended) }),
      ...(options.turned === undefined ? {} : { turned: whileAlive(options.turned) }),
      ...(options.pace === undefined ? {} : { pace: options.pace }),
      pollMs: options.pollMs,
      slots: 64,
      exitAtGate: false,
    },
    stop.signal,
  )
  void running.then(
    (how) => {
      end = how
    },
    (error: unknown) => {
      end = { kind: 'threw', error }
    },
  )
  return { process, end: () => end, stop: () => stop.abort('told to leave') }
}
