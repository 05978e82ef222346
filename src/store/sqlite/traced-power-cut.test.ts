/**
 * Power cuts at every kind of moment, on what a disk would really hold: all calls of a writing process are recorded, and
 * what it had not synced may be lost, sector by sector. `TITRATE_SEED` cuts at the same calls again.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seeded } from '../../../test/traffic.ts'
import type { Recorded } from '../../journal/events.ts'
import { canTrace, createDisk, type DiskCall, traceDisk } from '../testing/traced-disk.ts'
import { verifyJournal } from '../verify.ts'
import { openSqliteStore } from './store.ts'

const seed = Number(process.env['TITRATE_SEED'] ?? Math.floor(Math.random() * 1_000_000))
const thorough = Number(process.env['TITRATE_THOROUGH'] ?? 1)
console.log(`seed ${seed}`)

const release = 'shop'
/** Entries of one commit of the writer, and enough commits for the log to be written back twice. */
const batch = 4
const commits = 300
const cuts = 120 * thorough

describe.skipIf(!canTrace())('after a power cut at any call', () => {
  let root: string
  let calls: readonly DiskCall[]
  let written: readonly Recorded[]

  const read = async (file: string) => {
    const store = await openSqliteStore({ file, release })
    try {
      return {
        entries: await store.read(0, 1_000_000),
        verified: await verifyJournal(store),
        facts: await store.facts(),
      }
    } finally {
      await store.close()
    }
  }

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'titrate-traced-'))
    mkdirSync(join(root, 'live'))
    const file = join(root, 'live', 'store.db')
    const program = fileURLToPath(new URL('../testing/store-process.ts', import.meta.url))
    calls = traceDisk(
      [program, JSON.stringify({ file, release }), 'observe and append', String(commits)],
      join(root, 'live'),
    )
    written = (await read(file)).entries
  }, 120_000)
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  it(
    'everything that was acknowledged is there, whole, and nothing else',
    async () => {
      expect(written.length).toBe(batch * commits)
      const random = seeded(seed)
      const syncs = calls.filter((call) => call.kind === 'sync' && call.file === 'store.db')
      expect(syncs.length).toBeGreaterThanOrEqual(2)
      const cutAfter = new Set(Array.from({ length: cuts }, () => Math.floor(random() * calls.length) + 1))
      const disk = createDisk()
      let acknowledged = 0
      for (const [index, call] of calls.entries()) {
        disk.take(call)
        if (call.kind === 'said') acknowledged = Number(call.text)
        const count = index + 1
        if (!cutAfter.has(count)) continue
        const folder = join(root, `cut-${count}`)
        mkdirSync(folder)
        for (const [name, content] of disk.cutPower(random)) writeFileSync(join(folder, name), content)
        const { entries, verified } = await read(join(folder, 'store.db'))
        const where = `seed ${seed}, after call ${count} of ${calls.length}`
        expect(verified, where).toMatchObject({ kind: 'whole' })
        expect(entries.length, where).toBeGreaterThanOrEqual(acknowledged)
        expect(entries.length % batch, where).toBe(0)
        expect(entries, where).toEqual(written.slice(0, entries.length))
        rmSync(folder, { recursive: true })
      }
    },
    60_000 * thorough,
  )
})
