/**
 * What the store costs: appends that wait for the disk, a restart that reads 100,000 events, and checking their chain.
 *
 *     node bench/store.ts            SQLite
 *     node bench/store.ts URL        a PostgreSQL database, which may be emptied afterwards
 */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JournalEvent } from '../src/journal/events.ts'
import { openStore, type StorePlace } from '../src/store/open.ts'
import type { Store } from '../src/store/store.ts'
import { verifyJournal } from '../src/store/verify.ts'

const journalLength = 100_000

const event = (index: number): JournalEvent => ({
  kind: 'tick',
  service: `service-${index % 1_000}`,
  tick: 1_700_000_000_000 + index,
  blue: 1,
  green: 0,
  fate: 'ran',
})

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

const say = (what: string, figure: string): void => console.log(`${what.padEnd(52)} ${figure}`)

const timed = async (times: number, work: (index: number) => unknown): Promise<readonly number[]> => {
  const durations: number[] = []
  for (let index = 0; index < times; index += 1) {
    const start = performance.now()
    await work(index)
    durations.push(performance.now() - start)
  }
  return durations.toSorted((a, b) => a - b)
}

const sayTimes = (what: string, sorted: readonly number[]): void => {
  const perSecond = (1_000 * sorted.length) / sorted.reduce((sum, one) => sum + one, 0)
  const [p50, p99] = [percentile(sorted, 0.5), percentile(sorted, 0.99)].map((one) => one.toFixed(2))
  say(what, `p50 ${p50} ms, p99 ${p99} ms, ${perSecond.toFixed(0)}/s`)
}

/** The floor: one small write and its sync, on the same disk. */
const benchSync = async (folder: string): Promise<void> => {
  const file = openSync(join(folder, 'floor'), 'w')
  const block = Buffer.alloc(4_096, 1)
  sayTimes(
    'write and fsync of 4 KB, for comparison',
    await timed(300, () => {
      writeSync(file, block)
      fsyncSync(file)
    }),
  )
  closeSync(file)
}

const append = (store: Store, index: number, count: number) =>
  store.append({
    at: index,
    epoch: 1,
    observation: 0,
    batches: [
      { stream: 'release', expected: 'any', events: Array.from({ length: count }, (_, one) => event(index + one)) },
    ],
  })

const benchStore = async (name: string, place: StorePlace): Promise<void> => {
  const store = await openStore({ ...place, release: `bench ${Date.now()}` })
  sayTimes(`${name}: append of 1 event, synced`, await timed(500, (index) => append(store, index, 1)))
  sayTimes(`${name}: append of 100 events, synced`, await timed(100, (index) => append(store, index * 100, 100)))
  const samples = Array.from({ length: 100 }, (_, index) => ({
    kind: 'sample' as const,
    subject: `green/requests/service-${index}`,
    at: 0,
    body: { good: 1_000, bad: 3, buckets: [1, 5, 9, 14, 60, 70, 12, 3, 1] },
  }))
  sayTimes(`${name}: observe 100 samples`, await timed(100, () => store.observe(samples)))
  for (let length = (await store.head()).position; length < journalLength; length += 5_000) {
    await append(store, length, Math.min(5_000, journalLength - length))
  }
  await store.close()

  const start = performance.now()
  const again = await openStore({ ...place, release: store.release })
  const opened = performance.now()
  let read = 0
  for (;;) {
    const entries = await again.read(read, 10_000)
    read += entries.length
    if (entries.length === 0) break
  }
  const done = performance.now()
  say(`${name}: open`, `${(opened - start).toFixed(0)} ms`)
  say(`${name}: read and parse ${read} events`, `${(done - opened).toFixed(0)} ms`)
  const answer = await verifyJournal(again)
  say(`${name}: verify ${read} events (${answer.kind})`, `${(performance.now() - done).toFixed(0)} ms`)
  await again.close()
}

const [url] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'titrate-bench-'))
try {
  if (url === undefined) {
    await benchSync(folder)
    await benchStore('SQLite', { file: join(folder, 'store.db') })
  } else await benchStore('PostgreSQL', { url })
} finally {
  rmSync(folder, { recursive: true })
}
