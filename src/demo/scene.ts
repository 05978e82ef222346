import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Recorded } from '../journal/events.ts'
import { createEnvironments } from '../main/environments.ts'
import type { Millis } from '../moves/goal.ts'
import { environmentStatus } from '../providers/local/supervisor-control.ts'
import { routerStatus } from '../providers/proxy/router-control.ts'
import type { ReportInput } from '../report/write-report.ts'
import { describeEvent } from '../views/describe-event.ts'
import { viewLedger } from '../views/ledger-view.ts'
import { viewStatus } from '../views/status-view.ts'
import { countTicks, disagreements, parseRuns, runsOf, seeTicks, type TickSeen } from './accounting.ts'
import { type EngineProcess, type Janitor, startEngine, startLoadProcess, startQueue } from './children.ts'
import type { DemoIo } from './demo-io.ts'
import { type DemoPaths, type EstateOptions, jobs, writeEnvironment, writeEstate } from './estate-files.ts'
import { type Follower, followStore } from './follow.ts'
import { backAt, createInjection, detectedAt } from './injection.ts'
import { type LoadCounts, noCounts } from './load-counts.ts'
import type { QueueTotals } from './queue.ts'
import { type Relay, startRelay } from './relay.ts'
import { type DemoResult, secondsBetween } from './result.ts'
import type { DemoOutcome, Fault, FaultHands } from './scenario.ts'
import { createScreen, drawPicture, isLoud, queueLine, usersLine } from './screen.ts'
import { call } from './shop/call.ts'
import { writeTrouble } from './trouble.ts'

type SceneOptions = {
  readonly fault: Fault | null
  readonly paths: DemoPaths
  readonly janitor: Janitor
  readonly io: DemoIo
  readonly startedAt: Millis
}

export type SceneEnd = { readonly result: Omit<DemoResult, 'report'>; readonly report: Omit<ReportInput, 'extra'> }

const perSecond = 200
const userPatienceMs: Millis = 10_000
/** Far beyond what any ending takes; then something hangs, and the demo must end all the same. */
const limitMs: Millis = 180_000
/** Held and nothing else going on for so long: nobody but a person can go on. */
const heldForMs: Millis = 5_000
const readyLimitMs: Millis = 20_000
const settleLimitMs: Millis = 10_000

/** Plays one release from the start of the environments to its end. null: the user interrupted it. */
export const runScene = async (options: SceneOptions): Promise<SceneEnd | null> => {
  const { fault, paths, janitor, io } = options
  const say = (text: string): void => io.err(`${text}\n`)
  const open = new Set<() => void>()
  const follower = followStore(paths.store)
  try {
    say('Starting blue, green (asleep), the router and the queue …')
    const queue = await startQueue()
    open.add(queue.close)
    const estate = await raiseEstate(options, queue.url)
    if (estate.relay !== null) open.add(estate.relay.close)
    const from = Date.now()
    await everythingReady(paths.blue, io.signal)
    if (io.signal.aborted) return null
    const router = await routerStatus(paths.router)
    if (router.kind !== 'ok') throw new Error(`the router does not answer: ${router.because}`)
    const load = startLoadProcess({ addresses: router.value.services, perSecond, timeoutMs: userPatienceMs })
    say(`Blue is ready. Users come: ${perSecond} requests/s through the router.`)

    const engines = keepEngine(io, paths, janitor)
    const hands = createHands(options, estate, engines)
    const injection = createInjection(fault, hands, Date.now)
    engines.start()
    const watch = watchRelease({
      ...options,
      follower,
      engines,
      injection,
      load: load.counts,
      queueUrl: queue.url,
      from,
    })
    const end = await watch.untilEnded()
    if (end === null) {
      await engines.leave()
      return null
    }
    await engines.leave()
    const endedAt = Date.now()
    say(`Ended: ${end.outcome}. Counting what came of every request, tick and mail …`)
    const users = await load.stop()
    const mails = await drained(queue.url)
    const ticks = await settledTicks(paths, from, endedAt)
    await follower.look()
    return summarise({
      ...options,
      end,
      endedAt,
      from,
      users,
      mails,
      ticks,
      follower,
      injectedAt: injection.injectedAt(),
    })
  } finally {
    for (const close of open) close()
    await follower.close()
  }
}

// ── Before it begins ──────────────────────────────────────────────────────────

type Estate = { readonly relay: Relay | null; options: EstateOptions }

const raiseEstate = async ({ fault, paths, io, janitor }: SceneOptions, queueUrl: string): Promise<Estate> => {
  const environments = createEnvironments(io.program)
  const options: EstateOptions = {
    queueUrl,
    metrics: null,
    versions: { blue: {}, green: {} },
    mistakes: fault?.mistakes ?? {},
  }
  writeTrouble(paths.trouble, [])
  writeEstate(paths, options)
  await Promise.all([environments.up(paths.blue, false), environments.up(paths.green, true)])
  await environments.up(paths.router, false)
  const router = await routerStatus(paths.router)
  const sides = await Promise.all([environmentStatus(paths.blue), environmentStatus(paths.green)])
  const routerPid = router.kind === 'ok' ? [router.value.pid] : []
  janitor.tell({ kind: 'daemons', pids: [...routerPid, ...sides.map(({ pid }) => pid)] })
  if (fault?.relay !== true) return { relay: null, options }
  const routers = router.kind === 'ok' ? [`http://${router.value.metrics}/metrics`] : []
  const relay = await startRelay([...routers, ...sides.map(({ metrics }) => metrics)])
  const relayed = { ...options, metrics: relay.urls }
  writeEstate(paths, relayed)
  return { relay, options: relayed }
}

const everythingReady = async (file: string, signal: AbortSignal): Promise<void> => {
  const limit = Date.now() + readyLimitMs
  while (!signal.aborted) {
    const { services } = await environmentStatus(file)
    if (services.every(({ ready, desired }) => ready >= desired)) return
    if (Date.now() > limit) {
      const late = services.filter(({ ready, desired }) => ready < desired)
      throw new Error(
        `blue did not get ready: ${late.map(({ service, problem }) => `${service} (${problem})`).join(', ')}`,
      )
    }
    await pause(100)
  }
}

// ── The engine, as a person would run it ──────────────────────────────────────

type Engines = {
  start(): void
  current(): EngineProcess | null
  /** Killed on purpose: its end is not the end of the release. */
  isAway(): boolean
  kill(restartAfterMs: Millis): Promise<void>
  /** Interrupts it where it still runs; the world stays as it is. */
  leave(): Promise<void>
}

const keepEngine = (io: DemoIo, paths: DemoPaths, janitor: Janitor): Engines => {
  let engine: EngineProcess | null = null
  let away = false
  const start = (): void => {
    engine = startEngine(io.program, paths)
    janitor.tell({ kind: 'engine', pid: engine.pid })
  }
  return {
    start,
    current: () => engine,
    isAway: () => away,
    kill: async (restartAfterMs) => {
      away = true
      engine?.signal('SIGKILL')
      await engine?.ended
      await pause(restartAfterMs)
      if (!io.signal.aborted) start()
      away = false
    },
    leave: async () => {
      engine?.signal('SIGINT')
      const late = setTimeout(() => engine?.signal('SIGKILL'), 5_000)
      await engine?.ended
      clearTimeout(late)
      janitor.tell({ kind: 'engine', pid: null })
    },
  }
}

const createHands = ({ paths, io }: SceneOptions, estate: Estate, engines: Engines): FaultHands => {
  const environments = createEnvironments(io.program)
  return {
    trouble: (trouble) => writeTrouble(paths.trouble, trouble),
    setWeight: async (service, green) => {
      await environments.weight(paths.router, service, green)
    },
    deploy: async (side, service, version) => {
      const { versions } = estate.options
      estate.options = {
        ...estate.options,
        versions: { ...versions, [side]: { ...versions[side], [service]: version } },
      }
      writeEnvironment(side, paths, estate.options)
      await environments.apply(paths[side])
    },
    cutMetrics: () => estate.relay?.cut(),
    killEngine: engines.kill,
    sleep: (ms) => pause(ms),
  }
}

// ── While it runs ─────────────────────────────────────────────────────────────

type End = { readonly outcome: DemoOutcome; readonly because: string }

type WatchOptions = SceneOptions & {
  readonly follower: Follower
  readonly engines: Engines
  readonly injection: ReturnType<typeof createInjection>
  readonly load: () => LoadCounts
  readonly queueUrl: string
  readonly from: Millis
}

const lookEveryMs = 300

const watchRelease = (options: WatchOptions) => {
  const { fault, paths, io, startedAt, follower, engines, injection, from } = options
  let heldSince: Millis | null = null
  let mails: QueueTotals | null = null
  const show = createProgress(io)

  const heldFor = (isHeld: boolean, now: Millis): Millis => {
    heldSince = isHeld ? (heldSince ?? now) : null
    return heldSince === null ? 0 : now - heldSince
  }

  const endNow = async (now: Millis): Promise<End | null> => {
    const status = viewStatus(follower.material(now))
    const { ended } = follower.journal().release
    if (ended !== null) return { outcome: ended.outcome, because: ended.because }
    const failed = injection.failure()
    if (failed !== null) return { outcome: 'failed', because: `the fault could not be made: ${failed}` }
    const code = engines.current()?.exitCode() ?? null
    if (code !== null && !engines.isAway())
      return { outcome: 'failed', because: `the engine ended with exit code ${code}; see ${paths.engineLog}` }
    const held = status.people.length > 0 && injection.isOver() && injection.injectedAt() !== null
    if (heldFor(held && status.outcome === 'held', now) >= heldForMs)
      return { outcome: 'held', because: status.because ?? 'a person is needed' }
    if (now - startedAt > limitMs)
      return { outcome: 'failed', because: `it did not end within ${limitMs / 1_000} s; it is ${status.outcome}` }
    return null
  }

  const untilEnded = async (): Promise<End | null> => {
    let asked = 0
    while (!io.signal.aborted) {
      const fresh = await follower.look()
      const now = Date.now()
      injection.consider(follower.journal())
      if (now - asked > 1_000) {
        asked = now
        mails = await call<QueueTotals>(options.queueUrl).catch(() => mails)
      }
      const ticks = ticksOf(paths, from, now)
      const status = viewStatus(follower.material(now))
      show(fresh, {
        status,
        entries: follower.entries(),
        ticks,
        load: options.load(),
        queue: mails,
        elapsedMs: now - startedAt,
        fault: fault?.name ?? null,
      })
      const end = await endNow(now)
      if (end !== null) return end
      await pause(lookEveryMs)
    }
    return null
  }
  return { untilEnded }
}

const linesEveryMs: Millis = 5_000

/**
 * On a terminal the picture is drawn over itself; elsewhere what happens is told line by line. Progress goes to stderr,
 * so that is the terminal which counts: the answer may go into a file all the same.
 */
const createProgress = (io: DemoIo) => {
  const { stderr } = process
  const screen = createScreen(io.err, () => stderr.rows ?? 40)
  const look = () => ({ columns: stderr.columns ?? io.columns, color: stderr.isTTY === true && !process.env.NO_COLOR })
  let toldAt = 0
  return (fresh: readonly Recorded[], picture: Parameters<typeof drawPicture>[0]): void => {
    if (stderr.isTTY === true) {
      screen.show(drawPicture(picture, look()))
      return
    }
    const at = `${String(Math.round(picture.elapsedMs / 1_000)).padStart(3)} s  `
    for (const { stream, event } of fresh.filter(isLoud)) io.err(`${at}${describeEvent(stream, event)}\n`)
    if (picture.elapsedMs - toldAt < linesEveryMs) return
    toldAt = picture.elapsedMs
    io.err(`${at}${usersLine(picture.load)}; ${queueLine(picture.queue)}\n`)
  }
}

// ── When it is over ───────────────────────────────────────────────────────────

const ticksOf = (paths: DemoPaths, from: Millis, until: Millis): readonly TickSeen[] =>
  seeTicks(jobs, parseRuns(readFileSync(paths.runs, 'utf8')), from, until)

/** The last ticks are given time to begin; what has not begun by then is missed. */
const settledTicks = async (paths: DemoPaths, from: Millis, until: Millis): Promise<readonly TickSeen[]> => {
  const limit = Date.now() + settleLimitMs
  for (;;) {
    const ticks = ticksOf(paths, from, until)
    if (ticks.every((tick) => runsOf(tick) > 0) || Date.now() > limit) return ticks
    await pause(100)
  }
}

/** Waits until every mail is done; those that are not by then count as lost. */
const drained = async (queueUrl: string): Promise<QueueTotals> => {
  const limit = Date.now() + settleLimitMs
  for (;;) {
    const totals = await call<QueueTotals>(queueUrl)
    if (totals.waiting + totals.leased === 0 || Date.now() > limit) return totals
    await pause(100)
  }
}

const summarise = (
  options: SceneOptions & {
    readonly end: End
    readonly endedAt: Millis
    readonly from: Millis
    readonly users: LoadCounts
    readonly mails: QueueTotals
    readonly ticks: readonly TickSeen[]
    readonly follower: Follower
    readonly injectedAt: Millis | null
  },
): SceneEnd => {
  const { fault, startedAt, end, endedAt, from, users, mails, ticks, follower, injectedAt } = options
  const material = follower.material(endedAt)
  const entries = follower.entries()
  const ledger = viewLedger(material.samples, null).services.flatMap(({ service, ticks: rows }) =>
    rows.map((row) => ({ service, ...row })),
  )
  const { failed, answered, failures, sent } = users ?? noCounts
  const result: Omit<DemoResult, 'report'> = {
    outcome: end.outcome,
    expected: fault?.expect ?? 'done',
    because: end.because,
    durationSeconds: (endedAt - startedAt) / 1_000,
    requests: sent,
    failedRequests: failed.blue + failed.green + failed.router,
    failedBy: failed,
    answeredBy: answered,
    failures,
    ticks: countTicks(ticks, jobs, { from, until: endedAt }, ledger),
    ledgerDisagrees: disagreements(ticks, ledger),
    queue: { added: mails.added, done: mails.done, lost: mails.added - mails.done, twice: mails.twice },
    fault: fault?.name ?? null,
    injectedAfterSeconds: secondsBetween(startedAt, injectedAt),
    detectedAfterSeconds: secondsBetween(injectedAt, detectedAt(entries, injectedAt)),
    backAfterSeconds: secondsBetween(injectedAt, backAt(entries)),
    steps: stepsPassed(entries),
    position: material.journal.position,
  }
  return { result, report: { ...material, entries } }
}

/** Every verdict gate that was passed, with what it rested on. */
const stepsPassed = (entries: readonly Recorded[]): DemoResult['steps'] => {
  const stepOf = new Map<string, string>()
  const causeOf = new Map<string, string>()
  const passed: { service: string; step: string; how: string }[] = []
  for (const { stream, event } of entries) {
    if (event.kind === 'entered') stepOf.set(stream, event.name)
    if (event.kind === 'judged') causeOf.set(stream, event.verdict === 'advance' ? event.cause : event.verdict)
    if (event.kind === 'gate passed' && event.gate === 'after verdict')
      passed.push({
        service: stream.slice('move/'.length),
        step: stepOf.get(stream) ?? '?',
        how: causeOf.get(stream) ?? '?',
      })
  }
  return passed
}
