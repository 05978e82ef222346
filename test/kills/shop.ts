/**
 * The estate in which engines are killed: users, a worker with a queue, two schedules. All but the engine lives on, and
 * users, queue and jobs count for themselves what became of their work.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { dueTicks } from '../../src/demo/accounting.ts'
import { startQueue } from '../../src/demo/children.ts'
import { programFile } from '../../src/demo/estate-files.ts'
import type { QueueTotals } from '../../src/demo/queue.ts'
import { call } from '../../src/demo/shop/call.ts'
import type { Millis } from '../../src/moves/goal.ts'
import type { MissedRuns } from '../../src/plan/policy.ts'
import { createEstate, type Estate, startUsers } from '../trouble/estate.ts'

/** Where the journal is kept; the database is empty, and its URL has no password in it. */
export type ShopStore =
  | { readonly kind: 'SQLite' }
  | { readonly kind: 'PostgreSQL'; readonly url: string; readonly password: string }

const jobs = [
  { service: 'invoices', cron: '*/2 * * * * *', concurrency: 'Allow', runMs: 0 },
  // Half of its handoffs meet a run that Forbid has to wait for.
  { service: 'digest', cron: '*/4 * * * * *', concurrency: 'Forbid', runMs: 1_500 },
] as const

/** Ticks of one job: those that were due, and what its own runs say of each. */
export type JobAccount = {
  readonly service: string
  readonly due: number
  readonly once: number
  /** With the side of each of its runs. */
  readonly twice: readonly string[]
  readonly never: readonly Millis[]
}

export type Account = {
  readonly queue: Pick<QueueTotals, 'added' | 'done' | 'twice'>
  readonly jobs: readonly JobAccount[]
}

export type Shop = {
  readonly estate: Estate
  readonly store: ShopStore
  /** What users saw until now. */
  readonly users: ReturnType<typeof startUsers>['seen']
  /** Sends users home, lets everything come to rest, and counts. */
  settle(): Promise<Account>
  close(): Promise<void>
}

const usersPerSecond = 40
const mailEveryMs = 100
/** A busy machine is late; what has not come by then never will. */
const patienceMs = 20_000

const servicesOf = (queueUrl: string) => ({
  mailer: {
    command: [process.execPath, programFile('shop', 'mailer')],
    version: '1',
    replicas: 2,
    port: { health: '/healthz', metrics: '/metrics' },
    takesFrom: ['mails'],
    variables: { QUEUE_URL: queueUrl, SHOP_TROUBLE: 'none.json' },
  },
  ...Object.fromEntries(
    jobs.map(({ service, cron, concurrency, runMs }) => [
      service,
      {
        command: [process.execPath, 'job.mjs', `${service}.log`, String(runMs)],
        version: '1',
        schedule: { cron, zone: 'UTC', concurrency },
      },
    ]),
  ),
})

type Noted = { readonly side: string; readonly tick: Millis }

const notedRuns = (file: string): readonly Noted[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [side = '', tick = ''] = line.split(' ')
      return { side, tick: Number(tick) }
    })

const accountOf = (estate: Estate, from: Millis, until: Millis): readonly JobAccount[] =>
  jobs.map(({ service, cron }) => {
    const sidesOf = Map.groupBy(notedRuns(estate.path(`${service}.log`)), ({ tick }) => tick)
    const due = dueTicks({ service, cron, suspended: false }, from, until)
    const times = (tick: Millis): number => sidesOf.get(tick)?.length ?? 0
    return {
      service,
      due: due.length,
      once: due.filter((tick) => times(tick) === 1).length,
      twice: [...sidesOf].flatMap(([tick, runs]) =>
        runs.length > 1 ? [`${new Date(tick).toISOString()}: ${runs.map(({ side }) => side).join(', ')}`] : [],
      ),
      never: due.filter((tick) => times(tick) === 0),
    }
  })

const settled = async <T>(look: () => Promise<T> | T, isSettled: (seen: T) => boolean): Promise<T> => {
  const limit = Date.now() + patienceMs
  for (;;) {
    const seen = await look()
    if (isSettled(seen) || Date.now() > limit) return seen
    await pause(100)
  }
}

/** Starts everything but an engine; users and mails come from now on. */
export const openShop = async (store: ShopStore, missed: MissedRuns): Promise<Shop> => {
  const queue = await startQueue()
  const estate = createEstate({
    environment: servicesOf(queue.url),
    policy: { missed, shares: [50, 100] },
    ...(store.kind === 'SQLite'
      ? {}
      : { release: { store: { postgresql: store.url, password: { file: 'store-password' } } } }),
  })
  if (store.kind === 'PostgreSQL') writeFileSync(estate.path('store-password'), store.password)
  for (const { service } of jobs) writeFileSync(estate.path(`${service}.log`), '')
  await estate.up()
  const from = Date.now()
  const users = startUsers(estate.url(), usersPerSecond)
  const mails = setInterval(() => void call(`${queue.url}/mails`, { post: {} }).catch(() => undefined), mailEveryMs)
  let isClosed = false
  return {
    estate,
    store,
    users: users.seen,
    settle: async () => {
      clearInterval(mails)
      await users.stop()
      const until = Date.now()
      const totals = await settled(
        () => call<QueueTotals>(queue.url),
        ({ waiting, leased }) => waiting + leased === 0,
      )
      const account = await settled(
        () => accountOf(estate, from, until),
        (all) => all.every(({ never }) => never.length === 0),
      )
      return { queue: { added: totals.added, done: totals.done, twice: totals.twice }, jobs: account }
    },
    close: async () => {
      if (isClosed) return
      isClosed = true
      clearInterval(mails)
      await users.stop()
      await estate.close()
      queue.close()
    },
  }
}
