import type { Right } from '../access/right.ts'
import type { ClusterRead } from '../clusters/cluster-read.ts'
import type { ReleaseFile } from '../config/read-release.ts'
import type { ResolvedRelease } from '../config/release.ts'
import type { CheckResult, EngineEnd, World } from '../engine/engine.ts'
import type { Estate, Finding } from '../inventory/estate.ts'
import type { Recorded, RollbackScope } from '../journal/events.ts'
import type { JournalState } from '../journal/fold.ts'
import type { Document } from '../kubernetes/read-objects.ts'
import type { Millis, Side } from '../moves/goal.ts'
import type { ParityReport } from '../parity/check-parity.ts'
import type { Change } from '../parity/kubernetes/changes.ts'
import type { DryRun } from '../parity/kubernetes/compare-pair.ts'
import type { DryRunRequest } from '../parity/kubernetes/dry-run-requests.ts'
import type { Plan } from '../plan/plan.ts'
import type { SetAssumptions } from '../rehearsal/assumption.ts'
import type { Rehearsal } from '../rehearsal/rehearsal.ts'
import type { Store } from '../store/store.ts'
import type { Applied } from '../views/manifests-view.ts'

/** What commands may ask for. `main.ts` gives the real ones, tests others. */
export type Deps = {
  readonly version: string
  readonly now: () => Millis
  readonly io: CommandIo
  /** Who acts, for the journal: the user's name. */
  readonly person: () => string
  /** Opens the store of a release. `create`: makes it where there is none (otherwise NO_RELEASE). */
  readonly openStore: (release: ResolvedRelease, create: boolean) => Promise<Store>
  /** Connects to both environments and the router; starts nothing. Whatever does not answer is said by the ports. */
  readonly connect: (release: ResolvedRelease) => Promise<Connected>
  readonly prepare: (file: ReleaseFile, world: World) => Promise<Prepared>
  /** Becomes the engine of the release until it ends or the signal aborts. `plan` null: the journal has it. */
  readonly runEngine: (options: RunOptions, signal: AbortSignal) => Promise<EngineEnd>
  /** Whether an engine of this release lives now: it holds the store's lock. The store tells it of appends by itself. */
  readonly engineLives: (store: Store) => Promise<boolean>
  readonly breakGlass: (release: ResolvedRelease, options: BreakGlassOptions) => Promise<BreakGlassResult>
  readonly environments: Environments
  /** Plays the release in simulated time, as far as is known from what runs now. Changes nothing. */
  readonly rehearse: (options: RehearseOptions) => Promise<Rehearsal>
  /** `titrate retire`: ends what is left on blue, clears tombstones, gives the environments free. */
  readonly retire: (release: ResolvedRelease, store: Store) => Promise<readonly string[]>
  /**
   * Manifests, or answers of `aws`, of a folder, a file or (`-`) standard input. `shown`: the path as it was given, for
   * messages. Throws MANIFESTS with all faults at once, USAGE where there is nothing.
   */
  readonly readManifests: (path: string, shown: string, what: 'manifests' | 'facts') => Promise<ManifestsGiven>
  /** Finds a cluster by its context; asks nothing of it yet. Throws KUBECONFIG. */
  readonly openCluster: (asked: ClusterAsked) => Promise<OpenCluster>
  /** The rights that a release needs on its clusters, by cluster. Throws USAGE where it has none. */
  readonly access: (release: ResolvedRelease) => Promise<readonly ClusterRights[]>
  readonly doctor: (release: ResolvedRelease | null) => Promise<readonly DoctorFinding[]>
}

export type ManifestsGiven = {
  readonly documents: readonly Document[]
  /** How many files were read. */
  readonly files: number
  readonly notes: readonly string[]
}

export type ClusterRights = {
  readonly sides: readonly Side[]
  /** Its context. */
  readonly cluster: string
  /** By namespace. */
  readonly rights: ReadonlyMap<string, readonly Right[]>
}

export type ClusterAsked = {
  readonly context: string
  /** null: the one that kubectl would take. */
  readonly kubeconfig: string | null
  /** null: what API servers let through as they are set up by default. */
  readonly requestsPerSecond: number | null
}

/** One cluster, as the commands that look at clusters use it. Throws CLUSTER_UNREACHABLE and CLUSTER_REFUSED. */
export type OpenCluster = {
  readonly name: string
  /** The namespace of its context; null: none is set. */
  readonly namespace: string | null
  /** `namespaces` null: all but the cluster's own. */
  read(namespaces: readonly string[] | null): Promise<ClusterRead>
  /** Names of all that may be seen, for messages; empty where they may not. */
  namespaces(): Promise<readonly string[]>
  /** By the key of the request. Nothing is kept. */
  dryRun(requests: readonly DryRunRequest[]): Promise<ReadonlyMap<string, DryRun>>
  /** Server-side apply by our own field manager, in this order; fields of others are left to them. */
  apply(changes: readonly Change[]): Promise<readonly Applied[]>
  close(): Promise<void>
}

export type CommandIo = {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly isTty: boolean
  readonly columns: number
  readonly color: boolean
  /** Asks on the terminal; null where there is none. */
  readonly ask: ((question: string) => Promise<string>) | null
  readonly readFile: (path: string) => Promise<string>
  /** Makes the folder too. */
  readonly writeFile: (path: string, text: string) => Promise<void>
  readonly workingDirectory: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborts at an interrupt (Ctrl-C, SIGTERM). */
  readonly signal: AbortSignal
  readonly sleep: (ms: Millis, signal: AbortSignal) => Promise<void>
}

export type Connected = { readonly world: World; close(): Promise<void> }

/** All that is known before anything moves. */
export type Prepared = {
  readonly estate: Estate
  readonly parity: ParityReport
  /** null: it can't be planned; `findings` says why. */
  readonly plan: Plan | null
  readonly findings: readonly Finding[]
  readonly check: CheckResult
}

export type RunOptions = {
  readonly release: ResolvedRelease
  readonly store: Store
  readonly world: World
  readonly plan: Plan | null
  readonly exitAtGate: boolean
  readonly takeOver: boolean
  readonly appended: (entries: readonly Recorded[], journal: JournalState) => void
  /** What people should know and the journal can't hold, as a line. */
  readonly say: (text: string) => void
}

export type RehearseOptions = {
  readonly release: ResolvedRelease
  readonly world: World
  readonly estate: Estate
  readonly plan: Plan
  readonly set: SetAssumptions
  /** How long what runs now is measured; 0: not at all. */
  readonly measureMs: Millis
  readonly faults: readonly string[]
  /** Whose green is bad; empty: those that say most. */
  readonly targets: readonly string[]
  readonly runs: number
  readonly faultRuns: number
  readonly seed: number
  readonly tell: (what: string) => void
  readonly signal: AbortSignal
}

export type BreakGlassOptions = {
  readonly because: string
  readonly scope: RollbackScope
  readonly assumeDead: Side | null
  readonly tell: (line: string) => void
}

export type BreakGlassResult = {
  readonly services: readonly {
    readonly service: string
    readonly lane: string
    readonly done: boolean
    readonly what: string
  }[]
  readonly marked: readonly { readonly where: string; readonly done: boolean; readonly because: string | null }[]
}

/** Local environments and routers: what `titrate env` does. `file` is an Environment or a Router. */
export type Environments = {
  /** Starts the daemon of the file where it doesn't run. `asleep`: nothing in it runs until it is told. */
  readonly up: (file: string, asleep: boolean) => Promise<string>
  readonly down: (file: string) => Promise<string>
  /** Deploys what changed in the file. */
  readonly apply: (file: string) => Promise<string>
  readonly status: (file: string) => Promise<EnvironmentStatus>
  readonly scale: (file: string, service: string, replicas: number) => Promise<string>
  readonly suspend: (file: string, service: string, suspended: boolean) => Promise<string>
  readonly weight: (file: string, service: string, green: number) => Promise<string>
  readonly logs: (file: string, service: string, lines: number) => Promise<readonly string[]>
  /** Runs the daemon itself, in this process, until the signal aborts. What `up` starts. */
  readonly serve: (file: string, asleep: boolean, signal: AbortSignal) => Promise<void>
}

export type EnvironmentStatus = {
  readonly name: string
  readonly kind: 'Environment' | 'Router'
  readonly running: boolean
  readonly facts: Readonly<Record<string, string>>
  readonly services: readonly Readonly<Record<string, string | number | boolean | null>>[]
}

export type DoctorFinding = {
  readonly what: string
  readonly ok: boolean
  readonly found: string
  readonly fix: string | null
}
