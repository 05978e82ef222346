import { describe, expect, it } from 'vitest'
import { joinExpositions } from './exposition.ts'

describe('metrics of several replicas on one page', () => {
  it('adds labels, and keeps each family together under one head', () => {
    const text = '# HELP a Things.\n# TYPE a counter\na 1\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_sum 3\nh_count 2\n'
    const page = joinExpositions([
      { text, labels: { service: 'web', replica: 'web-1' } },
      { text, labels: { service: 'web', replica: 'web-2' } },
    ])
    expect(page.split('\n')).toEqual([
      '# HELP a Things.',
      '# TYPE a counter',
      'a{service="web",replica="web-1"} 1',
      'a{service="web",replica="web-2"} 1',
      '# TYPE h histogram',
      'h_bucket{service="web",replica="web-1",le="1"} 2',
      'h_sum{service="web",replica="web-1"} 3',
      'h_count{service="web",replica="web-1"} 2',
      'h_bucket{service="web",replica="web-2",le="1"} 2',
      'h_sum{service="web",replica="web-2"} 3',
      'h_count{service="web",replica="web-2"} 2',
      '',
    ])
  })

  it('keeps a label of the same name as exported, and leaves values alone that look like labels', () => {
    const page = joinExpositions([
      { text: 'a{service="x, service=\\"y\\"",b="{"} 1\nc{} 2', labels: { service: 'web' } },
    ])
    expect(page).toBe('a{service="web",exported_service="x, service=\\"y\\"",b="{"} 1\nc{service="web"} 2\n')
  })
})
