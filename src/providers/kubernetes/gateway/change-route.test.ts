import { describe, expect, it } from 'vitest'
import { serviceId } from './backend.ts'
import { changeRoute, sharesOf } from './change-route.ts'
import type { HttpRoute, RouteRule } from './http-route.ts'
import type { ServiceRecord } from './route-record.ts'

const within = {
  namespace: 'shop',
  backends: {
    service: 'web',
    blue: [serviceId('shop', 'web')],
    green: () => serviceId('shop-next', 'web'),
  },
}
const stamp = { fence: { release: 'r', epoch: 1, move: 'web', version: 1 }, intent: 'web/weights/1', baseline: null }
const routeWith = (...rules: readonly RouteRule[]): HttpRoute => ({ metadata: { namespace: 'shop' }, spec: { rules } })

/** Writes as the provider does, and gives what a reader finds then. */
const write = (route: HttpRoute, percent: number, record: ServiceRecord | null) => {
  const change = changeRoute(route, percent, within, record)
  if (change.kind === 'refused') throw new Error(change.because)
  const written = { ...route, spec: { ...route.spec, rules: change.rules } }
  return { route: written, record: { stamp, green: percent, was: 0, at: 0, originals: change.originals } }
}

describe('the rules of a route', () => {
  it('get weights where they send to the service, by path and by the namespace of the backend', () => {
    const other = { backendRefs: [{ name: 'web', namespace: 'elsewhere' }] }
    const { route, record } = write(routeWith({ backendRefs: [{ name: 'web' }] }, other), 5, null)
    expect(route.spec?.rules).toEqual([
      {
        backendRefs: [
          { name: 'web', weight: 95 },
          { name: 'web', namespace: 'shop-next', weight: 5 },
        ],
      },
      other,
    ])
    expect(sharesOf(route, within, record)).toEqual([5])
  })

  it('are as they were at 0, in their order and with what else they say', () => {
    const rules: readonly RouteRule[] = [
      { name: 'a', matches: [{ path: { value: '/a' } }], backendRefs: [{ name: 'old' }, { name: 'web', weight: 3 }] },
      { matches: [{ path: { value: '/b' } }], filters: [{ type: 'X' }], backendRefs: [{ name: 'web', port: 80 }] },
    ]
    let state = write(routeWith(...rules), 1, null)
    for (const percent of [25, 100, 50]) state = write(state.route, percent, state.record)
    expect(write(state.route, 0, state.record).route.spec?.rules).toEqual(rules)
  })

  it('are put right when somebody changed only weights of blue and green', () => {
    const first = write(routeWith({ backendRefs: [{ name: 'web', weight: 2 }] }), 25, null)
    const refs = first.route.spec?.rules?.[0]?.backendRefs ?? []
    for (const weights of [
      [1, 1],
      [0, 0],
      [100, 0],
    ]) {
      const changed = routeWith({ backendRefs: refs.map((ref, index) => ({ ...ref, weight: weights[index] ?? 0 })) })
      expect(changeRoute(changed, 25, within, first.record)).toMatchObject({ holds: false })
      expect(write(changed, 25, first.record).route.spec?.rules).toEqual(first.route.spec?.rules)
      expect(write(changed, 0, first.record).route.spec?.rules).toEqual([{ backendRefs: [{ name: 'web', weight: 2 }] }])
    }
  })

  it('keep what people wrote after the service was back', () => {
    const away = write(routeWith({ backendRefs: [{ name: 'web' }] }), 25, null)
    const back = write(away.route, 0, away.record)
    expect(
      changeRoute(routeWith({ backendRefs: [{ name: 'web', weight: 10 }] }), 0, within, back.record),
    ).toMatchObject({
      holds: true,
    })
    const theirs = routeWith({
      backendRefs: [
        { name: 'web', weight: 10 },
        { name: 'old', weight: 5 },
      ],
    })
    expect(changeRoute(theirs, 0, within, back.record)).toMatchObject({ holds: true })
    expect(write(theirs, 50, back.record).route.spec?.rules?.[0]?.backendRefs).toEqual([
      { name: 'web', weight: 50 },
      { name: 'web', namespace: 'shop-next', weight: 50 },
      { name: 'old', weight: 50 },
    ])
  })

  it('get blue back when somebody took it out', () => {
    const first = write(routeWith({ backendRefs: [{ name: 'web' }] }), 100, null)
    const taken = routeWith({ backendRefs: [{ name: 'web', namespace: 'shop-next', weight: 1 }] })
    expect(sharesOf(taken, within, first.record)).toEqual([100])
    expect(write(taken, 0, first.record).route.spec?.rules).toEqual([{ backendRefs: [{ name: 'web' }] }])
  })
})
