import { describe, expect, it } from 'vitest'
import type { Side } from '../moves/goal.ts'
import { type Caller, defaultLatencies, noFaults } from '../rehearsal/simulated-calls.ts'
import { createSimulatedClaim } from '../rehearsal/simulated-claim.ts'
import { createRandom, createSimulatedClock, type SimulatedClock } from '../rehearsal/simulated-clock.ts'
import { createSimulatedRouter } from '../rehearsal/simulated-router.ts'
import {
  createSimulatedSchedules,
  type SimulatedSchedule,
  type SimulatedScheduler,
  supervisorLike,
} from '../rehearsal/simulated-schedules.ts'
import { createSimulatedWorkloads, type SimulatedWorkload } from '../rehearsal/simulated-workloads.ts'
import { every } from '../rehearsal/timetable.ts'
import { breakGlass } from './break-glass.ts'
import { type CarryOut, carryOut, type ProtocolGoal, type ServiceFacts } from './carry-out.ts'
import type { Claims, Schedules } from './ports.ts'

const begin = Date.UTC(2026, 0, 7, 12, 0, 0)

const job: SimulatedSchedule = {
  service: 'invoices',
  timetable: every(60_000),
  concurrency: 'Allow',
  deadlineMs: null,
  suspended: false,
  runMs: 1_000,
}

const worker: SimulatedWorkload = {
  service: 'mailer',
  replicas: 3,
  version: '1',
  startMs: 2_000,
  drainMs: 3_000,
  neverReady: false,
}

type Setting = {
  /** When the clock begins; absent: at `begin`. */
  readonly begins?: number
  readonly blue: { readonly schedule?: Partial<SimulatedSchedule>; readonly workload?: Partial<SimulatedWorkload> }
  readonly green: { readonly schedule?: Partial<SimulatedSchedule>; readonly workload?: Partial<SimulatedWorkload> }
  readonly scheduler?: Partial<SimulatedScheduler>
  readonly routes?: readonly { readonly service: string; readonly green: number; readonly greenReady: boolean }[]
}

const silent = (schedules: Schedules): Schedules => ({
  ...schedules,
  read: async () => ({ kind: 'unknown', because: 'green does not answer' }),
})

const world = (setting: Setting) => {
  const clock = createSimulatedClock(setting.begins ?? begin)
  const random = createRandom(1)
  const caller: Caller = { clock, random, faults: noFaults, latencies: defaultLatencies }
  const schedules = (side: Side) =>
    createSimulatedSchedules({
      side,
      clock,
      random,
      horizonMs: 180_000,
      scheduler: { ...supervisorLike, ...setting.scheduler },
      schedules: [{ ...job, suspended: side === 'green', ...setting[side].schedule }],
    })
  const workloads = (side: Side) =>
    createSimulatedWorkloads({
      side,
      clock,
      workloads: [{ ...worker, replicas: side === 'blue' ? 3 : 0, ...setting[side].workload }],
    })
  const sides = {
    blue: { schedules: schedules('blue'), workloads: workloads('blue') },
    green: { schedules: schedules('green'), workloads: workloads('green') },
  }
  const weightsSet: number[] = []
  const routes = setting.routes ?? []
  const traffic = createSimulatedRouter({
    routes,
    ready: (name, side) => side === 'blue' || routes.some(({ service, greenReady }) => service === name && greenReady),
    log: (_service, green) => void weightsSet.push(green),
  }).portsFor(caller)
  let version = 0

  const contextFor = (service: string, facts: Partial<ServiceFacts> = {}): CarryOut => {
    version += 1
    return {
      service,
      blue: { schedules: sides.blue.schedules.portsFor(caller), workloads: sides.blue.workloads.portsFor(caller) },
      green: { schedules: sides.green.schedules.portsFor(caller), workloads: sides.green.workloads.portsFor(caller) },
      traffic,
      intent: `${service}/${version}`,
      fence: { release: 'r', epoch: 1, move: service, version },
      actUntil: Number.POSITIVE_INFINITY,
      facts: {
        hasSchedule: service === job.service,
        suspended: false,
        missed: 'latest',
        assumeDead: null,
        knownRun: null,
        baseline: { blue: { replicas: 3, suspended: false }, green: { replicas: 0, suspended: true } },
        ...facts,
      },
      clock,
      signal: new AbortController().signal,
      limits: { quietMs: 0 },
    }
  }

  /** One attempt, in virtual time. */
  const carry = async (goal: ProtocolGoal, context: CarryOut) => {
    const attempt = carryOut(goal, context)
    await passUntilSettled(clock, attempt)
    return attempt
  }
  return { clock, sides, weightsSet, contextFor, carry, traffic, caller }
}

const passUntilSettled = async (clock: SimulatedClock, work: Promise<unknown>) => {
  let isSettled = false
  void work.finally(() => {
    isSettled = true
  })
  for (let step = 0; !isSettled && step < 20_000; step += 1) await clock.runUntil(clock.now() + 100)
}

const toGreen = { kind: 'schedule', owner: 'green' } as const
const toBlue = { kind: 'schedule', owner: 'blue' } as const

describe('every call', () => {
  it('tells whether something goes back, so that it may go before what goes forward', async () => {
    const { carry, contextFor, sides, caller } = world({ blue: {}, green: {} })
    const told: (boolean | undefined)[] = []
    const ports = sides.green.workloads.portsFor(caller)
    const green = {
      schedules: sides.green.schedules.portsFor(caller),
      workloads: {
        ...ports,
        scale: (...given: Parameters<typeof ports.scale>) => {
          told.push(given[0].urgent)
          return ports.scale(...given)
        },
      },
    }
    const goal = { kind: 'workload', blue: 3, green: 1, exclusive: false } as const
    await carry({ kind: 'provision' }, contextFor('mailer'))
    expect((await carry(goal, { ...contextFor('mailer'), green })).kind).toBe('done')
    const back = { ...goal, green: 0 }
    expect((await carry(back, { ...contextFor('mailer'), green, urgent: true })).kind).toBe('done')
    expect(told).toEqual([false, true])
  })
})

describe('handing a schedule over', () => {
  it('says cursor, fenced ticks and the length of the pause', async () => {
    const { clock, carry, contextFor, sides } = world({ blue: {}, green: {} })
    await clock.runUntil(begin + 150_000)
    const outcome = await carry(toGreen, contextFor('invoices'))
    expect(outcome).toMatchObject({
      kind: 'done',
      result: {
        owner: 'green',
        cursor: begin + 120_000,
        fenced: [begin + 180_000, begin + 240_000, begin + 300_000],
        missed: { policy: 'latest', skipped: [], byHand: [] },
        mayRunTwice: [],
      },
    })
    expect(sides.green.schedules.truth.isActive('invoices')).toBe(true)
    expect(sides.blue.schedules.truth.isActive('invoices')).toBe(false)
  })

  it('does nothing but stamp when the owner is right already', async () => {
    const { clock, carry, contextFor, sides } = world({ blue: {}, green: {} })
    await clock.runUntil(begin + 90_000)
    const outcome = await carry(toBlue, contextFor('invoices'))
    expect(outcome).toMatchObject({ kind: 'done', result: { owner: 'blue', pauseMs: null, fenced: [] } })
    expect(sides.blue.schedules.truth.changes).toHaveLength(1)
  })

  it('leaves a schedule suspended on both sides that was suspended on blue', async () => {
    const { carry, contextFor, sides } = world({ blue: { schedule: { suspended: true } }, green: {} })
    const outcome = await carry(toGreen, contextFor('invoices', { suspended: true }))
    expect(outcome).toMatchObject({ kind: 'done', result: { owner: 'green', suspended: true } })
    expect(sides.green.schedules.truth.changes).toHaveLength(1)
  })

  it('is refused before anything is touched when the two sides compute different ticks', async () => {
    const { carry, contextFor, sides } = world({ blue: {}, green: { schedule: { timetable: every(120_000) } } })
    const outcome = await carry(toGreen, contextFor('invoices'))
    expect(outcome).toMatchObject({ kind: 'refused', because: expect.stringContaining('the schedules differ') })
    expect(sides.blue.schedules.truth.isActive('invoices')).toBe(true)
  })

  it('is refused when policies or deadlines differ', async () => {
    const policy = world({ blue: {}, green: { schedule: { concurrency: 'Forbid' } } })
    expect(await policy.carry(toGreen, policy.contextFor('invoices'))).toMatchObject({ kind: 'refused' })
    const deadline = world({ blue: {}, green: { schedule: { deadlineMs: 10_000 } } })
    expect(await deadline.carry(toGreen, deadline.contextFor('invoices'))).toMatchObject({
      because: expect.stringContaining('deadlines differ'),
    })
  })

  /** New York puts its clocks forward 20 hours later; the hours of the night are the only ones that one asks for. */
  const beforeTheChange = Date.UTC(2026, 2, 7, 11, 0, 0)
  const inNewYork = { timetable: { ...every(3_600_000), zone: 'America/New_York' } }
  /** Does not answer for the ticks of a quarter of an hour, so many times. */
  const silentAtNight = (schedules: Schedules, times: number) => {
    const asked: number[] = []
    const ports: Schedules = {
      ...schedules,
      ticks: async (service, from, until, signal, phase) => {
        if (until - from !== 900_000) return schedules.ticks(service, from, until, signal, phase)
        asked.push(from)
        if (asked.length <= times) return { kind: 'unknown', because: 'blue is busy' }
        return schedules.ticks(service, from, until, signal, phase)
      },
    }
    return { ports, asked }
  }

  it('waits while blue does not tell whether it has ticks in the night in which its clocks change', async () => {
    const { carry, contextFor, sides } = world({
      begins: beforeTheChange,
      blue: { schedule: inNewYork },
      green: { schedule: inNewYork },
    })
    const context = contextFor('invoices')
    const { ports } = silentAtNight(context.blue.schedules, Number.POSITIVE_INFINITY)
    const outcome = await carry(toGreen, { ...context, blue: { ...context.blue, schedules: ports } })
    expect(outcome).toMatchObject({ kind: 'waiting', because: expect.stringContaining('blue is busy') })
    expect(sides.blue.schedules.truth.isActive('invoices')).toBe(true)
    expect(sides.blue.schedules.truth.changes).toHaveLength(1)
  })

  it('asks again for the ticks of that night in the same attempt, and is refused once blue tells of some', async () => {
    const { carry, contextFor, sides } = world({
      begins: beforeTheChange,
      blue: { schedule: inNewYork },
      green: { schedule: inNewYork },
    })
    const context = contextFor('invoices')
    const { ports, asked } = silentAtNight(context.blue.schedules, 1)
    // Short enough for the attempt to wait by itself.
    const limits = { quietMs: 0, retryMs: 500 }
    const outcome = await carry(toGreen, { ...context, limits, blue: { ...context.blue, schedules: ports } })
    expect(outcome).toMatchObject({ kind: 'refused', because: expect.stringContaining('between 00 and 03 h') })
    expect(asked.length).toBeGreaterThan(1)
    expect(sides.blue.schedules.truth.isActive('invoices')).toBe(true)
  })

  it('asks nothing of the clocks on the way back', async () => {
    const { carry, contextFor, sides } = world({
      begins: beforeTheChange,
      blue: { schedule: { ...inNewYork, suspended: true } },
      green: { schedule: { ...inNewYork, suspended: false } },
    })
    const context = contextFor('invoices')
    const { ports, asked } = silentAtNight(context.blue.schedules, Number.POSITIVE_INFINITY)
    const outcome = await carry(toBlue, { ...context, blue: { ...context.blue, schedules: ports } })
    expect(outcome).toMatchObject({ kind: 'done', result: { owner: 'blue' } })
    expect(asked).toEqual([])
    expect(sides.blue.schedules.truth.isActive('invoices')).toBe(true)
  })

  it('waits for a quiet moment away from a tick', async () => {
    const { clock, carry, contextFor } = world({ blue: {}, green: {} })
    await clock.runUntil(begin + 58_000)
    const outcome = await carry(toGreen, { ...contextFor('invoices'), limits: { quietMs: 5_000 } })
    expect(outcome).toMatchObject({ kind: 'waiting', because: expect.stringContaining('too near') })
    expect((outcome as { until: number }).until - begin).toBeGreaterThanOrEqual(65_000)
    expect((outcome as { until: number }).until - begin).toBeLessThan(65_100)
  })

  it('ends the attempt before pausing while a Forbid run goes on', async () => {
    const long = { concurrency: 'Forbid', runMs: 40_000 } as const
    const { clock, carry, contextFor, sides } = world({ blue: { schedule: long }, green: { schedule: long } })
    await clock.runUntil(begin + 65_000)
    const outcome = await carry(toGreen, contextFor('invoices'))
    expect(outcome).toMatchObject({ kind: 'waiting', because: expect.stringContaining('Forbid') })
    expect(sides.blue.schedules.truth.isActive('invoices')).toBe(true)
  })

  it('hands a tick that Forbid holds back over to the new owner', async () => {
    const long = { concurrency: 'Forbid', runMs: 70_000 } as const
    const { clock, carry, contextFor, sides } = world({ blue: { schedule: long }, green: { schedule: long } })
    await clock.runUntil(begin + 125_000)
    const outcome = await carry(toGreen, contextFor('invoices'))
    expect(outcome).toMatchObject({ kind: 'done', result: { late: [begin + 120_000] } })
    await clock.runUntil(clock.now() + 500)
    expect(sides.blue.schedules.truth.runs().map(({ tick }) => tick)).toEqual([begin + 60_000])
    expect(sides.green.schedules.truth.runs().map(({ tick }) => tick)).toEqual([begin + 120_000])
  })

  it('hands over behind the run that goes on, where each run takes longer than it is to the next tick', async () => {
    const long = { concurrency: 'Forbid', runMs: 13_000, timetable: every(10_000) } as const
    const { clock, carry, contextFor, sides } = world({ blue: { schedule: long }, green: { schedule: long } })
    await clock.runUntil(begin + 10_900)
    const context = { ...contextFor('invoices'), limits: {} }
    let outcome = await carry(toGreen, context)
    while (outcome.kind === 'waiting') {
      await clock.runUntil(outcome.until)
      outcome = await carry(toGreen, { ...context, memo: outcome.memo })
    }
    expect(outcome).toMatchObject({ kind: 'done', result: { late: [begin + 20_000] } })
    await clock.runUntil(begin + 24_000)
    expect(sides.blue.schedules.truth.runs().map(({ tick }) => tick)).toEqual([begin + 10_000])
    expect(sides.green.schedules.truth.runs().map(({ tick }) => tick)).toEqual([begin + 20_000])
  })

  it('goes back to blue by itself when the pause lasts too long', async () => {
    const { clock, carry, contextFor, sides } = world({
      blue: {},
      green: {},
      scheduler: { countsPasses: false },
    })
    await clock.runUntil(begin + 90_000)
    const context = contextFor('invoices')
    const hanging: Schedules = {
      ...context.blue.schedules,
      barrier: async () => {
        await clock.sleep(clock.now() + 800)
        return { kind: 'unknown', because: 'the scheduler does not answer' }
      },
    }
    const outcome = await carry(toGreen, {
      ...context,
      blue: { ...context.blue, schedules: hanging },
      limits: { quietMs: 0, pauseCapMs: 2_000 },
    })
    // Blue's own scheduler is asked for nothing on the way back: green is what has to have stopped.
    expect(outcome).toMatchObject({ kind: 'waiting', because: expect.stringContaining('handed back to blue') })
    expect(sides.blue.schedules.truth.isActive('invoices')).toBe(true)
    expect(sides.green.schedules.truth.isActive('invoices')).toBe(false)
  })

  it('goes back to blue and says why when green refuses to start', async () => {
    const { clock, carry, contextFor, sides } = world({ blue: {}, green: {} })
    await clock.runUntil(begin + 90_000)
    const context = contextFor('invoices')
    const forbidden: Schedules = {
      ...context.green.schedules,
      resume: async () => ({ kind: 'refused', because: 'not permitted' }),
    }
    const outcome = await carry(toGreen, { ...context, green: { ...context.green, schedules: forbidden } })
    expect(outcome).toEqual({ kind: 'refused', because: 'handed back to blue: not permitted' })
    expect(sides.blue.schedules.truth.isActive('invoices')).toBe(true)
  })

  it('leaves it stopped on blue while green can not confirm, unless green is assumed dead', async () => {
    const { clock, carry, contextFor, sides } = world({ blue: {}, green: {} })
    await clock.runUntil(begin + 90_000)
    await carry(toGreen, contextFor('invoices'))
    await clock.runUntil(begin + 150_000)
    const context = contextFor('invoices')
    const cut = { ...context, green: { ...context.green, schedules: silent(context.green.schedules) } }
    expect(await carry(toBlue, cut)).toMatchObject({
      kind: 'waiting',
      because: expect.stringContaining('--assume-dead'),
    })
    expect(sides.blue.schedules.truth.isActive('invoices')).toBe(false)

    const assumed = { ...cut, facts: { ...cut.facts, assumeDead: 'green' as const } }
    expect(await carry(toBlue, assumed)).toMatchObject({
      kind: 'done',
      result: { owner: 'blue', mayRunTwice: [begin + 120_000] },
    })
    expect(sides.blue.schedules.truth.isActive('invoices')).toBe(true)
  })

  it('goes back to blue where green no longer has the schedule', async () => {
    const { clock, carry, contextFor, sides } = world({ blue: {}, green: {} })
    await clock.runUntil(begin + 90_000)
    await carry(toGreen, contextFor('invoices'))
    const context = contextFor('invoices')
    const gone: Schedules = {
      ...context.green.schedules,
      read: async () => ({ kind: 'refused', because: 'no such schedule' }),
    }
    const outcome = await carry(toBlue, { ...context, green: { ...context.green, schedules: gone } })
    expect(outcome).toMatchObject({ kind: 'done', result: { owner: 'blue' } })
    expect(sides.blue.schedules.truth.isActive('invoices')).toBe(true)
  })

  it('runs every tick that passed while nobody was active under the policy all, and none under skip', async () => {
    for (const [missed, expected] of [
      ['all', [120_000, 180_000, 240_000]],
      ['latest', [240_000]],
      ['skip', []],
    ] as const) {
      const { clock, carry, contextFor, sides } = world({ blue: {}, green: {} })
      await clock.runUntil(begin + 90_000)
      const dying = contextFor('invoices')
      await carry(toGreen, { ...dying, actUntil: begin + 90_040 })
      expect(sides.blue.schedules.truth.isActive('invoices')).toBe(false)
      await clock.runUntil(begin + 250_000)
      expect(await carry(toGreen, contextFor('invoices', { missed }))).toMatchObject({ kind: 'done' })
      await clock.runUntil(begin + 260_000)
      expect(sides.green.schedules.truth.runs().map((run) => (run.tick ?? 0) - begin)).toEqual(expected)
    }
  })

  it('loses no tick to the catch-up behind a run that it made by hand under Forbid', async () => {
    const long = { concurrency: 'Forbid', runMs: 55_000 } as const
    const { clock, carry, contextFor, sides } = world({ blue: { schedule: long }, green: { schedule: long } })
    await clock.runUntil(begin + 116_500)
    await carry(toGreen, { ...contextFor('invoices'), actUntil: begin + 116_540 })
    expect(sides.blue.schedules.truth.isActive('invoices')).toBe(false)
    await clock.runUntil(begin + 190_000)
    expect(await carry(toGreen, contextFor('invoices', { missed: 'all' }))).toMatchObject({ kind: 'done' })
    await clock.runUntil(begin + 1_800_000)
    const ticks = sides.green.schedules.truth.runs().map((run) => ((run.tick ?? 0) - begin) / 60_000)
    expect(ticks).toEqual(Array.from({ length: ticks.length }, (_, index) => index + 2))
  })

  it('loses no tick to the catch-up behind a run that an earlier intent made by hand under Forbid', async () => {
    const long = { concurrency: 'Forbid', runMs: 4_000, timetable: every(5_000) } as const
    const { clock, carry, contextFor, sides } = world({ blue: { schedule: long }, green: { schedule: long } })
    await clock.runUntil(begin + 9_500)
    await carry(toGreen, { ...contextFor('invoices'), actUntil: begin + 9_540 })
    expect(sides.blue.schedules.truth.isActive('invoices')).toBe(false)
    await clock.runUntil(begin + 18_000)
    const earlier = new AbortController()
    clock.after(1_000, () => earlier.abort())
    await carry(toGreen, { ...contextFor('invoices', { missed: 'all' }), signal: earlier.signal })
    const ran = () => sides.green.schedules.truth.runs().map(({ tick }) => ((tick ?? 0) - begin) / 1_000)
    expect(ran()).toEqual([10])
    expect(clock.now()).toBeLessThan(begin + 20_000)
    expect(await carry(toGreen, contextFor('invoices', { missed: 'all' }))).toMatchObject({ kind: 'done' })
    await clock.runUntil(clock.now() + 10_000)
    expect(ran().slice(0, 3)).toEqual([10, 15, 20])
  })

  it('catches nothing up that a run of the old owner held back for longer than it is to the next tick', async () => {
    const long = { concurrency: 'Forbid', runMs: 6_500, timetable: every(5_000) } as const
    const { clock, carry, contextFor, sides } = world({ blue: { schedule: long }, green: { schedule: long } })
    await clock.runUntil(begin + 28_300)
    expect(await carry(toGreen, contextFor('invoices', { missed: 'all' }))).toMatchObject({
      kind: 'done',
      result: { missed: { skipped: [begin + 25_000], byHand: [] } },
    })
    await clock.runUntil(begin + 32_000)
    expect(sides.blue.schedules.truth.runs().at(-1)).toMatchObject({ tick: begin + 20_000 })
    expect(sides.green.schedules.truth.runs().map(({ tick }) => tick)).toEqual([begin + 30_000])
  })

  /** Killed in the pause; then green is resumed so late that the ticks of 12 and 14 s have passed. */
  const resumedLate = async (schedule: Pick<SimulatedSchedule, 'concurrency' | 'runMs'>) => {
    const often = { timetable: every(2_000) }
    const { clock, carry, contextFor, sides } = world({
      blue: { schedule: { ...often, ...schedule, runMs: 100 } },
      green: { schedule: { ...often, ...schedule } },
      scheduler: { passMs: 300 },
    })
    await clock.runUntil(begin + 10_700)
    await carry(toGreen, { ...contextFor('invoices'), actUntil: begin + 10_740 })
    expect(sides.blue.schedules.truth.isActive('invoices')).toBe(false)
    await clock.runUntil(begin + 11_000)
    const context = contextFor('invoices', { missed: 'all' })
    const { schedules } = context.green
    const resume: Schedules['resume'] = async (...call) => {
      await clock.sleep(begin + 15_100, context.signal)
      return schedules.resume(...call)
    }
    const outcome = await carry(toGreen, {
      ...context,
      green: { ...context.green, schedules: { ...schedules, resume } },
    })
    await clock.runUntil(clock.now() + 60_000)
    return { outcome, ran: sides.green.schedules.truth.runs().map((run) => ((run.tick ?? 0) - begin) / 1_000) }
  }

  it.each(['Forbid', 'Replace'] as const)(
    'loses no tick under %s when it was resumed so late that several had passed',
    async (concurrency) => {
      const { outcome, ran } = await resumedLate({ concurrency, runMs: 1_500 })
      expect(outcome).toMatchObject({ kind: 'done', result: { missed: { skipped: [], byHand: [begin + 12_000] } } })
      const expected = Array.from({ length: ran.length }, (_, index) => 12 + 2 * index)
      expect(ran.toSorted((one, other) => one - other)).toEqual(expected)
    },
  )

  it('runs a tick that it took from a scheduler which ran a later one all the same', async () => {
    const often = { timetable: every(2_000) }
    const { clock, carry, contextFor, sides } = world({ blue: { schedule: often }, green: { schedule: often } })
    await clock.runUntil(begin + 10_700)
    await carry(toGreen, { ...contextFor('invoices'), actUntil: begin + 10_740 })
    expect(sides.blue.schedules.truth.isActive('invoices')).toBe(false)
    await clock.runUntil(begin + 14_500)
    const context = contextFor('invoices')
    const { schedules } = context.blue
    // It acts on what it saw before the pause, between the first of our tombstones and the second.
    const fence: Schedules['fence'] = async (call, service, tick) => {
      if (tick === begin + 14_000) await schedules.runNow(call, service, tick)
      return schedules.fence(call, service, tick)
    }
    const outcome = await carry(toGreen, { ...context, blue: { ...context.blue, schedules: { ...schedules, fence } } })
    expect(outcome).toMatchObject({ kind: 'done', result: { missed: { byHand: [begin + 12_000] } } })
    await clock.runUntil(begin + 20_500)
    const ran = (side: Side) => sides[side].schedules.truth.runs().map((run) => ((run.tick ?? 0) - begin) / 1_000)
    expect(ran('blue')).toEqual([2, 4, 6, 8, 10, 14])
    expect(ran('green')).toEqual([12, 16, 18, 20])
  })

  it.each(['Forbid', 'Replace'] as const)(
    'hands back a schedule under %s of which each run takes longer than it is to the next tick',
    async (concurrency) => {
      const endless = { timetable: every(2_000), concurrency, runMs: 2_600 }
      const { clock, carry, contextFor, sides } = world({ blue: { schedule: endless }, green: { schedule: endless } })
      await clock.runUntil(begin + 5_000)
      await carry(toGreen, { ...contextFor('invoices', { missed: 'all' }), actUntil: begin + 30_000 })
      expect(sides.green.schedules.truth.isActive('invoices')).toBe(true)
      await carry(toBlue, { ...contextFor('invoices', { missed: 'all' }), actUntil: clock.now() + 40 })
      await clock.runUntil(clock.now() + 9_000)
      const began = clock.now()
      expect(await carry(toBlue, contextFor('invoices', { missed: 'all' }))).toMatchObject({ kind: 'done' })
      expect(clock.now() - began).toBeLessThan(5_000)
      const ran = (['blue', 'green'] as const).flatMap((side) => sides[side].schedules.truth.runs())
      expect(new Set(ran.map(({ tick }) => tick)).size).toBe(ran.length)
    },
  )

  it('lets go what it missed when a schedule under Forbid never rests', async () => {
    const { outcome, ran } = await resumedLate({ concurrency: 'Forbid', runMs: 2_500 })
    expect(outcome).toMatchObject({ kind: 'done', result: { missed: { skipped: [begin + 12_000], byHand: [] } } })
    expect(new Set(ran).size).toBe(ran.length)
  })

  it('starts a held-up tick by hand when its deadline would pass', async () => {
    const strict = { deadlineMs: 3_000 }
    const { clock, carry, contextFor, sides } = world({ blue: { schedule: strict }, green: { schedule: strict } })
    await clock.runUntil(begin + 118_000)
    await carry(toGreen, { ...contextFor('invoices'), actUntil: begin + 118_040 })
    expect(sides.blue.schedules.truth.isActive('invoices')).toBe(false)
    await clock.runUntil(begin + 122_300)
    const outcome = await carry(toGreen, contextFor('invoices'))
    expect(outcome).toMatchObject({ kind: 'done', result: { missed: { byHand: [begin + 120_000] } } })
    expect(sides.green.schedules.truth.runs().map(({ tick }) => tick)).toEqual([begin + 120_000])
  })
})

describe('shifting a workload', () => {
  const forward = { kind: 'workload', blue: 0, green: 3, exclusive: false } as const
  const back = { kind: 'workload', blue: 3, green: 0, exclusive: false } as const

  it('has green ready before blue shrinks, and ends when blue has drained', async () => {
    const { carry, contextFor, sides } = world({ blue: {}, green: {} })
    const outcome = await carry(forward, contextFor('mailer'))
    expect(outcome).toMatchObject({
      kind: 'done',
      result: { before: { blue: 3, green: 0 }, after: { blue: 0, green: 3 } },
    })
    expect(sides.blue.workloads.running('mailer')).toBe(0)
    const { readyMs, totalMs } = (outcome as unknown as { result: { readyMs: number; totalMs: number } }).result
    expect(readyMs).toBeGreaterThanOrEqual(2_000)
    expect(totalMs).toBeGreaterThanOrEqual(5_000)
  })

  it('keeps blue as it is while green does not get ready', async () => {
    const { clock, contextFor, sides } = world({ blue: {}, green: { workload: { neverReady: true } } })
    const stop = new AbortController()
    const attempt = carryOut(forward, { ...contextFor('mailer'), signal: stop.signal })
    await clock.runUntil(begin + 60_000)
    expect(sides.blue.workloads.running('mailer')).toBe(3)
    stop.abort()
    expect(await attempt).toEqual({ kind: 'aborted' })
  })

  it('goes back to blue without an answer from green', async () => {
    const { carry, contextFor, sides } = world({
      blue: { workload: { replicas: 0 } },
      green: { workload: { replicas: 3 } },
    })
    sides.green.workloads.cutOff(true)
    const outcome = await carry(back, contextFor('mailer'))
    expect(outcome).toMatchObject({ kind: 'done', result: { note: expect.stringContaining('green does not answer') } })
    expect(sides.blue.workloads.running('mailer')).toBe(3)
  })

  it('never has two copies of an exclusive service running', async () => {
    const { clock, contextFor, sides } = world({ blue: { workload: { replicas: 1 } }, green: {} })
    const attempt = carryOut({ kind: 'workload', blue: 0, green: 1, exclusive: true }, contextFor('mailer'))
    let most = 0
    for (let step = 0; step < 200; step += 1) {
      await clock.runUntil(clock.now() + 50)
      most = Math.max(most, sides.blue.workloads.running('mailer') + sides.green.workloads.running('mailer'))
    }
    expect(await attempt).toMatchObject({ kind: 'done' })
    expect(most).toBe(1)
  })

  it('refuses a call of the way forward that lands after it went back, although blue was right all the time', async () => {
    const { carry, contextFor, sides, caller, clock } = world({ blue: {}, green: { workload: { replicas: 3 } } })
    const { fence, intent, signal } = contextFor('mailer')
    const blue = sides.blue.workloads.portsFor(caller)
    const read = blue.read('mailer', signal)
    await clock.runUntil(clock.now() + 100)
    const before = await read
    const revision = before.kind === 'ok' ? before.value.revision : ''
    expect(await carry(back, contextFor('mailer'))).toMatchObject({ kind: 'done' })
    const late = blue.scale({ fence, intent, revision, signal }, 'mailer', 0, null)
    expect(await carry(back, contextFor('mailer'))).toMatchObject({ kind: 'done' })
    expect(await late).toMatchObject({ kind: 'refused' })
    expect(sides.blue.workloads.running('mailer')).toBe(3)
  })

  it('leaves the only copy on blue without an answer about one that green never had', async () => {
    const { carry, contextFor, sides } = world({ blue: {}, green: { workload: { replicas: null } } })
    const backAlone = { kind: 'workload', blue: 3, green: 0, exclusive: true } as const
    expect(await carry(backAlone, contextFor('mailer'))).toMatchObject({ kind: 'done' })
    const stopped = world({ blue: { workload: { replicas: 0 } }, green: { workload: { replicas: null } } })
    const outcome = await stopped.carry(backAlone, stopped.contextFor('mailer'))
    expect(outcome).toMatchObject({ kind: 'waiting', because: expect.stringContaining('--assume-dead green') })
    expect(stopped.sides.blue.workloads.running('mailer')).toBe(0)
    expect(sides.blue.workloads.running('mailer')).toBe(3)
  })

  it('acts on nothing when the goal holds and it never wrote there', async () => {
    const { carry, contextFor, sides, caller, clock } = world({ blue: {}, green: { workload: { replicas: 3 } } })
    await carry({ kind: 'workload', blue: 3, green: 3, exclusive: false }, contextFor('mailer'))
    const read = sides.blue.workloads.portsFor(caller).read('mailer', new AbortController().signal)
    await clock.runUntil(clock.now() + 100)
    expect(await read).toMatchObject({ value: { revision: '1' } })
  })
})

describe('provisioning green', () => {
  it('makes it exist, asleep and stamped', async () => {
    const { carry, contextFor } = world({ blue: {}, green: { workload: { replicas: null } } })
    expect(await carry({ kind: 'provision' }, contextFor('mailer'))).toMatchObject({
      kind: 'done',
      result: { replicas: 0 },
    })
  })

  it('is refused where others run green already', async () => {
    const { carry, contextFor, sides } = world({ blue: {}, green: { workload: { replicas: 2 } } })
    expect(await carry({ kind: 'provision' }, contextFor('mailer'))).toMatchObject({ kind: 'refused' })
    expect(sides.green.workloads.running('mailer')).toBe(2)
  })
})

describe('setting weights', () => {
  it('is done when the weight is in force', async () => {
    const { carry, contextFor } = world({
      blue: {},
      green: {},
      routes: [{ service: 'shop', green: 5, greenReady: true }],
    })
    const outcome = await carry({ kind: 'weights', green: 25 }, contextFor('shop'))
    expect(outcome).toMatchObject({ kind: 'done', result: { before: 5, green: 25 } })
  })

  it('never raises the weight of an unready green, and takes it to 0 without asking green', async () => {
    const routes = [{ service: 'shop', green: 5, greenReady: false }]
    const { clock, carry, contextFor, weightsSet } = world({ blue: {}, green: {}, routes })
    const stop = new AbortController()
    const raising = carryOut({ kind: 'weights', green: 25 }, { ...contextFor('shop'), signal: stop.signal })
    await clock.runUntil(begin + 10_000)
    stop.abort()
    expect(await raising).toEqual({ kind: 'aborted' })
    expect(weightsSet).toEqual([])
    expect(await carry({ kind: 'weights', green: 0 }, contextFor('shop'))).toMatchObject({ kind: 'done' })
    expect(weightsSet).toEqual([0])
  })
})

describe('breaking the glass', () => {
  const services = [
    { name: 'mailer', exclusive: false, hasSchedule: false },
    { name: 'invoices', exclusive: false, hasSchedule: true },
  ]

  const moved = async ({ suspended } = { suspended: false }) => {
    const made = world({
      blue: { schedule: { suspended } },
      green: {},
      routes: [{ service: 'mailer', green: 0, greenReady: true }],
    })
    await made.clock.runUntil(begin + 90_000)
    await made.carry({ kind: 'workload', blue: 0, green: 3, exclusive: false }, made.contextFor('mailer'))
    await made.carry({ kind: 'weights', green: 50 }, made.contextFor('mailer'))
    await made.carry(toGreen, made.contextFor('invoices', { suspended }))
    const order: string[] = []
    const claims = (name: string): Claims =>
      createSimulatedClaim({
        name,
        clock: made.clock,
        keepsFences: true,
        epoch: 4,
        stopped: (where) => void order.push(where),
      }).portsFor(made.caller)
    const { blue, green, clock, signal } = made.contextFor('mailer')
    const options = {
      release: 'r',
      by: 'ann',
      because: 'everything is on fire',
      services,
      blue: { ...blue, claims: claims('blue') },
      green: { ...green, claims: claims('green') },
      router: { traffic: made.traffic, claims: claims('router') },
      assumeDead: null,
      limitMs: 20_000,
      clock,
      signal,
    }
    return { ...made, options, order }
  }

  it('marks every environment, then takes traffic, schedules and workloads back to their baselines', async () => {
    const { clock, options, order, sides, weightsSet } = await moved()
    const work = breakGlass(options)
    await passUntilSettled(clock, work)
    const report = await work
    expect(order.toSorted()).toEqual(['blue', 'green', 'router'])
    expect(report.epoch).toBe(5)
    expect(report.services.map(({ service, lane, outcome }) => `${service} ${lane} ${outcome}`)).toEqual([
      'mailer weights done',
      'invoices weights untouched',
      'mailer schedule untouched',
      'invoices schedule done',
      'mailer workload done',
      'invoices workload untouched',
    ])
    expect(weightsSet.at(-1)).toBe(0)
    expect(sides.blue.workloads.running('mailer')).toBe(3)
    expect(sides.green.workloads.running('mailer')).toBe(0)
    expect(sides.blue.schedules.truth.isActive('invoices')).toBe(true)
    expect(sides.green.schedules.truth.isActive('invoices')).toBe(false)
  })

  it('starts no schedule on blue that was suspended there, also when blue answers only later', async () => {
    const { clock, options, sides } = await moved({ suspended: true })
    sides.blue.schedules.cutOff(true)
    const work = breakGlass(options)
    await clock.runUntil(clock.now() + 3_000)
    sides.blue.schedules.cutOff(false)
    await passUntilSettled(clock, work)
    expect(sides.blue.schedules.truth.isActive('invoices')).toBe(false)
    expect(sides.green.schedules.truth.isActive('invoices')).toBe(false)
  })

  it('goes on with the rest when green does not answer, and leaves its schedules stopped', async () => {
    const { clock, options, sides } = await moved()
    sides.green.workloads.cutOff(true)
    const work = breakGlass({ ...options, green: { ...options.green, schedules: silent(options.green.schedules) } })
    await passUntilSettled(clock, work)
    const report = await work
    const of = (lane: string, service: string) =>
      report.services.find((one) => one.lane === lane && one.service === service)
    expect(of('weights', 'mailer')).toMatchObject({ outcome: 'done' })
    expect(of('schedule', 'invoices')).toMatchObject({
      outcome: 'not done',
      because: expect.stringContaining('--assume-dead'),
    })
    expect(of('workload', 'mailer')).toMatchObject({ outcome: 'done' })
    expect(sides.blue.workloads.running('mailer')).toBe(3)
  })
})
