import type { JournalEvent, MoveEvent } from '../../journal/events.ts'
import type { MovePlan, Plan } from '../../plan/plan.ts'
import type { Goal } from '../goal.ts'

/** What one service did so far, told from events alone. Shares no code with the deciders or the folds. */
type Own = {
  order: string
  attempt: number
  entered: number
  authorised: number
  settled: 'blue' | 'green' | null
  skipped: boolean
  held: boolean
  stuck: boolean
  begun: boolean
  ready: boolean
  readonly lanes: Map<string, { intent: string; goal: Goal; open: boolean }>
  readonly intents: Set<string>
  judged: { step: number; verdict: string } | null
  intentsInTurn: number
}

const laneNames: Readonly<Record<Goal['kind'], string>> = {
  provision: 'workload',
  workload: 'workload',
  schedule: 'schedule',
  weights: 'weights',
  data: 'data',
  test: 'test',
}

const isTowardsGreen = (goal: Goal, lane: string): boolean =>
  goal.kind === lane &&
  ((goal.kind === 'weights' && goal.green > 0) ||
    (goal.kind === 'schedule' && goal.owner === 'green') ||
    (goal.kind === 'workload' && goal.green > 0))

/** What a person changed by hand towards blue, and we have seen: nobody but a person may undo it. */
export type ManualChanges = { readonly seen: (service: string, lane: string) => boolean }

/** Checks the design's invariants after every event. Tells what was broken, in words; empty: all hold. */
export const createInvariants = (plan: Plan, manual: ManualChanges) => {
  const problems: string[] = []
  const moves = new Map<string, Own>()
  const started = new Set<number>()
  let releaseHeld = false
  let stopped = false
  /** A turn has passed since the stop mark was seen: by its end every service has its order to stay where it is. */
  let toldToHold = false
  let ended: string | null = null
  let ordered = new Set<string>()
  let retireAsked = false
  for (const service of Object.keys(plan.moves))
    moves.set(service, {
      order: 'stay',
      attempt: 0,
      entered: -1,
      authorised: 0,
      settled: null,
      skipped: false,
      held: false,
      stuck: false,
      begun: false,
      ready: false,
      lanes: new Map(),
      intents: new Set(),
      judged: null,
      intentsInTurn: 0,
    })
  const of = (service: string): Own => {
    const own = moves.get(service)
    if (own === undefined) throw new Error(`no ${service}`)
    return own
  }
  const broken = (what: string): void => void problems.push(what)
  const arrived = (service: string): boolean => of(service).skipped || of(service).settled === 'green'
  const notArrivedBefore = (wave: number): readonly string[] =>
    plan.waves.flatMap((each) => (each.number < wave ? each.services.filter((service) => !arrived(service)) : []))

  const checkEntered = (move: MovePlan, own: Own, event: Extract<MoveEvent, { kind: 'entered' }>): void => {
    const { service } = move
    const step = move.steps[event.step]
    if (event.step !== own.entered + 1) broken(`${service} jumped from step ${own.entered} to ${event.step}`)
    if (own.order !== 'cross' && own.order !== 'prepare')
      broken(`${service} entered "${event.name}" while ${own.order}`)
    if (own.held || releaseHeld) broken(`${service} entered "${event.name}" while a person holds it`)
    if (stopped) broken(`${service} entered "${event.name}" after break-glass`)
    if (own.skipped) broken(`${service} entered "${event.name}" although it was skipped`)
    const isFirst = !move.steps.slice(0, event.step).some(({ crossing }) => crossing)
    if (step?.crossing === true) {
      if (own.order !== 'cross') broken(`${service} crosses by "${event.name}" while ${own.order}`)
      if (isFirst) {
        const before = notArrivedBefore(move.wave)
        if (before.length > 0) broken(`${service} of wave ${move.wave} crosses before ${before.join(', ')}`)
        const needed = move.needs.filter((need) => !arrived(need))
        if (needed.length > 0) broken(`${service} crosses before ${needed.join(', ')}, which it needs`)
        const unready = (move.reaches ?? []).filter((name) => !isReachable(name))
        if (unready.length > 0) broken(`${service} crosses before ${unready.join(', ')} is reachable on green`)
      }
    }
  }
  /** Its copy on green was made ready, where that comes before crossing. */
  const isReachable = (service: string): boolean => {
    const own = of(service)
    const steps = plan.moves[service]?.steps ?? []
    const ready = steps.findIndex(({ goal, crossing }) => goal?.kind === 'workload' && !crossing)
    return arrived(service) || own.order === 'back' || ready === -1 || own.entered > ready || own.ready
  }

  const checkIntended = (move: MovePlan, own: Own, goal: Goal, intent: string): void => {
    const { service } = move
    const lane = laneNames[goal.kind]
    if (own.intents.has(intent)) broken(`the intent ${intent} was given twice`)
    if (goal.kind === 'weights' && goal.green > own.authorised)
      broken(`${service} intends ${goal.green} % where ${own.authorised} % was authorised`)
    const isBack = own.order === 'back'
    const before = own.lanes.get(lane)?.goal
    const again = before !== undefined && JSON.stringify(before) === JSON.stringify(goal)
    const toBlue = goal.kind === 'weights' && goal.green === 0
    if ((own.held || releaseHeld || own.skipped || stopped) && !isBack && !again && !toBlue)
      broken(`${service} intends ${JSON.stringify(goal)} although people said no`)
    if (!isBack && isTowardsGreen(goal, lane) && manual.seen(service, lane))
      broken(`${service} undoes what a person changed towards blue: ${JSON.stringify(goal)}`)
    const traffic = own.lanes.get('weights')
    const hasUsers =
      traffic !== undefined && (traffic.open || (traffic.goal.kind === 'weights' && traffic.goal.green > 0))
    if (isBack && goal.kind === 'workload' && hasUsers) broken(`${service} goes back by its replicas before its users`)
    if (isBack && isTowardsGreen(goal, lane)) broken(`${service} goes back by ${JSON.stringify(goal)}`)
    own.intentsInTurn += 1
    if (own.intentsInTurn > 8) broken(`${service} has ${own.intentsInTurn} intents in one turn`)
  }

  const checkBack = (move: MovePlan): void => {
    if (move.kind === 'exposed') return
    const waits = Object.values(plan.moves).filter((each) => {
      const own = of(each.service)
      const isThere = own.settled === 'blue' || !own.begun
      return each.needs.includes(move.service) && ordered.has(each.service) && !isThere && !own.stuck
    })
    if (waits.length > 0) broken(`${move.service} goes back before ${waits.map(({ service }) => service).join(', ')}`)
  }

  const takeMove = (service: string, event: MoveEvent): void => {
    const own = of(service)
    const move = plan.moves[service]
    if (move === undefined) throw new Error(`no ${service}`)
    switch (event.kind) {
      case 'ordered':
        if (event.attempt > own.attempt)
          Object.assign(own, {
            entered: -1,
            authorised: 0,
            settled: null,
            skipped: false,
            held: false,
            stuck: false,
            ready: false,
          })
        own.attempt = event.attempt
        if (event.order === 'back') {
          checkBack(move)
          Object.assign(own, { settled: null, stuck: false })
        }
        own.order = event.order
        return
      case 'entered': {
        checkEntered(move, own, event)
        own.entered = event.step
        own.judged = null
        const goal = move.steps[event.step]?.goal
        if (goal?.kind === 'weights') own.authorised = Math.max(own.authorised, goal.green)
        return
      }
      case 'intended':
        checkIntended(move, own, event.goal, event.intent)
        own.begun = true
        own.intents.add(event.intent)
        own.lanes.set(laneNames[event.goal.kind], { intent: event.intent, goal: event.goal, open: true })
        return
      case 'came out': {
        if (!own.intents.has(event.intent)) broken(`${service} has an outcome without an intent`)
        for (const lane of own.lanes.values()) if (lane.intent === event.intent) lane.open = false
        return
      }
      case 'gate passed':
        if (event.gate === 'after ready' && move.steps[event.step]?.goal?.kind === 'workload') own.ready = true
        if (event.gate.endsWith(' verdict') && (own.judged?.step !== event.step || own.judged.verdict !== 'advance'))
          broken(`${service} passed a verdict that was ${own.judged?.verdict ?? 'never given'}`)
        return
      case 'judged':
        own.judged = { step: event.step, verdict: event.verdict }
        return
      case 'held':
        own.held = true
        return
      case 'resumed':
        Object.assign(own, { held: false, stuck: false })
        return
      case 'stuck':
        own.stuck = true
        return
      case 'skipped':
        own.skipped = true
        return
      case 'settled':
        if (event.on === 'green' && own.entered !== move.steps.length - 1)
          broken(`${service} settled on green at step ${own.entered} of ${move.steps.length}`)
        if (event.on === 'green' && (own.held || releaseHeld)) broken(`${service} settled while a person holds it`)
        for (const [lane, { open, goal }] of own.lanes)
          if (open && event.on === 'blue' && goal.kind !== 'test' && (goal.kind !== 'provision' || move.kind !== 'job'))
            broken(`${service} settled on blue while its ${lane} is under way`)
        own.settled = event.on
        return
      default:
        return
    }
  }

  return {
    problems,
    authorised: (service: string): number => of(service).authorised,
    startTurn: (): void => {
      for (const own of moves.values()) own.intentsInTurn = 0
      // A release that has ended decides no more, also not of break-glass.
      toldToHold ||= stopped && ended === null
    },
    take: (stream: string, event: JournalEvent): void => {
      if (stream !== 'release') {
        takeMove(stream.slice('move/'.length), event as MoveEvent) // the stream says so
        return
      }
      if (event.kind !== 'answered' && event.kind !== 'requested' && ended !== null) {
        if (
          event.kind !== 'rollback ordered' &&
          event.kind !== 'took over' &&
          event.kind !== 'retired' &&
          event.kind !== 'tick'
        )
          if (event.kind !== 'not watched' && event.kind !== 'stop seen' && event.kind !== 'stop cleared')
            broken(`after the release ended: ${event.kind}`)
      }
      switch (event.kind) {
        case 'wave started': {
          const before = notArrivedBefore(event.wave)
          if (before.length > 0) broken(`wave ${event.wave} starts before ${before.join(', ')}`)
          if (started.has(event.wave)) broken(`wave ${event.wave} starts twice`)
          if (releaseHeld) broken(`wave ${event.wave} starts while a person holds the release`)
          started.add(event.wave)
          return
        }
        case 'held':
          releaseHeld = true
          return
        case 'resumed':
          releaseHeld = false
          return
        case 'stop seen':
          stopped = true
          toldToHold = false
          return
        case 'stop cleared':
          for (const [service, own] of moves)
            if (toldToHold && own.settled === null && own.order !== 'hold')
              broken(
                `${service} was told to ${own.order} all the time after break-glass, instead of to stay where it is`,
              )
          stopped = false
          toldToHold = false
          return
        case 'rollback ordered':
          ordered = new Set([...ordered, ...event.services])
          ended = null
          return
        case 'retried':
          ordered = new Set([...ordered].filter((service) => !event.services.includes(service)))
          return
        case 'requested':
          retireAsked ||= event.request.kind === 'retire'
          return
        case 'retired':
          if (!retireAsked || ended !== 'done') broken('blue was retired without anybody asking')
          return
        case 'ended': {
          ended = event.outcome
          const lost = Object.keys(plan.moves).filter((service) => !arrived(service))
          if (event.outcome === 'done' && lost.length > 0) broken(`done, but ${lost.join(', ')} did not arrive`)
          if (event.outcome === 'rolled back')
            for (const [service, own] of moves)
              if (own.begun && own.settled !== 'blue') broken(`rolled back, but ${service} is not on blue`)
          return
        }
        default:
          return
      }
    },
  }
}
