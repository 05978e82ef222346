import type { CronJob } from 'kubernetes-types/batch/v1.js'
import type { Event } from 'kubernetes-types/core/v1.js'
import type { Run } from '../../engine/ports.ts'
import type { Side } from '../../moves/goal.ts'
import { runNameOf } from '../run-name.ts'
import { placeOf } from './client/resource.ts'
import { tickInMinute } from './cron-job-timetable.ts'
import { instant } from './instant.ts'
import { tickInName } from './job-facts.ts'

/**
 * Runs by what the controller told of them: that it made the Job, and how it ended. What it did not tell whole is left out:
 * nothing is assumed to have run, or to have ended well.
 */
export const runsToldOf = (cronJob: CronJob, side: Side, events: readonly Event[]): readonly Run[] => {
  const { name } = placeOf(cronJob)
  const own = events.filter((event) => event.involvedObject.uid === cronJob.metadata?.uid)
  const made = new Map(own.flatMap((event) => entryOf(event, /^Created job (\S+)$/)))
  const ended = new Map(own.flatMap((event) => entryOf(event, /^Saw completed job: (\S+), condition: /)))
  return [...made].flatMap(([job, madeBy]) => {
    const [minute, endedBy] = [tickInName(job, name), ended.get(job)]
    const startedAt = toldAt(madeBy)
    if (minute === null || endedBy === undefined || startedAt === null) return []
    const tick = tickInMinute(cronJob, minute)
    const isGood = endedBy.message?.endsWith('condition: Complete') === true
    const result = isGood ? 'succeeded' : 'failed'
    const exitCode = isGood ? 0 : null
    return [
      { name: runNameOf(name, tick), service: name, side, tick, startedAt, endedAt: toldAt(endedBy), result, exitCode },
    ]
  })
}

const entryOf = (event: Event, said: RegExp): readonly (readonly [string, Event])[] => {
  const job = said.exec(event.message ?? '')?.[1]
  return job === undefined ? [] : [[job, event]]
}

const toldAt = ({ eventTime, firstTimestamp, metadata }: Event) =>
  instant(firstTimestamp) ?? instant(eventTime) ?? instant(metadata?.creationTimestamp)
