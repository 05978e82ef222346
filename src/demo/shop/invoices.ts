import { setTimeout as pause } from 'node:timers/promises'
import { runJob } from './run-job.ts'

/** Job: writes the invoices of the last orders. */
void runJob(() => pause(200))
