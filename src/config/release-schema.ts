import { z } from 'zod'
import { serviceKinds } from '../inventory/estate.ts'
import { confirmations, crossing } from '../plan/plan-input.ts'
import { platforms } from '../platform/platforms.ts'
import { heartbeatDefaults, metricNameDefaults, testDefaults } from './defaults.ts'
import { documented, required } from './documented.ts'
import { durationSchema } from './duration.ts'
import { blueSchema, greenSchema } from './environments-schema.ts'
import { releasePolicySchema, servicePolicySchema } from './policy-schema.ts'
import { probeSchema } from './probe-schema.ts'
import { routerSchema } from './router-schema.ts'

/** What a person is told about; the same words as `noticeKinds` of the engine's ports (a test compares them). */
export const notifiedKinds = ['hold', 'verdict', 'rollback', 'gate', 'call', 'end'] as const

/** In the order of ISO 8601. */
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

const text = z.string().min(1)
const name = z
  .string()
  .regex(
    /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/,
    'a name of letters, digits, “.”, “_” and “-”, at most 63 long',
  )
const names = z.array(name).max(10_000)
const people = z.array(text).min(1)
const regularExpression = text.refine((source) => isRegularExpression(source), 'a regular expression')

const isRegularExpression = (source: string): boolean => {
  try {
    return new RegExp(source, 'u') instanceof RegExp
  } catch {
    return false
  }
}

const secretSchema = z.union(
  [
    z.strictObject({ file: required(text, 'A file that holds the secret, and nothing else.') }),
    z.strictObject({ variable: required(text, 'The variable of Titrate’s own environment that holds the secret.') }),
  ],
  { error: '{ file: PATH } or { variable: NAME }, because a secret is named here and never written' },
)

const urlOrSecret = z.union([text, secretSchema], {
  error: 'a URL, or { file: PATH } or { variable: NAME } that holds one',
})

const testSchema = z.strictObject({
  command: documented(z.array(text).min(1), 'A program and its arguments; exit code 0 passes.'),
  url: documented(text, 'A URL that is requested; a status below 400 passes.'),
  path: documented(
    z.string().startsWith('/', 'a path that begins with /'),
    'A path that is requested from green’s own copy of the service, past the router.',
  ),
  expectStatus: documented(z.int().min(100).max(599), 'The only status that passes.'),
  rate: documented(
    z.int().min(1).max(100_000),
    'Requests a second; makes it a stress test of `path`.',
    testDefaults.rate,
  ),
  for: documented(durationSchema, 'How long a stress test goes on.', testDefaults.for),
  compare: documented(
    z.boolean(),
    'Puts blue and green under the same load in turns and compares their times: a benchmark of old against new.',
    false,
  ),
  timeout: documented(durationSchema, 'How long it may take.', testDefaults.timeout),
  maxAge: documented(durationSchema, 'How old a result may be that a step relies on.', testDefaults.maxAge),
})

const beforeMeans = 'The step that waits, as `titrate plan` prints it; `crossing`: the first one that crosses.'

const approvalSchema = z.strictObject({
  name: required(name, 'What is approved: the NAME of `titrate approve NAME --service SERVICE`.'),
  by: documented(people, 'The people who may approve; none named: anyone who may act on the release.'),
  before: documented(text, beforeMeans, crossing),
})

const conditionSchema = z.strictObject({
  name: required(name, 'How the condition is called where it is shown.'),
  when: required(text, 'A CEL expression over the documented facts; true lets the step begin.'),
  before: documented(text, beforeMeans, crossing),
})

export const serviceSchema = z.strictObject({
  kinds: documented(
    z.array(z.enum(serviceKinds)).min(1).max(serviceKinds.length),
    'What it is, where that can’t be told from what is seen.',
  ),
  needs: documented(
    z.union(
      [
        names,
        z.strictObject({
          also: documented(names, 'Services that it calls, beside those that are seen.'),
          not: documented(names, 'Services that it doesn’t call, although it looks like it.'),
        }),
      ],
      { error: 'a list of services, or { also: [ … ], not: [ … ] }' },
    ),
    'Services that it calls, beside those that are seen; they move first and go back last.',
  ),
  nameOnGreen: documented(name, 'Its name on green, where that differs.'),
  concurrency: documented(
    z.enum(['one', 'many']),
    '`one`: only one copy may run anywhere, so it is stopped before it starts; `many`: both sides may run at once.',
  ),
  policy: documented(servicePolicySchema, 'What differs from the policy of the release.'),
  tests: documented(
    z.record(z.string(), testSchema),
    'Tests that green passes before it gets anything; `smoke` and `stress` have their own steps.',
  ),
  approvals: documented(z.array(approvalSchema), 'What people must approve.'),
  windows: documented(
    z.array(z.string()),
    'Calendar windows that must all be open when it moves; an empty list: at any time.',
  ),
  conditions: documented(z.array(conditionSchema), 'What must be true before a step begins.'),
  confirmed: documented(
    z.array(z.enum(confirmations)),
    'What was answered once and for all: that what it does at its start does no harm on green (`acts at start`), that both sides may take work at once (`both sides take work`), that it may be away while its only copy changes sides (`interruption`).',
  ),
  skipParity: documented(text, 'Why its differences between blue and green don’t matter; they are shown all the same.'),
})

const dayRange = z
  .string()
  .regex(
    /^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$/,
    'a day such as mon, or several such as mon-fri',
  )
const hourRange = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'hours such as "09:00-17:00", in quotes')

const periodSchema = z.strictObject({
  days: documented(z.array(dayRange).min(1), 'Days of the week, for instance [mon-thu, sun]; none named: every day.'),
  hours: documented(
    z.array(hourRange).min(1),
    'Hours of the wall clock; "22:00-04:00" goes on into the next day; none named: the whole day.',
  ),
  cron: documented(text, 'Instead of days and hours: when it opens.'),
  for: documented(durationSchema, 'With `cron`: how long it stays open.'),
  zone: documented(text, 'IANA time zone; without one, the calendar’s.'),
})

const windowSchema = z.union([periodSchema, z.array(periodSchema).min(1)], {
  error: 'a map with days and hours (or cron and for), or a list of such maps',
})

const freezeSchema = z.strictObject({
  name: required(name, 'How the freeze is called where it is shown.'),
  from: required(text, 'A day (2026-11-26: from its start) or an instant (2026-11-26T08:00).'),
  until: required(text, 'A day (2026-11-30: to its end) or an instant (2026-11-30T08:00).'),
  services: documented(names, 'The services that stay where they are; none named: all.'),
  zone: documented(text, 'IANA time zone; without one, the calendar’s.'),
  reason: documented(text, 'Shown to whoever waits.'),
})

const metricNamesSchema = z.strictObject({
  service: documented(text, 'Label that names the service.', metricNameDefaults.service),
  side: documented(text, 'Label that names the environment.', metricNameDefaults.side),
  blue: documented(text, 'Its value for blue; without one, the name of the environment.'),
  green: documented(text, 'Its value for green; without one, the name of the environment.'),
  requests: documented(text, 'Counter of finished requests.', metricNameDefaults.requests),
  code: documented(text, 'Its label that tells how they ended.', metricNameDefaults.code),
  failed: documented(
    regularExpression,
    'Regular expression over the whole of that label’s value: what counts as an error. `abort` (the user left) that it leaves out counts as not finished.',
    metricNameDefaults.failed,
  ),
  assigned: documented(text, 'Counter of requests given to a side by the router.', metricNameDefaults.assigned),
  latency: documented(
    text,
    'Histogram of the time to answer, in seconds, without `_bucket`.',
    metricNameDefaults.latency,
  ),
  workTaken: documented(text, 'Counter of items that a worker took.', metricNameDefaults.workTaken),
  workDone: documented(text, 'Counter of finished items of a worker.', metricNameDefaults.workDone),
  workFailed: documented(text, 'Counter of failed items of a worker.', metricNameDefaults.workFailed),
  gauges: documented(z.array(text), 'Gauges that are watched for saturation.', metricNameDefaults.gauges),
})

const metricsSchema = z.union(
  [
    z.array(text).min(1),
    z.strictObject({
      addresses: documented(z.array(text).min(1), 'Addresses that serve Prometheus’ text format.'),
      names: documented(metricNamesSchema, 'Names of series and labels, where they are not Titrate’s own.'),
    }),
  ],
  { error: 'a list of addresses, or a map with addresses and names' },
)

const storeSchema = z.union(
  [
    text,
    z.strictObject({ sqlite: required(text, 'Where the journal’s file is kept.') }),
    z.strictObject({
      postgresql: required(text, 'postgresql://USER@HOST:PORT/DATABASE, without a password.'),
      password: documented(secretSchema, 'Where the password is found.'),
    }),
  ],
  { error: 'sqlite, { sqlite: PATH }, a postgresql:// URL, or { postgresql: URL, password: … }' },
)

const noticeSchema = z.union(
  [
    z.strictObject({
      webhook: required(
        z.strictObject({
          url: required(urlOrSecret, 'Where notices are posted; by reference if the URL itself is a secret.'),
          headers: documented(
            z.record(z.string(), z.union([text, secretSchema], { error: 'text, or a secret by reference' })),
            'Headers to send; what authorises goes by reference.',
          ),
          on: documented(z.array(z.enum(notifiedKinds)).min(1), 'Which notices; none named: all.'),
        }),
        'Notices are posted as JSON.',
      ),
    }),
    z.strictObject({
      command: required(
        z.array(text).min(1),
        'A program and its arguments; the notice is its standard input, as JSON.',
      ),
      on: documented(z.array(z.enum(notifiedKinds)).min(1), 'Which notices; none named: all.'),
    }),
  ],
  { error: '{ webhook: … } or { command: [ … ] }' },
)

/** How both sides may differ; also a part of the file that `titrate check --waivers` reads. */
export const paritySchema = z.strictObject({
  rewrites: documented(
    z.array(
      z.strictObject({
        from: required(text, 'Text as it stands on blue.'),
        to: required(z.string(), 'What stands in its place on green.'),
        services: documented(names, 'The services for which it holds; none named: all.'),
        reason: documented(text, 'Why.'),
      }),
    ),
    'Differences that are meant, such as a host name.',
  ),
  waivers: documented(
    z.array(
      z.strictObject({
        service: required(name, 'The service; `environment`: what belongs to none, or to several.'),
        path: required(text, 'What differs, as `titrate check` prints it.'),
        reason: required(text, 'Why that may be.'),
        until: documented(
          text,
          'The last day for which that holds, for instance 2026-12-31; none: for the whole release.',
        ),
      }),
    ),
    'Single differences that somebody takes responsibility for.',
  ),
})

export const platformWaiverSchema = z.strictObject({
  rule: required(
    z.string().regex(/^(FG|KC)\d\d$/, 'the id of a rule, such as FG17'),
    'The rule, as `titrate check --platform` prints it.',
  ),
  object: documented(text, 'The object that it was found in; `*` stands for anything.', '*'),
  reason: required(text, 'Why that may be.'),
  until: required(text, 'The last day for which that holds, for instance 2026-12-31.'),
})

export const releaseSchema = z
  .strictObject({
    apiVersion: required(z.literal('titrate.dev/v1alpha1'), 'The version of this format.'),
    kind: required(z.literal('Release'), 'What this file describes.'),
    name: required(name, 'The name of the release; its journal is kept under it.'),
    blue: required(blueSchema, 'The environment that runs today: the path of its file, or namespaces of a cluster.'),
    green: required(greenSchema, 'The environment that everything moves to.'),
    router: documented(
      routerSchema,
      'What divides user traffic, needed when a service is exposed: the path of a router’s file, or HTTPRoutes of a cluster.',
    ),
    metrics: documented(
      metricsSchema,
      'Where figures are read; without it, from the router and both supervisors. On Kubernetes there is nothing to read without it.',
    ),
    store: documented(storeSchema, 'Where the journal is kept.', 'sqlite'),
    policy: documented(releasePolicySchema, 'How slow and how careful the release is.'),
    services: documented(z.record(z.string(), serviceSchema), 'What is special about single services, by name.'),
    parity: documented(paritySchema, 'How blue and green may differ.'),
    platform: documented(
      z.strictObject({
        name: documented(
          z.enum(platforms),
          'The platform whose rules green has to fit; none named: Kubernetes alone, and no rule is checked.',
        ),
        awsFacts: documented(
          text,
          'A folder with answers of `aws … --output json`, for rules that need them; without it they are not checked.',
        ),
        waivers: documented(
          z.array(platformWaiverSchema),
          'Findings of the platform’s rules that somebody takes responsibility for.',
        ),
      }),
      'Where green runs.',
    ),
    probe: documented(
      probeSchema,
      'Short Jobs that try from green, under each service’s own account, whether all that it needs can be reached; without it that is not checked.',
    ),
    calendar: documented(
      z.strictObject({
        zone: documented(text, 'IANA time zone of the windows and freezes.', 'UTC'),
        windows: documented(z.record(z.string(), windowSchema), 'Times at which services may move, by name.'),
        freezes: documented(z.array(freezeSchema), 'Times at which nothing begins to move.'),
      }),
      'When services may move.',
    ),
    notify: documented(z.array(noticeSchema), 'Who is told.'),
    heartbeat: documented(
      z.strictObject({
        url: required(urlOrSecret, 'Asked for again and again while the engine lives.'),
        every: documented(durationSchema, 'How often.', heartbeatDefaults.every),
      }),
      'A dead-man’s address, which alarms when the engine is silent.',
    ),
  })
  .meta({ title: 'Titrate release', description: 'One migration of an estate from blue to green.' })

/** The file as it is written, once its shape is right: durations read as milliseconds, nothing filled in. */
export type WrittenRelease = z.output<typeof releaseSchema>
export type WrittenService = z.output<typeof serviceSchema>
export type WrittenPeriod = z.output<typeof periodSchema>
export type WrittenTest = z.output<typeof testSchema>
/** As text: durations are words. */
export type ReleaseInput = z.input<typeof releaseSchema>
