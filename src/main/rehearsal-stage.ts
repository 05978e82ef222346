import { calendarAt } from '../config/calendar.ts'
import type { ResolvedRelease } from '../config/release.ts'
import { readJournal } from '../engine/take-over.ts'
import { decideMove } from '../moves/decide-move.ts'
import type { Plan } from '../plan/plan.ts'
import { timetableOf } from '../providers/timetable.ts'
import type { Stage, Stuck } from '../rehearsal/play-release.ts'
import { rememberedTimetable } from '../rehearsal/remembered-timetable.ts'
import type { Timetable } from '../rehearsal/timetable.ts'
import { createMemoryPlace } from '../store/memory/store.ts'
import type { Store } from '../store/store.ts'
import { seeMoves } from '../views/report-moves.ts'
import { indexFacts } from '../views/stored-facts.ts'
import { createCarryOutWork } from './carry-out-work.ts'
import { createConditions } from './conditions.ts'

/** Nobody reads samples of a rehearsal: what became of them is in its journal. */
const withoutSamples = (store: Store): Store => ({
  ...store,
  observe: (observations) => store.observe(observations.filter(({ kind }) => kind !== 'sample')),
})

/** What a rehearsal shares with a real run: how intents are carried out, calendars, conditions, cron; and a store in memory. */
export const createStage = (release: Pick<ResolvedRelease, 'calendar'>, plan: Plan): Stage => {
  const holds = createConditions(plan)
  const timetables = new Map<string, Timetable>()
  const calendars: Stage['calendars'] = (now) => calendarAt(release.calendar, now)
  return {
    openPlace: (appended) => {
      const place = createMemoryPlace({ keepsGiven: true, appended: (_, entries) => appended(entries) })
      return { open: async (name) => withoutSamples(await place.open(name)) }
    },
    carryOut: ({ world, clock, runTest }) =>
      createCarryOutWork({
        ...{ world, clock },
        runTest: (service, test, _, signal) => runTest(service, test, signal),
      }),
    calendars,
    conditions: (service, facts, _, journal, now) => holds(service, facts, journal, now),
    timetableOf: ({ cron, zone }) => {
      const key = `${zone} ${cron}`
      const known = timetables.get(key) ?? rememberedTimetable(cron, zone, timetableOf(cron, zone, 0).next)
      timetables.set(key, known)
      return known
    },
    waits: async (store, now) => {
      const journal = await readJournal(store)
      const windows = calendars(now)
      const seen = seeMoves(journal, plan, indexFacts(await store.facts()), now, windows)
      return [...seen.values()].flatMap(({ context, report }): readonly Stuck[] => {
        if (report.settledOn === 'green' || report.skipped) return []
        const conditions = holds(report.service, context.facts, journal, now)
        const { waiting } = decideMove({ ...context, facts: { ...context.facts, conditions } })
        return [{ service: report.service, step: report.step, because: waiting?.because ?? 'nothing that is known' }]
      })
    },
  }
}
