import type { Estate, ServiceDefinition } from '../inventory/estate.ts'
import type { MovePlan, Plan } from '../plan/plan.ts'
import type { Assumptions, Finding } from './assumption.ts'
import type { Answering } from './simulated-users.ts'
import type { ServiceBehaviour, SimulatedService } from './simulated-world.ts'

/** A worker has this much more hands than it needs on average, or its queue would never empty. */
const spareHands = 1.5
/** Of the standard normal curve: 99 % lie below. */
const z99 = 2.3263

const answeringOf = (service: string, assumed: Assumptions): Answering => {
  const latencyMs = assumed.of('latency', service)
  return {
    errorRatio: assumed.of('errors', service),
    latencyMs,
    // Times of answers are taken as log-normal, by their median and their 99 %.
    latencySpread: Math.max(0.05, Math.log(Math.max(1.01, assumed.of('tail', service) / latencyMs)) / z99),
  }
}

const usersOf = (move: MovePlan, assumed: Assumptions, found: Finding | undefined): ServiceBehaviour['users'] => {
  if (move.kind !== 'exposed') return null
  const answering = answeringOf(move.service, assumed)
  return {
    requestsPerSecond: assumed.of('rate', move.service),
    answering: { blue: answering, green: answering },
    ...(found?.bounds === undefined ? {} : { bounds: found.bounds }),
  }
}

const queueOf = (move: MovePlan, assumed: Assumptions): ServiceBehaviour['queue'] => {
  if (move.kind !== 'worker') return null
  const itemsPerSecond = assumed.of('rate', move.service)
  const errors = assumed.of('errors', move.service)
  return {
    itemsPerSecond,
    itemMs: (Math.max(1, move.replicas) * 1_000) / (itemsPerSecond * spareHands),
    failRatio: { blue: errors, green: errors },
  }
}

/** Where it is published says the plan: the inventory may have been overruled. */
const definitionOf = (blue: ServiceDefinition, move: MovePlan): ServiceDefinition => ({
  ...blue,
  replicas: move.kind === 'job' ? 0 : move.replicas,
  port:
    blue.port === null && move.kind !== 'exposed'
      ? null
      : {
          healthPath: null,
          metricsPath: null,
          ...blue.port,
          published: move.kind === 'exposed',
        },
})

/** The services of the plan as the simulated world has them: as the inventory saw them, behaving as is known or assumed. */
export const modelServices = (
  plan: Plan,
  estate: Estate,
  assumed: Assumptions,
  found: ReadonlyMap<string, Finding>,
): readonly SimulatedService[] =>
  estate.services.flatMap(({ name, blue, green }) => {
    const move = plan.moves[name]
    if (move === undefined) return []
    const behaviour: ServiceBehaviour = {
      startMs: move.kind === 'job' ? 0 : assumed.of('start', name),
      drainMs: move.kind === 'job' ? 0 : assumed.of('drain', name),
      neverReady: { blue: false, green: false },
      absentOnGreen: green === null,
      users: usersOf(move, assumed, found.get(name)),
      queue: queueOf(move, assumed),
      runs: blue.schedule === null ? null : { runMs: assumed.of('run', name), failRatio: { blue: 0, green: 0 } },
      logs: [],
    }
    return [{ definition: definitionOf(blue, move), behaviour }]
  })
