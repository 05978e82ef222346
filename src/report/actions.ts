import type { Note } from './leftovers.ts'
import type { Lessons } from './lessons.ts'
import type { Material } from './material.ts'
import type { Parity } from './parity.ts'
import type { Ticks } from './ticks.ts'

/** What somebody should do next, from what is known. */
export const readActions = (
  material: Material,
  seen: { readonly lessons: Lessons; readonly parity: Parity | null; readonly ticks: Ticks },
): readonly Note[] => [
  ...waiting(material),
  ...blocking(seen.parity),
  ...skipped(material),
  ...odd(seen.ticks),
  ...unproven(material, seen.lessons),
  ...next(material),
]

const waiting = ({ status, journal }: Material): readonly Note[] => {
  if (journal.release.ended !== null) return []
  const entry = journal.position
  return [
    ...status.people.map(({ service, because, actions }) => ({
      text: `${service ?? 'the release'}: ${because}${actions.length === 0 ? '' : `. One of: ${actions.join(' · ')}`}`,
      entry,
    })),
    ...(status.engine.alive || status.outcome === 'not started'
      ? []
      : [{ text: 'no engine runs: "titrate run" goes on, "titrate rollback" takes it back', entry }]),
  ]
}

const blocking = (parity: Parity | null): readonly Note[] =>
  (parity?.blocking ?? []).map((text) => ({
    text: `settle, or declare in the release file: ${text}`,
    entry: parity?.entry ?? null,
  }))

const skipped = ({ status }: Material): readonly Note[] =>
  status.services.flatMap(({ service, state }) =>
    state === 'skipped' ? [{ text: `decide what becomes of ${service}, which was left on blue`, entry: null }] : [],
  )

const odd = ({ rows }: Ticks): readonly Note[] =>
  rows.flatMap(({ service, totals, odd }) => {
    const count = totals.duplicate + totals.missed + totals.unseen
    return count === 0
      ? []
      : [
          {
            text: `${service}: look at the ${count} ticks that did not run exactly once, or of which nothing is known`,
            entry: odd[0]?.entry ?? null,
          },
        ]
  })

const unproven = ({ journal }: Material, { gotLucky }: Lessons): readonly Note[] => {
  const timed = gotLucky.filter(({ text }) => text.includes('unproven'))
  const first = timed[0]
  if (first === undefined || journal.release.ended?.outcome !== 'done') return []
  return [
    {
      text: `keep watching what was only timed (${timed.length}): more traffic or a longer dwell would have proven it`,
      entry: first.entry,
    },
  ]
}

const next = ({ journal }: Material): readonly Note[] => {
  const { ended, retired } = journal.release
  const entry = journal.position
  if (ended?.outcome === 'done' && retired === null)
    return [
      { text: 'when the way back is no longer wanted: "titrate retire" ends blue, with an approval of its own', entry },
    ]
  if (ended?.outcome === 'rolled back')
    return [{ text: `find and mend what took it back before a new release: ${ended.because}`, entry }]
  return []
}
