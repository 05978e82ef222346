import { mkdtempSync, readdirSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openLog } from './log-file.ts'

it('keeps a log within its bound, and gives its last lines across the cut', () => {
  const directory = mkdtempSync(join(tmpdir(), 'titrate-log-'))
  const log = openLog(directory, 'web', 1_000)
  for (let line = 0; line < 500; line++) {
    writeSync(log.descriptor, `line ${line}\n`)
    log.rotate()
  }
  expect(log.tail(3)).toEqual(['line 497', 'line 498', 'line 499'])
  expect(log.tail(100)).toHaveLength(100)
  expect(log.tail(0)).toEqual([])
  for (const file of readdirSync(directory)) expect(statSync(join(directory, file)).size).toBeLessThan(1_100)
  log.close()
})
