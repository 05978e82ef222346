import type { Fence, Json, Millis, Side } from '../moves/goal.ts'
import { cursorOf } from '../protocols/handoff-cursor.ts'
import type { Fenced, HandoffAction, HandoffWorld, ScheduleOnSide } from '../protocols/handoff-world.ts'
import type { Reached } from '../protocols/reached.ts'
import { type Asking, asked, limited } from './asked.ts'
import type { TicksIn } from './clock-change.ts'
import type { Answer, Call, ScheduleSeen, Schedules } from './ports.ts'

export type HandoffPorts = { readonly blue: Schedules; readonly green: Schedules }

const dayMs = 86_400_000
/** How far back missed ticks are computed, and how far ahead the next tick is looked for. */
const longestLookBackMs = 31 * dayMs
const longestLookAheadMs = 400 * dayMs
const widening = 8

/** `phase`: both sides count `@every` from the cursor that the new owner will get. */
type Window = {
  readonly from: Millis
  readonly now: Millis
  readonly horizonMs: Millis
  readonly phase: Millis
}

/** The ticks after `from` up to the horizon; where none lies ahead, up to the first one further on. */
const ticksOf = async (
  schedules: Schedules,
  service: string,
  { from, now, horizonMs, phase }: Window,
  signal: AbortSignal,
): Promise<Answer<readonly Millis[]>> => {
  const near = await schedules.ticks(service, from, now + horizonMs, signal, phase)
  if (near.kind !== 'ok' || near.value.some((tick) => tick > now)) return near
  for (let reach = horizonMs * widening; ; reach *= widening) {
    const ahead = await schedules.ticks(service, now, now + Math.min(reach, longestLookAheadMs), signal, phase)
    if (ahead.kind !== 'ok') return ahead
    if (ahead.value.length > 0) return { kind: 'ok', value: [...near.value, ...ahead.value.slice(0, 1)] }
    if (reach >= longestLookAheadMs) return near
  }
}

const withTicks = async (
  seen: Reached<ScheduleSeen>,
  ticks: (signal: AbortSignal) => Promise<Answer<readonly Millis[]>>,
  asking: Asking,
): Promise<Reached<ScheduleOnSide>> => {
  if (seen.kind !== 'seen') return seen
  const answer = await asked(ticks, asking)
  return answer.kind === 'seen' ? { kind: 'seen', value: { schedule: seen.value, ticks: answer.value } } : answer
}

export type HandoffReading = {
  readonly service: string
  readonly now: () => Millis
  readonly knownRun: Millis | null
  /** Whether the clocks of blue's zone change too near to now (null: they don't), or that blue doesn't answer for it. */
  readonly clockChange: (seen: ScheduleSeen, ticks: TicksIn) => Promise<Reached<string | null>>
}

const noChange = { kind: 'seen', value: null } as const

/** Both schedules and their ticks, read side by side. */
export const readHandoffWorld = async (
  ports: HandoffPorts,
  reading: HandoffReading,
  asking: Asking,
): Promise<HandoffWorld> => {
  const { service } = reading
  const [blue, green] = await Promise.all([
    asked((limit) => ports.blue.read(service, limit), asking),
    asked((limit) => ports.green.read(service, limit), asking),
  ])
  const seen = [blue, green].flatMap((side) => (side.kind === 'seen' ? [side.value] : []))
  const now = Math.max(reading.now(), ...seen.map((schedule) => schedule.now))
  const cursor = seen.length === 0 ? now : cursorOf(seen, { ran: null, ledger: reading.knownRun })
  const horizonMs = Math.max(ports.blue.horizonMs, ports.green.horizonMs)
  const window = { from: Math.max(cursor, now - longestLookBackMs), now, horizonMs, phase: cursor }
  const [blueTicks, greenTicks] = await Promise.all([
    withTicks(blue, (limit) => ticksOf(ports.blue, service, window, limit), asking),
    withTicks(green, (limit) => ticksOf(ports.green, service, window, limit), asking),
  ])
  const ticksIn: TicksIn = (from, until) =>
    asked((limit) => ports.blue.ticks(service, from, until, limit, cursor), asking)
  const change = blue.kind === 'seen' ? await reading.clockChange(blue.value, ticksIn) : noChange
  const read = { green: greenTicks, ticksFrom: window.from, horizonMs }
  // What blue does not tell of the night is no proof that nothing is there: it is read again.
  if (change.kind !== 'seen') return { ...read, blue: change, clockChange: null }
  return { ...read, blue: blueTicks, clockChange: change.value }
}

export type HandoffActing = {
  readonly service: string
  readonly fence: Fence
  /** What each object is stamped with: the fields as they were before. */
  readonly baseline: Readonly<Record<Side, Json>>
  readonly urgent: boolean
}

const fenceAll = async (
  schedules: Schedules,
  call: Call,
  service: string,
  ticks: readonly Millis[],
): Promise<Answer<Fenced>> => {
  const fenced: Millis[] = []
  const ran: Millis[] = []
  for (const tick of ticks) {
    const answer = await schedules.fence(call, service, tick)
    if (answer.kind !== 'ok') return answer
    if (answer.value === 'fenced') fenced.push(tick)
    else ran.push(tick)
  }
  return { kind: 'ok', value: { fenced, ran } }
}

const perform = (
  schedules: Schedules,
  call: Call,
  acting: HandoffActing,
  action: HandoffAction,
): Promise<Answer<unknown>> => {
  const { service } = acting
  switch (action.kind) {
    case 'stamp':
      return schedules.stamp(call, service, acting.baseline[action.side])
    case 'pause':
      return schedules.pause(call, service)
    case 'barrier':
      return schedules.barrier(call, service)
    case 'fence':
      return fenceAll(schedules, call, service, action.ticks)
    case 'unfence':
      return schedules.unfence(call, service, action.after)
    case 'set cursor':
      return schedules.setCursor(call, service, action.cursor)
    case 'run':
      return schedules.runNow(call, service, action.tick)
    case 'resume':
      return schedules.resume(call, service)
    default:
      return action satisfies never
  }
}

/** Carries one action out, on the revision that the world was read with: whatever lands late is refused. */
export const actHandoff = (
  ports: HandoffPorts,
  acting: HandoffActing,
  action: HandoffAction,
  world: HandoffWorld,
  asking: Asking,
): Promise<Answer<unknown>> => {
  const side = world[action.side]
  const revision = side.kind === 'seen' ? { revision: side.value.schedule.revision } : {}
  return limited(
    (limit) =>
      perform(
        ports[action.side],
        { fence: acting.fence, intent: action.intent, ...revision, urgent: acting.urgent, signal: limit },
        acting,
        action,
      ),
    asking,
  )
}
