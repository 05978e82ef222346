import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createEstate, startUsers } from './estate.ts'

const secret = 'hunter2-4f1c9'

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)

it('no secret reaches any output, log, journal, report or state', async () => {
  // Answers with an error, so that what could not be delivered is told, too.
  let asked = 0
  const hook = createServer((_, response) => {
    asked += 1
    response.statusCode = 400
    response.end()
  })
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  const { port } = hook.address() as AddressInfo
  const variables = { PASSWORD: { secret: { file: 'password' } } }
  const estate = createEstate({
    environment: {
      catalogue: { variables },
      storefront: { variables: { CATALOGUE: { address: 'catalogue' }, ...variables } },
    },
    onGreen: { catalogue: { variables: { PASSWORD: { secret: { file: 'password-of-green' } } } } },
    release: {
      notify: [{ webhook: { url: { file: 'hook' } } }],
      parity: { waivers: [{ service: 'catalogue', path: 'variables.PASSWORD', reason: 'a test' }] },
    },
  })
  const inputs = ['password', 'password-of-green', 'hook'].map(estate.path)
  try {
    writeFileSync(estate.path('password'), `${secret}-blue\n`)
    writeFileSync(estate.path('password-of-green'), `${secret}-green\n`)
    writeFileSync(estate.path('hook'), `http://user:${secret}@127.0.0.1:${port}/${secret}?token=${secret}\n`)
    await estate.up()
    const users = startUsers(estate.url())
    const said = [await estate.titrate('check', '-o', 'json'), await estate.titrate('plan', '-o', 'json')]
    const run = estate.start('run', '--yes', '-o', 'json')
    said.push(await run.ended)
    await users.stop()
    for (const command of ['status', 'journal', 'ledger', 'doctor', 'report'])
      said.push(
        await estate.titrate(command),
        await estate.titrate(command, command === 'report' ? '--format=json' : '-ojson'),
      )
    said.push(await estate.titrate('env', 'status', 'blue.yaml', 'green.yaml', 'router.yaml'))
    estate.writeRelease({ store: { postgresql: 'postgresql://titrate@127.0.0.1:1/none', password: { file: 'hook' } } })
    said.push(await estate.titrate('status'), await estate.titrate('run', '--yes'))
    expect(said[2]).toMatchObject({ code: 0 })
    expect(asked).toBeGreaterThan(0)
    expect(said.at(-1)?.err).toContain('STORE_UNAVAILABLE')
    for (const { out, err } of said) expect(`${out}${err}`).not.toContain(secret)
    const leaks = filesBelow(estate.folder).filter(
      (path) => !inputs.includes(path) && readFileSync(path).includes(secret),
    )
    expect(leaks).toEqual([])
  } finally {
    await estate.close()
    hook.close()
  }
})
