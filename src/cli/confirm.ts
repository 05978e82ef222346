import { TitrateError } from '../errors.ts'
import type { Deps } from './deps.ts'
import { type ExitCode, exitCode } from './exit-code.ts'

/** Asks before acting. No terminal to ask on is a fault of usage: a script must say --yes. */
export const confirm = async (deps: Deps, yes: boolean, question: string): Promise<'yes' | ExitCode> => {
  if (yes) return 'yes'
  if (deps.io.ask === null)
    throw new TitrateError('USAGE', `${question} There is no terminal to ask on: add --yes to do it without asking.`)
  const answer = await answerTo(deps, deps.io.ask(`${question} [y/N] `))
  if (answer === 'y' || answer === 'yes') return 'yes'
  deps.io.err('titrate: nothing was done\n')
  return exitCode.held
}

/** An interrupt while it is asked is a no. */
const answerTo = async (deps: Deps, asked: Promise<string>): Promise<string> => {
  try {
    return (await asked).trim().toLowerCase()
  } catch (error) {
    if (deps.io.signal.aborted) return ''
    throw error
  }
}
