import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolveSecret } from './secret.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'secret-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

const file = (name: string, content: string) => {
  const path = join(directory, name)
  writeFileSync(path, content)
  return { kind: 'file', path } as const
}

describe('a secret by reference', () => {
  it('is the content of a file, without the line break at its end', async () => {
    expect(await resolveSecret(file('key', ' hunter2 \n'), {})).toEqual({ kind: 'ok', value: ' hunter2 ' })
    expect(await resolveSecret(file('windows', 'hunter2\r\n'), {})).toEqual({ kind: 'ok', value: 'hunter2' })
  })

  it('is a variable of the environment that is passed in', async () => {
    expect(await resolveSecret({ kind: 'variable', name: 'KEY' }, { KEY: 'hunter2' })).toEqual({
      kind: 'ok',
      value: 'hunter2',
    })
  })

  it('is refused by the name of its place, and never with its content', async () => {
    const refused = async (...call: Parameters<typeof resolveSecret>): Promise<string> => {
      const read = await resolveSecret(...call)
      return read.kind === 'refused' ? read.because.replace(directory, '') : 'was read'
    }
    expect(await refused({ kind: 'variable', name: 'KEY' }, {})).toBe('the variable KEY is not set')
    expect(await refused({ kind: 'variable', name: 'constructor' }, {})).toBe('the variable constructor is not set')
    expect(await refused(file('empty', '\n'), {})).toBe('the file /empty is empty')
    expect(await refused({ kind: 'file', path: join(directory, 'none') }, {})).toBe('the file /none does not exist')
    expect(await refused({ kind: 'file', path: directory }, {})).toBe('the file  can’t be read (EISDIR)')
    expect(await refused(file('large', 'hunter2'.repeat(20_000)), {})).toBe(
      'the file /large has more than 65536 bytes, which is too much for a secret',
    )
  })
})
