import { mkdirSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { stringify } from 'yaml'
import type { Side } from '../moves/goal.ts'
import type { JobSchedule } from './accounting.ts'

/** Where everything of one demo is. */
export type DemoPaths = {
  readonly folder: string
  readonly blue: string
  readonly green: string
  readonly router: string
  readonly release: string
  readonly trouble: string
  readonly runs: string
  readonly engineLog: string
  readonly store: string
  readonly report: string
}

export const pathsIn = (folder: string): DemoPaths => ({
  folder,
  blue: join(folder, 'blue.yaml'),
  green: join(folder, 'green.yaml'),
  router: join(folder, 'router.yaml'),
  release: join(folder, 'release.yaml'),
  trouble: join(folder, 'trouble.json'),
  runs: join(folder, 'runs.jsonl'),
  engineLog: join(folder, 'engine.log'),
  store: join(folder, 'journal.db'),
  report: join(folder, 'report.html'),
})

/** The schedules of the shop, in seconds, so that each runs often within a minute. */
export const jobs: readonly JobSchedule[] = [
  { service: 'invoices', cron: '*/4 * * * * *', suspended: false },
  { service: 'stock-sync', cron: '*/3 * * * * *', suspended: false },
  { service: 'digest', cron: '*/5 * * * * *', suspended: false },
  { service: 'cleanup', cron: '*/5 * * * * *', suspended: true },
]

/** The demo's own policy: everything in seconds. What it leaves out is as everywhere. */
export const policy = {
  weights: [5, 25, 50, 100],
  shares: [50, 100],
  dwell: { min: '3s', max: '30s' },
  soak: '3s',
  bake: '3s',
  parallel: { for: '3s' },
  goodRuns: 2,
  maxPerWave: 6,
  blind: { limit: '5s' },
  holdLimit: { after: '20s', then: 'call' },
  stepLimit: '15s',
  afterRollback: 'release',
  judge: { interval: '1s', toleratedExtra: 0.01, warmUp: '2s' },
} as const

/** There are four times fewer mails than requests, so proof of the same would take four times as long. */
export const policyOfMailer = { soak: '2s', judge: { toleratedExtra: 0.03 } } as const

export type EstateOptions = {
  readonly queueUrl: string
  /** Where the engine reads metrics instead of from the router and the supervisors; null: there. */
  readonly metrics: readonly string[] | null
  /** The version of single services, where it is not the first. */
  readonly versions: Readonly<Record<Side, Readonly<Record<string, string>>>>
  /** Differences that nobody meant: variables of green by service. */
  readonly mistakes: Readonly<Record<string, Readonly<Record<string, string>>>>
}

const firstVersion = '1.4.0'

/** The programs stand beside this file: as `.ts` in a checkout, as `.js` in the package. */
export const programFile = (...path: readonly string[]): string =>
  `${join(import.meta.dirname, ...path)}${extname(import.meta.filename)}`

const header = { apiVersion: 'titrate.dev/v1alpha1' } as const

const environment = (side: Side, paths: DemoPaths, options: EstateOptions): unknown => {
  const { queueUrl: QUEUE_URL } = options
  const service = (name: string, parts: { readonly variables?: object; readonly [key: string]: unknown }) => ({
    command: [process.execPath, programFile('shop', name)],
    version: options.versions[side][name] ?? firstVersion,
    stop: { drain: '300ms', grace: '3s' },
    backoff: { first: '200ms', max: '1s' },
    ...parts,
    variables: { ...parts.variables, ...(side === 'green' ? options.mistakes[name] : undefined) },
  })
  const job = ({ service: name, cron, suspended }: JobSchedule, parts: object = {}) =>
    service(name, {
      ...parts,
      schedule: { cron, zone: 'UTC', concurrency: name === 'digest' ? 'Forbid' : 'Allow', suspend: suspended },
    })
  const health = { every: '500ms', timeout: '3s', failures: 2 }
  const exposed = { replicas: 2, port: { publish: true, health: '/healthz', metrics: '/metrics' }, health }
  const internal = { replicas: 1, port: { health: '/healthz', metrics: '/metrics' }, health }
  const CATALOGUE_URL = { address: 'catalogue' }
  const PRICING_URL = { address: 'pricing' }
  const variablesOfJobs: Readonly<Record<string, object>> = { 'stock-sync': { variables: { CATALOGUE_URL } } }
  return {
    ...header,
    kind: 'Environment',
    name: side,
    state: `state/${side}`,
    variables: {
      SHOP_TROUBLE: paths.trouble,
      SHOP_RUNS: paths.runs,
      // Jobs start anew every few seconds: what Node.js has compiled once need not be compiled again.
      NODE_COMPILE_CACHE: join(paths.folder, 'state', 'compiled'),
    },
    services: {
      storefront: service('storefront', { ...exposed, variables: { CATALOGUE_URL, PRICING_URL, CURRENCY: 'EUR' } }),
      checkout: service('checkout', { ...exposed, variables: { PRICING_URL, QUEUE_URL } }),
      catalogue: service('catalogue', internal),
      pricing: service('pricing', internal),
      mailer: service('mailer', { ...internal, replicas: 2, takesFrom: ['mails'], variables: { QUEUE_URL } }),
      ...Object.fromEntries(jobs.map((each) => [each.service, job(each, variablesOfJobs[each.service])])),
    },
  }
}

const router = (): unknown => ({
  ...header,
  kind: 'Router',
  name: 'router',
  state: 'state/router',
  blue: 'blue.yaml',
  green: 'green.yaml',
  services: { storefront: { timeout: '5s' }, checkout: { timeout: '5s' } },
})

const release = ({ metrics }: EstateOptions): unknown => ({
  ...header,
  kind: 'Release',
  name: 'shop',
  blue: 'blue.yaml',
  green: 'green.yaml',
  router: 'router.yaml',
  ...(metrics === null ? {} : { metrics }),
  store: { sqlite: 'journal.db' },
  policy,
  services: { mailer: { policy: policyOfMailer } },
})

/** Writes one environment's file, for a deployment. */
export const writeEnvironment = (side: Side, paths: DemoPaths, options: EstateOptions): void =>
  writeFileSync(paths[side], stringify(environment(side, paths, options)))

export const writeEstate = (paths: DemoPaths, options: EstateOptions): void => {
  mkdirSync(paths.folder, { recursive: true, mode: 0o700 })
  writeEnvironment('blue', paths, options)
  writeEnvironment('green', paths, options)
  writeFileSync(paths.router, stringify(router()))
  writeFileSync(paths.release, stringify(release(options)))
  writeFileSync(paths.runs, '')
}
