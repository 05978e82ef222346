import type { JournalEvent, Recorded } from '../../journal/events.ts'
import { moveStream, releaseStream } from '../../journal/events.ts'
import { emptyJournal, foldJournal, type JournalState } from '../../journal/fold.ts'
import type { MovePlan, Plan, Step } from '../../plan/plan.ts'
import type { Policy } from '../../plan/policy.ts'
import { decideTurn, type TurnResult } from '../decide-turn.ts'
import type { MoveFacts, Seen } from '../facts.ts'
import type { Goal, Outcome, Side } from '../goal.ts'
import type { MoveReport } from '../report.ts'

/** A world of three services for the deciders' tests: what is intended happens at once unless the test says otherwise. */

export const quickPolicy: Policy = {
  weights: [5, 50, 100],
  dwell: { minMs: 1000, maxMs: 10_000 },
  soakMs: 2000,
  bakeMs: 3000,
  missed: 'latest',
  blindLimitMs: 5000,
  holdLimit: { afterMs: 10_000, then: 'call' },
  stepLimitMs: 20_000,
  goodRuns: 2,
  trialRun: false,
  shares: [50, 100],
  judge: {
    intervalMs: 1000,
    alpha: 0.01,
    errorRatio: 1.2,
    errorDelta: 0.0003,
    latencyMargin: 1.05,
    latencyRollbackMargin: 1.25,
    throughputRatio: 0.9,
    toleratedExtra: 0.01,
    warmUpMs: 1000,
    maxErrorRatio: null,
    maxLatencySeconds: null,
    dispersion: null,
  },
}

const step = (
  name: string,
  goal: Goal | null,
  after: Step['after'],
  crossing: boolean,
  before: Step['before'] = [],
): Step => ({
  name,
  before,
  goal,
  after,
  crossing,
  limitMs: 20_000,
  expectedMs: 1000,
})

export const stepsOf: Readonly<Record<'internal' | 'job' | 'exposed', readonly Step[]>> = {
  internal: [
    step('provision', { kind: 'provision' }, [], false),
    step('ready', { kind: 'workload', blue: 2, green: 2, exclusive: false }, [{ kind: 'ready' }], false),
    step('watch', null, [{ kind: 'soak', forMs: 2000 }], true),
  ],
  job: [
    step('provision', { kind: 'provision' }, [], false),
    step('hand over', { kind: 'schedule', owner: 'green' }, [], true),
    step('watch', null, [{ kind: 'good runs', count: 2 }], true),
  ],
  exposed: [
    step('provision', { kind: 'provision' }, [], false),
    step('ready', { kind: 'workload', blue: 2, green: 2, exclusive: false }, [{ kind: 'ready' }], false),
    ...[5, 50, 100].map((green) =>
      step(`weight ${green}`, { kind: 'weights', green }, [{ kind: 'verdict' }], true, [{ kind: 'same version' }]),
    ),
    step('bake', null, [{ kind: 'soak', forMs: 3000 }], true),
  ],
}

export const movePlan = (
  service: string,
  kind: 'internal' | 'job' | 'exposed',
  wave: number,
  needs: readonly string[],
): MovePlan => ({
  service,
  kind,
  kinds: [kind],
  wave,
  needs,
  exclusive: false,
  replicas: kind === 'job' ? 0 : 2,
  suspended: false,
  steps: stepsOf[kind],
  tests: {},
  policy: quickPolicy,
  why: [],
  expectedMs: 1000,
  unproven: null,
})

export const smallPlan = (change: Partial<Plan['policy']> = {}): Plan => ({
  version: 1,
  release: 'small',
  blue: 'blue',
  green: 'green',
  policy: {
    parallelMs: 4000,
    maxPerWave: 5,
    afterRollback: 'hold',
    approvals: { beforeUserTraffic: false, beforeRelease: false },
    ...change,
  },
  waves: [
    { number: 1, services: ['catalogue'], phase: 'non-exposed', why: '' },
    { number: 2, services: ['invoices'], phase: 'non-exposed', why: '' },
    { number: 3, services: ['storefront'], phase: 'exposed', why: '' },
  ],
  moves: {
    catalogue: movePlan('catalogue', 'internal', 1, []),
    invoices: movePlan('invoices', 'job', 2, ['catalogue']),
    storefront: movePlan('storefront', 'exposed', 3, ['catalogue']),
  },
  cycles: [],
  files: {},
  expectedMs: 1000,
})

type World = {
  weight: number
  owner: Side
  replicas: Record<string, Record<Side, number>>
  version: Record<Side, string>
  ready: Record<Side, boolean>
  restarts: number
}

export const openSmallWorld = (plan: Plan = smallPlan()) => {
  let journal: JournalState = emptyJournal(plan.release)
  let reports: ReadonlyMap<string, MoveReport> = new Map()
  let now = 1_000_000
  const entries: Recorded[] = []
  const world: World = {
    weight: 0,
    owner: 'blue',
    replicas: {},
    version: { blue: '1', green: '1' },
    ready: { blue: true, green: true },
    restarts: 0,
  }
  const refusing = new Map<string, Outcome>()
  const slow = new Set<string>()

  const append = (stream: string, event: JournalEvent): void => {
    const version = entries.filter((entry) => entry.stream === stream).length + 1
    const entry = {
      position: entries.length + 1,
      stream,
      version,
      at: now,
      epoch: 1,
      observation: 0,
      event,
      hash: String(entries.length + 1),
    }
    entries.push(entry)
    journal = foldJournal(journal, [entry])
  }
  const seen = <T>(value: T): Seen<T> => ({ value, at: now, since: now, after: journal.position })
  const facts = (service: string): MoveFacts => {
    const replicas = world.replicas[service] ?? { blue: 2, green: 0 }
    const workload = (side: Side) =>
      seen({
        version: world.version[side],
        desired: replicas[side],
        ready: world.ready[side] ? replicas[side] : 0,
        running: replicas[side],
        restarts: side === 'green' ? world.restarts : 0,
        problem: null,
      })
    return {
      workload: { blue: workload('blue'), green: workload('green') },
      schedule: {
        blue: seen({ suspended: world.owner !== 'blue', active: 0 }),
        green: seen({ suspended: world.owner !== 'green', active: 0 }),
      },
      weights: seen({ green: world.weight, effectiveGreen: world.weight, ready: { ...world.ready } }),
      windows: {},
      conditions: {},
    }
  }
  const carryOut = (service: string, goal: Goal): void => {
    if (goal.kind === 'weights') world.weight = goal.green
    if (goal.kind === 'schedule') world.owner = goal.owner
    if (goal.kind === 'workload') world.replicas[service] = { blue: goal.blue, green: goal.green }
  }
  const carryOutAll = (): boolean => {
    let any = false
    for (const state of journal.moves.values())
      for (const lane of Object.values(state.lanes)) {
        if (lane.outcome !== null || slow.has(`${state.service}/${lane.goal.kind}`)) continue
        const outcome = refusing.get(`${state.service}/${lane.goal.kind}`) ?? { kind: 'done', result: null }
        if (outcome.kind === 'done') carryOut(state.service, lane.goal)
        append(moveStream(state.service), { kind: 'came out', intent: lane.intent, outcome })
        any = true
      }
    return any
  }
  const turn = (): TurnResult => {
    const result = decideTurn({
      journal,
      plan,
      facts,
      woken: new Set(Object.keys(plan.moves)),
      reports,
      now,
      epoch: 1,
      observation: 0,
      maxSteps: 1000,
    })
    for (const { stream, event } of result.events) append(stream, event)
    reports = result.reports
    return result
  }
  append(releaseStream, { kind: 'created', release: plan.release, plan, titrate: 'test' })
  append(releaseStream, { kind: 'checked', blocking: [], notes: [], findings: null })

  return {
    world,
    entries,
    refusing,
    /** What is under way for as long as it stands here, as `service/kind of goal`. */
    slow,
    get now() {
      return now
    },
    get journal() {
      return journal
    },
    get reports() {
      return reports
    },
    append,
    /** Turns, and what is intended happens, until nothing follows; then time passes. Gives the last turn. */
    pass: (ms: number): TurnResult => {
      do turn()
      while (carryOutAll())
      now += ms
      return turn()
    },
    judge: (service: string, verdict: 'advance' | 'hold' | 'roll back' | 'blind'): void => {
      const cause = ({ advance: 'proven', hold: 'evidence', 'roll back': 'evidence', blind: 'no data' } as const)[
        verdict
      ]
      const state = journal.moves.get(service)
      append(moveStream(service), {
        kind: 'judged',
        step: state?.step ?? 0,
        verdict,
        cause,
        against: verdict === 'hold' || verdict === 'roll back',
        untilPerson: false,
        because: `test says ${verdict}`,
        evidence: null,
      })
    },
    run: (service: string, good: boolean): void =>
      append(moveStream(service), {
        kind: 'run ended',
        run: `${service}-${entries.length}`,
        side: 'green',
        tick: now,
        good,
        because: good ? 'exit 0' : 'exit 1',
      }),
    request: (id: string, request: Extract<JournalEvent, { kind: 'requested' }>['request'], by = 'ada'): void =>
      append(releaseStream, { kind: 'requested', id, by, seen: journal.position, request }),
    eventsOf: <K extends JournalEvent['kind']>(kind: K): readonly Extract<JournalEvent, { kind: K }>[] =>
      entries.flatMap((entry) =>
        entry.event.kind === kind ? [entry.event as Extract<JournalEvent, { kind: K }>] : [],
      ),
  }
}
