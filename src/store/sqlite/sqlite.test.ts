import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { canMountDisks, fillDisk, mountSmallDisk, remount, unmountSmallDisk } from '../../../test/small-disk.ts'
import type { TitrateError } from '../../errors.ts'
import type { JournalEvent } from '../../journal/events.ts'
import type { Append, Store } from '../store.ts'
import { describeStore } from '../testing/contract.ts'
import { verifyJournal } from '../verify.ts'
import { noRoom, storeError } from './failure.ts'
import { createObservations } from './observations.ts'
import { openSession } from './session.ts'
import { listSqliteReleases, openSqliteStore } from './store.ts'

describeStore('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'titrate-store-'))
  return {
    place: { file: join(folder, 'deep', 'store.db') },
    leave: async () => rmSync(folder, { recursive: true }),
  }
})

const note = (because: string): JournalEvent => ({ kind: 'asked to go back', because })
const appendOf = (because: string): Append => ({
  at: 1,
  epoch: 0,
  observation: 0,
  batches: [{ stream: 's', expected: 'any', events: [note(because)] }],
})

describe('a SQLite store in trouble', () => {
  let folder: string
  let file: string
  let stores: Store[] = []
  let isMounted = false

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'titrate-trouble-'))
    file = join(folder, 'store.db')
  })
  afterEach(async () => {
    for (const store of stores) await store.close()
    stores = []
    if (isMounted) unmountSmallDisk(folder)
    isMounted = false
    rmSync(folder, { recursive: true })
  })
  const open = async (release = 'shop'): Promise<Store> => {
    const store = await openSqliteStore({ file, release })
    stores.push(store)
    return store
  }
  const alter = (sql: string): void => {
    const db = new Database(file)
    db.unsafeMode() // The schema may be altered, too.
    db.exec(sql)
    db.close()
  }

  it.skipIf(!canMountDisks())('writes nothing to a full disk, says so, and goes on once there is room', async () => {
    isMounted = mountSmallDisk(folder, 1)
    const store = await open()
    await store.append(appendOf('a'))
    const ballast = fillDisk(folder)
    const answer = await store.append(appendOf('x'.repeat(100_000)))
    expect(answer).toMatchObject({ kind: 'full' })
    expect(answer.kind === 'full' && answer.because).toMatch(/store\.db took nothing: there is no room left/)
    expect(await store.read(0, 10)).toHaveLength(1)
    await expect(store.observe([{ kind: 'sample', subject: 's', at: 1, body: 'x'.repeat(100_000) }])).rejects.toThrow(
      /no room left/,
    )
    // An engine must be able to start on a full disk, if only to say so: its lock takes no room.
    expect(await store.lock()).not.toBeNull()
    rmSync(ballast)
    expect(await store.append(appendOf('x'.repeat(100_000)))).toMatchObject({ kind: 'appended' })
    expect(await verifyJournal(store)).toMatchObject({ kind: 'whole', head: { position: 2 } })
  })

  it.skipIf(!canMountDisks())(
    'writes nothing where all became read only, and goes on once it may write again',
    async () => {
      isMounted = mountSmallDisk(folder, 4)
      await (await open()).append(appendOf('a'))
      await stores.pop()?.close()
      remount(folder, 'ro')
      await expect(open()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      await expect(open()).rejects.toThrow(/store\.db can't be used: it .*(read only|could not be opened)/)
      remount(folder, 'rw')
      const store = await open()
      expect(await store.append(appendOf('b'))).toMatchObject({ kind: 'appended' })
    },
  )

  it.each(['SQLITE_FULL', 'SQLITE_READONLY_DIRECTORY', 'SQLITE_IOERR_WRITE'])('takes %s as no room', (code) => {
    expect(noRoom(new Database.SqliteError('…', code))).not.toBeNull()
  })

  it.each(['SQLITE_CORRUPT', 'SQLITE_IOERR_FSYNC', 'SQLITE_BUSY'])('takes %s as a fault', (code) => {
    const error = new Database.SqliteError('…', code)
    expect(noRoom(error)).toBeNull()
    expect(storeError('store.db', error)).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      details: { appended: code === 'SQLITE_IOERR_FSYNC' ? 'unknown' : 'no' },
    })
  })

  it('says what is wrong with a file that is not a database', async () => {
    writeFileSync(file, 'Dear diary, today I moved a whole estate from blue to green. '.repeat(100))
    await expect(open()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await expect(open()).rejects.toThrow(/store\.db can't be used: it is damaged, or not a store of Titrate/)
  })

  it('does not put its tables into the database of another program', async () => {
    alter('create table photos (id integer)')
    await expect(open()).rejects.toThrow(/it is a database of another program/)
    await expect(listSqliteReleases({ file })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  it('says that a store is damaged when a part of it is gone', async () => {
    const store = await open()
    for (let index = 0; index < 50; index += 1) await store.append(appendOf('x'.repeat(2_000)))
    await store.close()
    stores = []
    truncateSync(file, 3 * 4_096)
    const damaged = open().then((again) => again.read(0, 1_000))
    await expect(damaged).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await expect(damaged).rejects.toThrow(/it is damaged/)
  })

  it('says that a folder cannot be made where a file stands', async () => {
    writeFileSync(join(folder, 'plain'), '')
    const inside = join(folder, 'plain', 'store.db')
    await expect(openSqliteStore({ file: inside, release: 'shop' })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    })
  })

  it('says that a directory stands where the file should be', async () => {
    mkdirSync(file)
    await expect(open()).rejects.toThrow(/could not be opened/)
  })

  it('notices that its file was removed or replaced, instead of writing into nothing', async () => {
    const store = await open()
    await store.append(appendOf('a'))
    renameSync(file, `${file}.aside`)
    await expect(store.append(appendOf('lost'))).rejects.toThrow(/removed or replaced while it was in use/)
    renameSync(`${file}.aside`, file)
    expect(await store.append(appendOf('b'))).toMatchObject({ kind: 'appended' })
  })

  it('gives up with a reason when another process keeps the write lock', async () => {
    const store = await open()
    const other = new Database(file)
    other.exec('begin immediate')
    await expect(store.append(appendOf('a'))).rejects.toThrow(/another process holds its write lock/)
    other.exec('rollback')
    other.close()
    expect(await store.append(appendOf('a'))).toMatchObject({ kind: 'appended' })
  })

  it('refuses a schema that is newer than this version', async () => {
    await open()
    alter('pragma user_version = 99')
    await expect(open()).rejects.toMatchObject({ code: 'STORE_NEWER', details: { found: 99 } })
  })

  it('refuses events whose format is newer than this version', async () => {
    const store = await open()
    await store.append(appendOf('a'))
    alter('update events set format = 2')
    await expect(store.read(0, 10)).rejects.toMatchObject({ code: 'STORE_NEWER', details: { position: 1 } })
  })

  it.each(['not JSON', '[1]', '{"because":"no kind"}'])(
    'says which entry is broken when its event is %s',
    async (body) => {
      const store = await open()
      await store.append(appendOf('a'))
      alter(`update events set body = '${body}'`)
      await expect(store.read(0, 10)).rejects.toMatchObject({ code: 'JOURNAL_BROKEN', details: { position: 1 } })
    },
  )

  it('says which observation is broken, and what to do', async () => {
    const store = await open()
    await store.observe([{ kind: 'fact', subject: 'router/weights/web', at: 1, body: 1 }])
    alter(`update observations set body = 'not JSON'`)
    const told = { code: 'STORE_UNAVAILABLE', details: { observation: 1 }, message: /router\/weights\/web.*put a copy/ }
    await expect(store.facts()).rejects.toMatchObject(told)
    await expect(store.observations({ kind: 'fact', subjectPrefix: '', after: 0, limit: 9 })).rejects.toMatchObject(
      told,
    )
  })

  /** A flipped bit in a row's header makes a value one of another type, which SQLite checks only when it writes. */
  const flipType = (table: string, column: string): void => {
    const strict = (from: string, to: string): string =>
      `pragma writable_schema = on; update sqlite_schema set sql = replace(sql, ') ${from}', ') ${to}') where name = '${table}'; pragma writable_schema = reset`
    alter(strict('strict', '/*strict*/'))
    alter(`update ${table} set ${column} = cast(${column} as blob)`)
    alter(strict('/*strict*/', 'strict'))
  }

  it.each([
    ...['stream', 'position', 'version', 'at', 'hash', 'format', 'body'].map((column) => ['events', column]),
    ...['subject', 'at', 'body'].map((column) => ['observations', column]),
    ...['epoch', 'position', 'hash', 'observation'].map((column) => ['releases', column]),
  ])(
    'tells whoever reads or writes what to do when in %s a value of %s has changed its type',
    async (table, column) => {
      const store = await open()
      await store.append(appendOf('a'))
      await store.observe([{ kind: 'fact', subject: 'web', at: 1, body: 1 }])
      flipType(table, column)
      const told: unknown[] = []
      const attempts = [
        () => verifyJournal(store),
        () => store.facts(),
        () => store.prune(2),
        () => store.append(appendOf('b')),
        () => listSqliteReleases({ file }),
      ]
      for (const attempt of attempts) await attempt().catch((error: unknown) => told.push(error))
      expect(told.length).toBeGreaterThan(0)
      for (const error of told) {
        expect(error).toMatchObject({
          message: /(keep it|Keep the store) aside, and put a copy from before in its place/,
        })
        expect(['STORE_UNAVAILABLE', 'JOURNAL_BROKEN']).toContain((error as TitrateError).code)
      }
    },
  )

  it.each([
    ['a table whose first page is lost', `select rootpage from sqlite_schema where name = 'releases'`],
    ['a schema that is lost', 'select 1'],
  ])('says that it is damaged as soon as it is opened: %s', async (_, page) => {
    await (await open()).append(appendOf('a'))
    for (const store of stores.splice(0)) await store.close()
    const db = new Database(file)
    const number = Number(db.prepare(page).pluck().get())
    db.close()
    const bytes = readFileSync(file)
    bytes.fill(255, (number - 1) * 4_096 + (number === 1 ? 100 : 0), number * 4_096)
    writeFileSync(file, bytes)
    await expect(open()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', message: /it is damaged.*put a copy/ })
  })

  it.each([
    ['changed', `update events set body = replace(body, 'b', 'B') where position = 2`, 2],
    ['missing', `delete from events where position = 2`, 2],
    ['cut off', `delete from events where position = 3`, 3],
  ])('finds an event that was %s by hand', async (how, sql, position) => {
    const store = await open()
    for (const text of ['a', 'b', 'c']) await store.append(appendOf(text))
    alter(sql)
    expect(await verifyJournal(store)).toMatchObject({ kind: 'broken', how, position })
  })

  it('lists nothing for a file that is not there, and does not create it', async () => {
    expect(await listSqliteReleases({ file })).toEqual([])
    expect(() => readFileSync(file)).toThrow('ENOENT')
  })

  it('waits for the disk at every commit but those of observations', async () => {
    const session = openSession(file, 'shop')
    const full = 2
    expect(session.db.pragma('synchronous', { simple: true })).toBe(full)
    expect(session.db.pragma('journal_mode', { simple: true })).toBe('wal')
    await createObservations(session).observe([{ kind: 'sample', subject: 's', at: 1, body: 1 }])
    expect(session.db.pragma('synchronous', { simple: true })).toBe(full)
    session.db.close()
  })

  it('has the schema that schema.sql shows, and migrations that never change', async () => {
    await open()
    const db = new Database(file, { readonly: true })
    const rows = db
      .prepare<[], { sql: string }>('select sql from sqlite_schema where sql is not null order by rowid')
      .all()
    db.close()
    const dump = rows.map(({ sql }) => `${sql};\n`).join('\n')
    const path = new URL('schema.sql', import.meta.url)
    if (process.env['TITRATE_UPDATE_SCHEMA'] === 'yes') writeFileSync(path, dump)
    expect(readFileSync(path, 'utf8')).toBe(dump)
    const first = readFileSync(new URL('0001-journal-and-observations.sql', import.meta.url))
    expect(createHash('sha256').update(first).digest('hex').slice(0, 16)).toMatchInlineSnapshot(`"d2822f30bb890c77"`)
  })
})
