import { type ReportFormat, writeReport } from '../../report/write-report.ts'
import type { Implementation } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { withStore } from '../read-store.ts'
import { absolute, loadRelease } from '../release-file.ts'
import { readReportInput } from '../write-report-beside.ts'

export type ReportFlags = { readonly file: string; readonly format: ReportFormat; readonly out: string | undefined }

/** The report as it stands now; of a release that has not ended, too. */
export const report: Implementation<ReportFlags> = async (deps, { file, format, out }) => {
  const release = await loadRelease(deps, file)
  return withStore(deps, release, async (store) => {
    const text = writeReport(await readReportInput(deps, store), format)
    if (out === undefined) {
      deps.io.out(text)
      return exitCode.done
    }
    const path = absolute(deps, out)
    await deps.io.writeFile(path, text)
    deps.io.err(`titrate: wrote ${path}\n`)
    return exitCode.done
  })
}
