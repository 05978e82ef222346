import type { ScheduleSeen, WorkloadSeen } from '../../engine/ports.ts'
import { runNameOf } from '../run-name.ts'
import type { LocalService } from './environment-file.ts'
import { joinExpositions, type Source } from './exposition.ts'
import type { KeptRun } from './run-table.ts'
import { type OwnMetric, ownMetricsInText, scrapeReplica } from './scrape.ts'
import type { Supervisor } from './supervisor.ts'

/** What others see of an environment: the answers to reads. */

export const workloadSeen = (supervisor: Supervisor, service: LocalService): WorkloadSeen => {
  const row = supervisor.workloads.read(service.name)
  const members = supervisor.fleet(service.name)?.members() ?? []
  const ready = members.filter((replica) => replica.isReady())
  const readyTimes = ready.flatMap((replica) => replica.readyAt() ?? [])
  return {
    service: service.name,
    version: supervisor.versionOf(service.name),
    desired: row?.desired ?? 0,
    ready: ready.length,
    running: members.filter((replica) => replica.isAlive()).length,
    restarts: row?.restarts ?? 0,
    problem: problemOf(supervisor, service),
    youngestReadyAt: readyTimes.length === 0 ? null : Math.max(...readyTimes),
    revision: String(row?.revision ?? 0),
    stamp: row?.stamp ?? null,
  }
}

const problemOf = (supervisor: Supervisor, service: LocalService): string | null => {
  if (service.schedule !== null) {
    const last = supervisor.runs.last(service.name)
    if (last === null || last.result !== 'failed') return null
    return `run ${last.name} failed: ${last.because ?? `exited with code ${last.exitCode}`}`
  }
  const members = supervisor.fleet(service.name)?.members() ?? []
  return members.flatMap((replica) => replica.problem() ?? [])[0] ?? null
}

export type KeptSchedule = Omit<ScheduleSeen, 'active'> & { readonly active: readonly KeptRun[] }

export const scheduleSeen = (supervisor: Supervisor, service: LocalService): KeptSchedule | null => {
  const { schedules, runs, loop } = supervisor
  const row = schedules.read(service.name)
  const definition = service.schedule
  if (row === null || definition === null) return null
  const waits =
    row.pending !== null &&
    row.pending > (row.cursor ?? Number.NEGATIVE_INFINITY) &&
    runs.find(runNameOf(service.name, row.pending)) === null
  return {
    service: service.name,
    cron: definition.cron,
    zone: definition.zone,
    unsure: null,
    concurrency: definition.concurrency,
    deadlineMs: definition.deadlineMs,
    suspended: row.suspended,
    cursor: row.cursor,
    createdAt: row.createdAt,
    active: runs.active(service.name),
    newestRun: runs.newestTick(service.name),
    pending: waits ? row.pending : null,
    fenced: runs.fencedAfter(service.name, row.cursor ?? 0),
    passesSinceChange: loop.passesSinceChange(service.name),
    unguarded: null,
    revision: String(row.revision),
    stamp: row.stamp,
    now: supervisor.now(),
  }
}

export const endpointsSeen = (supervisor: Supervisor) => ({
  name: supervisor.environment().name,
  services: Object.fromEntries(
    Object.values(supervisor.environment().services)
      .filter((service) => service.port !== null)
      .map((service) => [
        service.name,
        (supervisor.fleet(service.name)?.members() ?? []).flatMap((replica) => {
          const port = replica.port()
          if (port === null) return []
          return [
            {
              replica: replica.name,
              port,
              ready: replica.isReady(),
              draining: replica.isDraining(),
              readyAt: replica.readyAt(),
            },
          ]
        }),
      ]),
  ),
})

// ── Metrics ───────────────────────────────────────────────────────────────────

/** The replicas' own metrics with labels added, and the supervisor's. A replica that doesn't answer in time is left out and counted. */
export const createMetricsPage = (supervisor: Supervisor): (() => Promise<string>) => {
  const unanswered = new Map<string, number>()
  return async () => {
    const environment = supervisor.environment().name
    const asked = Object.values(supervisor.environment().services).flatMap((service) => {
      const path = service.port?.metricsPath
      if (path === undefined || path === null) return []
      const backends = supervisor.fleet(service.name)?.backends() ?? []
      return backends.map(async ({ replica, port }) => {
        const source = await scrapeReplica(port, path, { service: service.name, environment, replica })
        if (source === null) unanswered.set(service.name, (unanswered.get(service.name) ?? 0) + 1)
        return source
      })
    })
    const sources = (await Promise.all(asked)).filter((source): source is Source => source !== null)
    return ownMetricsInText(ownMetrics(supervisor, unanswered)) + joinExpositions(sources)
  }
}

const ownMetrics = (supervisor: Supervisor, unanswered: ReadonlyMap<string, number>): OwnMetric[] => {
  const environment = supervisor.environment().name
  const services = Object.values(supervisor.environment().services)
  const seen = services
    .filter((service) => service.schedule === null)
    .map((service) => workloadSeen(supervisor, service))
  const labelled = (service: string, more: Readonly<Record<string, string>> = {}) => ({ service, environment, ...more })
  return [
    {
      name: 'titrate_replicas',
      type: 'gauge',
      help: 'Replicas by state.',
      samples: seen.flatMap(({ service, desired, ready, running }) => [
        { labels: labelled(service, { state: 'desired' }), value: desired },
        { labels: labelled(service, { state: 'ready' }), value: ready },
        { labels: labelled(service, { state: 'running' }), value: running },
      ]),
    },
    {
      name: 'titrate_restarts_total',
      type: 'counter',
      help: 'Times that a replica ended by itself.',
      samples: seen.map(({ service, restarts }) => ({ labels: labelled(service), value: restarts })),
    },
    {
      name: 'titrate_runs_total',
      type: 'counter',
      help: 'Runs of jobs that ended, by result.',
      samples: supervisor.jobs
        .ended()
        .map(({ service, result, count }) => ({ labels: labelled(service, { result }), value: count })),
    },
    {
      name: 'titrate_scrapes_unanswered_total',
      type: 'counter',
      help: 'Times that a replica did not give its metrics within a second.',
      samples: [...unanswered].map(([service, count]) => ({ labels: labelled(service), value: count })),
    },
  ]
}
