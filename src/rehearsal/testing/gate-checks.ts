import type { MoveEvent, Recorded } from '../../journal/events.ts'
import type { Millis } from '../../moves/goal.ts'
import type { Plan } from '../../plan/plan.ts'
import { createWatchedMarks } from './watched-marks.ts'

type Own = {
  attempt: number
  /** Since when what the current step waits for can hold at the earliest. */
  since: Millis
  /** Lanes that somebody else changed, as the journal has it, and those with an intent under way. */
  readonly drifted: Set<string>
  readonly underWay: Map<string, string>
  readonly approved: Set<string>
  readonly tests: Map<string, boolean>
  /** Tests that intents under way are for. */
  readonly testing: Map<string, string>
  /** Runs on green that went well, by name. */
  readonly goodRuns: Set<string>
  judgedBad: boolean
}

/**
 * Whether gates were passed for what they are there for, told from the journal and from what the engines were told: an
 * approval that was given, a test that has passed, a calendar that was open, a soak that somebody watched.
 */
export const createGateChecks = (plan: Plan, broken: (what: string) => void) => {
  const moves = new Map<string, Own>()
  const released = new Set<string>()
  const marks = createWatchedMarks()
  const engines = new Map<number, string>()
  /** By calendar and instant: whether any engine was told then that it is open. */
  const told = new Map<string, Map<Millis, boolean>>()

  const of = (service: string): Own => {
    const known = moves.get(service)
    if (known !== undefined) return known
    const own: Own = {
      ...{ attempt: 0, since: 0, judgedBad: false, drifted: new Set(), underWay: new Map() },
      ...{ approved: new Set(), tests: new Map(), testing: new Map(), goodRuns: new Set() },
    }
    moves.set(service, own)
    return own
  }

  const passed = (service: string, own: Own, event: Extract<MoveEvent, { kind: 'gate passed' }>, at: Millis) => {
    const [when, kind, ...rest] = event.gate.split(' ')
    const name = rest.join(' ')
    const says = (why: string): void => broken(`${service} passed "${event.gate}" ${why}`)
    if (own.judgedBad) says('although it was judged to be taken back')
    if (kind === 'approval' && !own.approved.has(name)) says('although nobody approved it')
    if (kind === 'test' && own.tests.get(name) !== true) says('although that test has not passed')
    if (kind === 'window' && told.get(name)?.get(at) === false) says('while that calendar was closed')
    const step = plan.moves[service]?.steps[event.step]
    for (const gate of (when === 'after' ? step?.after : step?.before) ?? []) {
      if (gate.kind === 'good runs' && event.gate.endsWith(' good runs') && own.goodRuns.size < gate.count)
        says(`after ${own.goodRuns.size} good runs, instead of ${gate.count}`)
      if (gate.kind !== 'soak' || kind !== 'soak') continue
      for (const lane of [...own.drifted, ...own.underWay.keys()]) says(`while its ${lane} is being put right`)
      const watchedMs = marks.between(own.since, at)
      if (watchedMs < gate.forMs) says(`after ${watchedMs} ms that anybody watched, instead of ${gate.forMs} ms`)
    }
  }

  const takeMove = (service: string, { event, at }: Recorded<MoveEvent>): void => {
    const own = of(service)
    switch (event.kind) {
      case 'ordered':
        if (event.attempt > own.attempt) {
          own.approved.clear()
          own.tests.clear()
          own.goodRuns.clear()
          own.judgedBad = false
        }
        if (event.attempt > own.attempt || event.order === 'back') own.drifted.clear()
        own.attempt = event.attempt
        return
      case 'approved':
        own.approved.add(event.gate)
        return
      case 'entered':
        own.since = at
        return
      case 'resumed':
        own.since = at
        own.drifted.clear()
        return
      case 'drifted':
        own.drifted.add(event.lane)
        return
      case 'drift ended':
        own.drifted.delete(event.lane)
        own.since = at
        return
      case 'went on':
        if (!event.anew) return
        own.since = at
        own.approved.clear()
        own.judgedBad = false
        return
      case 'intended':
        if (event.goal.kind === 'test') own.testing.set(event.intent, event.goal.name)
        own.underWay.set(event.goal.kind === 'provision' ? 'workload' : event.goal.kind, event.intent)
        return
      case 'came out': {
        const test = own.testing.get(event.intent)
        const { outcome } = event
        for (const [lane, intent] of own.underWay) if (intent === event.intent) own.underWay.delete(lane)
        if (outcome.kind === 'done') own.since = at
        if (test !== undefined && outcome.kind === 'done')
          own.tests.set(test, JSON.stringify(outcome.result).includes('"passed":true'))
        return
      }
      case 'run ended':
        if (event.good) own.goodRuns.add(event.run)
        return
      case 'judged':
        own.judgedBad ||= event.verdict === 'roll back'
        return
      case 'gate passed':
        return passed(service, own, event, at)
      default:
        return
    }
  }

  return {
    /** A sign of life of an engine. */
    lives: marks.mark,
    /** What an engine was told of the calendars at that moment. */
    told: (at: Millis, calendar: string, isOpen: boolean): void => {
      const own = told.get(calendar) ?? new Map<Millis, boolean>()
      told.set(calendar, own)
      own.set(at, isOpen || own.get(at) === true)
    },
    take: (entry: Recorded): void => {
      const { event, stream, at } = entry
      if (event.kind === 'took over') {
        engines.set(event.epoch, event.engine)
        marks.mark(event.engine, at)
      } else {
        const engine = engines.get(entry.epoch)
        if (engine !== undefined) marks.mark(engine, at)
      }
      // The stream says whose event it is.
      if (stream !== 'release') return takeMove(stream.slice('move/'.length), entry as Recorded<MoveEvent>)
      if (event.kind === 'approved') released.add(event.gate)
      if (event.kind !== 'phase entered' || event.phase !== 'transition') return
      if (plan.policy.approvals.beforeUserTraffic && !released.has('user traffic'))
        broken('users were sent to green although nobody approved "user traffic"')
    },
  }
}
