import { setTimeout as pause } from 'node:timers/promises'
import { runJob } from './run-job.ts'

/** Job: a long run, of which only one may go on at a time. */
void runJob(() => pause(2_000))
