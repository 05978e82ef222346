import { mkdirSync, rmSync } from 'node:fs'
import Database from 'better-sqlite3'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { canMountDisks, fillDisk, mountSmallDisk, remount, unmountSmallDisk } from '../small-disk.ts'
import { createEstate, type Estate, isGate, startUsers, waitsForRelease } from './estate.ts'

const owner = { approvals: [{ name: 'owner', before: 'crossing' }] }

describe('a journal that somebody changed', () => {
  let estate: Estate
  let head = ''
  beforeAll(async () => {
    estate = createEstate({ services: { catalogue: owner, invoices: owner } })
    await estate.up()
    await estate.titrate('run', '--yes', '--exit-at-gate', '-o', 'json')
    const { out } = await estate.titrate('journal', 'verify', '-o', 'json')
    const whole = JSON.parse(out) as { readonly head: { readonly position: number; readonly hash: string } }
    head = `${whole.head.position}:${whole.head.hash}`
  }, 90_000)
  afterAll(() => estate.close(), 60_000)

  const byHand = (sql: string): void => {
    const db = new Database(estate.path('.titrate/releases/trouble/journal.db'))
    db.exec('begin; create table if not exists kept as select * from events where false')
    db.exec('insert into kept select * from events; commit')
    db.exec(sql)
    db.close()
  }
  afterEach(() => {
    const db = new Database(estate.path('.titrate/releases/trouble/journal.db'))
    db.exec('begin; delete from events; insert into events select * from kept; drop table kept; commit')
    db.close()
  })

  it.each([
    ['changed', `update events set body = replace(body, '"blocking":[]', '"blocking":["x"]')`, 3],
    ['missing', 'delete from events where position = 5', 5],
    ['cut off', 'delete from events where position > (select max(position) - 2 from events)', null],
  ])('is found out: an event was %s', async (_, sql, position) => {
    byHand(sql)
    const { code, out, err } = await estate.titrate('journal', 'verify', '--head', head)
    expect(code).toBe(1)
    expect(err).toContain('JOURNAL_BROKEN')
    if (position !== null) expect(out).toContain(`broken at ${position}`)
  })
})

describe.skipIf(!canMountDisks())('a disk that is full', () => {
  let estate: Estate
  let disk = ''
  beforeAll(async () => {
    estate = createEstate(waitsForRelease)
    disk = estate.path('.titrate/releases')
    mkdirSync(disk, { recursive: true })
    mountSmallDisk(disk, 8)
    await estate.up()
  }, 60_000)
  afterAll(async () => {
    remount(disk, 'rw')
    await estate.close().catch(() => undefined)
    unmountSmallDisk(disk)
    rmSync(estate.folder, { recursive: true, force: true })
  }, 60_000)

  it('stops the engine from acting, is said, and loses nothing; there is room, and it goes on', async () => {
    const users = startUsers(estate.url())
    const run = estate.start('run', '--yes', '-o', 'json')
    await run.until(isGate)
    const ballast = fillDisk(disk)
    await run.untilSaid('takes nothing more')
    const refused = await estate.titrate('approve', 'release', '--yes')
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('no room')
    // Reading needs no room.
    expect((await estate.titrate('status')).code).toBe(0)
    expect(await estate.weight()).toBe(25)
    rmSync(ballast)
    await run.untilSaid('takes entries again')
    expect((await estate.titrate('approve', 'release', '--yes')).code).toBe(0)
    const { code } = await run.ended
    expect(code).toBe(0)
    expect((await users.stop()).failed).toBe(0)
    expect((await estate.titrate('journal', 'verify')).code).toBe(0)
    const ledger = await estate.titrate('ledger')
    expect(ledger.code).toBe(0)
  })
})

describe.skipIf(!canMountDisks())('a folder that may only be read', () => {
  it('is named before anything begins', async () => {
    const estate = createEstate()
    const disk = estate.path('.titrate/releases')
    mkdirSync(disk, { recursive: true })
    mountSmallDisk(disk, 1)
    remount(disk, 'ro')
    try {
      await estate.up()
      const { code, err } = await estate.titrate('run', '--yes')
      expect(code).toBe(1)
      expect(err).toContain(disk)
      expect(err).not.toContain('BUG')
      const doctor = await estate.titrate('doctor')
      expect(doctor.code).toBe(1)
      expect(doctor.out).toContain('can not be written')
    } finally {
      unmountSmallDisk(disk)
      await estate.close()
    }
  })
})
