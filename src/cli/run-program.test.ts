import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Desk, openDesk } from './testing/desk.ts'

let desk: Desk
beforeEach(async () => {
  desk = await openDesk()
})
afterEach(() => desk.leave())

describe('the program', () => {
  it('lists every command of the design in its help, and asks for nothing to do so', async () => {
    const { code, out } = await desk.run('--help')
    expect(code).toBe(0)
    for (const name of [
      'init',
      'check',
      'plan',
      'run',
      'status',
      'watch',
      'approve',
      'reject',
      'hold',
      'resume',
      'retry',
      'skip',
      'explain',
      'rollback',
      'ledger',
      'journal',
      'report',
      'retire',
      'doctor',
      'completion',
      'env',
      'judge',
    ])
      expect(out).toMatch(new RegExp(`^  ${name} `, 'm'))
    expect(out).not.toContain('serve')
  })

  it('ends with 2 for a command that it does not have, and says which was meant', async () => {
    const { code, err } = await desk.run('rolback')
    expect(code).toBe(2)
    expect(err).toContain('rollback')
    expect(err).toContain('what to do')
  })

  it('ends with 2 for a flag that a command does not have, and says which was meant', async () => {
    const { code, err } = await desk.run('rollback --dry-runn')
    expect(code).toBe(2)
    expect(err).toContain('--dry-run')
  })

  it('ends with 2 when a reason is not given where the journal needs one', async () => {
    const { code, err } = await desk.run('skip storefront')
    expect(code).toBe(2)
    expect(err).toContain('--because')
  })

  it('prints its version', async () => {
    expect(await desk.run('--version')).toMatchObject({ code: 0, out: '1.2.3\n' })
  })

  it('says where it looked for a release file, and how to write one', async () => {
    const { code, err, out } = await desk.run('status --file other.yaml')
    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err).toContain('other.yaml')
    expect(err).toContain('titrate init')
    expect(err).toContain('code: NO_RELEASE')
  })

  it('says all faults of a release file with line and value', async () => {
    await desk.run('status')
    const { writeFile } = await import('node:fs/promises')
    await writeFile(
      `${desk.folder}/release.yaml`,
      'apiVersion: titrate.dev/v1alpha1\nkind: Relaese\nname: small\nblue: ./blue.yaml\ngreen: ./gren.yaml\n',
    )
    const { code, err } = await desk.run('plan')
    expect(code).toBe(1)
    expect(err).toMatch(/release\.yaml:2:7/)
    expect(err).toMatch(/release\.yaml:5:8/)
  })

  it('asks for a report when something unexpected is thrown', async () => {
    const { code, err } = await desk.run('doctor', {
      doctor: () => {
        throw new RangeError('the sky fell')
      },
    })
    expect(code).toBe(1)
    expect(err).toContain('the sky fell')
    expect(err).toContain('report it')
  })

  it('proposes commands and flags for completion, and prints a script for each shell', async () => {
    expect((await desk.run('__complete ro')).out).toBe('rollback\n')
    expect((await desk.run('__complete rollback --br')).out).toBe('--break-glass\n')
    for (const shell of ['bash', 'zsh', 'fish'])
      expect((await desk.run(`completion ${shell}`)).out).toContain('titrate __complete')
    expect((await desk.run('completion csh')).code).toBe(2)
  })
})

describe('doctor', () => {
  it('fails when something is wrong, and says how to mend it', async () => {
    const doctor = async () => [
      { what: 'Node.js', ok: true, found: '24.11.0', fix: null },
      { what: 'the disk', ok: false, found: '3 MB are free', fix: 'make room' },
    ]
    const { code, out } = await desk.run('doctor', { doctor })
    expect(code).toBe(1)
    expect(out).toContain('wrong  the disk: 3 MB are free\n       → make room')
  })
})

describe('env', () => {
  it('starts files in their order, with absolute paths', async () => {
    const seen: string[] = []
    const environments = {
      up: async (file: string, asleep: boolean) => {
        seen.push(`${file} ${asleep}`)
        return `${file} runs`
      },
    } as never
    const { code, out } = await desk.run('env up blue.yaml green.yaml --asleep', { environments })
    expect(code).toBe(0)
    expect(seen).toEqual([`${desk.folder}/blue.yaml true`, `${desk.folder}/green.yaml true`])
    expect(out).toBe(`${desk.folder}/blue.yaml runs\n${desk.folder}/green.yaml runs\n`)
  })

  it('refuses a number of replicas that is none', async () => {
    expect((await desk.run('env scale blue.yaml web many')).err).toContain('found "many", expected a whole number')
  })
})
