import type { MovePlan, Plan } from '../../plan/plan.ts'
import type { MoveFacts, Seen } from '../facts.ts'
import type { Goal, Side } from '../goal.ts'

/** One service as it really is, and as it was seen last. */
export type ServiceWorld = {
  weight: number
  readonly owner: { blue: boolean; green: boolean }
  readonly replicas: { blue: number; green: number }
  readonly version: { blue: string; green: string }
  readonly ready: { blue: boolean; green: boolean }
  restarts: number
  facts: MoveFacts
}

/** A world without time of its own: acts and people change it, and what is seen of it is as old as the last look. */
export const createRandomWorld = (plan: Plan) => {
  const services = new Map<string, ServiceWorld>()
  let windowOpen = true
  let condition = true
  for (const move of Object.values(plan.moves)) services.set(move.service, asItWas(move))

  const of = (service: string): ServiceWorld => {
    const found = services.get(service)
    if (found === undefined) throw new Error(`no ${service} in the world`)
    return found
  }

  return {
    of,
    services,
    setCalendar: (open: boolean, holds: boolean): void => {
      windowOpen = open
      condition = holds
    },
    /** Reads everything of the service, now. */
    look: (service: string, at: number, after: number): void => {
      const own = of(service)
      const renew = <T>(before: Seen<T> | null, value: T): Seen<T> =>
        before !== null && JSON.stringify(before.value) === JSON.stringify(value)
          ? { ...before, at, after }
          : { value, at, since: at, after }
      const workload = (side: Side) =>
        renew(own.facts.workload[side], {
          version: own.version[side],
          desired: own.replicas[side],
          ready: own.ready[side] ? own.replicas[side] : 0,
          running: own.replicas[side],
          restarts: side === 'green' ? own.restarts : 0,
          problem: null,
        })
      const schedule = (side: Side) => renew(own.facts.schedule[side], { suspended: !own.owner[side], active: 0 })
      const isJob = plan.moves[service]?.kind === 'job'
      own.facts = {
        workload: { blue: workload('blue'), green: workload('green') },
        schedule: isJob ? { blue: schedule('blue'), green: schedule('green') } : { blue: null, green: null },
        weights:
          plan.moves[service]?.kind === 'exposed'
            ? renew(own.facts.weights, { green: own.weight, effectiveGreen: own.weight, ready: { ...own.ready } })
            : null,
        windows: { office: { open: windowOpen, changesAt: null } },
        conditions: { quiet: condition },
      }
    },
    carryOut: (service: string, goal: Goal): void => {
      const own = of(service)
      const suspended = plan.moves[service]?.suspended === true
      if (goal.kind === 'weights') own.weight = goal.green
      if (goal.kind === 'workload') Object.assign(own.replicas, { blue: goal.blue, green: goal.green })
      if (goal.kind === 'schedule')
        Object.assign(own.owner, {
          blue: goal.owner === 'blue' && !suspended,
          green: goal.owner === 'green' && !suspended,
        })
    },
  }
}

const asItWas = (move: MovePlan): ServiceWorld => ({
  weight: 0,
  owner: { blue: move.kind === 'job' && !move.suspended, green: false },
  replicas: { blue: move.replicas, green: 0 },
  version: { blue: '1', green: '1' },
  ready: { blue: true, green: true },
  restarts: 0,
  facts: {
    workload: { blue: null, green: null },
    schedule: { blue: null, green: null },
    weights: null,
    windows: {},
    conditions: {},
  },
})
