import { Cron } from 'croner'
import type { TickFate } from '../journal/events.ts'
import { type Millis, type Side, sides } from '../moves/goal.ts'

/** What a run of a job said of itself. */
export type RunLine = {
  readonly what: 'began' | 'ended' | 'failed'
  readonly service: string
  readonly environment: string
  readonly run: string
  /** null: outside the schedule. */
  readonly tick: Millis | null
  readonly at: Millis
}

export type JobSchedule = { readonly service: string; readonly cron: string; readonly suspended: boolean }

/** A tick and where it ran, as the jobs themselves say. */
export type TickSeen = {
  readonly service: string
  readonly tick: Millis
  readonly ranOn: Readonly<Record<Side, number>>
}

export type TickCount = {
  readonly expected: number
  /** Ticks that ran, in exactly one run. */
  readonly ran: number
  readonly duplicate: number
  readonly missed: number
  /** Ticks of which Titrate's ledger can't say anything although it should. */
  readonly unseen: number
}

/** The file may end in half a line, which is being written. */
export const parseRuns = (text: string): readonly RunLine[] => {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return (
    whole
      .split('\n')
      .filter((line) => line !== '')
      // Written by our own jobs, one whole line at a time.
      .map((line) => JSON.parse(line) as RunLine)
  )
}

/** The due times of a schedule after `from`, up to and with `until`. */
export const dueTicks = ({ cron, suspended }: JobSchedule, from: Millis, until: Millis): readonly Millis[] => {
  if (suspended) return []
  const pattern = new Cron(cron, { timezone: 'UTC', mode: '5-or-6-parts' })
  const ticks: Millis[] = []
  for (
    let next = pattern.nextRun(new Date(from));
    next !== null && next.getTime() <= until;
    next = pattern.nextRun(next)
  )
    ticks.push(next.getTime())
  return ticks
}

/** Every tick that was due, or ran all the same, with the number of its runs on each side. */
export const seeTicks = (
  schedules: readonly JobSchedule[],
  runs: readonly RunLine[],
  from: Millis,
  until: Millis,
): readonly TickSeen[] =>
  schedules.flatMap((schedule) => {
    const { service } = schedule
    const own = runs.filter((run) => run.what === 'began' && run.service === service && run.tick !== null)
    const within = own.flatMap(({ tick }) => (tick !== null && tick > from && tick <= until ? [tick] : []))
    const ticks = [...new Set([...dueTicks(schedule, from, until), ...within])].toSorted((a, b) => a - b)
    return ticks.map((tick) => {
      const on = (side: Side): number => own.filter((run) => run.tick === tick && run.environment === side).length
      return { service, tick, ranOn: { blue: on('blue'), green: on('green') } }
    })
  })

export const runsOf = ({ ranOn }: TickSeen): number => sides.reduce((sum, side) => sum + ranOn[side], 0)

export const countTicks = (
  ticks: readonly TickSeen[],
  schedules: readonly JobSchedule[],
  range: { readonly from: Millis; readonly until: Millis },
  ledger: readonly LedgerTick[],
): TickCount => ({
  expected: schedules.reduce((sum, schedule) => sum + dueTicks(schedule, range.from, range.until).length, 0),
  ran: ticks.filter((tick) => runsOf(tick) === 1).length,
  duplicate: ticks.filter((tick) => runsOf(tick) > 1).length,
  missed: ticks.filter((tick) => runsOf(tick) === 0).length,
  unseen: ledger.filter(({ fate }) => fate === 'unseen').length,
})

/** A row of Titrate's own ledger. */
export type LedgerTick = {
  readonly service: string
  readonly tick: Millis
  readonly blue: number
  readonly green: number
  readonly fate: TickFate
}

/** Where Titrate's ledger and the jobs themselves say different things of a tick, in words. Ticks that only one of them knows are left out. */
export const disagreements = (ticks: readonly TickSeen[], ledger: readonly LedgerTick[]): readonly string[] => {
  const seen = new Map(ticks.map((tick) => [`${tick.service} ${tick.tick}`, tick]))
  return ledger.flatMap(({ service, tick, blue, green, fate }) => {
    const own = seen.get(`${service} ${tick}`)
    if (own === undefined || fate === 'unseen' || (own.ranOn.blue === blue && own.ranOn.green === green)) return []
    const at = new Date(tick).toISOString()
    return [
      `${service} ${at}: the jobs say blue ${own.ranOn.blue}, green ${own.ranOn.green}; the ledger says blue ${blue}, green ${green} (${fate})`,
    ]
  })
}
