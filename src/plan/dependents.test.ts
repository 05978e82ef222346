import { describe, expect, it } from 'vitest'
import { addressOf, anEstate, aService, aShop, listening, published } from '../inventory/testing/build-estate.ts'
import { dependentsOf, goingBack } from './dependents.ts'
import { boundFalseAlarms } from './false-alarms.ts'
import { aPlan, aPolicy } from './testing/build-plan.ts'

const shop = aPlan(anEstate(aShop()))

describe('going back', () => {
  it('takes along all that depends on a service, users first, dependents before what they need', () => {
    expect(goingBack(shop, { kind: 'service', service: 'pricing' })).toEqual([
      'checkout',
      'storefront',
      'catalogue',
      'pricing',
    ])
    expect(goingBack(shop, { kind: 'service', service: 'mailer' })).toEqual(['mailer'])
    expect(dependentsOf(shop, 'pricing')).toEqual(['checkout', 'storefront', 'catalogue'])
  })

  it('of a wave takes along the later ones that need it', () => {
    expect(goingBack(shop, { kind: 'wave', wave: 2 })).toEqual(['storefront', 'catalogue'])
  })

  it('of everything is everything once', () => {
    const all = ['checkout', 'storefront', 'catalogue', 'cleanup', 'invoices', 'mailer', 'pricing']
    expect(goingBack(shop, { kind: 'everything' })).toEqual(all)
  })

  it('of what the plan does not have is nothing', () => {
    expect(goingBack(shop, { kind: 'service', service: 'constructor' })).toEqual([])
    expect(goingBack(shop, { kind: 'wave', wave: 99 })).toEqual([])
  })

  it('goes all the way round a cycle, and to those that reach an exposed service', () => {
    const plan = aPlan(
      anEstate([
        aService('a', { port: listening, variables: { N: addressOf('b', 1) } }),
        aService('b', { port: listening, variables: { N: addressOf('a', 2) } }),
        aService('web', { port: published }),
        aService('w', { takesFrom: ['q'], variables: { N: addressOf('web', 3) } }),
      ]),
    )
    expect(goingBack(plan, { kind: 'service', service: 'a' })).toEqual(['a', 'b'])
    expect(goingBack(plan, { kind: 'service', service: 'web' })).toEqual(['web', 'w'])
  })
})

describe('false alarms', () => {
  it('bound the release by the sum over judged services', () => {
    const { judged, bound, text } = boundFalseAlarms(shop)
    expect([judged, bound]).toEqual([3, 0.03])
    expect(text).toBe(
      'If green is as good as blue everywhere, the chance that any of the 3 judged services is taken back by mistake is at most 3 % (1 % each).',
    )
  })

  it('say so where nothing is judged, and what to do where the bound is large', () => {
    expect(boundFalseAlarms(aPlan(anEstate([aService('p', { port: listening })])))).toMatchObject({
      judged: 0,
      bound: 0,
    })
    const loose = aPlan(anEstate(aShop()), { policyOf: () => aPolicy({ judge: { ...aPolicy().judge, alpha: 0.5 } }) })
    expect(boundFalseAlarms(loose)).toMatchObject({ bound: 1, text: expect.stringContaining('perRelease: 0.05') })
  })
})
