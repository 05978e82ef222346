import { describe, expect, it } from 'vitest'
import { addressOf, anEstate, aService, listening, plain, published } from '../inventory/testing/build-estate.ts'
import { probesIn, unprobed } from './probe-rules.ts'

const probe = { image: 'busybox', leavesBy: null, annotations: {}, timeoutMs: 60_000 }
const estate = anEstate([
  aService('web', {
    port: published,
    variables: {
      API: addressOf('api', 9001),
      LOGIN: addressOf('login', 9003),
      DB: plain('postgresql://db.example:5432/shop'),
    },
  }),
  aService('login', { port: published, variables: {} }),
  aService('api', { port: listening, variables: { SELF: addressOf('other', 9004) } }),
  aService('other', { port: listening, variables: { BACK: addressOf('api', 9001) } }),
])

describe('what is tried for a service', () => {
  it('is every host outside, and the copies of services that have settled before', () => {
    const { green, blue } = probesIn({ probe, crossesClusters: false }, estate)('web')
    expect(green?.test).toMatchObject({
      from: 'green',
      timeoutMs: 60_000,
      targets: [
        { kind: 'host', host: 'db.example', port: 5432 },
        { kind: 'service', service: 'api' },
      ],
    })
    expect(blue).toBe(undefined)
  })

  it('leaves out services of its own circle, which are not there before it', () => {
    expect(probesIn({ probe, crossesClusters: false }, estate)('api')).toEqual({})
  })

  it("is also green's copy, from blue's cluster, where users have to cross between clusters", () => {
    const probesOf = probesIn({ probe, crossesClusters: true }, estate)
    expect(probesOf('web').blue?.test).toMatchObject({ from: 'blue', targets: [{ kind: 'service', service: 'web' }] })
    expect(probesOf('api').blue).toBe(undefined)
  })

  it('is nothing without an image, and that is said', () => {
    expect(probesIn({ probe: null, crossesClusters: true }, estate)('web')).toEqual({})
    const notes = unprobed({ probe: null, crossesClusters: true }, estate).map(({ severity, message }) => [
      severity,
      message,
    ])
    expect(notes).toEqual([
      ['note', expect.stringContaining('Whether green reaches what a service needs is not checked.')],
      ['note', expect.stringContaining("Whether blue's cluster reaches green's pods of login, web is not checked.")],
    ])
    expect(unprobed({ probe, crossesClusters: true }, estate)).toEqual([])
  })
})
