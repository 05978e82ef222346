/**
 * The engine of a release is killed (kill -9) again and again, with real supervisors, router, users, queue and jobs around
 * it, on both stores. `TITRATE_KILLS` says how many times, `TITRATE_SEED` when and how: the same seed draws the same.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leftBehind } from '../left-behind.ts'
import { hasPostgres, type PostgresServer, startPostgres } from '../postgres-server.ts'
import { seeded } from '../traffic.ts'
import { drawTroubles } from './draw-kills.ts'
import { type Played, playRelease } from './play-release.ts'
import { readWhatIsLeft, type WhatIsLeft } from './read-what-is-left.ts'
import { type Account, openShop, type Shop, type ShopStore } from './shop.ts'

const wantedKills = Number(process.env['TITRATE_KILLS'] ?? 40)
const seed = Number(process.env['TITRATE_SEED'] ?? Math.floor(Math.random() * 1_000_000))
const killsEach = 8
/** Some always come too late. */
const spare = 3
const spareOfLast = 10
const releaseLimitMs = 240_000

console.log(`${wantedKills} kills, seed ${seed}`)

let postgres: PostgresServer | null = null
beforeAll(async () => {
  if (hasPostgres()) postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

const storeFor = async (kind: ShopStore['kind'], release: number): Promise<ShopStore> => {
  if (kind === 'SQLite') return { kind }
  if (postgres === null) throw new Error('there is no PostgreSQL')
  const url = new URL(await postgres.createDatabase(`kills_${release}`))
  url.password = ''
  return { kind, url: url.href, password: postgres.password }
}

let made = 0
const releases = Array.from({ length: Math.ceil(wantedKills / killsEach) }, (_, index) => ({
  number: index + 1,
  store: index % 2 === 0 ? ('SQLite' as const) : ('PostgreSQL' as const),
  missed: index % 4 < 2 ? ('all' as const) : ('latest' as const),
  // Two of four are taken back: one on each store, one with each policy, one in each way.
  back: ([null, 'engine', 'command', null] as const)[index % 4] ?? null,
}))

describe.each(releases)('release $number, on $store, missed: $missed, taken back by: $back', (release) => {
  const { number, store, missed, back } = release
  let shop: Shop
  let played: Played
  let account: Account
  let left: WhatIsLeft
  beforeAll(async () => {
    shop = await openShop(await storeFor(store, number), missed)
    const random = seeded(seed * 1_000 + number)
    // What earlier releases ended too soon for is made up for here.
    const isLast = number === releases.length
    const owed = (isLast ? wantedKills : number * killsEach) - made
    const troubles = drawTroubles(random, owed + (isLast ? spareOfLast : spare), back)
    played = await playRelease(shop, troubles, isLast ? owed : Number.POSITIVE_INFINITY)
    made += played.kills
    console.log([`release ${number} (seed ${seed}):`, ...played.story].join('\n  '))
    account = await shop.settle()
    left = await readWhatIsLeft(shop)
  }, releaseLimitMs)
  afterAll(() => shop?.close(), 60_000)

  it('ends as it should, and no engine ends by itself before', () => {
    expect(played.fellOver).toEqual([])
    // A run that ends rolled back says so; for the command that rolls back, that is success.
    expect(played.end.code).toBe(back !== null && played.end.by === 'run' ? 4 : 0)
    expect(left.outcome).toBe(back === null ? 'done' : 'rolled back')
  })

  it('fails no user', () => {
    expect(shop.users.answered).toBeGreaterThan(500)
    expect(shop.users).toMatchObject({ failed: 0, broken: [] })
  })

  it('loses no item of the queue, and has none done twice', () => {
    expect(account.queue.added).toBeGreaterThan(100)
    expect(account.queue).toEqual({ added: account.queue.added, done: account.queue.added, twice: 0 })
  })

  it('runs each tick exactly once, as its jobs count', () => {
    for (const { service, due, once, twice, never } of account.jobs) {
      const letGo = missed === 'all' ? [] : never.filter((tick) => left.letGo(service).includes(tick))
      expect({ service, twice, never: never.filter((tick) => !letGo.includes(tick)) }).toEqual({
        service,
        twice: [],
        never: [],
      })
      expect(once + letGo.length).toBe(due)
    }
  })

  it('leaves a journal that is whole, and a ledger without a fault', () => {
    expect(left.verified).toMatchObject({ code: 0 })
    expect(left.ledger).toMatchObject({ code: 0 })
  })

  it('folds to one state, in whatever pieces it is read, and that is how the world is', () => {
    expect(left.foldsThatDiffer).toEqual([])
    expect(left.differencesOfWorld).toEqual([])
  })

  it('was written by one engine at a time', () => {
    expect(left.lateEntries).toEqual([])
  })

  it('has no intent without an outcome', () => {
    expect(left.intents).toBeGreaterThan(10)
    expect(left.open).toEqual([])
  })

  it('leaves nothing running', async () => {
    await shop.close()
    await expect.poll(() => leftBehind(shop.estate.folder), { timeout: 10_000 }).toEqual([])
  })
})

it(`has killed ${wantedKills} times`, () => {
  expect(made).toBeGreaterThanOrEqual(wantedKills)
})
