import type { PersonRequest, Recorded } from '../journal/events.ts'
import { callKey } from '../journal/release-state.ts'
import type { Random } from './simulated-clock.ts'

type Call = { readonly service: string | null; readonly because: string; readonly actions: readonly string[] }

/** What a person does about a call: asks for something, or sees to what is broken outside. */
export type PersonAct = { readonly kind: 'asks'; readonly request: PersonRequest } | { readonly kind: 'sees to it' }

/**
 * A person on call: reads what they were called for in the journal, and does one of the things that they were told they
 * can do. So what people are told is tried as well.
 */
export type SimulatedPerson = {
  readonly take: (entries: readonly Recorded[]) => void
  /** What they do now; null: nobody called. `patient`: they try to go on; else they take everything back. */
  readonly act: (isPatient: boolean) => PersonAct | null
  readonly calls: () => readonly Call[]
}

const because = 'looked at it'
/** How often, of all times that they look, people leave a stop mark where it is, or a release on hold. */
const stillLooks = 0.6

export const createSimulatedPerson = (options: {
  readonly random: Random
  readonly services: readonly string[]
}): SimulatedPerson => {
  const { random, services } = options
  const calls = new Map<string, Call>()
  let isHeld = false

  const pick = <T>(of: readonly T[]): T | undefined => of[Math.floor(random() * of.length)]

  /** A placeholder in a command stands for one of the services that the call names. */
  const meant = (word: string | undefined, call: Call): string | null => {
    if (word === undefined) return null
    if (word !== 'SERVICE') return word
    return pick(services.filter((service) => call.because.split(/[^\w-]+/).includes(service))) ?? null
  }
  /** null: there is nothing to be asked for; it goes on when what is broken is seen to. */
  const requestOf = (action: string, call: Call): PersonRequest | null => {
    const [program, command, ...rest] = action.split(' ')
    if (program !== 'titrate') return null
    const service = call.service
    switch (command) {
      case 'approve':
      case 'reject': {
        const gate = rest.join(' ').replace(/ --service .*$/, '')
        return { kind: command, service, gate, evidence: null, note: null }
      }
      case 'resume':
        return rest[0] === '--clear-stop'
          ? { kind: 'resume', service: null, because, clearStop: true }
          : { kind: 'resume', service: rest[0] ?? null, because }
      case 'retry':
        return { kind: 'retry', service: meant(rest[0], call), because }
      case 'skip': {
        const skipped = meant(rest[0], call)
        return skipped === null ? null : { kind: 'skip', service: skipped, because }
      }
      case 'rollback': {
        const dead = rest.indexOf('--assume-dead')
        // A person may say so only of what is dead; in this world green answers again sooner or later.
        if (dead !== -1) return null
        const one = meant(rest[0], call)
        const scope = one === null ? ({ kind: 'everything' } as const) : ({ kind: 'service', service: one } as const)
        return { kind: 'roll back', scope, because, assumeDead: null }
      }
      default:
        return null
    }
  }

  /** Most people try to go on before they give up. */
  const willingness: Readonly<Record<string, number>> = {
    approve: 12,
    resume: 8,
    retry: 6,
    skip: 1,
    rollback: 1,
    reject: 0.3,
  }
  const choose = (call: Call): PersonRequest | null => {
    const choices = call.actions.map((action) => ({ action, often: willingness[action.split(' ')[1] ?? ''] ?? 0.5 }))
    let left = random() * choices.reduce((sum, { often }) => sum + often, 0)
    for (const { action, often } of choices) {
      left -= often
      if (left < 0) return requestOf(action, call)
    }
    return null
  }

  return {
    take: (entries) => {
      for (const { stream, event } of entries) {
        if (event.kind === 'called a person') calls.set(callKey(event.service, event.because), event)
        if (event.kind === 'call ended') calls.delete(event.key)
        if (stream === 'release' && event.kind === 'held') isHeld = true
        if (stream === 'release' && event.kind === 'resumed') isHeld = false
      }
    },
    calls: () => [...calls.values()],
    act: (isPatient) => {
      const stopMark = [...calls.values()].find(({ actions }) => actions.includes('titrate resume --clear-stop'))
      // Whoever used break-glass has their reasons: they look at the environments before they let anybody act again.
      if (stopMark !== undefined && random() < stillLooks) return null
      if (isHeld && stopMark === undefined)
        return random() < stillLooks ? null : { kind: 'asks', request: { kind: 'resume', service: null, because } }
      // Nothing else is answered before.
      const call = stopMark ?? pick([...calls.values()])
      if (call === undefined) return null
      if (!isPatient && stopMark === undefined)
        return {
          kind: 'asks',
          request: { kind: 'roll back', scope: { kind: 'everything' }, because: 'enough', assumeDead: null },
        }
      const request = choose(call)
      return request === null ? { kind: 'sees to it' } : { kind: 'asks', request }
    },
  }
}
