import type { Millis } from '../../moves/goal.ts'
import { Killed } from '../../rehearsal/simulated-calls.ts'
import type { SimulatedClock } from '../../rehearsal/simulated-clock.ts'

/**
 * What may go wrong with one call of a port:
 * - `killed before`, `killed after`: the caller dies, and the call has not, or has, been made.
 * - `lost`: no answer, and nothing was done. `unanswered`: no answer, and it was done.
 * - `late`: an act is done much later, and nobody is told; a read is answered much later, and what it says is old by then.
 * - `conflict`: an act finds that somebody wrote in between.
 * - `out of date`: a read gives the answer before the newest.
 * - `twice`: an act is done twice.
 */
export const portFaults = [
  'killed before',
  'killed after',
  'lost',
  'unanswered',
  'late',
  'conflict',
  'out of date',
  'twice',
] as const
export type PortFault = (typeof portFaults)[number]

const acts: ReadonlySet<string> = new Set([
  ...['stamp', 'pause', 'fence', 'unfence', 'barrier', 'setCursor', 'resume', 'runNow'],
  ...['provision', 'scale', 'setWeight'],
])

const onlyActs: ReadonlySet<PortFault> = new Set(['unanswered', 'conflict', 'twice'])
const onlyReads: ReadonlySet<PortFault> = new Set(['out of date'])

/** Whether a fault means anything for a method. */
export const mayFail = (method: string, fault: PortFault): boolean =>
  acts.has(method) ? !onlyReads.has(fault) : !onlyActs.has(fault)

type Answered = { readonly kind: string }
type Ask = (...given: readonly unknown[]) => Promise<Answered>

/** Counts all calls of all ports that it wraps, and lets some of them fail. */
export const createFaultyPorts = (options: {
  readonly clock: SimulatedClock
  /** By the number of the call, from 1. */
  readonly faults: ReadonlyMap<number, PortFault>
  readonly lateMs: Millis
  /** Told when a fault is made. */
  readonly failed?: () => void
}) => {
  const { clock, lateMs } = options
  const methods: string[] = []

  const unknown = (method: string): Answered & { because: string } => ({
    kind: 'unknown',
    because: `no answer to ${method}`,
  })
  const fail = async (fault: PortFault, method: string, ask: () => Promise<Answered>, known: Answered | undefined) => {
    switch (fault) {
      case 'killed before':
        throw new Killed(method)
      case 'killed after':
        await ask()
        throw new Killed(method)
      case 'lost':
        return unknown(method)
      case 'unanswered':
        await ask()
        return unknown(method)
      case 'late': {
        if (acts.has(method)) {
          clock.at(clock.now() + lateMs, () => {
            void ask()
            return true
          })
          return unknown(method)
        }
        const answer = await ask()
        await clock.sleep(clock.now() + lateMs)
        return answer
      }
      case 'conflict':
        return { kind: 'conflict', because: `somebody wrote just before ${method}` }
      case 'out of date':
        return known ?? (await ask())
      case 'twice':
        await ask()
        return ask()
      default:
        return fault satisfies never
    }
  }

  const wrap = <T extends object>(port: T): T => {
    const answers = new Map<string, Answered>()
    return new Proxy(port, {
      get: (target, method, receiver): unknown => {
        const value: unknown = Reflect.get(target, method, receiver)
        if (typeof value !== 'function' || typeof method !== 'string' || method === 'watch' || method === 'testRoute')
          return value
        return async (...given: readonly unknown[]) => {
          methods.push(method)
          const asked = options.faults.get(methods.length)
          // Every method of a port that answers at all answers with a kind.
          const ask = () => (value as Ask).apply(target, [...given])
          const about = JSON.stringify([method, ...given.filter((one) => typeof one !== 'object')])
          const fault = asked !== undefined && mayFail(method, asked) ? asked : null
          if (fault !== null) options.failed?.()
          const known = answers.get(about)
          const answer = fault === null ? await ask() : await fail(fault, method, ask, known)
          if (answer.kind === 'ok') answers.set(about, answer)
          return answer
        }
      },
    })
  }

  return { wrap, methods: (): readonly string[] => methods }
}
