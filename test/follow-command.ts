import type { ChildProcess } from 'node:child_process'
import type { JournalEvent } from '../src/journal/events.ts'

/** One entry as `journal` and `run` print it. */
export type Line = {
  readonly position: number
  readonly at: number
  readonly service: string | null
  readonly kind: string
  readonly text: string
  readonly event: JournalEvent
}

export type Ended = { readonly code: number | null; readonly out: string; readonly err: string }

/** A command under way. `until` waits for an entry of the journal among the lines that it prints. */
export type Running = {
  readonly pid: number
  readonly ended: Promise<Ended>
  readonly lines: () => readonly Line[]
  readonly err: () => string
  readonly kill: (signal: NodeJS.Signals) => void
  until(found: (line: Line) => boolean): Promise<Line>
  untilSaid(text: string): Promise<void>
}

const parseLine = (text: string): readonly Line[] => {
  try {
    const line = JSON.parse(text) as Line
    return typeof line === 'object' && line !== null && 'position' in line && 'event' in line ? [line] : []
  } catch {
    return []
  }
}

/** Reads what a command prints, line by line. */
export const follow = (child: ChildProcess): Running => {
  let out = ''
  let err = ''
  let parsed = 0
  const lines: Line[] = []
  const waiting = new Set<() => void>()
  const changed = (): void => {
    for (const look of [...waiting]) look()
  }
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString()
    const whole = out.lastIndexOf('\n') + 1
    lines.push(...out.slice(parsed, whole).split('\n').flatMap(parseLine))
    parsed = whole
    changed()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString()
    changed()
  })
  let isOver = false
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => {
      isOver = true
      resolve({ code, out, err })
      changed()
    })
  })
  const until = <T>(look: () => T | undefined, what: string): Promise<T> =>
    new Promise((resolve, reject) => {
      const again = (): void => {
        const found = look()
        if (found === undefined && !isOver) return
        waiting.delete(again)
        if (found !== undefined) resolve(found)
        else
          reject(new Error(`it ended (${child.exitCode}) before ${what}:\n${out.slice(-3_000)}\n${err.slice(-3_000)}`))
      }
      waiting.add(again)
      again()
    })
  return {
    pid: child.pid ?? 0,
    ended,
    lines: () => lines,
    err: () => err,
    kill: (signal) => void child.kill(signal),
    until: (found) => until(() => lines.find(found), `the entry (${found.toString()})`),
    untilSaid: (text) => until(() => (err.includes(text) ? true : undefined), `"${text}"`).then(() => undefined),
  }
}
