/**
 * Schedules of every minute handed over and back around ticks while everything goes wrong, with every run counted that any
 * controller makes. `TITRATE_TEST_HANDOFF_ROUNDS`: how often (2); `TITRATE_TEST_SEED` plays a run again.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { carryOut } from '../../src/engine/carry-out.ts'
import { type Side, sides } from '../../src/moves/goal.ts'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { createRandom } from '../../src/rehearsal/simulated-clock.ts'
import { carriedOut, contextOf, countTicks, handNaively, makeCronJobs, minute, openArena, until } from './arena.ts'
import { clusterGiven, hasOwnClusters } from './clusters.ts'
import { connectTo } from './connect-to.ts'
import type { ControlPlane } from './control-plane.ts'
import { startOwnBlue } from './own-blue.ts'
import { connectTroubled, dyingPorts, Killed, type Troubled } from './troubled.ts'

const rounds = Number(process.env['TITRATE_TEST_HANDOFF_ROUNDS'] ?? 2)
const seed = Number(process.env['TITRATE_TEST_SEED'] ?? Date.now() % 1_000_000)
const named = (of: string, count: number) => Array.from({ length: count }, (_, index) => `${of}-${index}`)
const names = {
  /** Handed over by an engine that nothing disturbs but the controllers. */
  plain: named('plain', 50),
  /** Its connections to both API servers are in trouble as well. */
  troubled: named('troubled', 50),
  /** The engine dies at its first, second, third call and so on, and another one finishes. */
  dying: named('dying', 64),
  /** Two engines at once. */
  two: named('two', 16),
  naive: named('naive', 40),
}

describe.skipIf(!hasOwnClusters)('handing schedules over while everything goes wrong', () => {
  const random = createRandom(seed)
  let plane: ControlPlane
  let folder: string
  let clusters: Readonly<Record<Side, Cluster>>
  let trouble: Readonly<Record<Side, Troubled>>
  beforeAll(async () => {
    console.log(`seed ${seed}`)
    folder = await mkdtemp(join(tmpdir(), 'titrate-handoff-test-'))
    plane = await startOwnBlue()
    clusters = { blue: await connectTo(plane.given), green: await connectTo(clusterGiven('green')) }
    trouble = {
      blue: await connectTroubled(plane.given, random, folder),
      green: await connectTroubled(clusterGiven('green'), random, folder),
    }
  })
  afterAll(async () => {
    plane.controllers.thaw()
    await Promise.all([clusters.blue, clusters.green, trouble.blue, trouble.green].map((each) => each.close()))
    await plane.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** Blue's controllers at a tick: frozen when it comes, or killed just before it and started again. */
  const disturbControllers = async (tick: number, how: 'freeze' | 'kill'): Promise<void> => {
    await until(tick - 1_000)
    if (how === 'freeze') plane.controllers.freeze()
    else await plane.controllers.kill()
    await until(tick + 4_000)
    if (how === 'freeze') plane.controllers.thaw()
    else plane.controllers.startAgain()
  }
  const around = (tick: number) => tick - 4_000 + random() * 12_000

  /** Everybody's schedules of one kind, on blue and, asleep, on green. */
  const open = async (hint: string, of: readonly string[]) => {
    const arena = await openArena(clusters, hint)
    await makeCronJobs(clusters.blue, arena.namespace.blue, of)
    const engine = arena.connect()
    await Promise.all(of.map((name) => carriedOut({ kind: 'provision' }, contextOf(engine, name, { version: 1 }))))
    return { arena, engine, names: of }
  }
  type Round = { readonly tick: number; readonly owner: Side; readonly number: number }
  const goalOf = ({ owner }: Round) => ({ kind: 'schedule', owner }) as const

  const handAll = (round: Round, engine: Parameters<typeof contextOf>[0], of: readonly string[]) =>
    of.map(async (name) => {
      await until(around(round.tick))
      await carriedOut(goalOf(round), contextOf(engine, name, { version: 1 + round.number }))
    })
  /** An engine dies at its first call for one schedule, at its second for the next; one of a higher epoch finishes. */
  const handDying = (round: Round, { arena, names: of }: Awaited<ReturnType<typeof open>>) => {
    const [dying, successor] = [arena.connect(), arena.connect()]
    const [epoch, version] = [2 * round.number, 1 + round.number]
    return of.map(async (name, index) => {
      await until(round.tick - 4_500 + random() * 500)
      const calls: string[] = []
      const at = { call: index + 1, when: random() < 0.5 ? 'before' : 'after' } as const
      const ports = dyingPorts(dying, at, calls)
      await carriedOut(goalOf(round), contextOf(ports, name, { epoch, version })).catch((error: unknown) => {
        if (!(error instanceof Killed) && !/older than|too late|newer/.test(String(error))) throw error
      })
      await until(around(round.tick) + 2_000)
      await carriedOut(goalOf(round), contextOf(successor, name, { epoch: epoch + 1, version }))
      return calls
    })
  }
  const handByTwo = (round: Round, { arena, names: of }: Awaited<ReturnType<typeof open>>) => {
    const [older, newer] = [arena.connect(), arena.connect()]
    const [epoch, version] = [2 * round.number, 1 + round.number]
    return of.map(async (name) => {
      await until(around(round.tick))
      const [ended] = await Promise.all([
        carryOut(goalOf(round), contextOf(older, name, { epoch, version })),
        carriedOut(goalOf(round), contextOf(newer, name, { epoch: epoch + 1, version })),
      ])
      if (ended.kind === 'refused') expect(ended.because).toMatch(/older|too late|newer/)
      return ended.kind
    })
  }

  it(
    `runs each tick once in ${rounds} rounds, where the usual way runs some twice`,
    async () => {
      const ours = await open('ours', [...names.plain, ...names.troubled])
      const [dying, two, naive] = [
        await open('dying', names.dying),
        await open('two', names.two),
        await open('naive', names.naive),
      ]
      const shaken = ours.arena.connect({ blue: trouble.blue.cluster, green: trouble.green.cluster })
      const first = Math.ceil((Date.now() + 8_000) / minute) * minute
      const firstFrozen = random() < 0.5 ? 1 : 0
      const calls: string[][] = []
      const olderEnded: string[] = []
      for (let number = 1; number <= rounds; number++) {
        const tick = first + (number - 1) * minute
        const round: Round = { tick, owner: number % 2 === 1 ? 'green' : 'blue', number }
        await until(tick - 5_000)
        for (const side of sides) trouble[side].trouble(12)
        const disturbed = disturbControllers(tick, number % 2 === firstFrozen ? 'freeze' : 'kill')
        const usual = number > 1 ? [] : names.naive
        const [died, ended] = await Promise.all([
          Promise.all(handDying(round, dying)),
          Promise.all(handByTwo(round, two)),
          disturbed,
          ...handAll(round, ours.engine, names.plain),
          ...handAll(round, shaken, names.troubled),
          ...usual.map((name) => until(around(tick)).then(() => handNaively(clusters, naive.arena, name))),
        ])
        calls.push(...died)
        olderEnded.push(...ended)
        for (const side of sides) trouble[side].trouble(0)
        const seconds = ((Date.now() - tick) / 1_000).toFixed(1)
        console.log(
          `round ${number}, to ${round.owner}, ${number % 2 === firstFrozen ? 'frozen' : 'killed'}: all are handed over ${seconds} s after the tick`,
        )
      }
      const last = Math.ceil(Date.now() / minute) * minute
      await until(last + 1_000)
      const count = ({ arena, names: of }: Awaited<ReturnType<typeof open>>) => countTicks(arena, of, first, last)
      const groups = { ours, dying, two }
      await vi.waitFor(() => expect(Object.values(groups).flatMap((group) => count(group).misses)).toEqual([]), {
        timeout: 2 * minute,
        interval: 500,
      })
      for (const [name, group] of Object.entries({ ...groups, naive })) {
        const { ticks, onGreen, duplicates, misses } = count(group)
        console.log(
          `${name}: ${group.names.length} schedules, ${ticks} ticks (${onGreen} on green), ${duplicates.length} twice, ${misses.length} missed`,
        )
      }
      for (const side of sides)
        console.log(`${side} answered: ${[...trouble[side].met].map(([what, times]) => `${what} ${times}`).join(', ')}`)
      const died = calls.filter((made, index) => made.length === 1 + (index % names.dying.length)).length
      const most = Math.max(...calls.map((made) => made.length))
      const refused = olderEnded.filter((kind) => kind === 'refused').length
      console.log(
        `engines died at call 1 to ${most}, ${died} of ${calls.length}; of ${olderEnded.length} older engines ${refused} were refused`,
      )
      expect(Object.values(groups).flatMap((group) => count(group).duplicates)).toEqual([])
      expect(count(naive).duplicates.length).toBeGreaterThan(0)
      expect(most).toBeGreaterThan(20)
      for (const { arena } of [ours, dying, two, naive]) arena.end()
    },
    (6 + rounds) * minute,
  )
})
