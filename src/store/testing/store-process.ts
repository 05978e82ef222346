/**
 * Another process with the same store, for the contract suite:
 *
 *     node store-process.ts '{"file":"…","release":"…"}' TASK [COUNT]
 *
 * It prints one line for each thing that has happened.
 */
import type { JournalEvent } from '../../journal/events.ts'
import { openStore, type StorePlace } from '../open.ts'
import type { Store } from '../store.ts'

const [options = '', task = '', count = '0'] = process.argv.slice(2)

/** To a pipe this is synchronous: a line is out before anything else is done. */
const say = (line: string): void => void process.stdout.write(`${line}\n`)

const note = (because: string): JournalEvent => ({ kind: 'asked to go back', because })

/** Says each position when its append was acknowledged. */
const appendEach = async (store: Store, times: number): Promise<void> => {
  for (let index = 0; index < times; index += 1) {
    const batch = { stream: `move/${process.pid}`, expected: 'any', events: [note(`${index}`), note('again')] } as const
    const answer = await store.append({ at: index, epoch: 0, observation: 0, batches: [batch] })
    if (answer.kind === 'appended') say(`${answer.entries.at(-1)?.position}`)
    else throw new Error(answer.kind)
  }
}

/** As an engine does: sees something, then appends to two streams at once. Says each position when it was acknowledged. */
const observeAndAppend = async (store: Store, times: number): Promise<void> => {
  for (let turn = 1; turn <= times; turn += 1) {
    const body = { turn, seen: 'x'.repeat(turn % 700) }
    await store.observe([
      { kind: 'fact', subject: `green/workload/${turn % 20}`, at: turn, body },
      { kind: 'sample', subject: 'judge/x', at: turn, body },
    ])
    const batches = ['release', `move/${turn % 5}`].map((stream) => ({
      ...{ stream, expected: 'any' as const },
      events: [note(`${turn}`), note('y'.repeat(turn % 300))],
    }))
    const answer = await store.append({ at: turn, epoch: 1, observation: turn, batches })
    if (answer.kind !== 'appended') throw new Error(answer.kind)
    say(`${answer.entries.at(-1)?.position}`)
  }
}

/** Counts up one stream by compare-and-swap, in competition with others. */
const countUp = async (store: Store, times: number): Promise<void> => {
  let version = 0
  for (let done = 0; done < times; ) {
    const batch = { stream: 'move/shared', expected: version, events: [note(`${version + 1}`)] }
    const answer = await store.append({ at: 0, epoch: 0, observation: 0, batches: [batch] })
    if (answer.kind === 'appended') done += 1
    else if (answer.kind !== 'conflict') throw new Error(answer.kind)
    version = answer.kind === 'conflict' ? answer.version : version + 1
  }
}

const store = await openStore(JSON.parse(options) as StorePlace & { release: string })
switch (task) {
  case 'append':
    await appendEach(store, Number(count))
    await store.close()
    break
  case 'observe and append':
    await observeAndAppend(store, Number(count))
    await store.close()
    break
  case 'count up':
    await countUp(store, Number(count))
    await store.close()
    break
  case 'lock':
    say((await store.lock()) === null ? 'refused' : 'held')
    setInterval(() => {}, 60_000)
    break
  default:
    throw new Error(`unknown task: ${task}`)
}
