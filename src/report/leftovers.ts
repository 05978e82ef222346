import type { Millis } from '../moves/goal.ts'
import { factsOf } from '../views/stored-facts.ts'
import { duration } from '../views/words.ts'
import { readHandoffs } from './handoffs.ts'
import { entriesOf, type Material, servicesOf } from './material.ts'

/** A sentence, with the journal entry that it rests on (null: it rests on what was last seen, or on nothing that happened). */
export type Note = { readonly text: string; readonly entry: number | null }

/** What can still go back, how, and until when. */
export type Reversible = {
  readonly service: string
  readonly text: string
  readonly until: string
  readonly entry: number | null
}

export const readReversible = (material: Material): readonly Reversible[] => {
  const { journal, plan, status } = material
  const retired = entriesOf(material.entries, 'retired').at(-1)
  const handoffs = readHandoffs(material)
  const settledAt = new Map(entriesOf(material.entries, 'settled').map((one) => [one.service, one.position]))
  return status.services.flatMap((row) => {
    const { service } = row
    if (row.where === 'blue' || plan?.moves[service] === undefined) return []
    const until = retired === undefined ? 'until blue is retired' : 'no longer: blue was retired'
    const entry = retired?.position ?? settledAt.get(service) ?? null
    if (row.kind === 'job') {
      const pause = handoffs.findLast((one) => one.service === service)?.pauseMs ?? null
      const cost = pause === null ? '' : `; the way over took a pause of ${duration(pause)}`
      return [{ service, text: `its schedule can be handed back to blue${cost}`, until, entry }]
    }
    const blue = row.replicas.blue
    const before = journal.moves.get(service)?.baseline?.replicas ?? plan.moves[service].replicas
    const warm =
      blue === null
        ? 'blue was not seen'
        : blue.ready >= before && before > 0
          ? `blue has ${blue.ready} of ${before} replicas ready: at once`
          : `blue has ${blue.ready} of ${before} replicas ready: the rest is started first`
    return [{ service, text: warm, until, entry }]
  })
}

/** What a person would otherwise find later: everything that is not as a finished release leaves it. */
export const readLeftovers = (material: Material): readonly Note[] => [
  ...leftOnBlue(material),
  ...suspendedOnBoth(material),
  ...tombstones(material),
  ...unanswered(material),
  ...inTheWorld(material),
]

const leftOnBlue = ({ status, journal, entries }: Material): readonly Note[] => {
  const last = new Map(
    entriesOf(entries, 'skipped', 'settled', 'held', 'ordered').map((entry) => [entry.service, entry.position]),
  )
  return status.services.flatMap(({ service, where, state }) => {
    const odd = state === 'skipped' || state === 'stuck' || state === 'held'
    // Blue is where a service belongs before its turn, and after a rollback.
    const atHome = where === 'blue' && journal.release.ended?.outcome !== 'done'
    const onItsWay = where === 'between' && journal.release.ended === null
    if (where === 'green' || (!odd && (atHome || onItsWay))) return []
    const skipped = journal.moves.get(service)?.skipped ?? null
    const why = skipped === null ? '' : `: ${skipped.because} (${skipped.by})`
    return [
      {
        text: `${service} is ${where === 'blue' ? 'on blue' : 'between blue and green'}, ${state}${why}`,
        entry: last.get(service) ?? null,
      },
    ]
  })
}

const suspendedOnBoth = (material: Material): readonly Note[] =>
  servicesOf(material.plan).flatMap((service) => {
    const { schedule } = factsOf(material.stored, service, material.journal)
    if (schedule.blue?.value.suspended !== true || schedule.green?.value.suspended !== true) return []
    const wanted = material.plan?.moves[service]?.suspended === true
    const text = wanted
      ? `the schedule of ${service} is suspended on both sides, as it was on blue before`
      : `the schedule of ${service} is suspended on both sides: nobody runs its ticks`
    return [{ text, entry: null }]
  })

const tombstones = (material: Material): readonly Note[] => {
  const { journal, until } = material
  if (journal.release.retired !== null) return []
  return readHandoffs(material).flatMap(({ service, to, fenced, entry }) => {
    const open = fenced.filter((tick: Millis) => tick > until)
    if (open.length === 0) return []
    return [
      { text: `${service}: ${open.length} ticks ahead are fenced off on ${to === 'green' ? 'blue' : 'green'}`, entry },
    ]
  })
}

const unanswered = ({ journal, status, entries }: Material): readonly Note[] => [
  ...journal.release.pending.map((request) => ({
    text: `a request of ${request.by} has no answer yet`,
    entry: request.position,
  })),
  ...status.people.map(({ service, because }) => ({
    text: `a person is needed for ${service ?? 'the release'}: ${because}`,
    entry: entriesOf(entries, 'called a person').findLast(({ event }) => event.service === service)?.position ?? null,
  })),
  ...[...journal.moves.values()].flatMap((move) =>
    Object.values(move.lanes).flatMap((lane) =>
      lane.outcome === null || lane.outcome.kind === 'unknown'
        ? [
            {
              text: `${lane.intent} ${lane.outcome === null ? 'has no outcome yet' : 'may or may not have happened'}`,
              entry: lane.outcomeAt?.position ?? null,
            },
          ]
        : [],
    ),
  ),
]

const inTheWorld = ({ journal, entries }: Material): readonly Note[] => {
  const { stop, retired, ended } = journal.release
  const mark = entriesOf(entries, 'stop seen').at(-1)?.position ?? null
  return [
    ...(stop === null
      ? []
      : [{ text: `the stop mark of ${stop.by} on ${stop.where}: no engine acts until it is cleared`, entry: mark }]),
    ...[...journal.moves.values()].flatMap((move) =>
      Object.entries(move.drift).map(([lane, drift]) => ({
        text: `${move.service}: its ${lane} differs from what was set: ${drift.found}`,
        entry: null,
      })),
    ),
    ...(ended?.outcome === 'done' && retired === null
      ? [{ text: 'blue still runs, and both environments belong to this release, until "titrate retire"', entry: null }]
      : []),
  ]
}
