import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Millis } from '../../moves/goal.ts'
import type { LocalService } from './environment-file.ts'
import type { LogFile } from './log-file.ts'
import type { Leftover, ProcessBook } from './process-book.ts'
import { adoptProcess, type Exit, endGroup, faultOfCommand, type Running, startProcess } from './process-group.ts'
import type { KeptRun, RunTable } from './run-table.ts'
import { durably } from './state.ts'

/** The processes of jobs: one for each run that the run table began, and never two. */
export type JobRuns = {
  /** Starts the process of a run that is in the table. May be repeated when it threw, for it throws before there is one. */
  start(run: Pick<KeptRun, 'name' | 'service' | 'tick'>): void
  /** Ends what runs of a service; their runs end as failed, for this reason. */
  end(service: string, because: string): void
  /** After a restart: goes on with what runs, writes down what ended meanwhile, starts what never began. */
  recover(leftovers: readonly Leftover[]): void
  /** How many runs ended so, since this supervisor began. */
  ended(): readonly { readonly service: string; readonly result: 'succeeded' | 'failed'; readonly count: number }[]
  running(): number
}

type Options = {
  readonly directory: string
  readonly runs: RunTable
  readonly book: ProcessBook
  now(): Millis
  /** undefined: the service left the environment's file. */
  serviceOf(name: string): LocalService | undefined
  logOf(name: string): LogFile
  /** Variables of a process, or why they can't be had. */
  variablesOf(service: LocalService, own: Readonly<Record<string, string>>): Readonly<Record<string, string>> | string
  /** A run of the service has ended, and that is written down. */
  onEnded(service: string): void
}

/**
 * Wraps a job's command. The folder `$0` is made first, and only once: a second copy of the same run does nothing.
 * The exit code is left in it, so that it is known also when no supervisor was there to be told. The shell outlives
 * a SIGTERM to the group, as it must write that down; a trap (unlike ignoring) is not inherited by the job.
 */
const wrapper = `
mkdir "$0" || { [ -d "$0" ] && exit 0; exit 125; }
trap : TERM INT HUP
"$@"
code=$?
echo "$code" > "$0/exit.tmp" && mv "$0/exit.tmp" "$0/exit"
exit "$code"
`

export const createJobRuns = (options: Options): JobRuns => {
  const { runs, book } = options
  const folder = join(options.directory, 'runs')
  const running = new Map<string, { readonly process: Running; readonly service: string; because: string | null }>()
  const counts = new Map<string, { service: string; result: 'succeeded' | 'failed'; count: number }>()

  const finish = (name: string, service: string, exitCode: number | null, because: string | null, at: Millis): void => {
    runs.end(name, at, exitCode, because)
    book.closeByName(name)
    running.delete(name)
    rmSync(join(folder, name), { recursive: true, force: true })
    const result = exitCode === 0 ? 'succeeded' : 'failed'
    const key = `${service} ${result}`
    counts.set(key, { service, result, count: (counts.get(key)?.count ?? 0) + 1 })
    if (because !== null) writeSync(options.logOf(service).descriptor, `run ${name}: ${because}\n`)
    options.onEnded(service)
  }

  const follow = (name: string, service: string, process: Running): void => {
    running.set(name, { process, service, because: null })
    process.onExit((exit) => {
      const because = running.get(name)?.because ?? null
      const { code, at } = exitOf(join(folder, name), exit, options.now())
      const unseen = exit.signal === null ? 'it ended unseen, while the supervisor was away' : `ended by ${exit.signal}`
      durably(() => finish(name, service, code, because ?? (code === null ? unseen : null), at))
    })
  }

  const start: JobRuns['start'] = ({ name, service: serviceName, tick }) => {
    const service = options.serviceOf(serviceName)
    const failed = (because: string) => finish(name, serviceName, 127, because, options.now())
    if (service === undefined) return failed(`${serviceName} left the environment's file`)
    const life = randomUUID()
    const variables = options.variablesOf(service, {
      TITRATE_RUN: name,
      TITRATE_TICK: tick === null ? '' : String(tick),
      TITRATE_REPLICA: name,
      TITRATE_LIFE: life,
    })
    if (typeof variables === 'string') return failed(variables)
    const fault = faultOfCommand(service.command[0], service.directory, variables['PATH'] ?? '')
    if (fault !== null) return failed(fault)
    const createdAt = options.now()
    book.open({ life, service: serviceName, name, kind: 'run', port: null, fingerprint: '', createdAt })
    const started = startProcess({
      command: ['/bin/sh', '-c', wrapper, join(folder, name), ...service.command],
      directory: service.directory,
      variables,
      output: options.logOf(serviceName).descriptor,
    })
    if (typeof started === 'string') return failed(started)
    durably(() => book.record(life, started.identity))
    follow(name, serviceName, started)
  }

  const recoverRun = (run: KeptRun, leftover: Leftover | undefined): void => {
    const own = join(folder, run.name)
    if (leftover?.identity) return follow(run.name, run.service, adoptProcess(leftover.identity))
    if (!existsSync(own)) {
      book.closeByName(run.name)
      return start(run)
    }
    const { code, at } = exitOf(own, { code: null, signal: null }, options.now())
    finish(run.name, run.service, code, code === null ? 'it ended unseen, while the supervisor was away' : null, at)
  }

  return {
    start,
    end: (service, because) => {
      const graceMs = options.serviceOf(service)?.stop.graceMs ?? 5_000
      for (const run of running.values()) {
        if (run.service !== service || run.because !== null) continue
        run.because = because
        endGroup(run.process, graceMs)
      }
    },
    recover: (leftovers) => {
      const byName = new Map(leftovers.filter((entry) => entry.kind === 'run').map((entry) => [entry.name, entry]))
      const open = runs.open()
      for (const run of open) recoverRun(run, byName.get(run.name))
      const known = new Set(open.map((run) => run.name))
      for (const name of readdirSync(folder)) {
        if (!known.has(name)) rmSync(join(folder, name), { recursive: true, force: true })
      }
      for (const name of byName.keys()) if (!known.has(name)) book.closeByName(name)
    },
    ended: () => [...counts.values()],
    running: () => running.size,
  }
}

/** The exit code as we were told, else as the wrapper left it; null: nobody knows. */
const exitOf = (folder: string, exit: Exit, now: Millis): { code: number | null; at: Millis } => {
  if (exit.code !== null) return { code: exit.code, at: now }
  const file = join(folder, 'exit')
  if (!existsSync(file)) return { code: null, at: now }
  return { code: Number(readFileSync(file, 'utf8').trim()), at: Math.round(statSync(file).mtimeMs) }
}
