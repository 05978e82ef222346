import { describe, expect, it } from 'vitest'
import { anEstate, aSchedule, aService, listening, published } from '../inventory/testing/build-estate.ts'
import type { ServiceTest } from './plan-input.ts'
import { aPlan, aPolicy, moveOf } from './testing/build-plan.ts'

const probe = (from: 'blue' | 'green'): ServiceTest => ({
  test: { kind: 'probe', from, targets: [{ kind: 'host', host: 'db', port: 5432 }], timeoutMs: 60_000 },
  maxAgeMs: 3_600_000,
})

describe('probes in a move', () => {
  const services = [
    aService('web', { port: published }),
    aService('api', { port: listening }),
    aService('mailer', { takesFrom: ['queue'] }),
    aService('job', { schedule: aSchedule() }),
    aService('asleep', { port: listening, replicas: 0 }),
  ]
  const probes = { green: probe('green'), blue: probe('blue') }
  const stepsOf = (service: string, rules: object = { probes }) => {
    const plan = aPlan(anEstate(services), { policyOf: () => aPolicy({ weights: [5, 100] }), rulesOf: () => rules })
    return moveOf(plan, service).steps.map(({ name, crossing }) => `${name}${crossing ? ' »' : ''}`)
  }

  it('from green come right after provision, before anything crosses', () => {
    expect(stepsOf('api')).toEqual(['provision', 'probe from green', 'ready »', 'smoke »', 'watch »'])
    expect(stepsOf('mailer')).toEqual(['provision', 'probe from green', 'shift 100 »', 'watch »'])
    expect(stepsOf('job')).toEqual(['provision', 'probe from green', 'hand over »', 'watch »'])
  })

  it('from blue come before the first user is sent to green, and only where users are', () => {
    expect(stepsOf('web')).toEqual([
      'provision',
      'probe from green',
      'ready',
      'smoke',
      'probe from blue',
      'weight 5 »',
      'weight 100 »',
      'bake »',
    ])
    expect(stepsOf('api')).not.toContain('probe from blue')
  })

  it('cross where the only copy has changed sides before', () => {
    const estate = anEstate([aService('web', { port: published, strategy: 'Recreate' })])
    const plan = aPlan(estate, { rulesOf: () => ({ probes, confirmed: ['interruption'] }) })
    const steps = moveOf(plan, 'web').steps.map(({ name, crossing }) => `${name}${crossing ? ' »' : ''}`)
    expect(steps.slice(1, 4)).toEqual(['probe from green', 'switch »', 'smoke »'])
    expect(steps).toContain('probe from blue »')
  })

  it('are tests of the move: what each tries stands in the plan, and its result is a gate', () => {
    const move = moveOf(aPlan(anEstate(services), { rulesOf: () => ({ probes }) }), 'web')
    expect(move.tests).toMatchObject({ 'probe from green': { from: 'green' }, 'probe from blue': { from: 'blue' } })
    const step = move.steps.find(({ name }) => name === 'probe from green')
    expect(step).toMatchObject({
      goal: { kind: 'test', name: 'probe from green' },
      after: [{ kind: 'test', name: 'probe from green' }],
    })
    expect(move.why.join(' ')).toContain('A probe on green, under its own account')
  })

  it('are not there where nothing runs, or nothing is asked for', () => {
    expect(stepsOf('asleep')).toEqual(['provision'])
    expect(stepsOf('api', {})).toEqual(['provision', 'ready »', 'smoke »', 'watch »'])
    expect(stepsOf('api', { probes: {} })).toEqual(['provision', 'ready »', 'smoke »', 'watch »'])
  })
})
