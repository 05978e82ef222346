import type { Millis } from '../moves/goal.ts'
import { viewEntry } from '../views/journal-view.ts'
import { readActions } from './actions.ts'
import { type Counted, readCounted } from './counted.ts'
import {
  type Handoff,
  hasBenchmark,
  readHandoffs,
  readShifts,
  readTests,
  type Shift,
  type TestRun,
} from './handoffs.ts'
import { type Note, type Reversible, readLeftovers, readReversible } from './leftovers.ts'
import { type Lessons, readLessons } from './lessons.ts'
import { type Material, type ReportInput, readMaterial } from './material.ts'
import { type Parity, readParity } from './parity.ts'
import { type People, readPeople } from './people.ts'
import { type Rollback, readRollbacks } from './rollbacks.ts'
import { readServices, readSizes, type ServiceReport, type SizeRow } from './services.ts'
import { type Summary, summarize } from './summary.ts'
import { readTicks, type Ticks } from './ticks.ts'
import { readTimes, type Times } from './times.ts'
import { readTroubles, type Trouble } from './troubles.ts'
import { readWeights, type Weights } from './weights.ts'

export type JournalRow = {
  readonly position: number
  readonly at: Millis
  readonly service: string | null
  readonly kind: string
  readonly text: string
}

/** The report as plain data. `entry` is always a position in the journal. Fields are only added within a version. */
export type Report = {
  readonly version: 1
  readonly release: string
  readonly titrate: string | null
  readonly blue: string | null
  readonly green: string | null
  /** The moment that the report speaks of. */
  readonly at: Millis
  readonly summary: Summary
  readonly services: readonly ServiceReport[]
  readonly times: Times
  readonly ticks: Ticks
  readonly weights: readonly Weights[]
  readonly shifts: readonly Shift[]
  readonly handoffs: readonly Handoff[]
  readonly tests: readonly TestRun[]
  readonly counted: Counted
  readonly parity: Parity | null
  readonly rollbacks: readonly Rollback[]
  readonly troubles: readonly Trouble[]
  readonly people: People
  readonly reversible: readonly Reversible[]
  readonly leftovers: readonly Note[]
  readonly lessons: Lessons
  readonly actions: readonly Note[]
  readonly sizes: readonly SizeRow[]
  readonly notMeasured: readonly string[]
  readonly journal: {
    readonly position: number
    readonly hash: string
    /** The highest position that the engine said it had written. Above `position`, a tail was cut off. null: it said nothing. */
    readonly saidToBe: number | null
    readonly rows: readonly JournalRow[]
  }
}

export const makeReport = (input: ReportInput): Report => {
  const material = readMaterial(input)
  const { journal, status, plan } = material
  const ticks = readTicks(material)
  const counted = readCounted(material)
  const rollbacks = readRollbacks(material)
  const services = readServices(material)
  const parity = readParity(material)
  const tests = readTests(material)
  const handoffs = readHandoffs(material)
  const weights = readWeights(material)
  const troubles = readTroubles(material)
  const lessons = readLessons(material, { ticks, counted, handoffs, tests, rollbacks, troubles, parity, weights })
  return {
    version: 1,
    release: journal.release.release,
    titrate: titrateOf(material),
    blue: status.blue,
    green: status.green,
    at: input.now,
    summary: summarize(material, { services, ticks, counted, rollbacks }),
    services,
    times: readTimes(material),
    ticks,
    weights,
    shifts: readShifts(material),
    handoffs,
    tests,
    counted,
    parity,
    rollbacks,
    troubles,
    people: readPeople(material),
    reversible: readReversible(material),
    leftovers: plan === null ? [] : readLeftovers(material),
    lessons,
    actions: readActions(material, { lessons, parity, ticks }),
    sizes: readSizes(material),
    notMeasured: notMeasured(counted, tests, ticks),
    journal: {
      position: journal.position,
      hash: journal.hash,
      saidToBe: saidToBe(material),
      rows: input.entries
        .map(viewEntry)
        .map(({ position, at, service, kind, text }) => ({ position, at, service, kind, text })),
    },
  }
}

const titrateOf = ({ entries }: Material): string | null => {
  const first = entries[0]?.event
  return first?.kind === 'created' ? first.titrate : null
}

const saidToBe = ({ stored }: Material): number | null => {
  const body = stored.get('engine/alive')?.body
  if (typeof body !== 'object' || body === null || !('head' in body)) return null
  const { head } = body
  return typeof head === 'object' && head !== null && 'position' in head && typeof head.position === 'number'
    ? head.position
    : null
}

const notMeasured = (counted: Counted, tests: readonly TestRun[], ticks: Ticks): readonly string[] => [
  'Cost: nothing was asked of any provider. Replicas before and after are in this report.',
  'CPU and memory: not read from either side.',
  'Data: no data moves are part of this release.',
  ...(hasBenchmark(tests) ? [] : ['A paired benchmark of blue and green: none was run.']),
  ...(counted.requests === null
    ? ['Requests of users as users saw them: nobody counted outside; the judge counted them by step.']
    : []),
  ...(counted.queue === null ? ['Queue items lost or done twice: nobody counted.'] : []),
  ...(ticks.rows.length === 0 ? ['Ticks: no schedule was followed.'] : []),
]
