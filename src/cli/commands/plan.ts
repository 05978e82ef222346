import { viewPlan } from '../../views/plan-view.ts'
import type { Implementation } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import type { ReleaseFlags } from '../flags.ts'
import { print } from '../print.ts'
import { loadReleaseFile } from '../release-file.ts'
import { renderFindings, renderPlan } from '../render-plan.ts'

/** What would be done, in which order, and why. Changes nothing. */
export const plan: Implementation<ReleaseFlags> = async (deps, { file, output }) => {
  const read = await loadReleaseFile(deps, file)
  const { release } = read
  const { world, close } = await deps.connect(release)
  try {
    const { plan: made, check } = await deps.prepare(read, world)
    if (made === null) {
      deps.io.err(`titrate: the release "${release.name}" can't be planned:\n`)
      deps.io.err(renderFindings(check.blocking, check.notes))
      deps.io.err('  what to do: "titrate check" shows what to declare\n')
      return exitCode.failed
    }
    await print(deps, output, viewPlan(made), renderPlan)
    deps.io.err(renderFindings(check.blocking, check.notes))
    return exitCode.done
  } finally {
    await close()
  }
}
