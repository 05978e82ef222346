import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Processes that have to do with a folder of a test, by environment, command line or working directory: what it started, and did not end. */
export const leftBehind = (folder: string): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        const [environment, commandLine] = ['environ', 'cmdline'].map((file) =>
          readFileSync(`/proc/${pid}/${file}`, 'utf8'),
        )
        return [environment, commandLine, readlinkSync(`/proc/${pid}/cwd`)].some((text) => text?.includes(folder))
      } catch {
        return false
      }
    })
