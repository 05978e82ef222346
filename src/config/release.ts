import type { Overrides, ServiceOverride } from '../inventory/overrides.ts'
import type { Millis } from '../moves/goal.ts'
import type { Confirmation, ServiceRules, ServiceTest } from '../plan/plan-input.ts'
import type { Policy, ReleasePolicy } from '../plan/policy.ts'
import type { Platform } from '../platform/platforms.ts'
import type { PlatformWaiver } from '../platform/waivers.ts'
import type { Calendar } from './calendar.ts'
import type { EnvironmentSetting, RouterSetting } from './environment-settings.ts'
import type { notifiedKinds } from './release-schema.ts'
import type { SecretReference } from './secret.ts'

/** The release file with everything filled in. It may be printed and journaled: secrets are in it by reference only. */
export type ResolvedRelease = {
  readonly name: string
  /** Absolute path of the release file; every path below is absolute too. */
  readonly file: string
  readonly blue: EnvironmentSetting
  readonly green: EnvironmentSetting
  readonly router: RouterSetting | null
  readonly metrics: MetricsSettings
  readonly store: StoreSettings
  readonly policy: ReleasePolicy
  /** What holds for a service that the file says nothing about. */
  readonly anyService: ServiceSettings
  /** The services that the file names, each complete. */
  readonly services: Readonly<Record<string, ServiceSettings>>
  /** The chance of a false rollback for the whole release, which is divided by how many are judged; null: it is per service. */
  readonly alphaPerRelease: number | null
  readonly parity: ParitySettings
  readonly platform: {
    /** null: Kubernetes alone, or processes: no rule is checked. */
    readonly name: Platform | null
    /** A folder; null: rules that need facts from AWS are not checked. */
    readonly awsFacts: string | null
    readonly waivers: readonly PlatformWaiver[]
  }
  /** null: nothing is tried from green before a service moves. */
  readonly probe: ProbeSetting | null
  readonly calendar: Calendar
  readonly notify: readonly NoticeTarget[]
  readonly heartbeat: { readonly url: UrlSetting; readonly everyMs: Millis } | null
  /** SHA-256 of the release file and of each file it names, by path as written: for `plan.files`. */
  readonly files: Readonly<Record<string, string>>
}

export type ProbeSetting = {
  readonly image: string
  readonly leavesBy: string | null
  readonly annotations: Readonly<Record<string, string>>
  readonly timeoutMs: Millis
}

/** A URL that may be shown, or the reference to one that may not. */
export type UrlSetting = { readonly kind: 'plain'; readonly url: string } | SecretReference

export type StoreSettings =
  | { readonly kind: 'sqlite'; readonly path: string }
  /** `url` never holds a password. */
  | { readonly kind: 'postgresql'; readonly url: string; readonly password: SecretReference | null }

export type MetricsSettings = {
  /** null: the router's and both supervisors' own; on Kubernetes, none. */
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
  readonly workTaken: string
  readonly workDone: string
  readonly workFailed: string
  readonly gauges: readonly string[]
}

export type ServiceSettings = {
  /** What the file says that the inventory can't see. */
  readonly override: ServiceOverride
  readonly policy: Policy
  /** It has an `alpha` of its own, which `alphaPerRelease` doesn't replace. */
  readonly ownAlpha: boolean
  readonly tests: Readonly<Record<string, ServiceTest>>
  readonly approvals: readonly Approval[]
  /** Names of windows, all of which must be open (none: at any time), … */
  readonly windows: readonly string[]
  /** … and of freezes, none of which may be in force, before a step that crosses. */
  readonly freezes: readonly string[]
  readonly conditions: readonly Condition[]
  readonly confirmed: readonly Confirmation[]
  /** Why its differences don't block; null: they do. */
  readonly skipParity: string | null
}

/** `by` null: anyone who may act on the release. `before`: a step's name, or `crossing`. */
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
 * The complete policy of a service. `judgedServices` is how many services of the release the judge may take back:
 * where the file gives `alpha` for the whole release, it is divided by that, but for services that say their own.
 */
export const policyFor = (release: ResolvedRelease, service: string, judgedServices: number): Policy => {
  const { policy, ownAlpha } = settingsFor(release, service)
  if (release.alphaPerRelease === null || ownAlpha) return policy
  return { ...policy, judge: { ...policy.judge, alpha: release.alphaPerRelease / Math.max(1, judgedServices) } }
}

/** What the plan needs to know of a service beside its policy. */
export const rulesFor = (release: ResolvedRelease, service: string): ServiceRules => {
  const { tests, approvals, windows, freezes, conditions, confirmed } = settingsFor(release, service)
  return { tests, approvals, windows, freezes, conditions, confirmed }
}

/** What the inventory needs to know: the services that the file names, each with what people said of it. */
export const overridesOf = (release: Pick<ResolvedRelease, 'services'>): Overrides =>
  Object.fromEntries(Object.entries(release.services).map(([service, { override }]) => [service, override]))

/** Who may give an approval; null: anyone who may act on the release. */
export const approversOf = (release: ResolvedRelease, service: string, approval: string): readonly string[] | null =>
  settingsFor(release, service).approvals.find(({ name }) => name === approval)?.by ?? null
