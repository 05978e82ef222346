import { expect, test } from 'vitest'
import { createTrafficCounters, durationBounds, forgottenAfterMs, renderMetrics } from './traffic-metrics.ts'

const figures = (service: string) => {
  const sides = {
    blue: { environment: 'ec2', ready: true, counters: createTrafficCounters() },
    green: { environment: 'fargate', ready: false, counters: createTrafficCounters() },
  }
  return { service, green: 12.5, effectiveGreen: 0, sides }
}

test('what never ended is assigned, what ended is counted by code and time, and tests are apart', () => {
  const shop = figures('shop')
  const { counters } = shop.sides.blue
  for (let n = 0; n < 4; n++) counters.assign('shop-1')
  counters.finish('shop-1', '200', 0.001)
  counters.finish('shop-1', '500', 0.0012)
  counters.finish('shop-1', 'hang', 30)
  counters.finishTest('200')
  const lines = renderMetrics([shop]).split('\n')
  const side = 'service="shop",environment="ec2"'
  const blue = `${side},replica="shop-1"`
  for (const line of [
    `titrate_assigned_total{${blue}} 4`,
    `titrate_requests_total{${blue},code="200"} 1`,
    `titrate_requests_total{${blue},code="500"} 1`,
    `titrate_requests_total{${blue},code="hang"} 1`,
    `titrate_test_requests_total{${side},code="200"} 1`,
    `titrate_request_duration_seconds_bucket{${blue},le="0.001"} 1`,
    `titrate_request_duration_seconds_bucket{${blue},le="0.0015"} 2`,
    `titrate_request_duration_seconds_bucket{${blue},le="10"} 2`,
    `titrate_request_duration_seconds_bucket{${blue},le="+Inf"} 3`,
    `titrate_request_duration_seconds_count{${blue}} 3`,
    'titrate_weight{service="shop"} 12.5',
    'titrate_effective_weight{service="shop"} 0',
    `titrate_ready{${side}} 1`,
    'titrate_ready{service="shop",environment="fargate"} 0',
    // Known before its first request, so that a first failure is a step from nothing.
    'titrate_requests_total{service="shop",environment="fargate",code="200"} 0',
  ]) {
    expect(lines).toContain(line)
  }
})

test('requests that found no replica have no such label, and are there from the first scrape on', () => {
  const shop = figures('shop')
  const side = 'service="shop",environment="ec2"'
  expect(renderMetrics([shop]).split('\n')).toContain(`titrate_requests_total{${side},code="200"} 0`)
  shop.sides.blue.counters.assign(null)
  shop.sides.blue.counters.finish(null, '503', 0.001)
  const lines = renderMetrics([shop]).split('\n')
  expect(lines).toContain(`titrate_assigned_total{${side}} 1`)
  expect(lines).toContain(`titrate_requests_total{${side},code="503"} 1`)
})

test('a replica is forgotten ten minutes after its last request, unless it is still listed', () => {
  let now = 1_000_000
  const listed = new Set(['shop-1', 'shop-2'])
  const counters = createTrafficCounters(
    (name) => listed.has(name),
    () => now,
  )
  for (const name of listed) counters.finish(name, '200', 0.001)
  const names = () => [...counters.read().replicas.keys()]
  listed.delete('shop-1')
  now += forgottenAfterMs
  expect(names()).toEqual(['', 'shop-1', 'shop-2'])
  now += 1
  expect(names()).toEqual(['', 'shop-2'])
})

test('every name is described once, and a label cannot break out', () => {
  const text = renderMetrics([figures('a'), figures('b"\n\\')])
  const described = [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name)
  expect(new Set(described).size).toBe(described.length)
  expect(text).toContain('service="b\\"\\n\\\\"')
  for (const line of text.trimEnd().split('\n')) expect(line).toMatch(/^(# |\w+\{.*\} [0-9.e+-]+$)/)
})

test('bounds rise, each at most twice the one before', () => {
  for (const [n, bound] of durationBounds.entries()) {
    const before = durationBounds[n - 1]
    if (before === undefined) continue
    expect(bound).toBeGreaterThan(before)
    expect(bound / before).toBeLessThanOrEqual(2)
  }
})
