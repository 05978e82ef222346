import { describeEnvironment } from '../../config/environment-settings.ts'
import { TitrateError } from '../../errors.ts'
import { appendRequest, awaitAnswer, codeOfAnswer, renderAnswer } from '../ask-engine.ts'
import type { Implementation } from '../command.ts'
import { confirm } from '../confirm.ts'
import { exitCode } from '../exit-code.ts'
import type { ReleaseFlags } from '../flags.ts'
import { print } from '../print.ts'
import { readJournal, withStore } from '../read-store.ts'
import { loadRelease } from '../release-file.ts'

export type RetireFlags = ReleaseFlags & { readonly because: string | undefined; readonly yes: boolean }

/** Ends what is left on blue, after an approval of its own: there is no way back from it. */
export const retire: Implementation<RetireFlags> = async (deps, flags) => {
  const release = await loadRelease(deps, flags.file)
  return withStore(deps, release, async (store) => {
    const { release: state, position } = await readJournal(store)
    if (state.ended?.outcome !== 'done')
      throw new TitrateError(
        'USAGE',
        `Blue can be retired when the release is done; "${release.name}" is ${state.ended?.outcome ?? 'not ended'}.`,
      )
    const wanted = await confirm(
      deps,
      flags.yes,
      `Retire blue (${state.plan?.blue ?? describeEnvironment(release.blue)})? Its copies go to 0, and there is no way back from that.`,
    )
    if (wanted !== 'yes') return wanted
    // Done already: what could not be done then is done again.
    if (state.retired === null) {
      const request = { kind: 'retire', because: flags.because ?? 'the release is done' } as const
      const asked = await appendRequest(deps, store, request, position)
      if (!(await deps.engineLives(store))) await answerIt(deps, release, store)
      const answered = await awaitAnswer(deps, store, asked)
      if (answered.answer !== 'accepted') {
        await print(deps, flags.output, answered, renderAnswer)
        return codeOfAnswer[answered.answer]
      }
    }
    const lines = await deps.retire(release, store)
    await print(deps, flags.output, { retired: release.name, done: lines }, ({ done }) => done.join('\n'))
    return exitCode.done
  })
}

/** Of a release that has ended, an engine lives just long enough to answer. */
const answerIt = async (
  deps: Parameters<typeof retire>[0],
  release: Awaited<ReturnType<typeof loadRelease>>,
  store: Parameters<typeof readJournal>[0],
): Promise<void> => {
  const { world, close } = await deps.connect(release)
  try {
    await deps.runEngine(
      {
        ...{ release, store, world, plan: null, exitAtGate: false, takeOver: false },
        appended: () => undefined,
        say: (text) => deps.io.err(`titrate: ${text}\n`),
      },
      deps.io.signal,
    )
  } finally {
    await close()
  }
}
