import type { EnvironmentSeen, Estate, ScheduleDefinition, ServiceDefinition, Variable } from '../estate.ts'
import type { Overrides } from '../overrides.ts'
import { takeInventory } from '../take-inventory.ts'

/** A service with nothing special about it: a worker without a port whose kind can't be told. */
export const aService = (name: string, parts: Partial<ServiceDefinition> = {}): ServiceDefinition => ({
  name,
  version: '1.0.0',
  command: ['node', `${name}.js`],
  workingDirectory: '.',
  variables: {},
  files: [],
  replicas: parts.schedule ? 0 : 1,
  port: null,
  schedule: null,
  takesFrom: [],
  strategy: 'RollingUpdate',
  lease: null,
  actsAtStart: [],
  declaredKinds: null,
  ...parts,
})

export const listening = { published: false, healthPath: '/healthz', metricsPath: '/metrics' } as const
export const published = { ...listening, published: true } as const

export const aSchedule = (parts: Partial<ScheduleDefinition> = {}): ScheduleDefinition => ({
  cron: '*/5 * * * *',
  zone: 'UTC',
  concurrency: 'Forbid',
  deadlineMs: null,
  suspended: false,
  ...parts,
})

export const plain = (value: string): Variable => ({ kind: 'plain', value })
export const addressOf = (service: string, port = 9000): Variable => ({
  kind: 'address',
  service,
  value: `http://127.0.0.1:${port}`,
})
export const secret = (reference: string, digest: string): Variable => ({ kind: 'secret', reference, digest })

export const anEnvironment = (name: string, services: readonly ServiceDefinition[]): EnvironmentSeen => ({
  name,
  provider: 'local',
  readAt: 0,
  services,
})

/** The estate of blue and green; green is the same as blue unless it is given. */
export const anEstate = (
  blue: readonly ServiceDefinition[],
  parts: { readonly green?: readonly ServiceDefinition[]; readonly overrides?: Overrides } = {},
): Estate =>
  takeInventory({
    blue: anEnvironment('blue', blue),
    green: anEnvironment('green', parts.green ?? blue),
    overrides: parts.overrides ?? {},
  })

/** The estate of the demo, as far as kinds and needs go. */
export const aShop = (): readonly ServiceDefinition[] => [
  aService('storefront', { port: published, replicas: 2, variables: { CATALOGUE_URL: addressOf('catalogue', 9001) } }),
  aService('checkout', {
    port: published,
    replicas: 2,
    variables: { PRICING_URL: addressOf('pricing', 9002), QUEUE: plain('orders') },
  }),
  aService('catalogue', { port: listening, replicas: 2, variables: { PRICES: addressOf('pricing', 9002) } }),
  aService('pricing', { port: listening, replicas: 2 }),
  aService('mailer', { takesFrom: ['orders'], replicas: 4 }),
  aService('invoices', { schedule: aSchedule() }),
  aService('cleanup', { schedule: aSchedule({ suspended: true }) }),
]
