import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Autoscaler,
  heldLeast,
  isActive,
  isPatched,
  limitsOf,
  originalBody,
  originalsOf,
  type Patched,
  pausedReplicas,
  readOriginals,
  shareBody,
} from './autoscaler.ts'

const hpa = (minReplicas: number, maxReplicas: number): Autoscaler => ({
  kind: 'HPA',
  object: { spec: { minReplicas, maxReplicas, scaleTargetRef: { kind: 'Deployment', name: 'web' } } },
})
const keda = (spec: object, annotations: Record<string, string> = {}): Autoscaler => ({
  kind: 'KEDA',
  object: { metadata: { annotations }, spec: { scaleTargetRef: { name: 'web' }, ...spec } },
})
/** What the API server makes of a merge patch. */
const patched = ({ kind, object }: Autoscaler, by: Patched): Autoscaler => {
  const merge = (into: object = {}, from: object) =>
    Object.fromEntries(Object.entries({ ...into, ...from }).filter(([, value]) => value !== null))
  const metadata = { ...object.metadata, annotations: merge(object.metadata?.annotations, by.annotations) }
  // The same kind of object with a few fields changed.
  return { kind, object: { ...object, metadata, spec: merge(object.spec, by.spec) } } as Autoscaler
}

describe('the share of an autoscaled workload', () => {
  it('is a part of the maximum, with a minimum of as many as there were, so that no load falls into a gap', () => {
    const scaler = hpa(2, 20)
    const originals = originalsOf(scaler, 10)
    expect(shareBody(scaler, originals, 5).spec).toEqual({ minReplicas: 3, maxReplicas: 5 })
    expect(shareBody(scaler, originals, 15).spec).toEqual({ minReplicas: 8, maxReplicas: 15 })
    expect(shareBody(scaler, originals, 20).spec).toEqual({ minReplicas: 10, maxReplicas: 20 })
  })

  it('is 0 by a pause of KEDA, and by a minimum that keeps an HPA from waking its workload', () => {
    expect(shareBody(hpa(0, 9), originalsOf(hpa(0, 9), 0), 0)).toEqual({ spec: { minReplicas: 1 }, annotations: {} })
    expect(limitsOf(hpa(2, 9), 0)).toEqual({ least: 0, most: 0 })
    const scaler = keda({ minReplicaCount: 2, maxReplicaCount: 9 })
    const asleep = patched(scaler, shareBody(scaler, originalsOf(scaler, 3), 0))
    expect(asleep.object.metadata?.annotations).toEqual({ [pausedReplicas]: '0' })
    expect(limitsOf(asleep, 3)).toEqual({ least: 0, most: 0 })
    // What sleeps at the end of a release goes on sleeping: its work is done on the other side.
    expect(originalBody(asleep, originalsOf(scaler, 3)).annotations).toEqual({})
  })

  it('keeps one of KEDA running that would go to 0 when idle, and lets it again at the end', () => {
    const scaler = keda({ idleReplicaCount: 0, minReplicaCount: 1 })
    const originals = originalsOf(scaler, 0)
    const half = patched(scaler, shareBody(scaler, originals, 50))
    expect(half.object.spec).toEqual({ scaleTargetRef: { name: 'web' }, minReplicaCount: 1, maxReplicaCount: 50 })
    expect(patched(half, originalBody(half, originals)).object.spec).toEqual(scaler.object.spec)
  })

  it('of one that people paused is a pause at fewer', () => {
    const scaler = keda({ maxReplicaCount: 9 }, { [pausedReplicas]: '4' })
    expect(limitsOf(scaler, 4)).toEqual({ least: 4, most: 4 })
    expect(shareBody(scaler, originalsOf(scaler, 4), 1)).toEqual({ spec: {}, annotations: { [pausedReplicas]: '1' } })
  })

  it('is not asked for where KEDA is switched off for the workload', () => {
    expect(isActive(keda({}, { 'autoscaling.keda.sh/paused': 'true' }))).toBe(false)
    expect(isActive(keda({}, { 'autoscaling.keda.sh/paused': 'true', [pausedReplicas]: '2' }))).toBe(true)
    expect(isActive(hpa(1, 2))).toBe(true)
  })

  it('of both sides together has at least what there was, and never exceeds the maximum; the originals come back exactly', () => {
    const size = fc.integer({ min: 1, max: 50 })
    const any = fc.record({
      most: size,
      least: size,
      count: fc.nat(60),
      green: size,
      kind: fc.constantFrom('HPA', 'KEDA'),
    })
    fc.assert(
      fc.property(any, ({ most, least, count, green, kind }) => {
        fc.pre(least <= most && green < most)
        const scaler = kind === 'HPA' ? hpa(least, most) : keda({ minReplicaCount: least, maxReplicaCount: most })
        const originals = originalsOf(scaler, count)
        expect(readOriginals({ ...originals })).toEqual(originals)
        const shares = [most - green, green].map((share) => patched(scaler, shareBody(scaler, originals, share)))
        const limits = shares.map((share) => limitsOf(share, 1))
        expect(limits.reduce((sum, each) => sum + each.most, 0)).toBe(most)
        expect(limits.reduce((sum, each) => sum + each.least, 0)).toBeGreaterThanOrEqual(Math.min(count, most))
        for (const each of limits) expect(each.least).toBeLessThanOrEqual(each.most)
        expect(heldLeast(originals, most)).toBe(Math.max(least, Math.min(count, most)))
        for (const share of shares) {
          const back = originalBody(share, originals)
          expect(patched(share, back).object.spec).toEqual(scaler.object.spec)
          expect(isPatched(patched(share, back), back)).toBe(true)
        }
      }),
    )
  })
})
