import { describe, expect, it } from 'vitest'
import type { EnvironmentSeen, Observed, ServiceDefinition } from './estate.ts'
import { leaveFixed } from './leave-fixed.ts'
import { takeInventory } from './take-inventory.ts'

const service = (name: string, observed: Partial<Observed> = {}): ServiceDefinition => ({
  name,
  version: '1',
  command: [],
  workingDirectory: null,
  variables: {},
  files: [],
  replicas: 1,
  port: { published: false, healthPath: null, metricsPath: null },
  schedule: null,
  takesFrom: [],
  strategy: 'RollingUpdate',
  lease: null,
  actsAtStart: [],
  declaredKinds: null,
  observed: {
    object: `Deployment shop/${name}`,
    exposedBy: [],
    worksBy: [],
    calls: [],
    managers: [],
    fixedBecause: null,
    uses: [],
    reverts: [],
    notes: [],
    ...observed,
  },
})

const environment = (services: readonly ServiceDefinition[]): EnvironmentSeen => ({
  name: 'blue/shop',
  provider: 'kubernetes',
  readAt: 0,
  services,
})

const calls = (other: string) =>
  ({ calls: [{ kind: 'service', service: other, evidence: `it names ${other}` }] }) as const

describe('what can not be moved as it is', () => {
  it('stays on blue, and those that call it or are called by it are told', () => {
    const database = service('db', { fixedBecause: 'it keeps data of its own (data)', ...calls('audit') })
    const blue = environment([service('web', calls('db')), database, service('audit')])
    const estate = leaveFixed(takeInventory({ blue, green: environment([]), overrides: {} }))
    expect(estate.services.map(({ name, needs }) => [name, needs])).toEqual([
      ['audit', []],
      ['web', []],
    ])
    expect(estate.stays).toEqual([
      { object: 'Deployment shop/db', because: 'it keeps data of its own (data)', managers: [] },
    ])
    expect(estate.services[1]?.external).toEqual([
      { host: 'db', port: null, evidence: 'it names db; it stays on blue' },
    ])
    expect(estate.findings.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      'note: db stays on blue: it keeps data of its own (data).',
      'note: web calls db, which stays on blue: green has to reach it there.',
      "note: db stays on blue and calls audit: blue's copy of that keeps a caller, so it can't be retired before.",
    ])
  })

  it('is nothing in an estate where all can move', () => {
    const estate = takeInventory({ blue: environment([service('web')]), green: environment([]), overrides: {} })
    expect(leaveFixed(estate)).toBe(estate)
  })
})
