// Writes one line when it begins and one when it ends, so that runs are counted by the runs themselves.
import { appendFileSync } from 'node:fs'

const line = (what) =>
  appendFileSync(process.env.RUNS, `${what} ${process.env.TITRATE_RUN} ${process.env.TITRATE_TICK}\n`)
line('begin')
setTimeout(
  () => {
    line('end')
    process.exit(Number(process.env.EXIT ?? 0))
  },
  Number(process.env.TAKES ?? 0),
)
