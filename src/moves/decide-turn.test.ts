import { describe, expect, it } from 'vitest'
import { openSmallWorld, smallPlan } from './testing/small-world.ts'

type Small = ReturnType<typeof openSmallWorld>

/** Plays a healthy world until the exposed service has the weight, or the release has ended. */
const playUntil = (small: Small, weight: number | 'ended'): void => {
  for (let i = 0; i < 100; i += 1) {
    if (small.journal.release.ended !== null || small.world.weight === weight) return
    small.pass(1000)
    if (small.world.owner === 'green' && (small.journal.moves.get('invoices')?.goodRuns ?? 0) < 2)
      small.run('invoices', true)
    const storefront = small.journal.moves.get('storefront')
    if (storefront?.reachedAt !== null && storefront?.lanes.weights !== undefined && small.world.weight !== weight)
      small.judge('storefront', 'advance')
  }
}

describe('a release of three services', () => {
  it('moves the non-exposed first, then users by weights, and ends done', () => {
    const small = openSmallWorld()
    playUntil(small, 'ended')
    expect(small.journal.release.ended).toMatchObject({ outcome: 'done' })
    expect(small.eventsOf('phase entered').map((event) => event.phase)).toEqual([
      'prepare',
      'migrate',
      'parallel',
      'transition',
      'monitor',
      'evaluate',
    ])
    expect(
      small.eventsOf('intended').flatMap((event) => (event.goal.kind === 'weights' ? [event.goal.green] : [])),
    ).toEqual([5, 50, 100])
    expect(small.eventsOf('wave started').map((event) => event.wave)).toEqual([1, 2, 3])
    expect(small.journal.moves.get('storefront')?.settled).toMatchObject({ on: 'green', label: 'proven' })
  })

  it('puts users right before their copies, of a service that is back on blue', () => {
    const small = openSmallWorld()
    playUntil(small, 50)
    const scope = { kind: 'service', service: 'storefront' } as const
    small.request('r1', { kind: 'roll back', scope, because: 'enough', assumeDead: null })
    for (let i = 0; i < 6; i += 1) small.pass(100)
    expect(small.journal.moves.get('storefront')?.settled).toMatchObject({ on: 'blue' })
    const from = small.entries.length
    small.world.weight = 30
    small.world.replicas.storefront = { blue: 2, green: 2 }
    for (let i = 0; i < 6; i += 1) small.pass(100)
    const done = small.entries.slice(from).flatMap(({ stream, event }) => {
      if (stream !== 'move/storefront') return []
      return event.kind === 'intended' ? [event.goal.kind] : event.kind === 'came out' ? ['came out'] : []
    })
    expect(done).toEqual(['weights', 'came out', 'workload', 'came out'])
  })

  it('ends no rollback while something on green could not be put right, and tries it again', () => {
    const small = openSmallWorld()
    playUntil(small, 50)
    small.request('r1', { kind: 'roll back', scope: { kind: 'everything' }, because: 'enough', assumeDead: null })
    small.slow.add('invoices/schedule')
    for (let i = 0; i < 6; i += 1) small.pass(100)
    expect(small.journal.moves.get('storefront')?.settled).toMatchObject({ on: 'blue' })
    small.world.replicas.storefront = { blue: 2, green: 1 }
    small.refusing.set('storefront/workload', { kind: 'refused', because: 'its epoch is old' })
    small.pass(100)
    small.slow.clear()
    for (let i = 0; i < 3; i += 1) small.pass(1000)
    expect(small.journal.release.ended).toBeNull()
    expect(small.eventsOf('called a person').at(-1)).toMatchObject({
      ...{ service: 'storefront', actions: ['titrate resume storefront'] },
      because: expect.stringContaining('could not be put right'),
    })
    small.request('r2', { kind: 'resume', service: 'storefront', because: 'try again' })
    for (let i = 0; i < 3; i += 1) small.pass(1000)
    expect(small.journal.release.ended).toBeNull()
    small.refusing.clear()
    small.pass(30_000)
    small.pass(100)
    expect(small.world.replicas.storefront).toEqual({ blue: 2, green: 0 })
    small.pass(100)
    expect(small.journal.release.ended).toMatchObject({ outcome: 'rolled back' })
  })

  it('does not end done while somebody has moved a settled service towards blue', () => {
    const small = openSmallWorld()
    for (let i = 0; i < 60 && small.journal.moves.get('catalogue')?.settled == null; i += 1) small.pass(500)
    small.world.replicas.catalogue = { blue: 2, green: 0 }
    playUntil(small, 'ended')
    expect(small.journal.release.ended).toBeNull()
    expect(small.eventsOf('called a person').map(({ service }) => service)).toContain('catalogue')
    small.request('r1', { kind: 'resume', service: 'catalogue', because: 'it was me' })
    playUntil(small, 'ended')
    expect(small.journal.release.ended).toMatchObject({ outcome: 'done' })
    expect(small.world.replicas.catalogue).toEqual({ blue: 2, green: 2 })
  })

  it('never wants to be asked again at a time that has passed, also after nobody watched', () => {
    const small = openSmallWorld()
    for (let i = 0; i < 60 && small.world.replicas.catalogue?.green !== 2; i += 1) small.pass(100)
    small.world.version.blue = '2'
    small.pass(100)
    expect(small.eventsOf('paused')).toMatchObject([{ cause: 'version' }])
    const { now } = small
    small.append('release', { kind: 'not watched', from: now, until: now + 60_000, because: 'it was frozen' })
    small.pass(60_000)
    const { wakeMoves } = small.pass(0)
    expect(wakeMoves.get('catalogue')).toBeGreaterThan(small.now)
  })

  it('calls a person again when what they asked to be put right is refused', () => {
    const small = openSmallWorld()
    for (let i = 0; i < 60 && small.world.owner !== 'green'; i += 1) small.pass(500)
    small.pass(500)
    small.world.owner = 'blue'
    small.pass(500)
    expect(small.eventsOf('drifted')).toMatchObject([{ lane: 'schedule', towards: 'blue' }])
    small.refusing.set('invoices/schedule', { kind: 'refused', because: 'it says no' })
    small.request('r1', { kind: 'resume', service: 'invoices', because: 'it was me' })
    small.pass(500)
    expect(small.eventsOf('stuck')).toMatchObject([{ because: expect.stringContaining('could not be put right') }])
    expect(small.journal.release.called.some((key) => key.startsWith('invoices '))).toBe(true)
    small.refusing.clear()
    small.request('r2', { kind: 'resume', service: 'invoices', because: 'mended' })
    small.pass(500)
    expect(small.world.owner).toBe('green')
  })

  it('starts no wave before every service of the earlier ones has settled', () => {
    const small = openSmallWorld()
    playUntil(small, 'ended')
    const at = (kind: string, wave: number) =>
      small.entries.findIndex(({ event }) => event.kind === kind && (event as { readonly wave?: number }).wave === wave)
    expect(at('wave started', 2)).toBeGreaterThan(at('wave settled', 1))
    expect(at('wave started', 3)).toBeGreaterThan(at('wave settled', 2))
  })

  it('prepares the exposed service during parallel operation, without giving it users', () => {
    const small = openSmallWorld()
    for (let i = 0; i < 60 && small.journal.release.phase !== 'parallel'; i += 1) {
      small.pass(500)
      if (small.world.owner === 'green') small.run('invoices', true)
    }
    small.pass(500)
    expect(small.world.replicas.storefront).toEqual({ blue: 2, green: 2 })
    expect(small.world.weight).toBe(0)
  })

  it('takes users off green in the turn of the verdict, then takes the service back', () => {
    const small = openSmallWorld()
    playUntil(small, 50)
    small.judge('storefront', 'roll back')
    small.pass(0)
    expect(small.world.weight).toBe(0)
    small.pass(1000)
    expect(small.journal.moves.get('storefront')?.settled).toMatchObject({ on: 'blue' })
    expect(small.journal.moves.get('catalogue')?.settled).toMatchObject({ on: 'green' })
    expect(small.journal.release.ended).toBeNull()
    expect(small.eventsOf('called a person').at(-1)?.because).toContain('storefront went back')
  })

  it('takes everything back, dependents before what they need, where the policy says so', () => {
    const small = openSmallWorld(smallPlan({ afterRollback: 'release' }))
    playUntil(small, 50)
    small.judge('storefront', 'roll back')
    for (let i = 0; i < 5; i += 1) small.pass(1000)
    expect(small.journal.release.ended).toMatchObject({ outcome: 'rolled back' })
    expect(small.world).toMatchObject({ weight: 0, owner: 'blue', replicas: { catalogue: { blue: 2, green: 0 } } })
    const back = small.entries.flatMap((entry) =>
      entry.event.kind === 'ordered' && entry.event.order === 'back' ? [entry.stream] : [],
    )
    expect(back.indexOf('move/catalogue')).toBeGreaterThan(back.indexOf('move/invoices'))
  })

  it('holds a job at its first failure on green and calls a person, who lets it go on', () => {
    const small = openSmallWorld()
    for (let i = 0; i < 30 && small.world.owner !== 'green'; i += 1) small.pass(1000)
    small.run('invoices', false)
    small.pass(1000)
    expect(small.eventsOf('called a person').at(-1)).toMatchObject({ service: 'invoices' })
    small.request('r1', { kind: 'resume', service: 'invoices', because: 'it was the printer' })
    small.pass(1000)
    expect(small.eventsOf('answered').at(-1)).toMatchObject({ id: 'r1', answer: 'accepted' })
    playUntil(small, 'ended')
    expect(small.journal.release.ended?.outcome).toBe('done')
  })

  it('puts a weight right that somebody raised by hand', () => {
    const small = openSmallWorld()
    playUntil(small, 5)
    small.pass(10)
    small.world.weight = 80
    small.pass(10)
    small.pass(10)
    expect(small.world.weight).toBe(5)
    expect(small.eventsOf('drifted').at(-1)).toMatchObject({ towards: 'green' })
    playUntil(small, 'ended')
    expect(small.journal.release.ended?.outcome).toBe('done')
  })

  it('never undoes a weight that somebody lowered by hand: it holds and calls a person', () => {
    const small = openSmallWorld()
    playUntil(small, 50)
    small.pass(10)
    small.world.weight = 10
    for (let i = 0; i < 5; i += 1) {
      small.judge('storefront', 'advance')
      small.pass(1000)
    }
    expect(small.world.weight).toBe(10)
    expect(small.eventsOf('called a person').at(-1)?.because).toContain('towards blue')
    small.request('r1', { kind: 'resume', service: 'storefront', because: 'was me' })
    small.pass(10)
    expect(small.world.weight).toBe(50)
  })

  it('keeps the weights while blue is unready, and goes on when it is back', () => {
    const small = openSmallWorld()
    playUntil(small, 5)
    small.world.ready.blue = false
    for (let i = 0; i < 3; i += 1) {
      small.pass(1000)
      small.judge('storefront', 'advance')
    }
    expect(small.world.weight).toBe(5)
    small.world.ready.blue = true
    playUntil(small, 'ended')
    expect(small.journal.release.ended?.outcome).toBe('done')
  })

  it('pauses for a new version on blue until green runs the same, and starts the evidence anew', () => {
    const small = openSmallWorld()
    playUntil(small, 5)
    const era = small.journal.moves.get('storefront')?.era ?? 0
    small.world.version.blue = '2'
    small.pass(1000)
    small.judge('storefront', 'advance')
    small.pass(1000)
    expect(small.world.weight).toBe(5)
    expect(small.journal.moves.get('storefront')?.paused?.cause).toBe('version')
    small.world.version.green = '2'
    small.pass(1000)
    expect(small.journal.moves.get('storefront')?.era).toBe(era + 1)
    expect(small.world.weight).toBe(5)
    playUntil(small, 'ended')
    expect(small.journal.release.ended?.outcome).toBe('done')
  })

  it('calls a person when metrics of both arms are missing, and never goes back for that alone', () => {
    const small = openSmallWorld()
    playUntil(small, 5)
    small.pass(10)
    small.judge('storefront', 'blind')
    for (let i = 0; i < 10; i += 1) small.pass(1000)
    expect(small.world.weight).toBe(5)
    expect(small.eventsOf('called a person').at(-1)?.because).toContain('blind')
    expect(small.eventsOf('asked to go back')).toHaveLength(0)
  })

  it('goes back when green stops answering the router for longer than the limit', () => {
    const small = openSmallWorld(smallPlan({ afterRollback: 'release' }))
    playUntil(small, 5)
    small.pass(10)
    small.world.restarts += 3
    for (let i = 0; i < 6; i += 1) small.pass(1000)
    expect(small.journal.release.ended?.outcome).toBe('rolled back')
  })

  it('is stuck, tells it once, and tries again when a person resumes it', () => {
    const small = openSmallWorld()
    small.refusing.set('catalogue/workload', { kind: 'refused', because: 'no such image' })
    for (let i = 0; i < 5; i += 1) small.pass(1000)
    expect(small.eventsOf('stuck')).toHaveLength(1)
    expect(small.eventsOf('called a person')).toHaveLength(1)
    small.refusing.clear()
    small.request('r1', { kind: 'resume', service: null, because: 'pushed the image' })
    playUntil(small, 'ended')
    expect(small.journal.release.ended?.outcome).toBe('done')
    expect(small.eventsOf('call ended')).toHaveLength(1)
  })

  it('lets a person take one service back with its dependents, and retry it', () => {
    const small = openSmallWorld()
    playUntil(small, 50)
    small.request('r1', {
      kind: 'roll back',
      scope: { kind: 'service', service: 'catalogue' },
      because: 'a hunch',
      assumeDead: null,
    })
    for (let i = 0; i < 4; i += 1) small.pass(1000)
    expect(small.world).toMatchObject({ weight: 0, owner: 'blue' })
    expect(small.journal.release.ended).toBeNull()
    small.request('r2', { kind: 'retry', service: null, because: 'hunch was wrong' })
    small.pass(100)
    expect(small.eventsOf('answered').at(-1)).toMatchObject({ id: 'r2', answer: 'accepted' })
    playUntil(small, 'ended')
    expect(small.journal.release.ended?.outcome).toBe('done')
  })

  it('takes a finished release back as long as blue is not retired', () => {
    const small = openSmallWorld()
    playUntil(small, 'ended')
    small.request('r1', {
      kind: 'roll back',
      scope: { kind: 'everything' },
      because: 'the numbers are odd',
      assumeDead: null,
    })
    for (let i = 0; i < 5; i += 1) small.pass(1000)
    expect(small.journal.release.ended?.outcome).toBe('rolled back')
    expect(small.world).toMatchObject({ weight: 0, owner: 'blue', replicas: { storefront: { blue: 2, green: 0 } } })
  })

  it('ends failed before anything moved when a check blocks', () => {
    const small = openSmallWorld()
    small.append('release', { kind: 'checked', blocking: ['storefront: GREETING differs'], notes: [], findings: null })
    small.pass(1000)
    expect(small.journal.release.ended?.outcome).toBe('failed')
    expect(small.eventsOf('intended')).toHaveLength(0)
  })

  it('refuses a skip in mid-crossing and takes one before it', () => {
    const small = openSmallWorld()
    playUntil(small, 5)
    small.request('r1', { kind: 'skip', service: 'storefront', because: 'not today' })
    small.pass(10)
    expect(small.eventsOf('answered').at(-1)).toMatchObject({ id: 'r1', answer: 'refused' })
  })

  it('counts no time in which nobody watched as soak', () => {
    const small = openSmallWorld()
    for (let i = 0; i < 10 && small.journal.moves.get('catalogue')?.step !== 2; i += 1) small.pass(0)
    const before = small.entries.at(-1)?.at ?? 0
    small.append('release', { kind: 'not watched', from: before, until: before + 60_000, because: 'no engine' })
    small.pass(60_000)
    small.pass(1000)
    expect(small.journal.moves.get('catalogue')?.settled).toBeNull()
    small.pass(1000)
    small.pass(0)
    expect(small.journal.moves.get('catalogue')?.settled).toMatchObject({ on: 'green' })
  })

  describe('soak', () => {
    const watching = () => {
      const small = openSmallWorld()
      for (let i = 0; i < 10 && small.journal.moves.get('catalogue')?.step !== 2; i += 1) small.pass(0)
      const settled = () => small.journal.moves.get('catalogue')?.settled ?? null
      return { small, settled }
    }

    it('counts no time in which something is being put right', () => {
      const { small, settled } = watching()
      small.slow.add('catalogue/workload')
      small.world.replicas.catalogue = { blue: 2, green: 5 }
      small.pass(10_000)
      expect(small.eventsOf('drifted')).toMatchObject([{ lane: 'workload', towards: 'green' }])
      for (let i = 0; i < 5; i += 1) small.pass(1000)
      expect(settled()).toBeNull()
      small.slow.clear()
      small.pass(1000)
      expect(small.world.replicas.catalogue).toEqual({ blue: 2, green: 2 })
      small.pass(500)
      expect(settled()).toBeNull()
      for (let i = 0; i < 3; i += 1) small.pass(1000)
      expect(settled()).toMatchObject({ on: 'green' })
    })

    it('counts no time in which it stood changed by somebody who changed it back', () => {
      const { small, settled } = watching()
      small.world.replicas.catalogue = { blue: 2, green: 1 }
      small.pass(10_000)
      expect(small.eventsOf('drifted')).toMatchObject([{ lane: 'workload', towards: 'blue' }])
      small.world.replicas.catalogue = { blue: 2, green: 2 }
      small.pass(1000)
      expect(small.eventsOf('drift ended')).toHaveLength(1)
      expect(settled()).toBeNull()
      for (let i = 0; i < 3; i += 1) small.pass(1000)
      expect(settled()).toMatchObject({ on: 'green' })
    })
  })

  it('asks the judge anew when a weight was changed back to what it should be', () => {
    const small = openSmallWorld()
    playUntil(small, 50)
    small.pass(10)
    small.world.weight = 5
    small.pass(1000)
    small.judge('storefront', 'advance')
    small.pass(10)
    small.world.weight = 50
    small.pass(1000)
    small.pass(1000)
    expect(small.eventsOf('drift ended')).toHaveLength(1)
    expect(small.world.weight).toBe(50)
    small.judge('storefront', 'advance')
    small.pass(1000)
    expect(small.world.weight).toBe(100)
  })

  it('keeps retried services in the order of waves, although all of their waves had started', () => {
    const small = openSmallWorld()
    playUntil(small, 50)
    const scope = { kind: 'service', service: 'catalogue' } as const
    small.request('r1', { kind: 'roll back', scope, because: 'a hunch', assumeDead: null })
    for (let i = 0; i < 4; i += 1) small.pass(1000)
    small.request('r2', { kind: 'retry', service: null, because: 'wrong hunch' })
    const from = small.entries.length
    playUntil(small, 5)
    const after = small.entries.slice(from)
    const settled = after.findIndex(({ stream, event }) => stream === 'move/catalogue' && event.kind === 'settled')
    const users = after.findIndex(({ event }) => event.kind === 'intended' && event.goal.kind === 'weights')
    expect(settled).toBeGreaterThan(0)
    expect(users).toBeGreaterThan(settled)
  })

  it('goes on when the service that went back is skipped, and calls for one that nobody retried', () => {
    const small = openSmallWorld()
    playUntil(small, 50)
    small.judge('storefront', 'roll back')
    for (let i = 0; i < 3; i += 1) small.pass(1000)
    small.request('r1', { kind: 'skip', service: 'storefront', because: 'next week' })
    small.pass(1000)
    expect(small.journal.release.ended).toMatchObject({ outcome: 'done' })
  })

  it('keeps the hold of a person when a service goes back by itself', () => {
    const small = openSmallWorld(smallPlan({ afterRollback: 'continue' }))
    playUntil(small, 50)
    small.request('r1', { kind: 'hold', service: null, because: 'lunch' })
    small.pass(10)
    small.judge('storefront', 'roll back')
    for (let i = 0; i < 3; i += 1) small.pass(1000)
    expect(small.world.weight).toBe(0)
    expect(small.journal.release.held).toMatchObject({ because: 'lunch' })
  })

  it('puts a weight right that somebody raised while nothing is measured', () => {
    const small = openSmallWorld()
    playUntil(small, 5)
    small.pass(10)
    small.judge('storefront', 'blind')
    small.world.weight = 80
    small.pass(10)
    expect(small.world.weight).toBe(5)
  })

  it('counts a run once, however often it is told', () => {
    const small = openSmallWorld()
    for (let i = 0; i < 30 && small.world.owner !== 'green'; i += 1) small.pass(1000)
    const event = { kind: 'run ended', run: 'invoices-1', side: 'green', tick: 1, good: true, because: 'ok' } as const
    small.append('move/invoices', event)
    small.append('move/invoices', event)
    expect(small.journal.moves.get('invoices')?.goodRuns).toBe(1)
  })

  it('lets a person approve what somebody rejected', () => {
    const small = openSmallWorld(smallPlan({ afterRollback: 'hold' }))
    playUntil(small, 5)
    small.append('move/storefront', { kind: 'rejected', gate: 'release', by: 'eve', because: 'not today' })
    small.pass(10)
    const approve = { kind: 'approve', service: 'storefront', gate: 'release', evidence: null, note: null } as const
    small.request('r1', approve)
    small.pass(10)
    expect(small.eventsOf('answered').at(-1)).toMatchObject({ id: 'r1', answer: 'accepted' })
    playUntil(small, 'ended')
    expect(small.journal.release.ended?.outcome).toBe('done')
  })
})

describe('people and versions', () => {
  it('holds the release when its own approval is rejected, and asks again when it is resumed', () => {
    const plan = smallPlan({ approvals: { beforeUserTraffic: true, beforeRelease: false } })
    const small = openSmallWorld(plan)
    for (let i = 0; i < 60 && small.eventsOf('called a person').length === 0; i += 1) {
      small.pass(1000)
      if (small.world.owner === 'green' && (small.journal.moves.get('invoices')?.goodRuns ?? 0) < 2)
        small.run('invoices', true)
    }
    const gate = { service: null, gate: 'user traffic', evidence: null, note: 'not tonight' }
    small.request('r1', { kind: 'reject', ...gate })
    small.pass(1000)
    expect(small.journal.release.held?.because).toContain('not tonight')
    expect(small.world.weight).toBe(0)
    small.request('r2', { kind: 'resume', service: null, because: 'now' })
    small.pass(1000)
    small.request('r3', { kind: 'approve', ...gate })
    small.pass(1000)
    expect(small.eventsOf('answered').map(({ answer }) => answer)).toEqual(['accepted', 'accepted', 'accepted'])
  })

  it('calls a person when the versions differ for longer than a hold may last', () => {
    const small = openSmallWorld()
    playUntil(small, 5)
    small.world.version.blue = '2'
    for (let i = 0; i < 12; i += 1) small.pass(1000)
    expect(small.eventsOf('called a person').at(-1)?.because).toContain('waits until green runs the same')
  })
})
