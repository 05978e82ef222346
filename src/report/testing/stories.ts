import type { JournalEvent, Recorded } from '../../journal/events.ts'
import { emptyJournal, foldJournal } from '../../journal/fold.ts'
import type { Json, Millis } from '../../moves/goal.ts'
import { movePlan, openSmallWorld, smallPlan } from '../../moves/testing/small-world.ts'
import type { StoredObservation } from '../../store/store.ts'
import type { ReportInput } from '../material.ts'

export type Small = ReturnType<typeof openSmallWorld>

/** Journals as the deciders write them, for tests of reports. */
export const inputOf = (
  entries: readonly Recorded[],
  more: {
    readonly facts?: readonly StoredObservation[]
    readonly samples?: readonly StoredObservation[]
    readonly extra?: Json
    readonly laterMs?: Millis
  } = {},
): ReportInput => {
  const first = entries[0]?.event
  const release = first?.kind === 'created' ? first.release : 'small'
  return {
    journal: foldJournal(emptyJournal(release), entries),
    entries,
    facts: more.facts ?? [],
    samples: more.samples ?? [],
    now: (entries.at(-1)?.at ?? 0) + (more.laterMs ?? 1_000),
    extra: more.extra ?? null,
  }
}

const pass = (small: Small, seconds: number, each: () => void = () => undefined): void => {
  for (let second = 0; second < seconds && small.journal.release.ended === null; second += 1) {
    small.pass(1_000)
    each()
  }
}

/** Good runs for the job, and for the exposed service what the judge says at each step. */
const live = (
  small: Small,
  seconds: number,
  verdict: (step: string) => 'advance' | 'hold' | 'roll back' | 'blind' | null,
): void =>
  pass(small, seconds, () => {
    const step = (service: string): string | null => small.reports.get(service)?.step ?? null
    if (step('invoices') === 'watch' && small.journal.moves.get('invoices')?.settled == null)
      small.run('invoices', true)
    const weight = step('storefront')
    const answer = weight?.startsWith('weight') ? verdict(weight) : null
    if (answer !== null) small.judge('storefront', answer)
  })

export const healthy = (): Small => {
  const small = openSmallWorld()
  live(small, 60, () => 'advance')
  return small
}

/** At 50 % the judge first holds, then takes everything back. */
export const rolledBack = (): Small => {
  const small = openSmallWorld(smallPlan({ afterRollback: 'release' }))
  let held = 0
  live(small, 60, (step) => {
    if (step === 'weight 5') return 'advance'
    held += 1
    return held === 1 ? 'hold' : held === 2 ? 'roll back' : null
  })
  return small
}

/** The first run of the job on green fails, and a person is called. */
export const held = (): Small => {
  const small = openSmallWorld()
  let ran = false
  pass(small, 12, () => {
    if (ran || small.reports.get('invoices')?.step !== 'watch') return
    ran = true
    small.run('invoices', false)
  })
  return small
}

/** The checks block: nothing is moved. */
export const failedBefore = (): readonly Recorded[] => {
  const plan = smallPlan()
  const difference = {
    service: 'catalogue',
    path: 'variables.MODE',
    blue: 'fast',
    green: 'slow',
    class: 'unexplained',
    why: 'nobody explains it',
    fix: null,
    patch: null,
  }
  const waived = { ...difference, path: 'replicas', class: 'declared', why: 'waived until March' }
  const findings = {
    parity: {
      services: [
        { service: 'catalogue', greenName: 'catalogue', required: [], declared: [waived], unexplained: [difference] },
      ],
      unexplained: 1,
      findings: [],
    },
  }
  return record([
    ['release', { kind: 'created', release: 'small', plan, titrate: 'test' }],
    ['release', { kind: 'checked', blocking: ['catalogue: variables.MODE differs'], notes: [], findings }],
    ['release', { kind: 'ended', outcome: 'failed', because: 'nothing was moved: catalogue: variables.MODE differs' }],
  ])
}

/** A journal of these events, a second apart. */
export const record = (
  events: readonly (readonly [string, JournalEvent])[],
  startAt: Millis = 1_700_000_000_000,
): readonly Recorded[] =>
  events.map(([stream, event], index) => ({
    position: index + 1,
    stream,
    version: events.slice(0, index + 1).filter(([own]) => own === stream).length,
    at: startAt + index * 1_000,
    epoch: 1,
    observation: 0,
    event,
    hash: `hash-${index + 1}`,
  }))

/** A plan of one service whose name is not to be trusted. */
export const planOf = (service: string) => ({
  ...smallPlan(),
  waves: [{ number: 1, services: [service], phase: 'exposed' as const, why: '' }],
  moves: { [service]: movePlan(service, 'exposed', 1, []) },
})

export const tick = (service: string, at: Millis, blue: number, green: number, fate: string): StoredObservation => ({
  id: at,
  kind: 'sample',
  subject: `ledger/${service}`,
  at,
  body: { tick: at, blue, green, fate },
})
