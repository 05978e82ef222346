/**
 * Every protocol, stopped at every one of its calls in every way, and taken up again by somebody who knows nothing but
 * what the world shows; or taken back from there. `TITRATE_SEED` draws the same pairs of faults again.
 */
import { describe, expect, it } from 'vitest'
import type { Side } from '../moves/goal.ts'
import { createRandom } from '../rehearsal/simulated-clock.ts'
import { kubernetesLike } from '../rehearsal/simulated-schedules.ts'
import { mayFail, type PortFault, portFaults } from './testing/faulty-ports.ts'
import { type Order, playStopped, type StoppedWorld, service, type WorldOptions } from './testing/stopped-protocol.ts'

const seed = Number(process.env['TITRATE_SEED'] ?? Math.floor(Math.random() * 1_000_000))
const pairs = Number(process.env['TITRATE_PAIRS'] ?? 40)

type Case = {
  readonly name: string
  readonly world: WorldOptions
  readonly before?: Order
  readonly order: Order
  readonly opposite: Order
  /**
   * By itself it need not hold for ever: Kubernetes refuses no old creations, and going back does not wait for green's
   * answer. An engine that looks again puts that right.
   */
  readonly looksAgain?: 'always' | 'when a read failed'
  /** What must hold all the time; tells what does not. Absent: the end tells. */
  readonly watch?: (world: StoppedWorld) => () => readonly string[]
  /** What must be there at the end of an order; tells what is not. */
  readonly ends: (world: StoppedWorld, order: Order) => Promise<readonly string[]>
}

const signal = new AbortController().signal
const wrong = (what: string, wanted: unknown, is: unknown): readonly string[] =>
  JSON.stringify(wanted) === JSON.stringify(is)
    ? []
    : [`${what}: ${JSON.stringify(wanted)} is wanted, ${JSON.stringify(is)} is there`]

const readOf = async (world: StoppedWorld, side: Side) => {
  const answer = await world.answered(world.ports[side].workloads.read(service, signal))
  return answer.kind === 'ok' ? answer.value : null
}

// ── Schedules ─────────────────────────────────────────────────────────────────

const toGreen: Order = { goal: { kind: 'schedule', owner: 'green' } }
const toBlue: Order = { goal: { kind: 'schedule', owner: 'blue' } }

const eachTickOnce = ({ sides, clock, periodMs }: StoppedWorld): readonly string[] => {
  const runs = [...sides.blue.schedules.truth.runs(), ...sides.green.schedules.truth.runs()]
  const counts = Map.groupBy(runs, ({ tick }) => tick)
  const first = Math.ceil(Date.UTC(2026, 0, 7, 12) / periodMs + 1) * periodMs
  const found: string[] = []
  for (let tick = first; tick <= clock.now() - periodMs; tick += periodMs) {
    const times = counts.get(tick)?.length ?? 0
    if (times !== 1) found.push(`tick ${new Date(tick).toISOString()} ran ${times} times`)
  }
  return found
}

/** At any moment, by the changes of both. */
const neverBoth = ({ sides }: StoppedWorld): readonly string[] => {
  const active = { blue: false, green: false }
  const changes = (['blue', 'green'] as const).flatMap((side) =>
    sides[side].schedules.truth.changes.map((change) => ({ ...change, side })),
  )
  return changes
    .toSorted((a, b) => a.at - b.at)
    .flatMap((change) => {
      active[change.side] = change.active
      return active.blue && active.green ? [`both sides run it from ${change.at} on`] : []
    })
}

const handoffCase = (name: string, world: WorldOptions, back: boolean): Case => ({
  name,
  world,
  ...(back ? { before: toGreen } : {}),
  order: back ? toBlue : toGreen,
  opposite: back ? toGreen : toBlue,
  ...(world.scheduler?.keepsFences === false ? { looksAgain: 'always' } : {}),
  ends: async (after, { goal }) => {
    const { blue, green } = after.sides
    const active = { blue: blue.schedules.truth.isActive(service), green: green.schedules.truth.isActive(service) }
    const owner = goal.kind === 'schedule' ? goal.owner : null
    return [
      ...wrong('owner', { blue: owner === 'blue', green: owner === 'green' }, active),
      ...neverBoth(after),
      ...eachTickOnce(after),
    ]
  },
})

// ── Replicas ──────────────────────────────────────────────────────────────────

const replicas = (blue: number, green: number, exclusive = false): Order => ({
  goal: { kind: 'workload', blue, green, exclusive },
})

/** Where green has some at the beginning, this release brought them there. */
const shiftCase = (name: string, from: readonly [number, number], order: Order): Case => {
  const { goal } = order
  if (goal.kind !== 'workload') throw new Error('a shift has replicas')
  const [blue, green] = from
  const floor = Math.min(blue + green, goal.blue + goal.green)
  return {
    name,
    world: { replicas: { blue: blue + green, green: 0 } },
    ...(green === 0 ? {} : { before: replicas(blue, green, goal.exclusive) }),
    order,
    opposite: replicas(blue, green, goal.exclusive),
    looksAgain: 'when a read failed',
    watch: (world) => {
      let seen = { blue, green }
      return () => {
        // Both of one moment: what one side had before it grew says nothing beside what the other has since.
        void Promise.all([readOf(world, 'blue'), readOf(world, 'green')]).then(([onBlue, onGreen]) => {
          seen = { blue: onBlue?.ready ?? 0, green: onGreen?.ready ?? 0 }
        })
        if (goal.exclusive)
          return world.sides.blue.workloads.running(service) > 0 && world.sides.green.workloads.running(service) > 0
            ? ['both sides run a copy']
            : []
        const ready = seen.blue + seen.green
        return ready < floor ? [`only ${ready} replicas are ready, of ${floor}`] : []
      }
    },
    ends: async (world, ended) => {
      const { goal: wanted } = ended
      const [onBlue, onGreen] = [await readOf(world, 'blue'), await readOf(world, 'green')]
      if (wanted.kind !== 'workload') return []
      return [
        ...wrong('wanted', [wanted.blue, wanted.green], [onBlue?.desired, onGreen?.desired]),
        ...wrong('ready', [wanted.blue, wanted.green], [onBlue?.ready, onGreen?.ready]),
        ...wrong('running', [wanted.blue, wanted.green], [onBlue?.running, onGreen?.running]),
      ]
    },
  }
}

// ── Weights ───────────────────────────────────────────────────────────────────

const weight = (green: number): Order => ({ goal: { kind: 'weights', green } })

const weightsCase = (name: string, from: number, to: number): Case => ({
  name,
  world: { weight: from },
  order: weight(to),
  opposite: weight(from),
  watch: (world) => () => {
    const other = world.weightsSet.filter((set) => set !== from && set !== to)
    return other.length === 0 ? [] : [`the weight was ${other.join(', ')}`]
  },
  ends: async (world, { goal }) => {
    const route = await world.answered(world.ports.traffic.read(service, signal))
    const set = route.kind === 'ok' ? route.value : null
    return goal.kind === 'weights' ? wrong('weight', [goal.green, goal.green], [set?.green, set?.effectiveGreen]) : []
  },
})

// ── Provision ─────────────────────────────────────────────────────────────────

const provisionCase = (name: string, hasSchedule: boolean): Case => {
  const order: Order = { goal: { kind: 'provision' }, hasSchedule }
  return {
    name,
    world: { replicas: { blue: 2, green: null } },
    order,
    opposite: order,
    watch:
      ({ sides }) =>
      () => [
        ...wrong('running on green', 0, sides.green.workloads.running(service)),
        ...wrong('active on green', false, sides.green.schedules.truth.isActive(service)),
      ],
    ends: async (world) => {
      const seen = await readOf(world, 'green')
      return [...wrong('replicas', 0, seen?.desired), ...wrong('stamped by', 'r', seen?.stamp?.fence.release)]
    },
  }
}

const steady = { ...kubernetesLike, stale: { share: 0, forMs: 0 } }
const late: WorldOptions = { scheduler: { ...steady, stale: { share: 1, forMs: 600 } }, periodMs: 10_000 }

const cases: readonly Case[] = [
  handoffCase('handing over between supervisors', {}, false),
  handoffCase('handing back between supervisors', {}, true),
  handoffCase('handing over under Forbid', { concurrency: 'Forbid' }, false),
  handoffCase('handing over as on Kubernetes', { scheduler: steady, periodMs: 20_000 }, false),
  handoffCase('handing over at a tick, with a scheduler that acts late', { ...late, fromTickMs: -150 }, false),
  handoffCase('handing back as on Kubernetes', { scheduler: steady, periodMs: 20_000 }, true),
  shiftCase('shifting some replicas', [3, 0], replicas(2, 1)),
  shiftCase('shifting all replicas', [3, 0], replicas(0, 3)),
  shiftCase('shifting back', [1, 2], replicas(3, 0)),
  shiftCase('moving the only copy', [1, 0], replicas(0, 1, true)),
  shiftCase('moving the only copy back', [0, 1], replicas(1, 0, true)),
  weightsCase('raising a weight', 5, 25),
  weightsCase('taking all users back', 50, 0),
  provisionCase('provisioning a service', false),
  provisionCase('provisioning a job', true),
]

type Faults = ReadonlyMap<number, PortFault>

const shown = (faults: Faults): string => [...faults].map(([call, fault]) => `${fault} at call ${call}`).join(', ')

/** What was wrong, in words; empty: nothing. */
const tryOut = async (one: Case, faults: Faults, turnBack: boolean, method = 'read'): Promise<readonly string[]> => {
  const found = new Set<string>()
  const looksAgain = one.looksAgain === 'always' || (one.looksAgain !== undefined && method === 'read')
  let look: (() => readonly string[]) | null = null
  const { outcome, last, world } = await playStopped({
    ...{ world: one.world, order: one.order, looksAgain, faults },
    ...(one.before === undefined ? {} : { before: one.before }),
    ...(turnBack ? { turnBack: one.opposite } : {}),
    ...(one.watch === undefined
      ? {}
      : {
          watch: (of) => {
            look ??= one.watch?.(of) ?? null
            for (const what of look?.() ?? []) found.add(what)
          },
        }),
  })
  if (outcome.kind !== 'done') found.add(`it came out ${JSON.stringify(outcome)}`)
  for (const what of await one.ends(world, last)) found.add(what)
  return [...found]
}

const callsOf = async (one: Case): Promise<readonly string[]> => {
  const { methods } = await playStopped({
    ...{ world: one.world, order: one.order, faults: new Map<number, PortFault>() },
    ...(one.before === undefined ? {} : { before: one.before }),
  })
  return methods
}

describe.each(cases)('$name', (one) => {
  it.each([
    ['taken up again', false],
    ['taken back from there', true],
  ] as const)('comes to its end wherever a call fails: %s', async (_, turnBack) => {
    const methods = await callsOf(one)
    expect(methods.length).toBeGreaterThan(2)
    const problems: string[] = []
    let tried = 0
    for (const [index, method] of methods.entries())
      for (const fault of portFaults) {
        if (!mayFail(method, fault)) continue
        // A tombstone that lands after it was swept eats its tick: Kubernetes refuses no old creations.
        if (one.looksAgain === 'always' && method === 'fence' && fault === 'late') continue
        const faults = new Map([[index + 1, fault]])
        tried += 1
        const found = await tryOut(one, faults, turnBack, method)
        if (found.length > 0) problems.push(`${shown(faults)} (${method}): ${found.join('; ')}`)
      }
    expect(problems, `${tried} were tried`).toEqual([])
  })

  it('comes to its end when two calls fail', async () => {
    const random = createRandom(seed)
    const calls = (await callsOf(one)).length
    const below = (limit: number): number => Math.floor(random() * limit)
    const problems: string[] = []
    const kinds = one.looksAgain === 'always' ? portFaults.filter((fault) => fault !== 'late') : portFaults
    for (let count = 0; count < pairs; count += 1) {
      const faults = new Map(
        Array.from({ length: 2 }, () => [1 + below(1.5 * calls), kinds[below(kinds.length)] ?? 'lost'] as const),
      )
      const found = await tryOut(one, faults, random() < 0.4)
      if (found.length > 0) problems.push(`seed ${seed}, ${shown(faults)}: ${found.join('; ')}`)
    }
    expect(problems).toEqual([])
  })
})
