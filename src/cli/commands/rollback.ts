import { describeEnvironment } from '../../config/environment-settings.ts'
import type { ResolvedRelease } from '../../config/release.ts'
import { TitrateError } from '../../errors.ts'
import type { RollbackScope } from '../../journal/events.ts'
import { foldJournal, type JournalState } from '../../journal/fold.ts'
import type { Side } from '../../moves/goal.ts'
import { goingBack } from '../../plan/dependents.ts'
import type { Store } from '../../store/store.ts'
import { describeScope } from '../../views/describe-event.ts'
import { isServiceBack, viewBack, viewRollback } from '../../views/rollback-view.ts'
import { type Asked, appendRequest, awaitAnswer, codeOfAnswer, renderAnswer } from '../ask-engine.ts'
import type { Implementation } from '../command.ts'
import { confirm } from '../confirm.ts'
import type { Deps } from '../deps.ts'
import { type ExitCode, exitCode } from '../exit-code.ts'
import type { ReleaseFlags } from '../flags.ts'
import { lookOf, print } from '../print.ts'
import { readJournal } from '../read-store.ts'
import { loadRelease } from '../release-file.ts'
import { renderBack, renderBreakGlass, renderRollback } from '../render-rollback.ts'
import { tellEntries } from '../tell-entries.ts'

export type RollbackFlags = ReleaseFlags & {
  readonly wave: number | undefined
  readonly dryRun: boolean
  readonly assumeDead: Side | undefined
  readonly breakGlass: boolean
  readonly because: string | undefined
  readonly yes: boolean
}

const followMs = 100
const engineLookMs = 2_000

export const rollback: Implementation<RollbackFlags, readonly [string?]> = async (deps, flags, service) => {
  const scope = scopeOf(service, flags.wave)
  const release = await loadRelease(deps, flags.file)
  if (flags.breakGlass) return breakGlass(deps, flags, release, scope)
  const store = await openOrAdvise(deps, release)
  try {
    const journal = await readJournal(store)
    const preview = viewRollback(journal, scope, flags.assumeDead ?? null)
    if (preview.refused !== null) throw new TitrateError('USAGE', `It can't be taken back: ${preview.refused}.`)
    if (flags.dryRun) {
      await print(deps, flags.output, preview, renderRollback)
      return exitCode.done
    }
    deps.io.err(`${renderRollback(preview, lookOf(deps))}\n`)
    const wanted = await confirm(deps, flags.yes, `Take back ${describeScope(scope)}?`)
    if (wanted !== 'yes') return wanted
    const request = {
      kind: 'roll back',
      scope,
      because: flags.because ?? 'no reason given',
      assumeDead: flags.assumeDead ?? null,
    } as const
    const asked = await appendRequest(deps, store, request, journal.position)
    const follow = { deps, flags, release, store, scope, journal, asked }
    return (await deps.engineLives(store)) ? await followEngine(follow) : await becomeEngine(follow)
  } finally {
    await store.close()
  }
}

const scopeOf = (service: string | undefined, wave: number | undefined): RollbackScope => {
  if (service !== undefined && wave !== undefined)
    throw new TitrateError(
      'USAGE',
      `Both a service (${service}) and a wave (${wave}) were named: name one of them, or none for everything.`,
    )
  if (service !== undefined) return { kind: 'service', service }
  return wave === undefined ? { kind: 'everything' } : { kind: 'wave', wave }
}

const openOrAdvise = async (deps: Deps, release: ResolvedRelease): Promise<Store> => {
  try {
    return await deps.openStore(release, false)
  } catch (error) {
    if (error instanceof TitrateError && error.code !== 'BUG')
      deps.io.err('titrate: without the journal, "titrate rollback --break-glass" takes everything back\n')
    throw error
  }
}

type Follow = {
  readonly deps: Deps
  readonly flags: RollbackFlags
  readonly release: ResolvedRelease
  readonly store: Store
  readonly scope: RollbackScope
  readonly journal: JournalState
  readonly asked: Asked
}

/** Waits until everything of the scope is back, while a living engine does it. */
const followEngine = async (follow: Follow): Promise<ExitCode> => {
  const { deps, flags, store, asked } = follow
  const answered = await awaitAnswer(deps, store, asked)
  if (answered.answer !== 'accepted') {
    await print(deps, flags.output, answered, renderAnswer)
    return codeOfAnswer[answered.answer]
  }
  deps.io.err(`accepted: ${answered.because}\n`)
  const tell = tellEntries(deps, 'table')
  let { journal } = follow
  let lookAt = deps.now() + engineLookMs
  while (!isBack(follow, journal) && !needsPerson(follow, journal) && !deps.io.signal.aborted) {
    const entries = await store.read(journal.position, 1_000)
    journal = foldJournal(journal, entries)
    tell(entries)
    if (entries.length > 0) continue
    if (deps.now() >= lookAt) {
      if (!(await deps.engineLives(store))) break
      lookAt = deps.now() + engineLookMs
    }
    await deps.io.sleep(followMs, deps.io.signal)
  }
  return tellBack(follow, journal)
}

/** No engine lives: this process is it, until everything of the scope is back, or it is interrupted. */
const becomeEngine = async (follow: Follow): Promise<ExitCode> => {
  const { deps, release, store } = follow
  deps.io.err('no engine is running: this command is the engine until it is done\n')
  const over = new AbortController()
  const tell = tellEntries(deps, 'table')
  const connected = await deps.connect(release)
  try {
    await deps.runEngine(
      {
        release,
        store,
        world: connected.world,
        plan: null,
        exitAtGate: false,
        takeOver: false,
        say: (text) => deps.io.err(`titrate: ${text}\n`),
        appended: (entries, journal) => {
          tell(entries)
          const answered = !journal.release.pending.some(({ id }) => id === follow.asked.id)
          // Of everything, the release itself ends: the engine then does too.
          if (answered && follow.scope.kind !== 'everything' && isBack(follow, journal)) over.abort()
        },
      },
      AbortSignal.any([deps.io.signal, over.signal]),
    )
  } finally {
    await connected.close()
  }
  const journal = await readJournal(store)
  const answered = await awaitAnswer(deps, store, follow.asked)
  if (answered.answer !== 'accepted') {
    await print(deps, follow.flags.output, answered, renderAnswer)
    return codeOfAnswer[answered.answer]
  }
  return tellBack(follow, journal)
}

const servicesOf = ({ scope }: Follow, { release }: JournalState): readonly string[] =>
  release.plan === null ? [] : goingBack(release.plan, scope)

const isBack = (follow: Follow, journal: JournalState): boolean =>
  journal.release.ended?.outcome === 'rolled back' ||
  servicesOf(follow, journal).every((service) => isServiceBack(journal, service))

/** One that can't go back by itself: a person has been called for it, and waiting longer here helps nobody. */
const needsPerson = (follow: Follow, journal: JournalState): boolean => {
  const open = servicesOf(follow, journal).filter((service) => !isServiceBack(journal, service))
  return open.length > 0 && open.every((service) => journal.moves.get(service)?.stuck != null)
}

const tellBack = async (follow: Follow, journal: JournalState): Promise<ExitCode> => {
  const { deps, flags, scope } = follow
  const view = viewBack(journal, scope)
  await print(deps, flags.output, view, renderBack)
  return view.notBack.length === 0 ? exitCode.done : exitCode.held
}

const breakGlass = async (
  deps: Deps,
  flags: RollbackFlags,
  release: ResolvedRelease,
  scope: RollbackScope,
): Promise<ExitCode> => {
  const what = `Break the glass: stop every engine of "${release.name}" and take ${scope.kind === 'everything' ? 'everything' : describeScope(scope)} back to blue, by ${describeEnvironment(release.blue)}, ${describeEnvironment(release.green)} and the router alone?`
  if (flags.dryRun) {
    deps.io.out(
      `${what}\nIt reads no journal, so what it would do shows only in the environments; "titrate rollback --dry-run" previews by the journal.\n`,
    )
    return exitCode.done
  }
  const wanted = await confirm(deps, flags.yes, what)
  if (wanted !== 'yes') return wanted
  const result = await deps.breakGlass(release, {
    because: flags.because ?? 'no reason given',
    scope,
    assumeDead: flags.assumeDead ?? null,
    tell: (line) => deps.io.err(`${line}\n`),
  })
  await print(deps, flags.output, result, renderBreakGlass)
  return [...result.services, ...result.marked].every(({ done }) => done) ? exitCode.done : exitCode.failed
}
