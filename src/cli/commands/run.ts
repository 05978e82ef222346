import type { ReleaseFile } from '../../config/read-release.ts'
import type { ResolvedRelease } from '../../config/release.ts'
import type { EngineEnd } from '../../engine/engine.ts'
import { TitrateError } from '../../errors.ts'
import type { JournalState } from '../../journal/fold.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Store } from '../../store/store.ts'
import { viewPlan } from '../../views/plan-view.ts'
import type { Implementation } from '../command.ts'
import { confirm } from '../confirm.ts'
import type { Connected, Deps } from '../deps.ts'
import { type ExitCode, exitCode } from '../exit-code.ts'
import type { Output, ReleaseFlags } from '../flags.ts'
import { lookOf, print } from '../print.ts'
import { readJournal } from '../read-store.ts'
import { loadReleaseFile } from '../release-file.ts'
import { renderFindings, renderPlan } from '../render-plan.ts'
import { tellEntries } from '../tell-entries.ts'
import { writeReportBeside } from '../write-report-beside.ts'

export type RunFlags = ReleaseFlags & {
  readonly yes: boolean
  readonly exitAtGate: boolean
  readonly takeOver: boolean
}

/** How a run ended, for programs: the last document of its output. */
export type RunEnd = {
  readonly kind: 'run ended'
  readonly release: string
  readonly outcome: 'done' | 'rolled back' | 'failed' | 'left'
  readonly because: string
  readonly position: number
  readonly report: string | null
}

export const run: Implementation<RunFlags> = async (deps, flags) => {
  const file = await loadReleaseFile(deps, flags.file)
  const { release } = file
  const store = await deps.openStore(release, true)
  try {
    const journal = await readJournal(store)
    if (journal.release.ended !== null && journal.release.pending.length === 0)
      return await tellEnd(deps, flags.output, release, store, { kind: 'ended', release: journal.release })
    const connected = await deps.connect(release)
    try {
      return await runWith(deps, flags, file, store, journal, connected)
    } finally {
      await connected.close()
    }
  } finally {
    await store.close()
  }
}

const runWith = async (
  deps: Deps,
  flags: RunFlags,
  file: ReleaseFile,
  store: Store,
  journal: JournalState,
  { world }: Connected,
): Promise<ExitCode> => {
  const { release } = file
  const begins = journal.release.plan === null
  const prepared = begins ? await deps.prepare(file, world) : null
  const plan = prepared?.plan ?? journal.release.plan
  const blocking = prepared?.check.blocking ?? []
  if (prepared !== null && (plan === null || blocking.length > 0)) {
    deps.io.err(`titrate: the release "${release.name}" can't begin; nothing is moved.\n`)
    deps.io.err(renderFindings(blocking, prepared.check.notes))
    deps.io.err('  what to do: "titrate check" shows each difference and how to declare or mend it\n')
    // Told not to ask, it is tried all the same: the engine checks, writes down what blocks, and the release has failed.
    if (plan === null || !flags.yes) return exitCode.failed
  }
  if (plan === null) throw new TitrateError('BUG', 'a release without a plan was not prepared')
  if (begins) deps.io.err(`${renderPlan(viewPlan(plan), lookOf(deps))}\n`)
  else sayWhatChanged(deps, release, plan)
  const question = begins
    ? `Begin this release of ${Object.keys(plan.moves).length} services?`
    : `Go on with the release "${release.name}", which has ${journal.position} entries in its journal?`
  const wanted = await confirm(deps, flags.yes, question)
  if (wanted !== 'yes') return wanted
  const end = await deps.runEngine(
    {
      release,
      store,
      world,
      plan: prepared?.plan ?? null,
      exitAtGate: flags.exitAtGate,
      takeOver: flags.takeOver,
      appended: tellEntries(deps, flags.output),
      say: (text) => deps.io.err(`titrate: ${text}\n`),
    },
    deps.io.signal,
  )
  return tellEnd(deps, flags.output, release, store, end)
}

/** An open release goes on by the plan that it began with; whoever edited a file since should not believe otherwise. */
const sayWhatChanged = (deps: Deps, { name, files }: ResolvedRelease, plan: Plan): void => {
  const changed = Object.entries(files).flatMap(([file, hash]) => (plan.files[file] === hash ? [] : [file]))
  if (changed.length > 0)
    deps.io.err(
      `titrate: changed since "${name}" began: ${changed.join(', ')}. It goes on by the plan in its journal; what differs takes effect with a new release.\n`,
    )
}

/** The outcome and where the report is. A report that can't be written doesn't change how the release ended. */
const tellEnd = async (
  deps: Deps,
  output: Output,
  release: ResolvedRelease,
  store: Store,
  end: EngineEnd,
): Promise<ExitCode> => {
  if (end.kind === 'fenced')
    throw new TitrateError(
      'ENGINE_RUNNING',
      `A newer engine (epoch ${end.epoch}) has taken the release "${release.name}" over; this one stopped. "titrate status" shows where it is.`,
    )
  const report = await writeReportBeside(deps, release, store)
  const { outcome, because } =
    end.kind === 'left'
      ? { outcome: 'left' as const, because: end.because }
      : { outcome: end.release.ended?.outcome ?? ('failed' as const), because: end.release.ended?.because ?? '' }
  const { position } = await store.head()
  const view: RunEnd = { kind: 'run ended', release: release.name, outcome, because, position, report }
  if (output === 'json') deps.io.out(`${JSON.stringify(view)}\n`)
  else await print(deps, output, view, renderEnd)
  return codeOf[outcome]
}

const codeOf: Readonly<Record<RunEnd['outcome'], ExitCode>> = {
  done: exitCode.done,
  failed: exitCode.failed,
  left: exitCode.held,
  'rolled back': exitCode.rolledBack,
}

const renderEnd = ({ release, outcome, because, report }: RunEnd): string =>
  [
    `${release}: ${outcome}${outcome === 'left' ? ', the world stays as it is' : ''}`,
    `why     ${because}`,
    ...(outcome === 'left' ? ['next    "titrate run" goes on; "titrate rollback" takes everything back'] : []),
    ...(outcome === 'failed'
      ? ['next    see to it, then give the release another name in its file and run that: this one has ended']
      : []),
    ...(report === null ? [] : [`report  ${report}`]),
  ].join('\n')
