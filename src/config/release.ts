import { bug } from '../errors.ts'
import type { ServiceKind } from '../inventory/estate.ts'
import type { Millis } from '../moves/goal.ts'
import type { TestDefinition } from '../plan/plan.ts'
import type { Policy, ReleasePolicy } from '../plan/policy.ts'
import type { Calendar } from './calendar.ts'
import type { notifiedKinds } from './release-schema.ts'
import type { SecretReference } from './secret.ts'

/** The release file with everything filled in. It may be printed and journaled: secrets are in it by reference only. */
export type ResolvedRelease = {
  readonly name: string
  /** Absolute path of the release file; every path below is absolute too. */
  readonly file: string
  readonly blue: string
  readonly green: string
  readonly router: string | null
  readonly metrics: MetricsSettings
  readonly store: StoreSettings
  readonly policy: ReleasePolicy
  /** What holds for a service that the file says nothing about. */
  readonly anyService: ServiceSettings
  /** The services that the file names, each complete. */
  readonly services: Readonly<Record<string, ServiceSettings>>
  /** Set: `alpha` of services that don't say their own is this, divided by the number of judged services. */
  readonly alphaPerRelease: number | null
  readonly parity: ParitySettings
  readonly calendar: Calendar
  readonly notify: readonly NoticeTarget[]
  readonly heartbeat: { readonly url: UrlSetting; readonly everyMs: Millis } | null
  /** SHA-256 of the release file and of each file it names, by path as written: for `plan.files`. */
  readonly files: Readonly<Record<string, string>>
}

/** A URL that may be shown, or the reference to one that may not. */
export type UrlSetting = { readonly kind: 'plain'; readonly url: string } | SecretReference

export type StoreSettings =
  | { readonly kind: 'sqlite'; readonly path: string }
  /** `url` never holds a password. */
  | { readonly kind: 'postgresql'; readonly url: string; readonly password: SecretReference | null }

export type MetricsSettings = {
  /** null: the router's and both supervisors' own. */
  readonly addresses: readonly string[] | null
  readonly names: MetricNames
}

export type MetricNames = {
  readonly service: string
  readonly side: string
  /** Value of the label `side`; null: the environment's name. */
  readonly blue: string | null
  readonly green: string | null
  readonly requests: string
  readonly code: string
  /** Regular expression that must match the whole value of the label `code`. */
  readonly failed: string
  readonly assigned: string
  readonly latency: string
  readonly workDone: string
  readonly workFailed: string
  readonly gauges: readonly string[]
}

export type ServiceSettings = {
  /** null: told from what is seen. */
  readonly kinds: readonly ServiceKind[] | null
  /** Beside what is seen. */
  readonly needs: readonly string[]
  /** null: told from what is seen (one replica with `Recreate`, or a lease). */
  readonly concurrency: 'one' | 'many' | null
  readonly policy: Policy
  /** The service has an `alpha` of its own, which `alphaPerRelease` doesn't replace. */
  readonly ownAlpha: boolean
  readonly tests: Readonly<Record<string, ServiceTest>>
  readonly approvals: readonly Approval[]
  /** Names of windows, all of which must be open (none: at any time), … */
  readonly windows: readonly string[]
  /** … and of freezes, none of which may be in force, before a step that crosses. */
  readonly freezes: readonly string[]
  readonly conditions: readonly Condition[]
  /** Why parity doesn't block it; null: it does. */
  readonly skipParity: string | null
}

export type ServiceTest = { readonly test: TestDefinition; readonly maxAgeMs: Millis }
/** `by` null: anyone. `before` is a step's name, or `crossing`: the first step that crosses. */
export type Approval = { readonly name: string; readonly by: readonly string[] | null; readonly before: string }
export type Condition = { readonly name: string; readonly cel: string; readonly before: string }

export type ParitySettings = {
  /** `services` null: all of them. */
  readonly rewrites: readonly {
    readonly from: string
    readonly to: string
    readonly services: readonly string[] | null
    readonly reason: string | null
  }[]
  readonly waivers: readonly {
    readonly service: string
    readonly path: string
    readonly reason: string
    /** The instant at which it ends; null: with the release. */
    readonly untilMs: Millis | null
  }[]
}

export type NotifiedKind = (typeof notifiedKinds)[number]
export type NoticeTarget =
  | {
      readonly kind: 'webhook'
      readonly url: UrlSetting
      readonly headers: Readonly<Record<string, string | SecretReference>>
      readonly on: readonly NotifiedKind[]
    }
  | { readonly kind: 'command'; readonly command: readonly string[]; readonly on: readonly NotifiedKind[] }

/** What holds for a service: its own settings where the file names it, else what holds for any. */
export const settingsFor = (release: ResolvedRelease, service: string): ServiceSettings =>
  (Object.hasOwn(release.services, service) ? release.services[service] : undefined) ?? release.anyService

/**
 * The complete policy of a service. `judgedServices` is how many services of the release are judged: it is needed
 * where the file gives `alpha` for the whole release, which is divided by it.
 */
export const policyFor = (release: ResolvedRelease, service: string, judgedServices?: number): Policy => {
  const { policy, ownAlpha } = settingsFor(release, service)
  if (release.alphaPerRelease === null || ownAlpha) return policy
  if (judgedServices === undefined) throw bug('alpha.perRelease is set, but nobody counted the judged services')
  return { ...policy, judge: { ...policy.judge, alpha: release.alphaPerRelease / Math.max(1, judgedServices) } }
}
