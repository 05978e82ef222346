import { closeSync, copyFileSync, existsSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'

/** What one service's processes write, kept within bounds: this file and the one before it. */
export type LogFile = {
  /** For processes to write to. They append, so that cutting the file under them is safe. */
  readonly descriptor: number
  /** Cuts the file when it has grown beyond its bound. What is written within that moment may be lost. */
  rotate(): void
  /** The last lines, oldest first; reads at most a bounded tail of each file. */
  tail(lines: number): string[]
  close(): void
}

const largestBytes = 5_000_000
const tailBytes = 1_000_000

export const openLog = (directory: string, name: string, largest: number = largestBytes): LogFile => {
  const file = join(directory, `${name}.log`)
  const earlier = join(directory, `${name}.1.log`)
  const descriptor = openSync(file, 'a+', 0o600)
  return {
    descriptor,
    rotate: () => {
      if (fstatSync(descriptor).size <= largest) return
      copyFileSync(file, earlier)
      ftruncateSync(descriptor, 0)
    },
    tail: (lines) => {
      const text = (existsSync(earlier) ? tailOf(earlier) : '') + tailOf(file)
      const all = text.split('\n')
      if (all.at(-1) === '') all.pop()
      return lines > 0 ? all.slice(-lines) : []
    },
    close: () => closeSync(descriptor),
  }
}

const tailOf = (file: string): string => {
  const descriptor = openSync(file, 'r')
  try {
    const { size } = fstatSync(descriptor)
    const buffer = Buffer.alloc(Math.min(size, tailBytes))
    const read = readSync(descriptor, buffer, 0, buffer.length, size - buffer.length)
    return buffer.toString('utf8', 0, read)
  } finally {
    closeSync(descriptor)
  }
}
