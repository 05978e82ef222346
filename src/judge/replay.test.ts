import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { recordedSamples } from './recorded-samples.ts'
import { readRecording } from './recording.ts'
import { replay } from './replay.ts'

const read = (text: string, format: 'jsonl' | 'csv' = 'jsonl') => {
  const result = readRecording(text, format)
  if (result.kind === 'faults') throw new Error(JSON.stringify(result.faults))
  return result.recording
}
const faults = (text: string, format: 'jsonl' | 'csv' = 'jsonl') => {
  const result = readRecording(text, format)
  return result.kind === 'faults' ? result.faults : []
}
const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n')

describe('reading', () => {
  test('cumulative counters become increments per series, a fall is a restart, a later series began at zero', () => {
    const recording = read(
      lines([
        { at: 0, arm: 'blue', series: 'a', requests: 1000, errors: 5 },
        { at: 0, arm: 'green', series: 'x', requests: 10, errors: 0 },
        { at: 5000, arm: 'blue', series: 'a', requests: 1100, errors: 6 },
        { at: 5000, arm: 'blue', series: 'b', requests: 40, errors: 1 },
        { at: 5000, arm: 'green', series: 'x', requests: 30, errors: 2 },
        { at: 10_000, arm: 'blue', series: 'a', requests: 70, errors: 6 },
        { at: 10_000, arm: 'blue', series: 'b', requests: 50, errors: 1 },
      ]),
    )
    const samples = recordedSamples(recording)
    expect(samples.map(({ at, blue, green }) => [at, blue?.requests, blue?.errors, green?.requests ?? null])).toEqual([
      [5000, 140, 2, 20],
      [10_000, 80, 6, null],
    ])
  })

  test('CSV and JSON lines give the same recording, with buckets, weights and assigned requests', () => {
    const csv = [
      '# counters: increments',
      'at,arm,requests,errors,assigned,weight,le_0.1,le_0.5,le_+Inf',
      '2026-11-23T10:00:00Z,blue,95,1,95,5,80,94,95',
      '2026-11-23T10:00:00Z,green,5,0,5,,4,5,5',
      '2026-11-23T10:00:05Z,blue,95,0,95,,80,94,95',
    ].join('\r\n')
    const json = lines([
      { counters: 'increments' },
      {
        at: '2026-11-23T10:00:00Z',
        arm: 'blue',
        requests: 95,
        errors: 1,
        assigned: 95,
        weight: 5,
        le: { '0.1': 80, '0.5': 94, '+Inf': 95 },
      },
      {
        at: '2026-11-23T10:00:00Z',
        arm: 'green',
        requests: 5,
        errors: 0,
        assigned: 5,
        le: { '0.1': 4, '0.5': 5, '+Inf': 5 },
      },
      {
        at: '2026-11-23T10:00:05Z',
        arm: 'blue',
        requests: 95,
        errors: 0,
        assigned: 95,
        le: { '0.1': 80, '0.5': 94, '+Inf': 95 },
      },
    ])
    const strip = (recording: ReturnType<typeof read>) => recording.readings.map(({ line: _, ...rest }) => rest)
    expect(strip(read(csv, 'csv'))).toEqual(strip(read(json)))
    expect(recordedSamples(read(csv, 'csv'))[0]).toMatchObject({
      weightGreen: 5,
      green: null,
      blue: { latency: { boundsMs: [100, 500], atOrBelow: [80, 94], count: 95 } },
    })
  })

  test.each([
    ['{ "at": 0', 1, 'line'],
    ['[1]', 1, 'line'],
    [lines([{ at: 'yesterday', arm: 'blue', requests: 1, errors: 0 }]), 1, 'at'],
    [lines([{ at: 0, arm: 'red', requests: 1, errors: 0 }]), 1, 'arm'],
    [`\n${lines([{ at: 0, arm: 'blue', requests: -1, errors: 0 }])}`, 2, 'requests'],
    [lines([{ at: 0, arm: 'blue', requests: 1, errors: 2 }]), 1, 'errors'],
    [lines([{ at: 0, arm: 'blue', requests: 1, errors: 0, weight: 101 }]), 1, 'weight'],
    [lines([{ at: 0, arm: 'blue', requests: 1, errors: 0, color: 'x' }]), 1, 'color'],
    [lines([{ at: 0, arm: 'blue', requests: 9, errors: 0, le: { '0.1': 5, '0.5': 4 } }]), 1, 'le 0.5'],
    [
      lines([
        { at: 5, arm: 'blue', requests: 1, errors: 0 },
        { at: 5, arm: 'blue', requests: 2, errors: 0 },
      ]),
      2,
      'at',
    ],
    [lines([{ counters: 'sums' }, { at: 5, arm: 'blue', requests: 1, errors: 0 }]), 1, 'counters'],
    ['', 1, 'file'],
  ])('%s: the fault is named with its line and field', (text, line, field) => {
    expect(faults(text)).toContainEqual(expect.objectContaining({ line, field }))
  })

  test('all faults of a CSV file are named at once', () => {
    expect(
      faults('at,arm,requests,colour\n1,blue,2\n2,blue,x,3', 'csv').map(({ line, field, value }) => [
        line,
        field,
        value,
      ]),
    ).toEqual([
      [1, 'column', 'colour'],
      [1, 'errors', ''],
      [2, 'line', '1,blue,2'],
      [3, 'requests', 'x'],
      [3, 'errors', ''],
      [3, 'colour', '3'],
    ])
  })
})

describe('replaying', () => {
  const rows = (errorsPerSample: number) => {
    const out: object[] = []
    for (let i = 0; i <= 60; i++) {
      const at = i * 5000
      out.push({ at, arm: 'blue', requests: 1000 * i, errors: i, weight: i < 10 ? 0 : 5 })
      if (i >= 10) out.push({ at, arm: 'green', requests: 50 * (i - 10), errors: errorsPerSample * (i - 10) })
    }
    return read(lines(out))
  }

  test('a bad release is rolled back at the sample at which the judge would have done it', () => {
    const { rows: shown, rolledBackAt, setup } = replay(rows(5))
    expect(setup).toMatchObject({ intervalMs: 5000, latency: null })
    expect(shown).toHaveLength(60)
    expect(shown[0]).toMatchObject({ verdict: 'hold', cause: 'no traffic', weightGreen: 0, E: 1, ratio: null })
    expect(rolledBackAt).toBeGreaterThan(55_000)
    expect(rolledBackAt).toBeLessThan(80_000)
    expect(shown.at(-1)?.ratio?.lower).toBeGreaterThan(20)
    expect(shown.at(-1)?.because).toContain('evidence against green')
  })

  test('a healthy one never is', () => {
    const { rolledBackAt, rows: shown } = replay(rows(0))
    expect(rolledBackAt).toBeNull()
    expect(shown.some((row) => row.verdict === 'advance' && row.cause === 'proven')).toBe(true)
  })

  test('without weights, green is judged as one step by its part of the requests', () => {
    const bare = read(
      lines(
        [0, 1, 2].flatMap((i) => [
          { at: i * 5000, arm: 'blue', requests: 900 * i, errors: 0 },
          { at: i * 5000, arm: 'green', requests: 100 * i, errors: 0 },
        ]),
      ),
    )
    expect(replay(bare).rows.map((row) => row.weightGreen)).toEqual([10, 10])
  })
})

describe('the documentation', () => {
  const page = readFileSync(new URL('../../docs/judge-replay.md', import.meta.url), 'utf8')
  test.each([
    ['json', 'jsonl'],
    ['csv', 'csv'],
  ] as const)('its %s example is judged', (fence, format) => {
    const example = new RegExp(`\`\`\`${fence}\n([^]*?)\`\`\``).exec(page)?.[1] ?? ''
    const { rows } = replay(read(example, format))
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({
      weightGreen: 5,
      blue: { requests: 950, errors: 1 },
      green: { requests: 51, errors: 1 },
    })
  })
})
