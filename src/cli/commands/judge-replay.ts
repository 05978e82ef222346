import { TitrateError } from '../../errors.ts'
import { readRecording } from '../../judge/recording.ts'
import { type Replay, type ReplayRow, replay } from '../../judge/replay.ts'
import { evidenceWords, percent } from '../../judge/words.ts'
import { instant } from '../../views/words.ts'
import type { Implementation } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import type { Output } from '../flags.ts'
import { type Look, print } from '../print.ts'
import { absolute } from '../release-file.ts'
import { table } from '../table.ts'

export type ReplayFlags = { readonly output: Output; readonly format: 'jsonl' | 'csv' | undefined }

/** What the judge would have said about a past release, at each of its samples. */
export const judgeReplay: Implementation<ReplayFlags, readonly [string]> = async (deps, { output, format }, file) => {
  const path = absolute(deps, file)
  const text = await deps.io.readFile(path).catch((error: unknown) => {
    throw new TitrateError('USAGE', `${path} can't be read: ${error instanceof Error ? error.message : String(error)}`)
  })
  const read = readRecording(text, format ?? (file.endsWith('.csv') ? 'csv' : 'jsonl'))
  if (read.kind === 'faults') {
    const lines = read.faults.map(
      ({ line, field, value, expected }) => `  ${path}:${line}  ${field}: found "${value}", expected ${expected}`,
    )
    throw new TitrateError('USAGE', `The recording has ${read.faults.length} faults:\n${lines.join('\n')}`)
  }
  await print(deps, output, replay(read.recording), renderReplay)
  return exitCode.done
}

const renderReplay = ({ rows, rolledBackAt }: Replay, look: Look): string =>
  [
    table(
      ['at', 'green', 'verdict', 'E', 'errors of blue', 'of green', 'green is × blue', 'because'],
      rows.map((row) => [
        instant(row.at),
        `${row.weightGreen} %`,
        row.cause === '' ? row.verdict : `${row.verdict} (${row.cause})`,
        evidenceWords(row.E),
        rate(row.blue),
        rate(row.green),
        interval(row),
        row.because,
      ]),
      look,
    ),
    rolledBackAt === null ? 'It would not have gone back.' : `It would have gone back at ${instant(rolledBackAt)}.`,
  ].join('\n\n')

const rate = (arm: ReplayRow['blue']): string =>
  arm === null || arm.requests === 0 ? '-' : `${percent(arm.errors / arm.requests)} of ${arm.requests}`

const interval = ({ ratio }: ReplayRow): string =>
  ratio === null
    ? '-'
    : `${Number(ratio.lower.toPrecision(2))}–${ratio.upper === null ? '∞' : Number(ratio.upper.toPrecision(2))}`
