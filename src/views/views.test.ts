import { describe, expect, it } from 'vitest'
import type { JournalEvent } from '../journal/events.ts'
import { openSmallWorld, smallPlan } from '../moves/testing/small-world.ts'
import type { StoredObservation } from '../store/store.ts'
import { describeEvent } from './describe-event.ts'
import { viewExplain } from './explain-view.ts'
import { viewGate } from './gate-view.ts'
import { viewLedger } from './ledger-view.ts'
import { viewPlan } from './plan-view.ts'
import { viewRollback } from './rollback-view.ts'
import { type Material, viewStatus } from './status-view.ts'
import { duration, instant } from './words.ts'

type Small = ReturnType<typeof openSmallWorld>

const passed = (small: Small, turns: number): Small => {
  for (let turn = 0; turn < turns; turn += 1) small.pass(1_000)
  return small
}

const material = (small: Small, more: Partial<Material> = {}): Material => ({
  journal: small.journal,
  facts: [],
  samples: [],
  now: small.journal.lastAt + 1_000,
  ...more,
})

let id = 0
const stored = (
  kind: 'fact' | 'sample',
  subject: string,
  at: number,
  body: StoredObservation['body'],
): StoredObservation => {
  id += 1
  return { id, kind, subject, at, body }
}

const alive = (at: number): StoredObservation =>
  stored('fact', 'engine/alive', at, { epoch: 1, engine: 'here', head: { position: 1, hash: '' }, underWay: [] })

const row = (small: Small, service: string, more: Partial<Material> = {}) =>
  viewStatus(material(small, more)).services.find((one) => one.service === service)

/** Catalogue and invoices on green, storefront at a weight. */
const atWeight = (weight: number): Small => {
  const small = passed(openSmallWorld(), 8)
  small.run('invoices', true)
  small.run('invoices', true)
  passed(small, 8)
  for (let turn = 0; turn < 20 && small.world.weight < weight; turn += 1) {
    small.judge('storefront', 'advance')
    small.pass(1_000)
  }
  return small
}

describe('the status', () => {
  it('says that nothing has started of an empty journal', () => {
    const small = openSmallWorld()
    const empty = { ...small.journal, position: 0, release: { ...small.journal.release, plan: null } }
    expect(viewStatus(material(small, { journal: empty })).outcome).toBe('not started')
  })

  it('takes an engine for alive for 5 s after its last sign of life, and says since when it is not', () => {
    const small = passed(openSmallWorld(), 3)
    const at = 5_000_000
    const seen = (now: number) => viewStatus(material(small, { facts: [alive(at)], now })).engine
    expect(seen(at + 4_999)).toMatchObject({ alive: true })
    expect(seen(at + 5_000)).toMatchObject({ alive: false })
    expect(seen(at + 65_000).text).toContain(`not running since ${instant(at)} (1 min 5 s ago)`)
  })

  it('does not take an engine for alive that has left', () => {
    const small = passed(openSmallWorld(), 3)
    small.append('release', { kind: 'left', because: 'it was told to leave' })
    const now = small.journal.lastAt + 500
    const { engine } = viewStatus(material(small, { facts: [alive(now - 100)], now }))
    expect(engine.alive).toBe(false)
    expect(engine.text).toContain('it was told to leave')
  })

  it('shows how old the journal and the facts are', () => {
    const small = passed(openSmallWorld(), 3)
    const now = small.journal.lastAt + 90_000
    const facts = [
      stored('fact', 'green/workload/catalogue', now - 40_000, {
        version: '1',
        desired: 2,
        ready: 1,
        running: 2,
        restarts: 0,
        problem: 'exited with code 1',
      }),
      alive(now - 70_000),
    ]
    const view = viewStatus(material(small, { facts, now }))
    expect(view.ages).toEqual({ journal: 90_000, facts: 40_000, engine: 70_000 })
    expect(view.services[0]).toMatchObject({
      service: 'catalogue',
      replicas: { blue: null, green: { ready: 1, desired: 2 } },
      problem: 'exited with code 1',
    })
  })

  it('lets no time pass for a soak while no engine watches', () => {
    const small = passed(openSmallWorld(), 1)
    const soaking = (now: number) => row(small, 'catalogue', { now })?.waitsFor
    expect(soaking(small.journal.lastAt)).toContain('to go')
    expect(soaking(small.journal.lastAt + 3_600_000)).toBe(soaking(small.journal.lastAt))
  })

  it('shows a service with users on both sides as between, with its weight and verdict', () => {
    const small = atWeight(5)
    small.judge('storefront', 'hold')
    small.pass(1_000)
    const found = row(small, 'storefront')
    expect(found).toMatchObject({ where: 'between', weight: 5, step: 'weight 5', verdict: { verdict: 'hold' } })
    expect(found?.waitsFor).toContain('test says hold')
  })

  it('shows the figures of the newest sample of this era, and keeps a rollback that has latched', () => {
    const small = atWeight(5)
    const { era } = small.journal.moves.get('storefront') ?? { era: -1 }
    const sample = (of: number, E: number) =>
      stored('sample', 'judge/storefront', small.journal.lastAt, {
        kind: 'sample',
        era: of,
        verdict: 'hold',
        because: 'not enough requests yet',
        evidence: {
          E,
          rollBackAt: 100,
          ratio: { lower: 0.5, upper: null },
          blue: { requests: 900, errors: 1 },
          green: { requests: 50, errors: 0 },
        },
      })
    const samples = [sample(era, 0.5), sample(era, 0.75), sample(era - 1, 99)]
    expect(row(small, 'storefront', { samples })?.verdict).toMatchObject({
      source: 'sample',
      E: 0.75,
      ratio: { lower: 0.5, upper: null },
      green: { requests: 50, errors: 0 },
    })
    small.judge('storefront', 'roll back')
    expect(row(small, 'storefront', { samples })?.verdict).toMatchObject({ source: 'journal', verdict: 'roll back' })
  })

  it('is held when all that is under way waits for a person, and names what to do', () => {
    const small = passed(openSmallWorld(), 8)
    small.run('invoices', false)
    small.pass(1_000)
    const view = viewStatus(material(small))
    expect(view.outcome).toBe('held')
    expect(view.because).toContain('invoices')
    expect(view.people).toMatchObject([{ service: 'invoices', gate: null }])
    expect(view.people[0]?.actions).toContain('titrate resume invoices')
  })

  it('calls a person for a settled service that somebody changed towards blue, until the release has ended', () => {
    const small = passed(openSmallWorld(), 8)
    small.append('move/catalogue', { kind: 'held', because: 'odd', by: 'ada' })
    expect(row(small, 'catalogue')).toMatchObject({
      where: 'green',
      state: 'waits for a person',
      waitsFor: 'held by ada: odd',
    })
    small.append('release', { kind: 'ended', outcome: 'done', because: 'all is well' })
    expect(row(small, 'catalogue')).toMatchObject({ state: 'settled', waitsFor: null })
  })

  it('shows a wave that goes back, and one that is back', () => {
    const small = passed(openSmallWorld(), 8)
    const waves = () => viewStatus(material(small)).waves.map(({ state }) => state)
    expect(waves()).toEqual(['settled', 'moving', 'waiting'])
    small.request('1', { kind: 'roll back', scope: { kind: 'everything' }, because: 'slow', assumeDead: null })
    small.refusing.set('catalogue/workload', { kind: 'unknown', because: 'no answer' })
    small.pass(0)
    expect(waves()).toEqual(['going back', 'back', 'waiting'])
  })

  it('says how a release ended, and then calls nobody', () => {
    const small = passed(openSmallWorld(), 8)
    small.run('invoices', false)
    small.pass(1_000)
    small.append('release', { kind: 'ended', outcome: 'rolled back', because: 'invoices: its run failed' })
    expect(viewStatus(material(small))).toMatchObject({
      outcome: 'rolled back',
      because: 'invoices: its run failed',
      people: [],
    })
  })
})

describe('the explanation of a service', () => {
  it('names each gate of the step with its answer, and the rule that decides', () => {
    const small = passed(openSmallWorld(), 8)
    const view = viewExplain(material(small), small.entries, 'invoices')
    expect(view?.gates).toMatchObject([
      { gate: 'good runs', answer: 'open', because: expect.stringContaining('0 of 2') },
    ])
    expect(view?.rule).toBe('takes the next step')
    expect(view?.needs).toEqual([{ service: 'catalogue', state: 'settled on green' }])
    expect(view?.history.at(-1)?.text).toContain('invoices')
    expect(view?.actions).toContain('titrate rollback invoices --dry-run')
  })

  it('tells a gate that was passed from one that holds only now', () => {
    const small = atWeight(5)
    const gates = viewExplain(material(small), small.entries, 'storefront')?.gates
    expect(gates).toMatchObject([
      { gate: 'same version', when: 'before', answer: 'passed' },
      { gate: 'verdict', when: 'after', answer: 'open' },
    ])
  })

  it('says why one that has not begun waits', () => {
    const small = passed(openSmallWorld(), 2)
    const view = viewExplain(material(small), small.entries, 'storefront')
    expect(view?.waits).toContain('its wave has not started')
    expect(view?.actions).toContain('titrate skip storefront --because WHY')
  })

  it('gives nothing for a service that the release does not have', () => {
    expect(viewExplain(material(openSmallWorld()), [], 'nobody')).toBeNull()
  })
})

describe('a rollback', () => {
  it('goes back with all that needs it, users first, and says what is done to each', () => {
    const small = atWeight(50)
    const view = viewRollback(small.journal, { kind: 'service', service: 'catalogue' })
    expect(view.services.map(({ service }) => service)).toEqual(['storefront', 'invoices', 'catalogue'])
    expect(view.services[0]).toMatchObject({
      on: 'between',
      after: [],
      acts: ['weight 50 % → 0 %', expect.any(String)],
    })
    expect(view.services[1]).toMatchObject({ stays: ['2 runs on green did their work already'] })
    expect(view.services[2]?.after).toEqual(['invoices', 'storefront'])
  })

  it('says which ticks may run twice when green is taken for dead', () => {
    const small = passed(openSmallWorld(), 8)
    const warnings = viewRollback(small.journal, { kind: 'everything' }, 'green').warnings.join('\n')
    expect(warnings).toContain('ticks of invoices may run twice')
    expect(viewRollback(small.journal, { kind: 'everything' }).warnings.join('\n')).not.toContain('twice')
  })

  it('is refused after blue was retired, and for what the plan does not have', () => {
    const small = passed(openSmallWorld(), 2)
    expect(viewRollback(small.journal, { kind: 'service', service: 'nobody' }).refused).toContain('nobody')
    small.append('release', { kind: 'retired', by: 'ada', because: 'done' })
    expect(viewRollback(small.journal, { kind: 'everything' }).refused).toContain('ada retired blue')
  })
})

describe('the evidence of a gate', () => {
  const waiting = () => {
    const small = passed(openSmallWorld(smallPlan({ approvals: { beforeUserTraffic: true, beforeRelease: false } })), 8)
    small.run('invoices', true)
    small.run('invoices', true)
    return passed(small, 10)
  }

  it('has the same hash while time passes, and another one when what is shown changes', () => {
    const small = waiting()
    const seen = viewGate(material(small), 'user traffic', null)
    expect(seen.hash).toMatch(/^[0-9a-f]{64}$/)
    expect(viewGate(material(small, { now: small.journal.lastAt + 60_000 }), 'user traffic', null).hash).toBe(seen.hash)
    small.append('release', { kind: 'tick', service: 'invoices', tick: 1, blue: 1, green: 1, fate: 'duplicate' })
    expect(viewGate(material(small), 'user traffic', null).hash).not.toBe(seen.hash)
  })

  it('has no hash when nothing waits, and names what does', () => {
    expect(viewGate(material(waiting()), 'smoke', null)).toMatchObject({
      hash: null,
      waiting: [],
      others: ['the release: user traffic'],
    })
  })
})

describe('the ledger', () => {
  it('counts a tick by its latest row, whatever it was before', () => {
    const tick = (at: number, fate: string, green: number) =>
      stored('sample', 'ledger/invoices', at, { tick: at, blue: 0, green, fate })
    const { totals, services } = viewLedger([tick(1, 'unseen', 0), tick(1, 'ran', 1), tick(2, 'missed', 0)], null)
    expect(totals).toEqual({ expected: 2, ran: 1, duplicate: 0, missed: 1, skipped: 0, unseen: 0 })
    expect(services[0]?.ticks).toHaveLength(2)
    expect(viewLedger([tick(1, 'ran', 1)], 'digest').services).toEqual([])
  })

  it('leaves out rows that it does not understand', () => {
    expect(viewLedger([stored('sample', 'ledger/invoices', 1, { tick: 1, fate: 'due' })], null).services).toEqual([])
  })
})

describe('the plan', () => {
  it('says what each step does and what it waits for', () => {
    const view = viewPlan(smallPlan())
    const [storefront] = view.waves[2]?.moves ?? []
    expect(storefront?.steps.find(({ name }) => name === 'weight 5')).toMatchObject({
      goal: 'green gets 5 % of the traffic',
      before: ['both sides run the same version'],
      after: ['the verdict is advance'],
      crossing: true,
    })
    expect(view.falseAlarms).toContain('1 judged service')
  })
})

describe('an event in words', () => {
  it('is one line that names its service, whatever happened', () => {
    const small = atWeight(100)
    const lines = small.entries.map(({ stream, event }) => [stream, describeEvent(stream, event)] as const)
    for (const [stream, text] of lines) {
      expect(text).not.toMatch(/undefined|\[object|\n/)
      if (stream !== 'release') expect(text).toContain(stream.slice('move/'.length))
    }
  })

  it('says who asked for what', () => {
    const event: JournalEvent = {
      kind: 'requested',
      id: '1',
      by: 'ada',
      seen: 3,
      request: { kind: 'roll back', scope: { kind: 'wave', wave: 2 }, because: 'slow', assumeDead: null },
    }
    expect(describeEvent('release', event)).toBe('ada asks: take back wave 2 and all that needs it: slow')
  })

  it('tells what is left to good will when a schedule was handed over', () => {
    const note = 'blue stays stopped until someone unsuspends it: no policy'
    const event: JournalEvent = {
      kind: 'came out',
      intent: 'invoices/schedule/3',
      outcome: { kind: 'done', result: { owner: 'green', note } },
    }
    expect(describeEvent('move/invoices', event)).toBe(`invoices: its schedule is as wanted; ${note}`)
  })
})

describe('words', () => {
  it('tell a duration by its two largest units', () => {
    expect([0, 999, 1_500, 59_400, 61_000, 3_600_000, 90_061_000].map(duration)).toEqual([
      '0 ms',
      '999 ms',
      '1.5 s',
      '59 s',
      '1 min 1 s',
      '1 h',
      '1 d 1 h',
    ])
  })
})
