import type { Estate, ServiceDefinition } from '../../inventory/estate.ts'
import { addressOf, anEstate, aSchedule, aService, listening, published } from '../../inventory/testing/build-estate.ts'
import type { Plan } from '../../plan/plan.ts'
import { aPlan } from '../../plan/testing/build-plan.ts'

const some = (count: number, make: (index: number) => ServiceDefinition): readonly ServiceDefinition[] =>
  Array.from({ length: count }, (_, index) => make(index))

/** How often the schedules run: every 5 minutes, every hour, once a day. */
const crons = [
  ['*/5 * * * *', 288],
  ['10 * * * *', 24],
  ['30 2 * * *', 1],
] as const

/** Of 50 services: 20 exposed, 15 internal, 8 workers, 7 jobs, by the policy that holds where nobody says anything. */
export const wideEstate = (services = 50): { readonly estate: Estate; readonly plan: Plan } => {
  const [exposed, internal, workers] = [0.4, 0.3, 0.16].map((share) => Math.round(share * services)) as [
    number,
    number,
    number,
  ] // three shares
  const jobs = services - exposed - internal - workers
  const cronOf = (index: number) => crons[index % crons.length] ?? crons[0]
  const needs = (index: number) => ({
    NEEDED_URL: addressOf(`internal-${index % internal}`, 9_000 + (index % internal)),
  })
  const estate = anEstate([
    ...some(internal, (index) => aService(`internal-${index}`, { port: listening, replicas: 2 })),
    ...some(workers, (index) => aService(`worker-${index}`, { takesFrom: [`queue-${index}`], replicas: 4 })),
    ...some(jobs, (index) => aService(`job-${index}`, { schedule: aSchedule({ cron: cronOf(index)[0] }) })),
    ...some(exposed, (index) => aService(`site-${index}`, { port: published, replicas: 3, variables: needs(index) })),
  ])
  const runsPerDay = Object.fromEntries(
    some(jobs, (index) => aService(`job-${index}`)).map(({ name }, index) => [name, cronOf(index)[1]]),
  )
  return { estate, plan: aPlan(estate, { runsPerDay }) }
}
