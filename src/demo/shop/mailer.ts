import { setTimeout as pause } from 'node:timers/promises'
import { call } from './call.ts'
import { setting, watchTrouble } from './identity.ts'
import { serveShop, work } from './serve.ts'

type Lease = { readonly id: string; readonly lease: string }

const queue = setting('QUEUE_URL')
const consumer = `${setting('TITRATE_ENVIRONMENT')}/${setting('TITRATE_REPLICA')}`
const trouble = watchTrouble()
const leaving = new AbortController()
const atOnce = 2
const counts = { taken: 0, done: 0, failed: 0 }

/** The queue answers when there is something, or with null after a while. */
const take = (): Promise<Lease | null> =>
  call<Lease | null>(`${queue}/take`, { post: { consumer }, signal: leaving.signal, timeoutMs: 10_000 })

const sendMail = async ({ id, lease }: Lease): Promise<void> => {
  counts.taken += 1
  await work(3, 3)
  // Stuck: it waits for ever for whatever sends its mails.
  if (trouble('stuck') !== null) await new Promise(() => undefined)
  try {
    await call(`${queue}/done`, { post: { id, lease } })
    counts.done += 1
  } catch {
    counts.failed += 1
  }
}

/** Takes one mail after another; what it took it finishes, also when it is told to end. */
const loop = async (): Promise<void> => {
  while (!leaving.signal.aborted) {
    const lease = await take().catch(() => null)
    if (lease === null) await pause(20)
    else await sendMail(lease)
  }
}

const metrics = (): string =>
  Object.entries(counts)
    .map(([what, count]) => `# TYPE work_${what}_total counter\nwork_${what}_total{queue="mails"} ${count}\n`)
    .join('')

serveShop(async () => ({ status: 404, body: {} }), metrics)
const loops = Array.from({ length: atOnce }, loop)
process.once('SIGTERM', () => {
  leaving.abort()
  void Promise.all(loops).then(() => process.exit(0))
})
