import type { Clock } from '../../src/engine/clock.ts'
import type { EngineOptions } from '../../src/engine/engine.ts'
import type { Store } from '../../src/store/store.ts'

/** An engine for benches: nobody is told, nothing is checked, acts are those of a world in memory. */
export const benchEngine = (
  store: Store,
  clock: Clock,
  rest: Pick<EngineOptions, 'world' | 'plan' | 'carryOut'> & Partial<EngineOptions>,
): EngineOptions => ({
  store,
  clock,
  titrate: 'bench',
  engine: 'bench',
  notify: { send: () => undefined, close: () => Promise.resolve() },
  check: () => Promise.resolve({ blocking: [], notes: [], findings: null }),
  calendars: () => ({}),
  conditions: () => ({}),
  log: () => undefined,
  pollMs: 1_000,
  slots: 64,
  exitAtGate: false,
  ...rest,
})
