import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { canonicalJson } from '../../journal/canonical-json.ts'
import { genesis, verifyChain } from '../../journal/chain.ts'
import type { JournalEvent, Recorded } from '../../journal/events.ts'
import type { MemoryPlace } from '../memory/store.ts'
import { listReleases, openStore, type StorePlace } from '../open.ts'
import type { Append, Observation, Store, StoreListing } from '../store.ts'
import { verifyJournal } from '../verify.ts'

/** Where the suite may keep its stores: a place that nothing else uses. */
export type Premises = { readonly place: StorePlace | MemoryPlace; leave(): Promise<void> }

/** What a store can do. A skip is named, and counted. */
export type StoreAbilities = {
  /** Other processes open the same store. */
  readonly processes: boolean
}

const note = (because: string): JournalEvent => ({ kind: 'asked to go back', because })
const fact = (subject: string, body: Observation['body']): Observation => ({ kind: 'fact', subject, at: 1_000, body })
const sample = (subject: string, body: Observation['body']): Observation => ({
  kind: 'sample',
  subject,
  at: 1_000,
  body,
})

const appendOf = (batches: Append['batches'], by: Partial<Append> = {}): Append => ({
  at: 1_000,
  epoch: 0,
  observation: 0,
  batches,
  ...by,
})

const appended = async (store: Store, append: Append): Promise<readonly Recorded[]> => {
  const answer = await store.append(append)
  if (answer.kind !== 'appended') throw new Error(JSON.stringify(answer))
  return answer.entries
}

const addNotes = (store: Store, stream: string, ...notes: string[]): Promise<readonly Recorded[]> =>
  appended(store, appendOf([{ stream, expected: 'any', events: notes.map(note) }]))

type Process = ChildProcessByStdio<null, Readable, Readable>

/** Every store must keep these promises; each runs this suite. */
export const describeStore = (
  name: string,
  arrive: () => Promise<Premises>,
  has: StoreAbilities = { processes: true },
): void => {
  describe(`a store in ${name}`, () => {
    let premises: Premises
    let release = 'r0'
    let stores: Store[] = []
    let processes: Process[] = []
    let count = 0

    beforeAll(async () => {
      premises = await arrive()
    }, 60_000)
    afterAll(() => premises?.leave())
    beforeEach(() => {
      count += 1
      release = `release ${count}`
    })
    afterEach(async () => {
      for (const child of processes) child.kill('SIGKILL')
      for (const store of stores) await store.close()
      processes = []
      stores = []
    })

    const open = async (named = release): Promise<Store> => {
      const { place } = premises
      const store = await ('open' in place ? place.open(named) : openStore({ ...place, release: named }))
      stores.push(store)
      return store
    }
    const list = async (): Promise<readonly StoreListing[]> =>
      'open' in premises.place ? premises.place.list() : listReleases(premises.place)
    const start = (task: string, times = 0): Process => {
      const program = fileURLToPath(new URL('store-process.ts', import.meta.url))
      const options = JSON.stringify({ ...premises.place, release })
      const child = spawn(process.execPath, [program, options, task, String(times)], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      processes.push(child)
      return child
    }
    const finished = async (child: Process): Promise<void> => {
      let errors = ''
      child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
      const [code] = await once(child, 'close')
      if (code !== 0) throw new Error(`ended with ${String(code)}: ${errors}`)
    }
    const nextLine = async (child: Process): Promise<string> => {
      const [line] = await once(createInterface(child.stdout), 'line')
      return String(line)
    }

    describe('appending and reading', () => {
      it('gives each event the next position of the release and the next version of its stream', async () => {
        const store = await open()
        await addNotes(store, 'release', 'a')
        const entries = await appended(
          store,
          appendOf(
            [
              { stream: 'move/x', expected: 0, events: [note('b'), note('c')] },
              { stream: 'release', expected: 1, events: [note('d')] },
            ],
            { at: 5_000, epoch: 3, observation: 9 },
          ),
        )
        expect(entries.map(({ position, stream, version }) => [position, stream, version])).toEqual([
          [2, 'move/x', 1],
          [3, 'move/x', 2],
          [4, 'release', 2],
        ])
        expect(entries[0]).toMatchObject({ at: 5_000, epoch: 3, observation: 9, event: note('b') })
      })

      it('reads what the append answered, in order, after a position and up to a limit, also after opening anew', async () => {
        const first = await open()
        const written = [...(await addNotes(first, 'release', 'a', 'b', 'c')), ...(await addNotes(first, 'm', 'd'))]
        await first.close()
        const store = await open()
        expect(await store.read(0, 100)).toEqual(written)
        expect(await store.read(1, 2)).toEqual(written.slice(1, 3))
        expect(await store.read(4, 100)).toEqual([])
        expect(await store.head()).toEqual({ position: 4, hash: written.at(-1)?.hash })
      })

      it('has an empty journal before the first append, and then is not listed', async () => {
        const store = await open()
        expect(await store.read(0, 10)).toEqual([])
        expect(await store.head()).toEqual(genesis)
        expect(await store.facts()).toEqual([])
        await store.claimEpoch(0)
        expect((await list()).map((listing) => listing.release)).not.toContain(release)
      })

      it('keeps releases apart, and lists them with their beginning and head', async () => {
        const [one, other] = [await open(), await open(`${release}, other`)]
        const [entry] = await appended(one, appendOf([{ stream: 's', expected: 0, events: [note('one')] }], { at: 77 }))
        await appended(other, appendOf([{ stream: 's', expected: 0, events: [note('other')] }]))
        await other.observe([fact('x', 'other')])
        expect(await one.read(0, 10)).toEqual([entry])
        expect(await one.facts()).toEqual([])
        const listed = (await list()).find((listing) => listing.release === release)
        expect(listed).toEqual({ release, createdAt: 77, head: { position: 1, hash: entry?.hash } })
      })

      it('reads in pages while others append, without a gap', async () => {
        const [reader, writer] = [await open(), await open()]
        const writing = (async () => {
          for (let index = 0; index < 60; index += 1) await addNotes(writer, `move/${index % 3}`, 'a', 'b')
        })()
        const positions: number[] = []
        while (positions.length < 120) {
          const page = await reader.read(positions.length, 7)
          positions.push(...page.map((entry) => entry.position))
        }
        await writing
        expect(positions).toEqual(Array.from({ length: 120 }, (_, index) => index + 1))
      })
    })

    describe('two writers', () => {
      it('refuses the whole append when one stream has moved on, and writes nothing of it', async () => {
        const store = await open()
        await addNotes(store, 'move/x', 'a')
        const batches = [
          { stream: 'move/y', expected: 0, events: [note('y')] },
          { stream: 'move/x', expected: 0, events: [note('late')] },
        ]
        expect(await store.append(appendOf(batches))).toEqual({ kind: 'conflict', stream: 'move/x', version: 1 })
        expect((await store.head()).position).toBe(1)
      })

      it('refuses a version that was never reached', async () => {
        const store = await open()
        const answer = await store.append(appendOf([{ stream: 's', expected: 4, events: [note('x')] }]))
        expect(answer).toEqual({ kind: 'conflict', stream: 's', version: 0 })
      })

      it('appends whatever came in between where any version will do', async () => {
        const [one, other] = [await open(), await open()]
        await addNotes(one, 'move/x', 'a')
        expect((await addNotes(other, 'move/x', 'b'))[0]?.version).toBe(2)
      })

      it('takes two batches of one stream one after the other', async () => {
        const store = await open()
        const batches = [
          { stream: 's', expected: 0, events: [note('a')] },
          { stream: 's', expected: 1, events: [note('b')] },
        ]
        expect((await appended(store, appendOf(batches))).map((entry) => entry.version)).toEqual([1, 2])
      })

      it.skipIf(!has.processes)(
        'keeps positions free of gaps and the chain whole under several processes, each counting by compare-and-swap',
        async () => {
          const store = await open()
          const children = [start('count up', 25), start('count up', 25), start('append', 25)]
          await Promise.all(children.map(finished))
          const entries = await store.read(0, 1_000)
          expect(entries.length).toBe(100)
          expect(verifyChain(entries)).toMatchObject({ kind: 'whole', head: { position: 100 } })
          const counted = entries.filter((entry) => entry.stream === 'move/shared')
          expect(counted.map(({ version, event }) => [version, event])).toEqual(
            Array.from({ length: 50 }, (_, index) => [index + 1, note(`${index + 1}`)]),
          )
        },
      )

      it.skipIf(!has.processes)(
        'loses nothing that was acknowledged to a process that is killed in mid-append',
        async () => {
          for (const killAfter of [3, 10]) {
            const child = start('append', 100_000)
            let acknowledged = 0
            let lines = 0
            const closed = once(child, 'close')
            for await (const line of createInterface(child.stdout)) {
              acknowledged = Number(line)
              lines += 1
              if (lines === killAfter) child.kill('SIGKILL')
            }
            await closed
            const store = await open()
            const entries = await store.read(0, 1_000_000)
            expect(acknowledged).toBeGreaterThan(0)
            expect(entries.length).toBeGreaterThanOrEqual(acknowledged)
            // Two events an append: never half of one.
            expect(entries.length % 2).toBe(0)
            expect(await verifyJournal(store)).toMatchObject({ kind: 'whole' })
            await addNotes(store, 'release', 'goes on', 'at once')
          }
        },
      )
    })

    describe('epochs', () => {
      it('claims one above the highest of the store and of what the world has seen', async () => {
        const [one, other] = [await open(), await open()]
        expect(await one.claimEpoch(0)).toBe(1)
        expect(await other.claimEpoch(0)).toBe(2)
        expect(await one.claimEpoch(40)).toBe(41)
        expect(await one.claimEpoch(7)).toBe(42)
      })

      it('fences appends of older epochs from the claim on, but never people', async () => {
        const [old, successor] = [await open(), await open()]
        const append = (epoch: number): Append =>
          appendOf([{ stream: 's', expected: 'any', events: [note('x')] }], { epoch })
        const epoch = await old.claimEpoch(0)
        expect((await old.append(append(epoch))).kind).toBe('appended')
        const next = await successor.claimEpoch(0)
        expect(await old.append(append(epoch))).toEqual({ kind: 'fenced', epoch: next })
        expect((await old.append(append(0))).kind).toBe('appended')
        expect((await successor.append(append(next))).kind).toBe('appended')
        expect((await old.head()).position).toBe(3)
      })

      it('takes an epoch that is higher than any it knew as the highest', async () => {
        const store = await open()
        await appended(store, appendOf([{ stream: 's', expected: 0, events: [note('x')] }], { epoch: 9 }))
        const late = appendOf([{ stream: 's', expected: 1, events: [note('y')] }], { epoch: 8 })
        expect(await store.append(late)).toEqual({ kind: 'fenced', epoch: 9 })
      })

      it('tells a fenced engine that it is fenced, even where it also lost the race for a stream', async () => {
        const store = await open()
        await addNotes(store, 's', 'a')
        const next = await store.claimEpoch(4)
        const late = appendOf([{ stream: 's', expected: 0, events: [note('y')] }], { epoch: 4 })
        expect(await store.append(late)).toEqual({ kind: 'fenced', epoch: next })
      })
    })

    describe('what it holds', () => {
      const awkward: readonly [string, string][] = [
        ['umlauts, arrows and emoji', 'äöü → 🟦🟩 ﷽'],
        ['zero and control characters', 'a\u0000b\u0001\u001f\u007f'],
        ['quotes, backslashes and SQL', `'";--\\ $1 ? {"a":[]} \\u0000`],
        ['line ends of all kinds', 'a\r\nb\u2028c\u2029'],
      ]
      it.each(awkward)('keeps %s as they are', async (_, text) => {
        const store = await open()
        const written = await addNotes(store, `move/${text.replaceAll(/[\0-\x1f]/g, '')}`, text)
        expect(written[0]?.event).toEqual(note(text))
        expect(await store.read(0, 10)).toEqual(written)
        await store.observe([fact('text', { [text]: text })])
        expect((await store.facts())[0]?.body).toEqual({ [text]: text })
      })

      it('replaces half a character, as a cut-off log line leaves it, and keeps the chain whole', async () => {
        const store = await open()
        const written = await addNotes(store, 's', 'cut \ud83d')
        expect(written[0]?.event).toEqual(note('cut \ufffd'))
        expect(await store.read(0, 10)).toEqual(written)
        expect(await verifyJournal(store)).toMatchObject({ kind: 'whole' })
      })

      it('keeps whole numbers up to 2^53 - 1 and every other number exactly', async () => {
        const store = await open()
        const large = Number.MAX_SAFE_INTEGER
        const numbers = [0.1, 1e21, 5e-324, -1.5, large]
        const event: JournalEvent = {
          kind: 'checked',
          blocking: [],
          notes: [],
          findings: numbers,
        }
        const by = { at: large, epoch: large - 1, observation: large - 2 }
        const written = await appended(store, appendOf([{ stream: 's', expected: 0, events: [event] }], by))
        expect(written[0]).toMatchObject({ ...by, event: { findings: numbers } })
        expect(await store.read(0, 10)).toEqual(written)
        await store.observe([{ ...fact('n', numbers), at: large }])
        expect((await store.facts())[0]).toMatchObject({ at: large, body: numbers })
      })

      it('keeps an event of 5 MB', async () => {
        const store = await open()
        const event: JournalEvent = { kind: 'checked', blocking: [], notes: ['x'.repeat(5_000_000)], findings: null }
        await appended(store, appendOf([{ stream: 's', expected: 0, events: [event] }]))
        expect((await store.read(0, 10))[0]?.event).toEqual(event)
      })

      it('refuses what JSON cannot hold, and writes nothing', async () => {
        const store = await open()
        const event: JournalEvent = { kind: 'checked', blocking: [], notes: [], findings: { interval: [0, Infinity] } }
        const batches = [{ stream: 's', expected: 0, events: [note('a'), event] }]
        await expect(store.append(appendOf(batches))).rejects.toMatchObject({ code: 'BUG' })
        await expect(store.append(appendOf([], { at: 1.5 }))).rejects.toMatchObject({ code: 'BUG' })
        expect((await store.head()).position).toBe(0)
      })
    })

    describe('observations', () => {
      it('gives the latest fact of every subject, oldest first', async () => {
        const store = await open()
        await store.observe([fact('green/a', 1), fact('green/b', 1), fact('green/a', 2), sample('green/a', 3)])
        const last = await store.observe([fact('green/b', 2)])
        const facts = await store.facts()
        expect(facts.map(({ subject, body }) => [subject, body])).toEqual([
          ['green/a', 2],
          ['green/b', 2],
        ])
        expect(facts.at(-1)?.id).toBe(last)
      })

      it('counts ids up over all calls, and answers the last one', async () => {
        const store = await open()
        const first = await store.observe([fact('a', 1), sample('a', 1)])
        expect(await store.observe([sample('a', 2)])).toBe(first + 1)
        expect(await store.observe([])).toBe(first + 1)
      })

      it('finds observations by kind and prefix of the subject, in pages', async () => {
        const store = await open()
        const subjects = ['green/a', 'green/a/x', 'green/b', 'green/ä🟩', 'greenish', 'blue/a']
        await store.observe(subjects.flatMap((subject) => [sample(subject, 1), fact(subject, 2)]))
        const find = async (subjectPrefix: string, after = 0, limit = 100) =>
          store.observations({ kind: 'sample', subjectPrefix, after, limit })
        expect((await find('')).map(({ subject }) => subject)).toEqual(subjects)
        const green = await find('green/')
        expect(green.map(({ subject }) => subject)).toEqual(subjects.slice(0, 4))
        const page = await find('green/', 0, 3)
        expect([...page, ...(await find('green/', page.at(-1)?.id, 3))]).toEqual(green)
        expect(await find('green/%')).toEqual([])
        const all = await find('', 0, 2)
        expect([...all, ...(await find('', all.at(-1)?.id))].length).toBe(subjects.length)
      })

      it('prunes up to an id, keeps facts that are still the latest, and answers a hash of what went', async () => {
        const store = await open()
        await store.observe([fact('a', 1), fact('b', 1), sample('a', { p: 1 }), fact('a', 2), sample('a', 2)])
        const [first] = await store.observations({ kind: 'fact', subjectPrefix: '', after: 0, limit: 1 })
        const start = (first?.id ?? 0) - 1
        const removed = [
          { id: start + 1, ...fact('a', 1) },
          { id: start + 3, ...sample('a', { p: 1 }) },
        ]
        const hash = createHash('sha256')
        for (const one of removed) hash.update(`${canonicalJson(one)}\n`)
        expect(await store.prune(start + 4)).toEqual({ removed: 2, hash: hash.digest('hex') })
        expect((await store.facts()).map(({ subject, body }) => [subject, body])).toEqual([
          ['b', 1],
          ['a', 2],
        ])
        expect(await store.observations({ kind: 'sample', subjectPrefix: '', after: 0, limit: 9 })).toHaveLength(1)
        expect(await store.prune(start + 4)).toEqual({ removed: 0, hash: createHash('sha256').digest('hex') })
      })

      it('never uses an id again, even when all was pruned', async () => {
        const store = await open()
        const last = await store.observe([sample('a', 1), sample('a', 2)])
        await store.prune(last)
        await store.close()
        expect(await (await open()).observe([sample('a', 3)])).toBe(last + 1)
      })
    })

    describe('the lock of a living engine', () => {
      it('is held by one at a time, and free again when it is released', async () => {
        const [one, other] = [await open(), await open()]
        const lock = await one.lock()
        expect(lock?.lost.aborted).toBe(false)
        expect(await other.lock()).toBeNull()
        expect(await one.lock()).toBeNull()
        await lock?.release()
        await lock?.release()
        const next = await other.lock()
        expect(next).not.toBeNull()
        expect(lock?.lost.aborted).toBe(false)
      })

      it('is one a release', async () => {
        const [one, other] = [await open(), await open(`${release}/other ä`)]
        expect(await one.lock()).not.toBeNull()
        expect(await other.lock()).not.toBeNull()
      })

      it('is free after the store is closed', async () => {
        const one = await open()
        await one.lock()
        await one.close()
        expect(await (await open()).lock()).not.toBeNull()
      })

      it.skipIf(!has.processes)('vanishes with a process that is killed', async () => {
        const store = await open()
        const holder = start('lock')
        expect(await nextLine(holder)).toBe('held')
        expect(await store.lock()).toBeNull()
        expect(await nextLine(start('lock'))).toBe('refused')
        const closed = once(holder, 'close')
        holder.kill('SIGKILL')
        await closed
        // PostgreSQL sees the end of a connection a moment after the process is gone.
        await expect.poll(async () => (await store.lock()) !== null, { timeout: 5_000 }).toBe(true)
      })

      it('does not stop others from appending', async () => {
        const [one, other] = [await open(), await open()]
        await one.lock()
        expect(await addNotes(other, 'release', 'a request')).toHaveLength(1)
      })
    })

    describe('watching', () => {
      it('hints at appends of others within 250 ms, until its signal ends', async () => {
        const [store, other] = [await open(), await open()]
        await addNotes(store, 's', 'before')
        const end = new AbortController()
        let hints = 0
        let hinted = (): void => {}
        store.watch(() => {
          hints += 1
          hinted()
        }, end.signal)
        const hint = (): Promise<void> => new Promise((resolve) => (hinted = resolve))
        // One that is there for sure, however long listening takes to begin.
        const listening = hint()
        await addNotes(other, 's', 'first')
        await listening
        const delays: number[] = []
        for (let index = 0; index < 5; index += 1) {
          const next = hint()
          await addNotes(other, 's', 'again')
          const began = performance.now()
          await next
          delays.push(performance.now() - began)
        }
        expect(Math.min(...delays)).toBeLessThan(250)
        end.abort()
        const before = hints
        await addNotes(other, 's', 'unseen')
        await new Promise((resolve) => setTimeout(resolve, 300))
        expect(hints).toBe(before)
      })

      it.skipIf(!has.processes)('hints at appends of other processes', async () => {
        const store = await open()
        const hinted = new Promise<void>((resolve) => store.watch(resolve, AbortSignal.timeout(15_000)))
        await finished(start('append', 2))
        await hinted
      })
    })

    it('verifies its journal against heads that were seen before', async () => {
      const store = await open()
      const [first] = await addNotes(store, 's', 'a', 'b')
      await addNotes(store, 's', 'c')
      const head = await store.head()
      expect(await verifyJournal(store, [first ?? genesis, head])).toEqual({ kind: 'whole', head })
      expect(await verifyJournal(store, [{ position: 5, hash: 'f'.repeat(64) }])).toMatchObject({
        how: 'cut off',
        position: 4,
      })
      expect(await verifyJournal(store, [{ position: 2, hash: 'f'.repeat(64) }])).toMatchObject({ how: 'changed' })
    })
  })
}
