import { describe, expect, it } from 'vitest'
import { emptyClaim } from '../claim-record.ts'
import { acceptanceOf } from './acceptance.ts'
import { serviceId } from './backend.ts'
import type { HttpRoute } from './http-route.ts'
import type { Looked } from './look-routes.ts'
import { addEvidence, isEnough } from './shift-evidence.ts'
import { followShifts } from './shift-progress.ts'

const condition = (type: string, observedGeneration: number, status = 'True') => ({ type, status, observedGeneration })
const parent = (name: string, ...conditions: readonly ReturnType<typeof condition>[]) => ({
  parentRef: { name, kind: 'Gateway' },
  controllerName: 'test',
  conditions,
})
const routeOf = (parents: readonly ReturnType<typeof parent>[], ...names: readonly string[]): HttpRoute => ({
  metadata: { namespace: 'shop', name: 'web', generation: 2 },
  spec: { parentRefs: names.map((name) => ({ name })) },
  status: { parents },
})
const all = (generation: number) => [condition('Accepted', generation), condition('ResolvedRefs', generation)]

describe('what gateways say of a route', () => {
  it('counts for its newest generation only, of every gateway that ever answered for it', () => {
    expect(acceptanceOf(routeOf([], 'edge'))).toMatchObject({ kind: 'pending' })
    expect(acceptanceOf(routeOf([parent('edge', ...all(1))], 'edge'))).toMatchObject({ kind: 'pending' })
    expect(acceptanceOf(routeOf([parent('edge', ...all(2))], 'edge', 'never-there'))).toEqual({ kind: 'accepted' })
    const half = routeOf([parent('edge', ...all(2)), parent('inner', ...all(1))], 'edge', 'inner')
    expect(acceptanceOf(half)).toMatchObject({ kind: 'pending', because: expect.stringContaining('inner') })
    // Of a parent that was taken away, the word may stand there still.
    expect(acceptanceOf(routeOf([parent('edge', ...all(2)), parent('gone', ...all(1))], 'edge'))).toEqual({
      kind: 'accepted',
    })
    const unresolved = routeOf(
      [parent('edge', condition('Accepted', 2), condition('ResolvedRefs', 2, 'False'))],
      'edge',
    )
    expect(acceptanceOf(unresolved)).toMatchObject({ because: expect.stringContaining('ResolvedRefs is False') })
  })
})

describe('the progress of a shift', () => {
  const time = { elapsed: 0, now: 1_000_000 }
  const looked = (route: HttpRoute, was = 0, green = 25, at = time.now): Looked => {
    const backends = { service: 'web', blue: [serviceId('shop', 'web')], green: () => serviceId('shop', 'web-green') }
    const stamp = {
      fence: { release: 'r', epoch: 1, move: 'web', version: 1 },
      intent: 'web/weights/1',
      baseline: null,
    }
    const record = { stamp, green, was, at, originals: {} }
    const routes = [{ route, within: { backends, namespace: 'shop' }, record }]
    return { service: 'web', backends, routes, claim: emptyClaim, readiness: () => true }
  }
  const accepted = routeOf([parent('edge', ...all(2))], 'edge')
  const deps = { elapsed: () => time.elapsed, now: () => time.now }

  it('without figures is accepted, not seen, a while after the gateway said so', () => {
    const progress = followShifts({ ...deps, sight: null })
    expect(progress.of(looked(accepted))).toMatchObject({ kind: 'pending', forMs: 3_000 })
    time.elapsed += 2_999
    expect(progress.of(looked(accepted))).toMatchObject({ kind: 'pending' })
    time.elapsed += 1
    expect(progress.of(looked(accepted))).toEqual({ kind: 'accepted' })
    // Its gateway has to take over whatever is changed next.
    expect(progress.of(looked(routeOf([parent('edge', ...all(1))], 'edge')))).toMatchObject({ kind: 'pending' })
  })

  it('is not asked for where nothing was shifted, or long ago', () => {
    const progress = followShifts({ ...deps, sight: null })
    expect(progress.of(looked(accepted, 25, 25))).toBe(undefined)
    expect(progress.of(looked(accepted, 0, 25, time.now - 61_000))).toBe(undefined)
  })

  it('is accepted, not seen, when too few requests come to tell', async () => {
    const signal = AbortSignal.timeout(5_000)
    const counts = async () => ({ kind: 'ok', value: new Map([['web', { blue: 5, green: 0 }]]) }) as const
    const progress = followShifts({ ...deps, sight: { name: 'metrics', counts } })
    await progress.lookAgain(looked(accepted), signal)
    time.elapsed += 29_999
    expect(await progress.lookAgain(looked(accepted), signal)).toMatchObject({ kind: 'pending' })
    time.elapsed += 1
    expect(await progress.lookAgain(looked(accepted), signal)).toEqual({ kind: 'accepted' })
  })
})

describe('evidence of a shift', () => {
  const after = (was: number, wanted: number, ...counts: readonly (readonly [number, number])[]) =>
    counts.reduce((sum, [blue, green]) => addEvidence(sum, was, wanted, { blue, green }), 0)

  it('is enough once the new share explains the counts much better than the old', () => {
    expect(isEnough(after(0, 25, [75, 25]))).toBe(true)
    expect(isEnough(after(25, 50, [10, 10]))).toBe(false)
    expect(isEnough(after(25, 50, [50, 50]))).toBe(true)
    expect(isEnough(after(100, 0, [3, 0]))).toBe(true)
    // A tester or two are no users.
    expect(isEnough(after(0, 1, [5, 1]))).toBe(false)
  })

  it('forgets what came before the gateway moved traffic', () => {
    expect(isEnough(after(0, 50, [10_000, 0], [10, 10]))).toBe(true)
    expect(isEnough(after(0, 50, [10_000, 0]))).toBe(false)
  })
})
