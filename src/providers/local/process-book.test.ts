import { mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LocalEnvironment } from './environment-file.ts'
import { processBookOf } from './process-book.ts'
import { isAlive, signalGroup, startProcess } from './process-group.ts'
import { openState } from './state.ts'
import { program, until } from './testing/workbench.ts'

const entry = (life: string) => ({
  life,
  service: 'worker',
  name: `worker-${life}`,
  kind: 'replica' as const,
  port: null,
  fingerprint: 'f',
  createdAt: 0,
})

describe('the book of processes', () => {
  it.runIf(process.platform === 'linux')(
    'finds a process whose supervisor was killed before it wrote down its number',
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'titrate-book-'))
      // Only the place and the name of an environment matter to its state.
      const state = openState({ stateDirectory: directory, name: 'blue', file: 'blue.yaml' } as LocalEnvironment)
      const book = processBookOf(state)
      book.open(entry('alive-1'))
      book.open(entry('never-started'))
      const [command, ...args] = program('worker')
      const running = startProcess({
        command: [command ?? '', ...args],
        directory,
        variables: { TITRATE_LIFE: 'alive-1' },
        output: openSync(join(directory, 'log'), 'a'),
      })
      if (typeof running === 'string') throw new Error(running)
      const found = await until(() => {
        const all = new Map(book.leftovers().map((each) => [each.life, each.identity]))
        return all.get('alive-1') === null ? null : all
      })
      expect(found?.get('alive-1')).toEqual(running.identity)
      expect(found?.get('never-started')).toBeNull()

      // A number that now belongs to another process is not taken for ours.
      book.open(entry('earlier'))
      book.record('earlier', { pid: running.identity.pid, started: '1' })
      expect(book.leftovers().find((each) => each.life === 'earlier')?.identity).toBeNull()

      signalGroup(running.identity.pid, 'SIGKILL')
      await until(() => !isAlive(running.identity))
      expect(book.leftovers().find((each) => each.life === 'alive-1')?.identity).toBeNull()
      state.close()
      rmSync(directory, { recursive: true })
    },
  )
})
