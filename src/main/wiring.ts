import { pino } from 'pino'
import type { RunOptions } from '../cli/deps.ts'
import { resolveSecret } from '../config/secret.ts'
import type { World } from '../engine/engine.ts'
import { noBaselines, takeIncrements } from '../engine/increments.ts'
import type { Answer, Run } from '../engine/ports.ts'
import type { Work } from '../engine/runner.ts'
import type { Millis } from '../moves/goal.ts'
import type { Found, ProbeDefinition } from '../providers/checks/context.ts'
import { runTest } from '../providers/checks/run-test.ts'
import { createNotify } from '../providers/notify/create-notify.ts'
import { startHeartbeat } from '../providers/notify/heartbeat.ts'
import type { RunTest } from './carry-out-work.ts'
import { systemClock } from './clock.ts'
import type { RunWiring } from './run.ts'
import { clustersOf, gatewayOf } from './world.ts'

const readMs = 5_000
const guardEveryMs: Millis = 1_000
/** Blue suffers when this part of a second's requests fails, and at least so many. */
const sufferingRatio = 0.02
const sufferingErrors = 3

/** Follows blue's errors while a load runs on green: shared dependencies may suffer from it. */
const guardBlue = (world: World, service: string, signal: AbortSignal): (() => boolean) => {
  const { metrics } = world
  let suffers = false
  const follow = async (): Promise<void> => {
    const baselines = noBaselines()
    while (metrics !== null && !signal.aborted) {
      const answer = await metrics.read(AbortSignal.any([signal, AbortSignal.timeout(readMs)]))
      const blue = answer.kind === 'ok' ? takeIncrements(baselines, answer.value).get(service)?.blue?.arm : undefined
      if (blue !== undefined && blue.errors >= sufferingErrors && blue.errors > blue.requests * sufferingRatio)
        suffers = true
      await systemClock.sleep(systemClock.now() + guardEveryMs, signal)
    }
  }
  void follow()
  return () => suffers
}

/** One run on green outside its schedule, watched to its end. */
const trialRun = async (world: World, work: Work, signal: AbortSignal): Promise<Answer<Run>> => {
  const { schedules } = world.sides.green
  const since = systemClock.now() - 1_000
  const started = await schedules.runNow({ fence: work.fence, intent: work.intent, signal }, work.service, null)
  if (started.kind !== 'ok') return started
  while (!signal.aborted) {
    const runs = await schedules.runs(work.service, since, AbortSignal.any([signal, AbortSignal.timeout(readMs)]))
    const trial = runs.kind === 'ok' ? runs.value.findLast((run) => run.tick === null) : undefined
    if (trial?.endedAt != null) return { kind: 'ok', value: trial }
    await systemClock.sleep(systemClock.now() + 200, signal)
  }
  return { kind: 'unknown', because: 'the trial run did not end in time' }
}

/** Probes run on clusters only; what can't be tried is said. */
const probeFor =
  ({ release, world }: RunOptions, service: string, work: Work) =>
  async (definition: ProbeDefinition, signal: AbortSignal): Promise<Found> => {
    const [pair, setting] = [clustersOf(world), release.probe]
    if (pair === null || setting === null)
      return { passed: true, summary: 'not checked: the release file names no image for probes', figures: {} }
    const { probeOnCluster } = await import('./kubernetes-probe.ts')
    return probeOnCluster({ pair, setting, gateway: gatewayOf(world) }, service, definition, work, signal)
  }

const createRunTest =
  (options: RunOptions): RunTest =>
  async (service, definition, work, signal) => {
    const { world } = options
    const address = (side: 'blue' | 'green') => async (): Promise<string | null> => {
      const answer = await world.sides[side].workloads.address(
        service,
        AbortSignal.any([signal, AbortSignal.timeout(readMs)]),
      )
      return answer.kind === 'ok' ? answer.value : null
    }
    const over = new AbortController()
    try {
      return await runTest(definition, {
        service,
        greenAddress: address('green'),
        blueAddress: address('blue'),
        trialRun: (until) => trialRun(world, work, until),
        probe: probeFor(options, service, work),
        environmentVariables: process.env,
        signal,
        clock: systemClock,
        ...(definition.kind === 'stress'
          ? { blueGuard: guardBlue(world, service, AbortSignal.any([signal, over.signal])) }
          : {}),
      })
    } finally {
      over.abort()
    }
  }

/** What a run needs beside its world: people to tell, a dead-man address, tests, a log on stderr (`TITRATE_LOG=debug` for more). */
export const createWiring = (version: string): RunWiring => {
  const logger = pino({ level: process.env.TITRATE_LOG ?? 'silent' }, pino.destination({ dest: 2, sync: true }))
  const log: RunWiring['log'] = (what, details) => logger.debug(details, what)
  const secret: Parameters<typeof createNotify>[0]['resolveSecret'] = (reference) =>
    resolveSecret(reference, process.env)
  return {
    version,
    log,
    notify: (release) =>
      createNotify({ targets: release.notify, resolveSecret: secret, clock: systemClock, log, variables: process.env }),
    heartbeat: (release, store, signal) => {
      if (release.heartbeat === null) return
      const { url, everyMs } = release.heartbeat
      let head = { epoch: 0, position: 0, hash: '' }
      const refresh = async (): Promise<void> => {
        while (!signal.aborted) {
          const last = await store.head()
          const [entry] = last.position === 0 ? [] : await store.read(last.position - 1, 1)
          head = { epoch: entry?.epoch ?? 0, ...last }
          await systemClock.sleep(systemClock.now() + everyMs, signal)
        }
      }
      // A store that can't be read leaves the heartbeat with what it knew: that the engine lives is what it is for.
      void refresh().catch((error: unknown) => log('the heartbeat can not read the journal', { error: String(error) }))
      void startHeartbeat(
        {
          url,
          everyMs,
          resolveSecret: secret,
          clock: systemClock,
          log,
          body: () => ({ release: release.name, epoch: head.epoch, position: head.position, head: head.hash }),
        },
        signal,
      )
    },
    runTest: createRunTest,
  }
}
