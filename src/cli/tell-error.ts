import { errorCodes, TitrateError } from '../errors.ts'
import { type ExitCode, exitCode } from './exit-code.ts'

/** What helps with an error beside its message; only where the message itself can't say it. */
const advice: Partial<Record<keyof typeof errorCodes, string>> = {
  BUG: 'please report it, with this message and what you did, to the maintainers of Titrate',
  JOURNAL_BROKEN: 'do not act on this journal; "titrate rollback --break-glass" needs none',
  ENVIRONMENT_UNREACHABLE: 'see whether it runs ("titrate env status FILE"), and try again',
  STORE_UNAVAILABLE:
    'nothing was changed in the environments; "titrate rollback --break-glass" works without the store',
  STORE_NEWER: 'install the version of Titrate that wrote it, or a newer one',
}

export const exitCodeOf = (error: unknown): ExitCode =>
  error instanceof TitrateError && error.code === 'USAGE' ? exitCode.usage : exitCode.failed

/** An error as people are told it: what happened, its code, what to do. An exception of ours asks for a report. */
export const tellError = (error: unknown): string => {
  if (error instanceof TitrateError) {
    const what = advice[error.code]
    return `titrate: ${error.message}\n  code: ${error.code}${what === undefined ? '' : `\n  what to do: ${what}`}\n`
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `titrate: an unexpected fault of Titrate itself: ${stack}\n  code: BUG\n  what to do: ${advice.BUG}\n`
}
