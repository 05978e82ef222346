import type { Recorded } from '../journal/events.ts'
import { type JournalLine, viewEntry } from '../views/journal-view.ts'
import type { Deps } from './deps.ts'
import type { Output } from './flags.ts'

/** The terminal's own time: what a person's clock shows, to the second. */
const clockTime = (at: number): string => {
  const date = new Date(at)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}

/** What is of use to a program, or to a machine that resumes, but not to a person who watches. */
const quiet: ReadonlySet<string> = new Set(['baseline recorded', 'gate passed', 'call ended', 'ordered'])

/** Tells entries as they are appended: for people as lines of progress on stderr, for programs one a line on stdout. */
export const tellEntries =
  (deps: Deps, output: Output): ((entries: readonly Recorded[]) => void) =>
  (entries) => {
    for (const entry of entries) {
      const line = viewEntry(entry)
      if (output === 'json') deps.io.out(`${JSON.stringify(line)}\n`)
      else if (output === 'yaml') deps.io.out(`--- ${JSON.stringify(line)}\n`)
      else if (!quiet.has(entry.event.kind)) deps.io.err(`${progressLine(line)}\n`)
    }
  }

export const progressLine = ({ at, text }: JournalLine): string => `${clockTime(at)}  ${text}`
