import { TitrateError } from '../../errors.ts'
import type { Goal } from '../../moves/goal.ts'
import type { Append, Store } from '../../store/store.ts'
import type { CallFault, ReadFault } from '../simulated-calls.ts'
import type { SimulatedProcess } from '../simulated-process.ts'
import { type Coverage, note } from './coverage.ts'
import { type AppendFault, stepOf } from './points.ts'
import type { Trouble } from './trouble.ts'

type Counted<K extends 'call' | 'read' | 'append'> = Extract<Trouble, { readonly on: K }>

/** Hands out the faults of a scenario, each at its call, read or append, counted over all engines. */
export const createFaults = (troubles: readonly Trouble[], coverage: Coverage) => {
  const of = <K extends Counted<'call' | 'read' | 'append'>['on']>(on: K): readonly Counted<K>[] =>
    troubles.filter((trouble): trouble is Counted<K> => trouble.on === on)
  const [calls, reads, appends] = [of('call'), of('read'), of('append')]
  const counts = new Map<string, number>()
  let isOver = false
  const count = (what: string): number => {
    const number = counts.get(what) ?? 0
    counts.set(what, number + 1)
    return number
  }

  return {
    /** From now on nothing goes wrong any more. */
    end: (): void => {
      isOver = true
    },
    call: (method: string, goal: Goal | null, handsBack: boolean): CallFault | null => {
      const step = goal === null ? method : stepOf(method, goal, handsBack)
      note(coverage, `${step} × nothing`)
      if (isOver) return null
      const [number, ofStep] = [count('call'), count(step)]
      const found = calls.find((one) =>
        one.step === null ? one.number === number : one.step === step && one.number === ofStep,
      )
      if (found === undefined) return null
      note(coverage, `${step} × ${found.fault}`)
      return found.fault
    },
    read: (): ReadFault | null => {
      if (isOver || reads.length === 0) return null
      const number = count('read')
      const found = reads.find((one) => one.number === number)
      if (found !== undefined) note(coverage, `read × ${found.fault}`)
      return found?.fault ?? null
    },
    append: ({ batches }: Append): AppendFault | null => {
      if (isOver || appends.length === 0) return null
      const number = count('append')
      const kinds = [...new Set(batches.flatMap(({ events }) => events.map(({ kind }) => kind)))]
      const ofKind = new Map(kinds.map((kind) => [kind as string, count(`append ${kind}`)]))
      const found = appends.find((one) =>
        one.event === null ? one.number === number : ofKind.get(one.event) === one.number,
      )
      if (found === undefined) return null
      for (const kind of kinds) note(coverage, `append "${kind}" × ${found.fault}`)
      return found.fault
    },
  }
}

export type ScenarioFaults = ReturnType<typeof createFaults>

/** A disk that is full stays so for a while. */
const fullForMs = 2_000

/** The store as one engine has it: its appends may go wrong. */
export const troubledStore = (options: {
  readonly store: Store
  readonly process: SimulatedProcess
  readonly faults: ScenarioFaults
  readonly die: () => Promise<never>
}): Store => {
  const { store, faults, process } = options
  let fullUntil = Number.NEGATIVE_INFINITY
  const isFull = (): boolean => process.clock.now() < fullUntil
  return {
    ...store,
    observe: async (observations) => {
      if (isFull()) throw new TitrateError('STORE_UNAVAILABLE', 'no space left', { details: { noRoom: true } })
      return store.observe(observations)
    },
    append: async (append) => {
      const fault = faults.append(append)
      if (fault === 'full') fullUntil = process.clock.now() + fullForMs
      if (isFull()) return { kind: 'full', because: 'no space left' }
      if (fault === 'killed before') return options.die()
      const answer = await store.append(append)
      if (fault === 'killed after') return options.die()
      if (fault === 'unanswered')
        throw new TitrateError('STORE_UNAVAILABLE', 'the store was cut off', { details: { appended: 'unknown' } })
      return answer
    },
  }
}
