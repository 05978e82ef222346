import { looksLikeQueue } from './addresses.ts'
import { type Finding, type ServiceDefinition, type ServiceKind, serviceKinds } from './estate.ts'
import { byText } from './ordering.ts'
import type { ServiceOverride } from './overrides.ts'
import { showText } from './shown-text.ts'

export type Classified = {
  readonly kinds: readonly ServiceKind[]
  readonly reasons: readonly string[]
  readonly findings: readonly Finding[]
}

type Told = { readonly kinds: readonly ServiceKind[]; readonly reasons: readonly string[] }

/**
 * The kinds of a service. The release file wins over the environment's file, and that over what is seen:
 * its schedule, its port, the queues it takes from, and who calls it (`callers`, by name).
 */
export const classifyService = (
  service: ServiceDefinition,
  callers: readonly string[],
  override: ServiceOverride,
): Classified => {
  const seen = kindsSeen(service, callers)
  const told = override.kinds
    ? declaredKinds(override.kinds, 'the release file', seen)
    : service.declaredKinds
      ? declaredKinds(service.declaredKinds, "its environment's file", seen)
      : seen
  return { ...told, findings: findingsOf(service, told) }
}

const declaredKinds = (kinds: readonly ServiceKind[], where: string, seen: Told): Told => {
  const ordered = inOrder(kinds)
  const same = inOrder(seen.kinds).join() === ordered.join()
  const instead = seen.kinds.length === 0 ? 'nothing that is seen tells' : `it looks like ${andList(seen.kinds)}`
  return {
    kinds: ordered,
    reasons: [
      `${where} says that it is ${andList(ordered)}${same ? '' : `; ${instead}`}`,
      ...(same ? seen.reasons : []),
    ],
  }
}

const kindsSeen = (service: ServiceDefinition, callers: readonly string[]): Told => {
  const { schedule, port, observed } = service
  if (schedule) return { kinds: ['job'], reasons: [`it has a schedule, ${schedule.cron} (${schedule.zone})`] }
  const called = callers.length > 0 ? `called by ${andList(callers.toSorted(byText))}` : null
  const work = workSeen(service)
  const listening: Told = port?.published
    ? { kinds: ['exposed'], reasons: observed?.exposedBy ?? ['its port is published: users reach it'] }
    : port
      ? internalSeen(called, work)
      : { kinds: [], reasons: [] }
  return {
    kinds: inOrder([...listening.kinds, ...work.kinds]),
    reasons: [...listening.reasons, ...work.reasons],
  }
}

const internalSeen = (called: string | null, work: Told): Told => {
  if (called) return { kinds: ['internal'], reasons: [`it listens, isn't published, and is ${called}`] }
  // A worker's port is often there for its health and metrics only.
  if (work.kinds.length > 0) return { kinds: [], reasons: ['it listens, but nobody is seen to call it'] }
  return { kinds: ['internal'], reasons: ["it listens and isn't published; nobody is seen to call it"] }
}

/** Work that a service takes by itself: queues that it declares, timers of its own, or (without a port) queues it knows. */
const workSeen = (service: ServiceDefinition): Told => {
  const { observed } = service
  if (observed !== undefined && observed.worksBy.length > 0) return { kinds: ['worker'], reasons: observed.worksBy }
  if (service.takesFrom.length > 0) {
    return { kinds: ['worker'], reasons: [`it takes work from ${showText(andList(service.takesFrom)).text}`] }
  }
  const timers = service.actsAtStart.filter((act) => /timer|cron|schedul|poll/i.test(act))
  if (timers.length > 0) {
    return { kinds: ['worker'], reasons: [`it works by itself from its start: ${andList(timers)}`] }
  }
  const queues = Object.entries(service.variables)
    .filter(([name, variable]) => variable.kind === 'plain' && looksLikeQueue(name, variable.value))
    .map(([name]) => name)
    .sort(byText)
  if (queues.length === 0) return { kinds: [], reasons: [] }
  if (service.port) {
    return { kinds: [], reasons: [`it knows a queue (${andList(queues)}), and is taken to only add to it`] }
  }
  return { kinds: ['worker'], reasons: [`it knows a queue (${andList(queues)}) and doesn't listen`] }
}

const findingsOf = (service: ServiceDefinition, { kinds }: Told): readonly Finding[] => {
  const fault = faultOf(service, kinds)
  if (fault === null) return []
  const declare = `services:\n  ${service.name}:\n    kinds: [${service.schedule ? 'job' : service.port ? 'internal' : 'worker'}]\n`
  return [{ severity: 'blocks', service: service.name, message: fault, declare }]
}

const faultOf = ({ name, schedule, port }: ServiceDefinition, kinds: readonly ServiceKind[]): string | null => {
  if (kinds.length === 0) {
    return `The kind of ${name} can't be told: it has no schedule, doesn't listen, and no queue is seen. Say what it is: worker (it takes work by itself), internal or exposed.`
  }
  if (kinds.includes('job') && !schedule) return `${name} is declared a job, but blue has no schedule for it.`
  if (kinds.includes('job') && kinds.length > 1) {
    return `${name} is declared ${andList(kinds)}: a job is only a job. Make what listens or takes work a service of its own.`
  }
  if (schedule && !kinds.includes('job')) {
    return `${name} is declared ${andList(kinds)}, but it has a schedule (${schedule.cron}), so it is a job.`
  }
  if (kinds.includes('exposed') && !port) return `${name} is declared exposed, but it has no port.`
  return null
}

/** Why only one copy of it may run anywhere; null: several may. A job is never exclusive: its ticks have one owner anyway. */
export const exclusiveBecause = (service: ServiceDefinition, override: ServiceOverride): string | null => {
  if (service.schedule || override.concurrency === 'many') return null
  if (override.concurrency === 'one') return 'the release file says concurrency: one'
  if (service.lease !== null) return `it holds the lease ${service.lease} while it runs`
  if (service.replicas === 1 && service.strategy === 'Recreate') return 'it has one replica and the strategy Recreate'
  return null
}

const inOrder = (kinds: readonly ServiceKind[]): readonly ServiceKind[] =>
  serviceKinds.filter((kind) => kinds.includes(kind))

export const andList = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
