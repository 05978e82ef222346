import { claimsContract } from '../contract/testing/claims.ts'
import type { ContractHarness } from '../contract/testing/harness.ts'
import { schedulesContract } from '../contract/testing/schedules.ts'
import { workloadsContract } from '../contract/testing/workloads.ts'
import { openWorkbench, program, quick } from './testing/workbench.ts'

const job = { ...quick, command: program('job') }
const everySecond = { cron: '* * * * * *' }

const local: ContractHarness = {
  name: 'local processes',
  periodMs: 1_000,
  without: [],
  open: ({ asleep }) =>
    openWorkbench({
      asleep,
      side: asleep ? 'green' : 'blue',
      services: {
        web: { ...quick, command: program('web'), port: { publish: true, health: '/healthz' } },
        worker: { ...quick, command: program('worker'), variables: { KEY: { secret: { variable: 'HOME' } } } },
        often: { ...job, schedule: everySecond },
        long: { ...job, variables: { TAKES: '1500' }, schedule: { ...everySecond, concurrency: 'Forbid' } },
        failing: { ...job, variables: { EXIT: '4' }, schedule: { ...everySecond, suspend: true } },
      },
    }),
}

claimsContract(local)
workloadsContract(local)
schedulesContract(local)
