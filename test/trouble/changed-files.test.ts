import { expect, it } from 'vitest'
import { createEstate, isGate, startUsers, waitsForRelease } from './estate.ts'

it('files that change in mid-release change nothing by themselves, and the next run says so', async () => {
  const estate = createEstate(waitsForRelease)
  try {
    await estate.up()
    const users = startUsers(estate.url())
    const first = estate.start('run', '--yes', '-o', 'json')
    await first.until(isGate)
    const { out: planned } = await estate.titrate('status', '-o', 'json')
    estate.writeRelease({ policy: { weights: [100], dwell: { min: '1s', max: '2s' }, approvals: {} } })
    estate.writeEnvironment('green', { storefront: { version: '2' } })
    first.kill('SIGINT')
    expect((await first.ended).code).toBe(3)
    const second = estate.start('run', '--yes', '-o', 'json')
    await second.untilSaid('changed since "trouble" began: release.yaml, green.yaml')
    await second.until(({ event }) => event.kind === 'took over' && event.epoch === 2)
    const { out: now } = await estate.titrate('status', '-o', 'json')
    const steps = (text: string): unknown =>
      (JSON.parse(text) as { readonly services: readonly { readonly steps: unknown }[] }).services.map(
        (row) => row.steps,
      )
    expect(steps(now)).toEqual(steps(planned))
    // The gate that the new file no longer has is still waited for.
    expect((await estate.titrate('approve', 'release', '--yes')).code).toBe(0)
    expect((await second.ended).code).toBe(0)
    expect((await users.stop()).failed).toBe(0)
  } finally {
    await estate.close()
  }
})
