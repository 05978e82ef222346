import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { setting, watchTrouble } from './identity.ts'

/** Appends one line and waits until the disk has it: what a run did must be known although it dies right after. */
const tell = (what: 'began' | 'ended' | 'failed'): void => {
  const line = {
    what,
    service: setting('TITRATE_SERVICE'),
    environment: setting('TITRATE_ENVIRONMENT'),
    run: setting('TITRATE_RUN'),
    // Empty for a run outside the schedule.
    tick: process.env.TITRATE_TICK ? Number(process.env.TITRATE_TICK) : null,
    at: Date.now(),
  }
  const file = openSync(setting('SHOP_RUNS'), 'a')
  writeSync(file, `${JSON.stringify(line)}\n`)
  fsyncSync(file)
  closeSync(file)
}

/** One run of a job, which reports by itself that it ran. */
export const runJob = async (work: () => Promise<unknown>): Promise<void> => {
  const trouble = watchTrouble()
  tell('began')
  try {
    await work()
    if (trouble('fail') !== null) throw new Error('the job can not do its work here')
    tell('ended')
  } catch (error) {
    tell('failed')
    console.error(error)
    process.exitCode = 1
  }
}
