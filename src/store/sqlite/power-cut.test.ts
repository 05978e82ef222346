/**
 * Power cuts and worse, on the files of a store while a process of its own writes into it. `TITRATE_SEED` draws the same
 * damage again; when the writer is stopped is left to the machine.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seeded } from '../../../test/traffic.ts'
import { TitrateError } from '../../errors.ts'
import type { Recorded } from '../../journal/events.ts'
import { readWal } from '../testing/read-wal.ts'
import { verifyJournal } from '../verify.ts'
import { openSqliteStore } from './store.ts'

const seed = Number(process.env['TITRATE_SEED'] ?? Math.floor(Math.random() * 1_000_000))
const random = seeded(seed)
const below = (limit: number): number => Math.floor(random() * limit)
console.log(`seed ${seed}`)

/** `TITRATE_THOROUGH=20` tries so many times as much. */
const thorough = Number(process.env['TITRATE_THOROUGH'] ?? 1)

const release = 'shop'
/** Entries of one commit of the writer. */
const batch = 4
const snapshotCount = 5

/** The files as they were at one moment: what a reader of them finds, and how much of it was acknowledged. */
type Snapshot = {
  readonly folder: string
  readonly acknowledged: number
  readonly entries: readonly Recorded[]
  /** From here on the log holds nothing that was acknowledged: a power cut may take or spoil it. */
  readonly syncedUpTo: number
  /** Pages of the database that also stand in the log: a checkpoint may have been cut in the middle of them. */
  readonly pagesInLog: readonly number[]
}

const pageBytes = 4_096

let root: string
const snapshots: Snapshot[] = []

const folderNamed = (name: string): string => {
  const folder = join(root, name)
  mkdirSync(folder)
  return folder
}
const copyStore = (from: string, to: string): void => {
  for (const name of ['store.db', 'store.db-wal'])
    if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name))
}
const fileOf = (folder: string): string => join(folder, 'store.db')

const stateOf = (pid: number): string => /^\d+ \(.*\) (\w)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '?'

/** Stops the writer wherever it is, and copies what the kernel has of its files. */
const snapshot = async (
  child: ChildProcessByStdio<null, Readable, null>,
  acknowledged: () => number,
  number: number,
): Promise<Omit<Snapshot, 'entries' | 'syncedUpTo' | 'pagesInLog'>> => {
  child.kill('SIGSTOP')
  while (stateOf(child.pid ?? 0) !== 'T') await pause(1)
  // What it said before is in the pipe.
  for (let known = -1; known !== acknowledged(); ) {
    known = acknowledged()
    await pause(10)
  }
  const folder = folderNamed(`snapshot-${number}`)
  copyStore(join(root, 'live'), folder)
  const known = acknowledged()
  child.kill('SIGCONT')
  return { folder, acknowledged: known }
}

let copies = 0
/** A copy of a snapshot's files, with some damage. */
const copyOf = (folder: string, damage: (file: string) => void = () => undefined): string => {
  copies += 1
  const copy = folderNamed(`copy-${copies}`)
  copyStore(folder, copy)
  damage(fileOf(copy))
  return fileOf(copy)
}

const readEntries = async (file: string): Promise<readonly Recorded[]> => {
  const store = await openSqliteStore({ file, release })
  try {
    return await store.read(0, 1_000_000)
  } finally {
    await store.close()
  }
}

const cutLog =
  (at: number) =>
  (file: string): void =>
    truncateSync(`${file}-wal`, at)

/** The end of the first commit in the log with which everything acknowledged is there; 0: it is without the log. */
const findSynced = async ({ folder, acknowledged }: Pick<Snapshot, 'folder' | 'acknowledged'>): Promise<number> => {
  const commits = readWal(`${fileOf(folder)}-wal`).filter((frame) => frame.commits)
  let synced = commits.at(-1)?.to ?? 0
  for (const at of [...commits.map(({ to }) => to).toReversed(), 0]) {
    const entries = await readEntries(copyOf(folder, cutLog(at)))
    if (entries.length < acknowledged) return synced
    synced = at
  }
  return synced
}

const examine = async (taken: Pick<Snapshot, 'folder' | 'acknowledged'>): Promise<Snapshot> => ({
  ...taken,
  entries: await readEntries(copyOf(taken.folder)),
  syncedUpTo: await findSynced(taken),
  pagesInLog: readWal(`${fileOf(taken.folder)}-wal`).map(({ page }) => page),
})

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'titrate-power-cut-'))
  folderNamed('live')
  const program = fileURLToPath(new URL('../testing/store-process.ts', import.meta.url))
  const place = JSON.stringify({ file: join(root, 'live', 'store.db'), release })
  const child = spawn(process.execPath, [program, place, 'observe and append', '1000000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const acknowledged = (): number => Number(said.slice(0, said.lastIndexOf('\n')).split('\n').at(-1) ?? 0)
  while (acknowledged() < 10 * batch) await pause(5)
  const taken = []
  for (let number = 0; number < snapshotCount; number += 1) {
    await pause(below(200))
    taken.push(await snapshot(child, acknowledged, number))
  }
  child.kill('SIGKILL')
  await once(child, 'close')
  for (const one of taken) snapshots.push(await examine(one))
}, 60_000)
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** What somebody who opens the damaged store is told, or gets. */
type Found =
  | { readonly kind: 'whole'; readonly entries: readonly Recorded[] }
  | { readonly kind: 'refused' | 'found by verify'; readonly because: string }

/** Opens it as every command does, reads everything in it, and compares it with the head that was seen before. */
const open = async (file: string, { entries, acknowledged }: Snapshot): Promise<Found> => {
  const seen = entries[acknowledged - 1]
  if (seen === undefined) throw new Error('nothing was acknowledged')
  try {
    const store = await openSqliteStore({ file, release })
    try {
      const found = await store.read(0, 1_000_000)
      const verified = await verifyJournal(store, [seen])
      await store.facts()
      await store.observations({ kind: 'sample', subjectPrefix: '', after: 0, limit: 1_000_000 })
      return verified.kind === 'broken'
        ? { kind: 'found by verify', because: verified.because }
        : { kind: 'whole', entries: found }
    } finally {
      await store.close()
    }
  } catch (error) {
    if (!(error instanceof TitrateError) || error.code === 'BUG') throw error
    return { kind: 'refused', because: error.message }
  }
}

/** Whatever was done to the files: no half commit, and nothing that was not written, unless one is told. */
const checkNothingInvented = (found: Found, { entries }: Snapshot): void => {
  if (found.kind === 'refused') expect(found.because).toMatch(/keep it aside|put|use the version|make the file/i)
  if (found.kind !== 'whole') return
  expect(found.entries.length % batch).toBe(0)
  expect(found.entries).toEqual(entries.slice(0, found.entries.length))
}

/** What can be read can be gone on with, or one is told; no stream loses count in either case. */
const goesOn = async (file: string): Promise<'yes' | 'told'> => {
  const store = await openSqliteStore({ file, release })
  const event = { kind: 'asked to go back', because: 'it goes on' } as const
  const batches = ['release', 'move/1'].map((stream) => ({ stream, expected: 'any', events: [event] }) as const)
  try {
    expect(await store.append({ at: 1, epoch: 1, observation: 0, batches })).toMatchObject({ kind: 'appended' })
    expect(await verifyJournal(store)).toMatchObject({ kind: 'whole' })
    const versions = new Map<string, number>()
    for (const { stream, version } of await store.read(0, 1_000_000)) {
      expect(version).toBe((versions.get(stream) ?? 0) + 1)
      versions.set(stream, version)
    }
    return 'yes'
  } catch (error) {
    if (!(error instanceof TitrateError) || error.code !== 'STORE_UNAVAILABLE') throw error
    expect(error.message).toContain('keep it aside')
    return 'told'
  } finally {
    await store.close()
  }
}

const alter = (file: string, change: (bytes: Buffer) => void): void => {
  const bytes = readFileSync(file)
  change(bytes)
  writeFileSync(file, bytes)
}
const scramble = (bytes: Buffer, from: number, to: number): void => {
  for (let at = from; at < Math.min(to, bytes.length); at += 1) bytes[at] = below(256)
}

describe('after a power cut', () => {
  /** All that a disk may do to what was not synced. */
  const cuts: Readonly<Record<string, (snapshot: Snapshot) => (file: string) => void>> = {
    'nothing more happens': () => () => undefined,
    'the log ends at any byte after the last acknowledged commit': ({ folder, syncedUpTo }) => {
      const { length } = readFileSync(`${fileOf(folder)}-wal`)
      return cutLog(syncedUpTo + below(length - syncedUpTo + 1))
    },
    'the last page of the log is torn':
      ({ syncedUpTo }) =>
      (file) =>
        alter(`${file}-wal`, (wal) => scramble(wal, Math.max(syncedUpTo, wal.length - below(pageBytes)), wal.length)),
    'sectors after the last acknowledged commit hold what was there before':
      ({ syncedUpTo }) =>
      (file) =>
        alter(`${file}-wal`, (wal) => {
          for (let at = syncedUpTo; at < wal.length; at += 512)
            if (random() < 0.3) wal.fill(0, at, Math.min(at + 512, wal.length))
        }),
    'pages of the database that a checkpoint was writing are torn':
      ({ pagesInLog }) =>
      (file) =>
        alter(file, (database) => {
          for (const page of pagesInLog)
            if (random() < 0.5) scramble(database, (page - 1) * pageBytes + below(pageBytes), page * pageBytes)
        }),
  }

  it.each(Object.keys(cuts))('all that was acknowledged is there, and no half of a commit: %s', async (name) => {
    for (const one of snapshots)
      for (let times = 0; times < 3 * thorough; times += 1) {
        const file = copyOf(one.folder, cuts[name]?.(one))
        const found = await open(file, one)
        expect(found, JSON.stringify(found).slice(0, 300)).toMatchObject({ kind: 'whole' })
        checkNothingInvented(found, one)
        expect(found.kind === 'whole' && found.entries.length).toBeGreaterThanOrEqual(one.acknowledged)
        expect(await goesOn(file)).toBe('yes')
      }
  })

  it('was tried in the middle of a commit and of a checkpoint', () => {
    console.log(
      snapshots.map(({ acknowledged, entries, pagesInLog }) => [acknowledged, entries.length, pagesInLog.length]),
    )
  })
})

describe('with a disk that lies or rots', () => {
  const damages: Readonly<Record<string, (file: string) => void>> = {
    'a log that ends at any byte': (file) => truncateSync(`${file}-wal`, below(readFileSync(`${file}-wal`).length)),
    'no log': (file) => rmSync(`${file}-wal`),
    'a log in which one bit is flipped': (file) => flip(`${file}-wal`),
    'a database in which one bit is flipped': (file) => flip(file),
    'a database in which 20 bits are flipped': (file) => {
      for (let count = 0; count < 20; count += 1) flip(file)
    },
    'a database that ends at any byte': (file) => truncateSync(file, below(readFileSync(file).length)),
    'a torn page of the database': (file) =>
      alter(file, (database) => {
        const page = below(database.length / pageBytes)
        scramble(database, page * pageBytes + below(pageBytes), (page + 1) * pageBytes)
      }),
    'a lost page of the database': (file) =>
      alter(file, (database) => {
        const page = below(database.length / pageBytes)
        database.fill(0, page * pageBytes, (page + 1) * pageBytes)
      }),
    'an empty database': (file) => truncateSync(file, 0),
  }
  const flip = (file: string): void =>
    alter(file, (bytes) => {
      const at = below(bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8))
    })

  it.each(Object.keys(damages))('%s: what was written is read, or one is told what to do', async (name) => {
    const tally: Record<string, number> = {}
    for (const one of snapshots)
      for (let times = 0; times < 6 * thorough; times += 1) {
        const file = copyOf(one.folder, damages[name])
        const found = await open(file, one)
        checkNothingInvented(found, one)
        const end = found.kind === 'whole' ? `whole, goes on: ${await goesOn(file)}` : found.kind
        tally[end] = (tally[end] ?? 0) + 1
      }
    console.log(name, tally)
  })
})
