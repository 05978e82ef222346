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
  /** What an environment with objects of its own (Kubernetes) tells beside; absent: there is nothing more to tell. */
  readonly observed?: Observed
}

/** What the objects around a service tell of it. Every sentence says where it was seen; no secret value is in any. */
export type Observed = {
  /** The object that it is: `Deployment shop/web`. */
  readonly object: string
  /** How users reach it; empty: they don't. */
  readonly exposedBy: readonly string[]
  /** Why it is taken to work by itself; empty: nothing says so. */
  readonly worksBy: readonly string[]
  /** Whom it calls: all addresses are looked up already. */
  readonly calls: readonly SeenCall[]
  /** Who else writes to it: a tool, an operator, an autoscaler. */
  readonly managers: readonly Manager[]
  /** Why Titrate can't move it as it is; null: it can. */
  readonly fixedBecause: string | null
  /** Objects that belong to it, such as `Secret db (keys: url)`. */
  readonly uses: readonly string[]
  /** Which tools would put back what a release writes, and the setting that lets it be. */
  readonly reverts: readonly Revert[]
  /** What people should know of how it was read. */
  readonly notes: readonly string[]
}

/** `byItself`: it would do so without anybody asking for it, within minutes. */
export type Revert = { readonly byItself: boolean; readonly message: string }

export type Manager = { readonly who: string; readonly how: string }

export type SeenCall =
  | { readonly kind: 'service'; readonly service: string; readonly evidence: string }
  | {
      readonly kind: 'ambiguous'
      readonly address: string
      readonly services: readonly string[]
      readonly evidence: string
      readonly doubt: string
    }
  | { readonly kind: 'outside'; readonly host: string; readonly port: number | null; readonly evidence: string }

/** Something that runs in an environment and is no service that could move. */
export type Staying = { readonly object: string; readonly because: string; readonly managers: readonly Manager[] }

/** One environment, as read at one moment. */
export type EnvironmentSeen = {
  readonly name: string
  readonly provider: string
  readonly readAt: Millis
  readonly services: readonly ServiceDefinition[]
  /** What else runs there; absent: nothing does. */
  readonly stays?: readonly Staying[]
}

/** Something that people must know before a release starts. `blocks`: it cannot start like this. */
export type Finding = {
  readonly severity: 'blocks' | 'note'
  /** null: it concerns the release as a whole. */
  readonly service: string | null
  readonly message: string
  /** What to write, as YAML, in the file that the message names (else the release file); null: nothing written settles it. */
  readonly declare: string | null
}

/**
 * One service that another one calls. `declared`: people wrote it in the release file; `seen`: told from an address
 * that it is given; `evidence` says where, and never shows more of a value than its host and port.
 */
export type Need = {
  readonly service: string
  readonly source: 'declared' | 'seen'
  readonly evidence: string
}

/** A host outside the estate that a service connects to; the probe tries it from green. */
export type ExternalNeed = { readonly host: string; readonly port: number | null; readonly evidence: string }

/** An address that may or may not be that of a service of the estate: people have to say which. */
export type AmbiguousNeed = {
  readonly address: string
  readonly services: readonly string[]
  readonly evidence: string
  /** Why it can't be told, to be put after the evidence; absent: the address could be outside as well. */
  readonly doubt?: string
}

/** A service of blue with its counterpart on green, and what is known of it. */
export type EstateService = {
  /** Its name on blue: what people call it everywhere. */
  readonly name: string
  /** Its name on green: the same, unless the release file maps it. */
  readonly greenName: string
  /** Empty: it can't be told, and a finding says what to declare. */
  readonly kinds: readonly ServiceKind[]
  /** One sentence for each thing that was told, in the order in which it was told. */
  readonly reasons: readonly string[]
  readonly needs: readonly Need[]
  readonly ambiguous: readonly AmbiguousNeed[]
  readonly external: readonly ExternalNeed[]
  /** Only one copy may run anywhere, and why; null: several may. */
  readonly exclusive: string | null
  readonly blue: ServiceDefinition
  /** null: green doesn't have it. */
  readonly green: ServiceDefinition | null
}

/** Services that need each other in a circle. `declared`: people wrote every need in it, which is an error of theirs. */
export type Cycle = { readonly services: readonly string[]; readonly source: 'declared' | 'seen' }

/** Both environments as one: what moves. Services, cycles and findings are ordered by name. */
export type Estate = {
  readonly services: readonly EstateService[]
  readonly cycles: readonly Cycle[]
  /** Services of green that no service of blue corresponds to. */
  readonly onlyOnGreen: readonly ServiceDefinition[]
  /** What runs on blue and doesn't move. */
  readonly stays: readonly Staying[]
  readonly findings: readonly Finding[]
}
