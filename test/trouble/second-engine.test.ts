import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { createEstate, isGate, waitsForRelease } from './estate.ts'

it('a second run is refused; with --take-over it takes the release, and the first ends without acting again', async () => {
  const estate = createEstate(waitsForRelease)
  try {
    await estate.up()
    const first = estate.start('run', '--yes', '-o', 'json')
    await first.until(({ kind, service }) => kind === 'settled' && service === 'invoices')
    const refused = await estate.titrate('run', '--yes')
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('ENGINE_RUNNING')
    expect(refused.err).toContain('--take-over')

    const second = estate.start('run', '--yes', '--take-over', '-o', 'json')
    const taken = await second.until(({ event }) => event.kind === 'took over' && event.epoch === 2)
    const fenced = await first.ended
    expect(fenced.code).toBe(1)
    expect(fenced.err).toContain('epoch 2')
    await second.until(isGate)
    // The first may print what the second wrote; what it wrote itself stands before the taking over.
    const db = new Database(estate.path('.titrate/releases/trouble/journal.db'), { readonly: true })
    const late = db.prepare('select count(*) from events where position > ? and epoch = 1').pluck().get(taken.position)
    db.close()
    expect(late).toBe(0)
    expect((await estate.titrate('approve', 'release', '--yes')).code).toBe(0)
    expect((await second.ended).code).toBe(0)
  } finally {
    await estate.close()
  }
})
