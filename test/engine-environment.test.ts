import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { engineEnvironment, environmentAnew } from '../bin/engine-environment.mjs'

const program = fileURLToPath(new URL('../bin/titrate.mjs', import.meta.url))

/** What a process says at its end of itself: its number, its arguments, and how many arenas it may have. */
const saying = `process.on('exit', () => process.stderr.write(JSON.stringify({ pid: process.pid, words: process.argv.slice(2), arenas: process.env.MALLOC_ARENA_MAX ?? null })))`

const run = (words: readonly string[], more: NodeJS.ProcessEnv = {}) => {
  const { MALLOC_ARENA_MAX: _, MALLOC_TRIM_THRESHOLD_: _threshold, ...env } = process.env
  const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(saying)}`
  const ended = spawnSync(process.execPath, [program, ...words], {
    encoding: 'utf8',
    env: { ...env, NODE_OPTIONS, ...more },
  })
  return { pid: ended.pid, code: ended.status, out: ended.stdout, said: JSON.parse(ended.stderr) as object } // what `saying` writes
}

describe('the environment of an engine', () => {
  it('is for commands that become one, where nobody has said otherwise', () => {
    expect(environmentAnew('run', 'linux', { HOME: '/home' })).toEqual({ HOME: '/home', ...engineEnvironment })
    expect(environmentAnew('run', 'linux', { MALLOC_ARENA_MAX: '4' })).toBeNull()
    expect(environmentAnew('run', 'darwin', {})).toBeNull()
    expect(environmentAnew('status', 'linux', {})).toBeNull()
    expect(environmentAnew(undefined, 'linux', {})).toBeNull()
  })

  it.skipIf(process.platform !== 'linux')('is taken on by the same process, with the same words', () => {
    const { pid, code, out, said } = run(['run', '--help'])
    expect({ code, said }).toEqual({ code: 0, said: { pid, words: ['run', '--help'], arenas: '1' } })
    expect(out).toContain('titrate run')
    expect(run(['status', '--help']).said).toMatchObject({ arenas: null })
    expect(run(['run', '--help'], { MALLOC_ARENA_MAX: '3' }).said).toMatchObject({ arenas: '3' })
  })
})
