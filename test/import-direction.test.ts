import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const repository = fileURLToPath(new URL('..', import.meta.url))
let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'titrate-imports-'))
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'))
  write('src/journal/events.ts', 'export type Event = { readonly kind: string }\n')
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

const write = (file: string, text: string): void => {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), text)
}

const checkImports = () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(repository, 'scripts/check-imports.ts'), root], {
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

describe('the import rule', () => {
  it('passes imports that point the right way, and counts the modules', () => {
    write('src/engine/turn.ts', "import type { Event } from '../journal/events.ts'\nexport type Turn = Event\n")
    write('src/journal/chain.ts', "import { createHash } from 'node:crypto'\nexport const hash = createHash\n")
    write('src/journal/schema.ts', "import { z } from 'zod'\nexport const schema = z.string()\n")
    expect(checkImports()).toEqual({ status: 0, stdout: '4 modules, 0 faults\n', stderr: '' })
  })

  it.each([
    ['the domain the engine', 'src/plan/plan.ts', '../engine/turn.ts'],
    ['the domain a Node module', 'src/plan/plan.ts', 'node:fs'],
    ['the domain a package', 'src/plan/plan.ts', 'croner'],
    ['the chain more than hashing', 'src/journal/chain.ts', 'node:fs'],
    ['the engine a provider', 'src/engine/runner.ts', '../providers/local/schedules.ts'],
    ['the engine a store', 'src/engine/runner.ts', '../store/sqlite.ts'],
    ['a provider more of the engine than its ports', 'src/providers/local/other.ts', '../../engine/turn.ts'],
    ['a view the engine', 'src/views/status.ts', '../engine/turn.ts'],
    ['the report the engine', 'src/report/report.ts', '../engine/turn.ts'],
    ['a command a provider', 'src/cli/run.ts', '../providers/local/schedules.ts'],
    ['anything the entry', 'src/cli/run.ts', '../main.ts'],
  ])('finds %s importing', (_, file, target) => {
    write('src/main.ts', 'export const main = 1\n')
    write('src/engine/turn.ts', 'export const x = 1\n')
    write('src/store/sqlite.ts', 'export const x = 1\n')
    write('src/providers/local/schedules.ts', 'export const x = 1\n')
    write(file, `import * as x from '${target}'\nexport const y = x\n`)
    const { status, stderr } = checkImports()
    expect(status).toBe(1)
    expect(stderr.split('\n').filter(Boolean)).toEqual([expect.stringContaining(`${file} -> `)])
  })

  it('finds an import of a type only, which leaves no trace at run time', () => {
    write('src/engine/turn.ts', 'export type Turn = 1\n')
    write('src/plan/plan.ts', "import type { Turn } from '../engine/turn.ts'\nexport type Plan = Turn\n")
    expect(checkImports().stderr).toContain('src/plan/plan.ts -> src/engine/turn.ts')
  })

  it('finds a cycle inside one folder', () => {
    write('src/plan/a.ts', "import { b } from './b.ts'\nexport const a = (): unknown => b\n")
    write('src/plan/b.ts', "import { a } from './a.ts'\nexport const b = (): unknown => a\n")
    expect(checkImports()).toMatchObject({ status: 1, stderr: expect.stringContaining('no cycles') })
  })

  it('finds a file that no layer claims', () => {
    write('src/utils/strings.ts', 'export const x = 1\n')
    expect(checkImports()).toMatchObject({ status: 1, stderr: expect.stringContaining('no layer') })
  })

  it('fails when there is nothing to look at', () => {
    rmSync(join(root, 'src'), { recursive: true })
    expect(checkImports()).toMatchObject({ status: 1, stdout: '0 modules, 1 faults\n' })
  })
})
