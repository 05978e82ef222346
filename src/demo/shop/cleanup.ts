import { runJob } from './run-job.ts'

/** Job: suspended on blue, and so never run. */
void runJob(async () => undefined)
