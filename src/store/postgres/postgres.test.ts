import { createHash } from 'node:crypto'
import { chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { hasPostgres, type PostgresServer, startPostgres } from '../../../test/postgres-server.ts'
import { fillDisk, mountSmallDisk, unmountSmallDisk } from '../../../test/small-disk.ts'
import { TitrateError } from '../../errors.ts'
import type { JournalEvent } from '../../journal/events.ts'
import type { Append, Store } from '../store.ts'
import { describeStore } from '../testing/contract.ts'
import { verifyJournal } from '../verify.ts'
import { listPostgresReleases, openPostgresStore } from './store.ts'

const note = (because: string): JournalEvent => ({ kind: 'asked to go back', because })
const appendOf = (because: string): Append => ({
  at: 1,
  epoch: 0,
  observation: 0,
  batches: [{ stream: 's', expected: 'any', events: [note(because)] }],
})

const failureOf = async (work: Promise<unknown>): Promise<TitrateError> => {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (error instanceof TitrateError) return error
  throw new Error(`expected a TitrateError, got ${inspect(error)}`)
}

describe.skipIf(!hasPostgres())('with a server', () => {
  describeStore('PostgreSQL', async () => {
    const server = await startPostgres()
    return { place: { url: await server.createDatabase('contract') }, leave: () => server.stop() }
  })

  describe('a PostgreSQL store in trouble', () => {
    let server: PostgresServer
    let stores: Store[] = []
    beforeAll(async () => {
      server = await startPostgres()
    }, 60_000)
    afterAll(() => server?.stop())
    afterEach(async () => {
      for (const store of stores) await store.close()
      stores = []
    })
    const open = async (database: string, release = 'shop'): Promise<Store> => {
      const store = await openPostgresStore({ url: server.url(database), release })
      stores.push(store)
      return store
    }
    /** Ends all of the store's connections, as a failover or a firewall does. */
    const cut = (database: string): Promise<unknown> =>
      server.run(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`)

    it('never shows its password: not in its place, nor in an error or its causes', async () => {
      await server.createDatabase('secret')
      const store = await open('secret')
      expect(store.where).toBe(`postgres://postgres@127.0.0.1:${server.port}/secret`)
      const wrong = server.url('secret').replace(server.password, 'a-wrong-one')
      const failures = [
        await failureOf(openPostgresStore({ url: wrong, release: 'shop' })),
        await failureOf(openPostgresStore({ url: server.url('nowhere'), release: 'shop' })),
        await failureOf(openPostgresStore({ url: `postgres://u:${server.password}@[bad/db`, release: 'shop' })),
        await failureOf(openPostgresStore({ url: `mysql://u:${server.password}@127.0.0.1/db`, release: 'shop' })),
        await failureOf(listPostgresReleases({ url: `${server.url('nowhere')}?application_name=${server.password}` })),
      ]
      for (const failure of failures) {
        expect(failure.code).toBe('STORE_UNAVAILABLE')
        expect(inspect(failure, { depth: 10, showHidden: true })).not.toMatch(/not-to-be-shown|a-wrong-one/)
      }
      expect(failures[0]?.message).toMatch(/refused the user.*Check the user and the password/)
      expect(failures[1]?.message).toMatch(/database "nowhere" does not exist.*Create it/)
      expect(failures[2]?.message).toMatch(/not a PostgreSQL URL. Expected: postgres:/)
    })

    it('says that nothing answers where no server is', async () => {
      const closed = createServer().listen(0, '127.0.0.1')
      await new Promise((resolve) => closed.once('listening', resolve))
      const address = closed.address()
      await new Promise((resolve) => closed.close(resolve))
      const port = typeof address === 'object' ? address?.port : 0
      const failure = await failureOf(openPostgresStore({ url: `postgres://u@127.0.0.1:${port}/db`, release: 'shop' }))
      expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { code: 'ECONNREFUSED' } })
    })

    it('appends again after its connections were cut', async () => {
      await server.createDatabase('cut')
      const store = await open('cut')
      await store.append(appendOf('a'))
      await cut('cut')
      // The first call may still get a dead connection; it says that nothing was appended.
      const first = await store.append(appendOf('b')).catch((error: unknown) => error)
      if (first instanceof TitrateError) expect(first.details['appended']).toBe('no')
      expect(await store.append(appendOf('c'))).toMatchObject({ kind: 'appended' })
      expect(await verifyJournal(store)).toMatchObject({ kind: 'whole' })
    })

    it('keeps what it acknowledged when the server crashes in mid-append, and reading tells what became of the rest', async () => {
      await server.createDatabase('crash')
      const store = await open('crash')
      await store.append(appendOf('a'))
      let acknowledged = 1
      const appending = (async () => {
        for (;;) {
          await store.append(appendOf('more'))
          acknowledged += 1
          if (acknowledged === 20) void server.crash()
        }
      })()
      const failure = await failureOf(appending)
      expect(failure.code).toBe('STORE_UNAVAILABLE')
      expect(await failureOf(store.read(0, 10))).toMatchObject({ code: 'STORE_UNAVAILABLE' })
      await server.crash()
      await server.start()
      const { position } = await store.head()
      expect(position).toBeGreaterThanOrEqual(acknowledged)
      // At most the one append that was under way, and only where it said so.
      expect(position - acknowledged).toBeLessThanOrEqual(failure.details['appended'] === 'unknown' ? 1 : 0)
      expect(await verifyJournal(store)).toMatchObject({ kind: 'whole' })
      expect(await store.append(appendOf('after'))).toMatchObject({ kind: 'appended' })
    })

    it('tells the holder of the lock that it is lost when the connection breaks, and others can have it', async () => {
      await server.createDatabase('locked')
      const [store, other] = [await open('locked'), await open('locked')]
      const lock = await store.lock()
      if (lock === null) throw new Error('not locked')
      const lost = new Promise((resolve) => lock.lost.addEventListener('abort', resolve, { once: true }))
      const began = performance.now()
      await cut('locked')
      await lost
      // At once, not with the next heartbeat.
      expect(performance.now() - began).toBeLessThan(2_000)
      expect(String(lock.lost.reason)).toMatch(/that held the engine's lock is gone/)
      expect(await other.lock()).not.toBeNull()
    })

    it('hears appends again after its listening connection was cut', async () => {
      await server.createDatabase('listened')
      const [store, other] = [await open('listened'), await open('listened')]
      let hinted = (): void => {}
      const hint = (): Promise<void> => new Promise((resolve) => (hinted = resolve))
      const listening = hint()
      store.watch(() => hinted(), AbortSignal.timeout(15_000))
      await listening
      const again = hint()
      await cut('listened')
      await again // Connecting again is a hint by itself.
      const heard = hint()
      await other.append(appendOf('a')).catch(() => other.append(appendOf('a')))
      await heard
    })

    it('answers `full` and writes nothing where the server is read only, and goes on when it is not', async () => {
      await server.createDatabase('standby')
      await (await open('standby')).append(appendOf('a'))
      await server.run('alter database standby set default_transaction_read_only = on')
      const store = await open('standby')
      const answer = await store.append(appendOf('b'))
      expect(answer.kind === 'full' && answer.because).toMatch(/took nothing: the server is read only/)
      await expect(store.claimEpoch(0)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      expect((await store.head()).position).toBe(1)
      await server.run('alter database standby set default_transaction_read_only = off')
      expect(await (await open('standby')).append(appendOf('b'))).toMatchObject({ kind: 'appended' })
    })

    it("answers `full` and writes nothing when the server's disk is full, and goes on once there is room", async ({
      skip,
    }) => {
      const disk = mkdtempSync(join(tmpdir(), 'titrate-tablespace-'))
      if (!mountSmallDisk(disk, 16)) {
        rmSync(disk, { recursive: true })
        return skip('only root may mount a disk that is small enough to be filled')
      }
      try {
        const { uid, gid } = statSync(server.folder)
        chownSync(disk, uid, gid)
        await server.run(`create tablespace small location '${disk}'`)
        await server.run('create database tight tablespace small template template0')
        const store = await open('tight')
        await store.append(appendOf('a'))
        const ballast = fillDisk(disk)
        const large = createHash('shake256', { outputLength: 300_000 }).update('large').digest('hex')
        const answer = await store.append(appendOf(large))
        expect(answer.kind === 'full' && answer.because).toMatch(/no room left on the server's disk/)
        expect((await store.read(0, 10)).length).toBe(1)
        rmSync(ballast)
        expect(await store.append(appendOf(large))).toMatchObject({ kind: 'appended' })
        expect(await verifyJournal(store)).toMatchObject({ kind: 'whole' })
        await store.close()
        await server.run('drop database tight with (force)')
        await server.run('drop tablespace small')
      } finally {
        unmountSmallDisk(disk)
        rmSync(disk, { recursive: true, force: true })
      }
    })

    it('makes its tables once, however many engines start at the same time', async () => {
      const url = await server.createDatabase('race')
      const opening = Array.from({ length: 6 }, (_, index) => openPostgresStore({ url, release: `r${index}` }))
      stores.push(...(await Promise.all(opening)))
      const { rows } = await server.run('select version, name from titrate.migrations', 'race')
      expect(rows).toEqual([{ version: 1, name: '0001-journal-and-observations.sql' }])
    })

    it('refuses a schema that is newer than this version, and a database that cannot hold all characters', async () => {
      await server.createDatabase('newer')
      await open('newer')
      await server.run(`insert into titrate.migrations (version, name) values (99, 'later')`, 'newer')
      expect(await failureOf(open('newer'))).toMatchObject({ code: 'STORE_NEWER', details: { found: 99 } })
      await server.createDatabase('latin', 'LATIN1')
      expect((await failureOf(open('latin'))).message).toMatch(/encoding LATIN1, and UTF8 is needed/)
    })

    it('gives up with a reason when another session keeps the lock of the release', async () => {
      await server.createDatabase('stuck')
      const store = await open('stuck')
      await store.append(appendOf('a'))
      const holding = server.run(
        `begin; select * from titrate.releases for update; select pg_sleep(6.5); commit`,
        'stuck',
      )
      await expect
        .poll(async () => (await server.run(`select 1 from pg_stat_activity where wait_event = 'PgSleep'`)).rowCount)
        .toBe(1)
      const failure = await failureOf(store.append(appendOf('b')))
      expect(failure.message).toMatch(/another process holds the lock of this release for too long/)
      expect(failure.details).toMatchObject({ appended: 'no' })
      await holding
      expect(await store.append(appendOf('b'))).toMatchObject({ kind: 'appended' })
    })

    it('finds an event that was changed by hand', async () => {
      await server.createDatabase('changed')
      const store = await open('changed')
      for (const text of ['a', 'b']) await store.append(appendOf(text))
      await server.run(`update titrate.events set at = 2 where position = 2`, 'changed')
      expect(await verifyJournal(store)).toMatchObject({ kind: 'broken', how: 'changed', position: 2 })
      await server.run(`update titrate.events set body = '[]' where position = 2`, 'changed')
      await expect(store.read(0, 9)).rejects.toMatchObject({ code: 'JOURNAL_BROKEN' })
    })

    it('has the schema that schema.txt shows, and migrations that never change', async () => {
      await server.createDatabase('dumped')
      await open('dumped')
      const { rows } = await server.run(dumpSql, 'dumped')
      const dump = rows.map(({ line }: { line: string }) => `${line}\n`).join('')
      const path = new URL('schema.txt', import.meta.url)
      if (process.env['TITRATE_UPDATE_SCHEMA'] === 'yes') writeFileSync(path, dump)
      expect(readFileSync(path, 'utf8')).toBe(dump)
      const first = readFileSync(new URL('0001-journal-and-observations.sql', import.meta.url))
      expect(createHash('sha256').update(first).digest('hex').slice(0, 16)).toMatchInlineSnapshot(`"9a64af27152b9280"`)
    })
  })
})

/** The schema as the catalogue has it, the same from every version of the server. */
const dumpSql = `
  select line from (
    select 1 as part, table_name as t, ordinal_position as o,
      format('%s.%s %s%s%s', table_name, column_name, data_type,
        coalesce(' collate ' || collation_name, ''), case is_nullable when 'NO' then ' not null' else '' end) as line
    from information_schema.columns where table_schema = 'titrate'
    union all
    select 2, conrelid::regclass::text, row_number() over (order by conname),
      format('%s: %s', replace(conrelid::regclass::text, 'titrate.', ''), pg_get_constraintdef(oid))
    from pg_constraint where connamespace = 'titrate'::regnamespace and contype <> 'n'
    union all
    select 3, tablename, row_number() over (order by indexname), indexdef from pg_indexes where schemaname = 'titrate'
  ) lines order by part, t, o`
