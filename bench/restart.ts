/**
 * How soon an engine acts again after kill -9, with 100,000 entries in the journal of a release of 1,000 services and the
 * samples that belong to them. A real engine writes them (by virtual time), is killed while intents are under way, and is
 * started again as a real process: Node, the store, the fold, the judges, the takeover, the first act. Five restarts,
 * each killed in its turn.
 *
 *     npm run bench -- restart          npx node bench/restart.ts [entries]
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { readJournal } from '../src/engine/take-over.ts'
import { openStore } from '../src/store/open.ts'

const limitMs = 2_000
const restarts = 5
const [entries = 100_000] = process.argv.slice(2).map(Number)
const folder = mkdtempSync(join(tmpdir(), 'titrate-bench-'))
const file = join(folder, 'journal.db')
const world = join(folder, 'world.json')

const run = (script: string, ...args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [fileURLToPath(new URL(`in-memory/${script}.ts`, import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // As the program's own entry does: what was compiled once is kept.
    env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') },
  })
/** What a process says until it says `last`; then it is killed. */
const killAt = async (child: ChildProcess, last: string): Promise<ReadonlyMap<string, readonly string[]>> => {
  const said = new Map<string, readonly string[]>()
  if (child.stdout === null) throw new Error('its output is a pipe')
  for await (const line of createInterface({ input: child.stdout })) {
    const [word = '', ...figures] = line.split(' ')
    said.set(word, figures)
    if (word === last) break
  }
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
  if (!said.has(last)) throw new Error(`it ended before it said "${last}"`)
  return said
}

await killAt(run('grow-journal', file, String(entries)), 'grown')
const store = await openStore({ file, release: 'bench' })
const journal = await readJournal(store)
await store.close()
const left = [...journal.moves].map(([service, { lanes }]) => {
  const weights = lanes.weights?.goal
  // An act that was under way has not happened: its world hung.
  const done = lanes.weights?.outcome?.kind === 'done' && weights?.kind === 'weights' ? weights.green : null
  const before = journal.release.plan?.moves[service]?.policy.weights.findLast(
    (weight) => weights?.kind === 'weights' && weight < weights.green,
  )
  return [service, { replicas: 2, weight: done ?? before ?? 0 }]
})
writeFileSync(world, JSON.stringify(Object.fromEntries(left)))

const times: { whole: number; node: number; store: number; turn: number; memory: string }[] = []
for (let index = 0; index < restarts; index += 1) {
  const from = Date.now()
  const said = await killAt(run('restarted-engine', file, world), 'acted')
  const at = (word: string): number => Number(said.get(word)?.[0])
  times.push({
    whole: at('acted') - from,
    node: at('began') - from,
    store: at('wired') - at('began'),
    turn: at('acted') - at('wired'),
    memory: said.get('acted')?.[1] ?? '?',
  })
}
const sorted = times.toSorted((a, b) => a.whole - b.whole)
const median = sorted[Math.floor(sorted.length / 2)]
console.log(
  `restart after kill -9 with ${journal.position} entries and 1,000 services, load of the machine ${loadavg()[0]?.toFixed(1)}`,
)
for (const { whole, node, store: fold, turn, memory } of times)
  console.log(`  ${whole} ms: program ${node}, store and journal ${fold}, judges and first turn ${turn}; ${memory} MB`)
console.log(`acts again after ${median?.whole} ms (median), ${sorted[0]?.whole} ms (best)   (limit ${limitMs} ms)`)
rmSync(folder, { recursive: true, force: true })
if ((median?.whole ?? Number.POSITIVE_INFINITY) > limitMs) process.exitCode = 1
