import type { JournalState } from '../journal/fold.ts'
import type { Millis, Side } from '../moves/goal.ts'
import type { Trouble } from './trouble.ts'

export const outcomes = ['done', 'rolled back', 'held', 'failed'] as const
export type DemoOutcome = (typeof outcomes)[number]

/** What can be done to the world from outside. None of it tells the engine anything. */
export type FaultHands = {
  readonly trouble: (trouble: readonly Trouble[]) => void
  readonly setWeight: (service: string, green: number) => Promise<void>
  /** Deploys a version of a service to one side. */
  readonly deploy: (side: Side, service: string, version: string) => Promise<void>
  readonly cutMetrics: () => void
  /** kill -9, and a new engine some time later. */
  readonly killEngine: (restartAfterMs: Millis) => Promise<void>
  readonly sleep: (ms: Millis) => Promise<void>
}

export type Fault = {
  readonly name: string
  /** For `--list`. */
  readonly brief: string
  readonly expect: DemoOutcome
  /** When it is made, by what the journal says; null: before the engine starts. */
  readonly when: ((journal: JournalState) => boolean) | null
  readonly inject: (hands: FaultHands) => Promise<void>
  /** Differences in green's files from the beginning. */
  readonly mistakes?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Metrics pass through a relay that can be cut. */
  readonly relay?: boolean
}

/** Green has at least so many percent of a service's users, by our doing. */
const greenHas =
  (service: string, percent: number) =>
  ({ moves }: JournalState): boolean => {
    const lane = moves.get(service)?.lanes.weights
    return lane?.goal.kind === 'weights' && lane.goal.green >= percent && lane.outcome?.kind === 'done'
  }

/** The schedule has been handed over, or the replicas have been shifted. */
const crossed =
  (service: string, lane: 'schedule' | 'workload') =>
  ({ moves }: JournalState): boolean =>
    moves.get(service)?.lanes[lane]?.outcome?.kind === 'done'

const checked = ({ release }: JournalState): boolean => release.checked !== null

const onGreen =
  (service: string, what: Trouble['what'], amount: number) =>
  async ({ trouble }: FaultHands): Promise<void> =>
    trouble([{ environment: 'green', service, what, amount }])

export const faults: readonly Fault[] = [
  {
    name: 'errors',
    brief: 'green’s checkout answers 8 % of its requests with 500, from 25 % of the users on',
    expect: 'rolled back',
    when: greenHas('checkout', 25),
    inject: onGreen('checkout', 'errors', 0.08),
  },
  {
    name: 'latency',
    brief: 'green’s storefront takes 250 ms longer for every page, from 25 % on',
    expect: 'rolled back',
    when: greenHas('storefront', 25),
    inject: onGreen('storefront', 'latency', 250),
  },
  {
    name: 'hang',
    brief: 'a tenth of the requests to green’s checkout is never answered, from 25 % on',
    expect: 'rolled back',
    when: greenHas('checkout', 25),
    inject: onGreen('checkout', 'hang', 0.1),
  },
  {
    name: 'crash-loop',
    brief: 'green’s storefront was ready, has users, and then ends again and again',
    expect: 'rolled back',
    when: greenHas('storefront', 25),
    inject: onGreen('storefront', 'crash', 1_200),
  },
  {
    name: 'worker-stuck',
    brief: 'green’s mailer takes mails and never finishes one',
    expect: 'rolled back',
    when: crossed('mailer', 'workload'),
    inject: onGreen('mailer', 'stuck', 0),
  },
  {
    name: 'job-fails',
    brief: 'the runs of invoices fail on green: the job is held after the first one',
    expect: 'held',
    when: checked,
    inject: onGreen('invoices', 'fail', 0),
  },
  {
    name: 'metrics-outage',
    brief: 'no metrics of either side any more: nothing advances, nothing is taken for a failure',
    expect: 'held',
    when: greenHas('storefront', 25),
    inject: async ({ cutMetrics }) => cutMetrics(),
    relay: true,
  },
  {
    name: 'not-ready',
    brief: 'green’s catalogue starts and never gets healthy',
    expect: 'held',
    when: null,
    inject: onGreen('catalogue', 'unhealthy', 0),
  },
  {
    name: 'drift-to-blue',
    brief: 'somebody lowers green’s weight of checkout by hand: it is not undone, a person is called',
    expect: 'held',
    when: greenHas('checkout', 25),
    inject: ({ setWeight }) => setWeight('checkout', 10),
  },
  {
    name: 'config-differs',
    brief: 'a variable of green’s storefront differs and nobody said why: nothing moves',
    expect: 'failed',
    when: null,
    inject: async () => undefined,
    mistakes: { storefront: { CURRENCY: 'USD' } },
  },
  {
    name: 'kill-engine',
    brief: 'the engine is killed (kill -9) in mid-release and started again three seconds later',
    expect: 'done',
    when: greenHas('storefront', 25),
    inject: ({ killEngine }) => killEngine(3_000),
  },
  {
    name: 'drift-to-green',
    brief: 'somebody raises green’s weight of checkout by hand: it is put right',
    expect: 'done',
    when: greenHas('checkout', 25),
    inject: ({ setWeight }) => setWeight('checkout', 80),
  },
  {
    name: 'blue-flap',
    brief: 'blue’s storefront fails its health check for 3 s while green has 5 %: users must not all land on green',
    expect: 'done',
    when: greenHas('storefront', 5),
    inject: async ({ trouble, sleep }) => {
      trouble([{ environment: 'blue', service: 'storefront', what: 'unhealthy', amount: 0 }])
      await sleep(3_000)
      trouble([])
    },
  },
  {
    name: 'new-version',
    brief: 'blue’s storefront is deployed anew in mid-move; green gets the same version 5 s later, and the move waits',
    expect: 'done',
    when: greenHas('storefront', 25),
    inject: async ({ deploy, sleep }) => {
      await deploy('blue', 'storefront', '1.5.0')
      await sleep(5_000)
      await deploy('green', 'storefront', '1.5.0')
    },
  },
]

export const faultNamed = (name: string): Fault | null => faults.find((fault) => fault.name === name) ?? null
