import type { Millis } from '../moves/goal.ts'

export const serviceKinds = ['job', 'worker', 'internal', 'exposed'] as const
export type ServiceKind = (typeof serviceKinds)[number]

export const concurrencyPolicies = ['Allow', 'Forbid', 'Replace'] as const
export type ConcurrencyPolicy = (typeof concurrencyPolicies)[number]

/** A schedule as its environment writes it. `cron` has five or six fields (seconds first), or `@every 30s`. */
export type ScheduleDefinition = {
  readonly cron: string
  /** IANA name. Always explicit: `UTC` where the environment's file gave none. */
  readonly zone: string
  readonly concurrency: ConcurrencyPolicy
  /** How late a tick may still start; null: any time. */
  readonly deadlineMs: Millis | null
  readonly suspended: boolean
}

/**
 * A variable as it may be shown: a plain value; a secret by reference and keyed digest (HMAC, key of the release),
 * never its value or length; or the address of another service of the same environment.
 */
export type Variable =
  | { readonly kind: 'plain'; readonly value: string }
  | { readonly kind: 'secret'; readonly reference: string; readonly digest: string }
  | { readonly kind: 'address'; readonly service: string; readonly value: string }

/** What an environment says of one service, as parity, inventory and plan see it. No secret value is ever in it. */
export type ServiceDefinition = {
  readonly name: string
  /** What is deployed. Two sides are compared only when this is equal. */
  readonly version: string
  readonly command: readonly string[]
  readonly workingDirectory: string | null
  readonly variables: Readonly<Record<string, Variable>>
  /** Files that belong to the service: path relative to the environment's file, and SHA-256 of the content (null: missing). */
  readonly files: readonly { readonly path: string; readonly sha256: string | null }[]
  /** 0 for a job. */
  readonly replicas: number
  /** Whether it listens: `published` means that users reach it through the router. */
  readonly port: {
    readonly published: boolean
    readonly healthPath: string | null
    readonly metricsPath: string | null
  } | null
  readonly schedule: ScheduleDefinition | null
  /** Addresses or names of queues it declares to take work from. */
  readonly takesFrom: readonly string[]
  /** `Recreate`: the old copy is stopped before the new one starts. */
  readonly strategy: 'RollingUpdate' | 'Recreate'
  /** Name of a lease it holds while running, if it says so: only one copy may run anywhere. */
  readonly lease: string | null
  /** Things it does at start-up by its own account (migrations, timers): a copy with no traffic is then not inert. */
  readonly actsAtStart: readonly string[]
  /** Kinds that people declared in the environment's file; null: to be told from what is seen. */
  readonly declaredKinds: readonly ServiceKind[] | null
}

/** One environment, as read at one moment. */
export type EnvironmentSeen = {
  readonly name: string
  readonly provider: string
  readonly readAt: Millis
  readonly services: readonly ServiceDefinition[]
}
