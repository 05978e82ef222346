import { dirname, resolve } from 'node:path'
import type { ServiceOverride } from '../inventory/overrides.ts'
import type { Millis } from '../moves/goal.ts'
import type { TestDefinition } from '../plan/plan.ts'
import { crossing } from '../plan/plan-input.ts'
import type { Policy, ReleasePolicy } from '../plan/policy.ts'
import type { PlatformWaiver } from '../platform/waivers.ts'
import type { Calendar, Period } from './calendar.ts'
import {
  heartbeatDefaults,
  metricNameDefaults,
  policyDefaults,
  probeDefaults,
  releasePolicyDefaults,
  testDefaults,
} from './defaults.ts'
import { parseDuration } from './duration.ts'
import { environmentsOf, routerOf } from './environment-settings.ts'
import { merged } from './merged.ts'
import {
  releasePolicySchema,
  servicePolicySchema,
  type WrittenReleasePolicy,
  type WrittenServicePolicy,
} from './policy-schema.ts'
import type {
  NoticeTarget,
  ParitySettings,
  ResolvedRelease,
  ServiceSettings,
  StoreSettings,
  UrlSetting,
} from './release.ts'
import {
  notifiedKinds,
  type WrittenPeriod,
  type WrittenRelease,
  type WrittenService,
  type WrittenTest,
  weekdays,
} from './release-schema.ts'
import type { SecretReference } from './secret.ts'
import { DAY_MS, parseInstant } from './zoned-time.ts'

type WrittenSecret = { readonly file: string } | { readonly variable: string }

/**
 * Fills in every default and makes every path absolute. It takes what passed the rules; what didn't would come out
 * without sense, so `readRelease` never calls it then.
 */
export const normalise = (
  written: WrittenRelease,
  file: string,
  files: Readonly<Record<string, string>>,
): ResolvedRelease => {
  const at = (path: string): string => resolve(dirname(file), path)
  const alpha = written.policy?.judge?.alpha
  return {
    name: written.name,
    file,
    ...environmentsOf(written, at),
    router: routerOf(written.router, at),
    metrics: metricsOf(written),
    store: storeOf(written, at),
    policy: releasePolicyOf(written),
    anyService: settingsOf(written, null),
    services: Object.fromEntries(Object.keys(written.services ?? {}).map((name) => [name, settingsOf(written, name)])),
    alphaPerRelease: typeof alpha === 'object' ? alpha.perRelease : null,
    parity: parityOf(written),
    platform: {
      name: written.platform?.name ?? null,
      awsFacts: written.platform?.awsFacts === undefined ? null : at(written.platform.awsFacts),
      waivers: platformWaiversOf(written.platform?.waivers ?? [], written.calendar?.zone ?? 'UTC'),
    },
    probe: probeOf(written),
    calendar: calendarOf(written),
    notify: (written.notify ?? []).map((notice) => targetOf(notice, at)),
    heartbeat:
      written.heartbeat === undefined
        ? null
        : {
            url: urlOf(written.heartbeat.url, at),
            everyMs: written.heartbeat.every ?? millis(heartbeatDefaults.every),
          },
    files,
  }
}

const probeOf = ({ probe }: WrittenRelease): ResolvedRelease['probe'] => {
  if (probe === undefined) return null
  const { image, leavesBy, annotations, timeout } = probe
  return {
    image,
    leavesBy: leavesBy ?? null,
    annotations: annotations ?? {},
    timeoutMs: timeout ?? millis(probeDefaults.timeout),
  }
}

/** A default, which is written as a duration. */
const millis = (text: string): Millis => parseDuration(text) ?? Number.NaN

const defaultServicePolicy = servicePolicySchema.parse(policyDefaults)
const defaultReleasePolicy = releasePolicySchema.parse(releasePolicyDefaults)

/** Both layers on top of the defaults, still in written form: the rules look at this too. */
export const effectivePolicy = (written: WrittenRelease, service: string | null): WrittenServicePolicy => {
  const { judge, ...rest } = written.policy ?? {}
  const alpha = typeof judge?.alpha === 'object' ? undefined : judge?.alpha
  const release = { ...rest, judge: { ...judge, alpha } }
  const own = service === null ? undefined : serviceOf(written, service)?.policy
  return merged(merged(defaultServicePolicy, release), own)
}

export const serviceOf = (written: WrittenRelease, service: string): WrittenService | undefined =>
  written.services !== undefined && Object.hasOwn(written.services, service) ? written.services[service] : undefined

const policyOf = (policy: Filled<WrittenServicePolicy>): Policy => ({
  weights: policy.weights,
  shares: policy.shares,
  dwell: { minMs: policy.dwell.min, maxMs: policy.dwell.max },
  soakMs: policy.soak,
  bakeMs: policy.bake,
  missed: policy.missed,
  blindLimitMs: policy.blind.limit,
  holdLimit: { afterMs: policy.holdLimit.after, then: policy.holdLimit.then },
  stepLimitMs: policy.stepLimit,
  goodRuns: policy.goodRuns === 'auto' ? null : policy.goodRuns,
  trialRun: policy.trialRun,
  judge: {
    intervalMs: policy.judge.interval,
    alpha: policy.judge.alpha,
    errorRatio: policy.judge.errors.ratio,
    errorDelta: policy.judge.errors.delta,
    latencyMargin: policy.judge.latency.margin,
    latencyRollbackMargin: policy.judge.latency.rollbackMargin,
    throughputRatio: policy.judge.throughput.ratio,
    toleratedExtra: policy.judge.toleratedExtra === 'auto' ? null : policy.judge.toleratedExtra,
    warmUpMs: policy.judge.warmUp,
    maxErrorRatio: policy.judge.errors.objective ?? null,
    maxLatencySeconds: latencyObjective(policy.judge.latency.objective),
    dispersion: policy.judge.dispersion === 'auto' ? null : policy.judge.dispersion,
  },
})

const latencyObjective = (objective: { readonly quantile: number; readonly within: Millis } | undefined) =>
  objective === undefined ? null : { quantile: objective.quantile, seconds: objective.within / 1000 }

/** The keys that have no default: an objective that nobody gave is none. */
type Objective = 'objective'

/** A policy in which every key that has a default is there. */
export type Filled<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T as K extends Objective ? never : K]-?: Filled<Exclude<T[K], undefined>> } & {
        readonly [K in keyof T as K extends Objective ? K : never]: T[K]
      }
    : T

/** The defaults are below every policy, and a test fills one in from nothing: no key but the objectives is missing. */
export const filled = (policy: WrittenServicePolicy): Filled<WrittenServicePolicy> =>
  policy as Filled<WrittenServicePolicy>

const releasePolicyOf = (written: WrittenRelease): ReleasePolicy => {
  const policy = merged(defaultReleasePolicy, written.policy) as Filled<WrittenReleasePolicy> // as above
  return {
    parallelMs: policy.parallel.for,
    maxPerWave: policy.maxPerWave,
    afterRollback: policy.afterRollback,
    approvals: policy.approvals,
  }
}

const settingsOf = (written: WrittenRelease, name: string | null): ServiceSettings => {
  const service = (name === null ? undefined : serviceOf(written, name)) ?? {}
  return {
    override: overrideOf(service),
    policy: policyOf(filled(effectivePolicy(written, name))),
    tests: Object.fromEntries(
      Object.entries(service.tests ?? {}).map(([test, is]) => [
        test,
        { test: testOf(is), maxAgeMs: is.maxAge ?? millis(testDefaults.maxAge) },
      ]),
    ),
    ownAlpha: service.policy?.judge?.alpha !== undefined,
    approvals: (service.approvals ?? []).map(({ name: approval, by, before }) => ({
      name: approval,
      by: by ?? null,
      before: before ?? crossing,
    })),
    windows: service.windows ?? written.policy?.windows ?? releasePolicyDefaults.windows,
    freezes: (written.calendar?.freezes ?? [])
      .filter(({ services }) => services === undefined || (name !== null && services.includes(name)))
      .map((freeze) => freeze.name),
    conditions: (service.conditions ?? []).map(({ name: condition, when, before }) => ({
      name: condition,
      cel: when,
      before: before ?? crossing,
    })),
    confirmed: service.confirmed ?? [],
    skipParity: service.skipParity ?? null,
  }
}

const overrideOf = ({ kinds, needs, concurrency, nameOnGreen }: WrittenService): ServiceOverride => {
  const also = Array.isArray(needs) ? needs : needs?.also
  const not = Array.isArray(needs) ? undefined : needs?.not
  return {
    ...(kinds !== undefined && { kinds }),
    ...(also !== undefined && { needs: also }),
    ...(not !== undefined && { needsNot: not }),
    ...(concurrency !== undefined && { concurrency }),
    ...(nameOnGreen !== undefined && { greenName: nameOnGreen }),
  }
}

/** A load, rather than one request. */
const isStress = (test: Pick<WrittenTest, 'rate' | 'for' | 'compare'>): boolean =>
  test.rate !== undefined || test.for !== undefined || test.compare === true

/** A test has exactly one of `command`, `url` and `path`: the rules saw to that. */
const testOf = (test: WrittenTest): TestDefinition => {
  const timeoutMs = test.timeout ?? millis(testDefaults.timeout)
  const expectStatus = test.expectStatus ?? null
  if (test.command !== undefined) return { kind: 'command', command: test.command, timeoutMs }
  if (test.url !== undefined) return { kind: 'http', url: test.url, expectStatus, timeoutMs }
  const path = test.path ?? '/'
  if (!isStress(test)) return { kind: 'green http', path, expectStatus, timeoutMs }
  return {
    kind: 'stress',
    path,
    ratePerSecond: test.rate ?? testDefaults.rate,
    durationMs: test.for ?? millis(testDefaults.for),
    ...(test.compare === true && { compare: true }),
  }
}

const secretOf = (written: WrittenSecret, at: (path: string) => string): SecretReference =>
  'file' in written ? { kind: 'file', path: at(written.file) } : { kind: 'variable', name: written.variable }

const urlOf = (written: string | WrittenSecret, at: (path: string) => string): UrlSetting =>
  typeof written === 'string' ? { kind: 'plain', url: written } : secretOf(written, at)

const storeOf = ({ store, name }: WrittenRelease, at: (path: string) => string): StoreSettings => {
  if (store === undefined || store === 'sqlite') {
    return { kind: 'sqlite', path: at(`.titrate/releases/${name}/journal.db`) }
  }
  if (typeof store === 'string') return { kind: 'postgresql', url: store, password: null }
  if ('sqlite' in store) return { kind: 'sqlite', path: at(store.sqlite) }
  const password = store.password === undefined ? null : secretOf(store.password, at)
  return { kind: 'postgresql', url: store.postgresql, password }
}

const metricsOf = ({ metrics }: WrittenRelease): ResolvedRelease['metrics'] => {
  const { addresses, names } = Array.isArray(metrics) ? { addresses: metrics, names: {} } : (metrics ?? {})
  return { addresses: addresses ?? null, names: merged({ blue: null, green: null, ...metricNameDefaults }, names) }
}

/** `until` is a day that still counts. */
export const platformWaiversOf = (
  waivers: NonNullable<NonNullable<WrittenRelease['platform']>['waivers']>,
  zone: string,
): readonly PlatformWaiver[] =>
  waivers.map(({ rule, object, reason, until }) => ({
    rule,
    object: object ?? '*',
    reason,
    untilMs: parseInstant(until, zone, true),
  }))

export const parityOf = ({ parity, calendar }: Pick<WrittenRelease, 'parity' | 'calendar'>): ParitySettings => ({
  rewrites: (parity?.rewrites ?? []).map(({ from, to, services, reason }) => ({
    from,
    to,
    services: services ?? null,
    reason: reason ?? null,
  })),
  waivers: (parity?.waivers ?? []).map(({ service, path, reason, until }) => ({
    service,
    path,
    reason,
    untilMs: until === undefined ? null : parseInstant(until, calendar?.zone ?? 'UTC', true),
  })),
})

const calendarOf = ({ calendar }: WrittenRelease): Calendar => {
  const zone = calendar?.zone ?? 'UTC'
  return {
    windows: Object.fromEntries(
      Object.entries(calendar?.windows ?? {}).map(([name, periods]) => [
        name,
        (Array.isArray(periods) ? periods : [periods]).map((period) => periodOf(period, zone)),
      ]),
    ),
    freezes: (calendar?.freezes ?? []).map((freeze) => ({
      name: freeze.name,
      fromMs: parseInstant(freeze.from, freeze.zone ?? zone, false) ?? Number.NaN,
      untilMs: parseInstant(freeze.until, freeze.zone ?? zone, true) ?? Number.NaN,
      services: freeze.services ?? null,
      reason: freeze.reason ?? null,
    })),
  }
}

const periodOf = (period: WrittenPeriod, calendarZone: string): Period => {
  const zone = period.zone ?? calendarZone
  if (period.cron !== undefined) return { kind: 'cron', cron: period.cron, forMs: period.for ?? 0, zone }
  return {
    kind: 'weekly',
    days: [...new Set((period.days ?? ['mon-sun']).flatMap(daysIn))].toSorted((a, b) => a - b),
    hours: (period.hours ?? ['00:00-24:00']).map((range) => {
      const [from = '', until = ''] = range.split('-')
      return { from: timeOfDay(from), until: timeOfDay(until) }
    }),
    zone,
  }
}

/** `mon`, or `fri-mon`, which goes over Sunday. */
const daysIn = (range: string): readonly number[] => {
  const [first = '', last = first] = range.split('-')
  const start = weekdays.findIndex((day) => day === first)
  const length = ((weekdays.findIndex((day) => day === last) - start + 7) % 7) + 1
  return Array.from({ length }, (_, index) => (start + index) % 7)
}

const timeOfDay = (text: string): Millis => {
  const [hours = 0, minutes = 0] = text.split(':').map(Number)
  return Math.min((hours * 60 + minutes) * 60_000, DAY_MS)
}

type WrittenNotice = NonNullable<WrittenRelease['notify']>[number]

const targetOf = (notice: WrittenNotice, at: (path: string) => string): NoticeTarget => {
  if ('command' in notice) return { kind: 'command', command: notice.command, on: notice.on ?? notifiedKinds }
  const { url, headers, on } = notice.webhook
  return {
    kind: 'webhook',
    url: urlOf(url, at),
    headers: Object.fromEntries(
      Object.entries(headers ?? {}).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : secretOf(value, at),
      ]),
    ),
    on: on ?? notifiedKinds,
  }
}
