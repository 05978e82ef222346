import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createExpositionReader } from './exposition.ts'
import { canonicalSeries, type Format } from './sample-line.ts'

const createReader = () => {
  let asked = 0
  const reader = createExpositionReader<string>({
    meaningOf: (name, labels) => {
      asked++
      return canonicalSeries(name, labels)
    },
    typeFault: (family, type) => (family === 'orders' && type !== 'counter' ? `${family} is a ${type}` : null),
  })
  const read = (text: string, format: Format = 'text') => {
    const samples: [string, number][] = []
    const result = reader.read(text, format, (series, value) => samples.push([series, value]))
    return { result, samples }
  }
  return { read, asked: () => asked }
}
const samplesOf = (text: string, format: Format = 'text') => {
  const { result, samples } = createReader().read(text, format)
  expect(result).toEqual({ kind: 'ok' })
  return samples
}
const faultOf = (text: string, format: Format = 'text') => createReader().read(text, format).result

describe('the text format of Prometheus', () => {
  it('reads the example of its specification', () => {
    const text = `# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

rpc_duration_seconds{quantile="0.99",} 7.6656e+04
`
    expect(samplesOf(text)).toEqual([
      ['http_requests_total{code="200",method="post"}', 1027],
      ['http_requests_total{code="400",method="post"}', 3],
      [
        'msdos_file_access_time_seconds{error="Cannot find file:\\n\\"FILE.TXT\\"",path="C:\\\\DIR\\\\FILE.TXT"}',
        1.458255915e9,
      ],
      ['metric_without_timestamp_and_labels', 12.47],
      ['something_weird{problem="division by zero"}', Number.POSITIVE_INFINITY],
      ['rpc_duration_seconds{quantile="0.99"}', 7.6656e4],
    ])
  })

  it.each([
    ['a 0', 0],
    ['a NaN', Number.NaN],
    ['a -Inf', Number.NEGATIVE_INFINITY],
    ['a 1e3', 1000],
    ['a .5', 0.5],
    ['  a \t -7 ', -7],
    ['a{} 3', 3],
    ['a { } 3', 3],
    ['a{b="}"}4', 4],
    ['a{ b = "c" , } 4', 4],
    ['a{b="\u2028 \r\\\u2028"} 4', 4],
    ['a 12345678901234567890', 12345678901234567000],
  ])('reads the value of %j', (line, value) => {
    expect(samplesOf(`${line}\n`).map(([, value]) => value)).toEqual([value])
  })

  it.each([
    ['a', 'not a sample'],
    ['a one', "value can't be read"],
    ['a 0x10', "value can't be read"],
    ['a 1 2 3', "value can't be read"],
    ['a{b="c} 1', 'not a sample'],
    ['a{b=c} 1', 'labels'],
    ['a{b="c" d="e"} 1', 'labels'],
    ['a{b="1",b="2"} 1', 'twice'],
    ['9a 1', 'a name and labels'],
    ['<html>', 'not a sample'],
    ['a{b="c"}', "value can't be read"],
    ['# TYPE orders gauge', 'orders is a gauge'],
    ['# TYPE orders', 'not a type'],
  ])('names the line and the fault of %j', (line, because) => {
    expect(faultOf(`ok 1\n${line}\n`)).toEqual({ kind: 'fault', line: 2, because: expect.stringContaining(because) })
  })

  it('calls a last line without its end a fault: the text may have been cut inside a number', () => {
    expect(faultOf('a 1\nb 12')).toMatchObject({ kind: 'fault', line: 2, because: expect.stringContaining('cut off') })
  })

  it('calls a series that stands there twice a fault, also when it was known', () => {
    const { read } = createReader()
    read('a 1\nb 2\n')
    expect(read('a 1\nb 2\na 3\n').result).toMatchObject({ kind: 'fault', line: 3 })
    expect(faultOf('a 1\na 1\n')).toMatchObject({ kind: 'fault', line: 2 })
  })

  it('reads labels once per series, and finds lines that moved, came and went', () => {
    const { read, asked } = createReader()
    read('a 1\nb{x="1"} 2\nc 3\nd 4\n')
    expect(asked()).toBe(4)
    expect(read('d 40\na 10\ne 50\nc 30\n').samples).toEqual([
      ['d', 40],
      ['a', 10],
      ['e', 50],
      ['c', 30],
    ])
    expect(asked()).toBe(5)
    read('d 40\na 10\nab 1\ne 50\nc 30\n')
    expect(asked()).toBe(6)
  })

  it('starts anew after a fault', () => {
    const { read } = createReader()
    read('a 1\nb 2\n')
    expect(read('a 1\n!\n').result.kind).toBe('fault')
    expect(read('a 3\nb 4\n')).toEqual({
      result: { kind: 'ok' },
      samples: [
        ['a', 3],
        ['b', 4],
      ],
    })
  })
})

describe('OpenMetrics', () => {
  it('reads over units, exemplars and timestamps', () => {
    const text = `# TYPE foo_seconds histogram
# UNIT foo_seconds seconds
foo_seconds_bucket{le="0.1"} 8 # {trace_id="x # }y"} 0.054
foo_seconds_bucket{le="+Inf"} 17 1520879607.789 # {} 9.8 1520879607.789
foo_seconds_created 1520430000.123
# EOF
`
    expect(samplesOf(text, 'openmetrics')).toEqual([
      ['foo_seconds_bucket{le="0.1"}', 8],
      ['foo_seconds_bucket{le="+Inf"}', 17],
      ['foo_seconds_created', 1520430000.123],
    ])
  })

  it('is cut off without # EOF, and over after it', () => {
    expect(faultOf('a 1\n', 'openmetrics')).toMatchObject({ because: expect.stringContaining('# EOF is missing') })
    expect(faultOf('# EOF\na 1\n', 'openmetrics')).toMatchObject({ because: expect.stringContaining('follows') })
    expect(faultOf('# EOF', 'openmetrics')).toEqual({ kind: 'ok' })
  })
})

describe('any text', () => {
  const name = fc.stringMatching(/^[a-z_:][a-z0-9_:]{0,5}$/)
  const value = fc.oneof(fc.nat(), fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY))
  const labels = fc.dictionary(
    fc.stringMatching(/^[a-z_][a-z0-9_]{0,5}$/),
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    {
      maxKeys: 3,
    },
  )
  const written = (value: number) =>
    Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
  const escaped = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  const sample = fc.record({ name, labels, value }).map((sample) => ({
    series: canonicalSeries(sample.name, new Map(Object.entries(sample.labels))),
    value: sample.value,
    line: `${sample.name}{${Object.entries(sample.labels)
      .map(([label, value]) => `${label}="${escaped(value)}"`)
      .join(',')}} ${written(sample.value)}\n`,
  }))
  const samples = fc.uniqueArray(sample, { selector: ({ series }) => series, maxLength: 12 })

  it('comes back as it was written, whatever was read before', () => {
    fc.assert(
      fc.property(fc.array(samples, { minLength: 1, maxLength: 4 }), (texts) => {
        const { read } = createReader()
        for (const text of texts)
          expect(read(text.map(({ line }) => line).join('')).samples).toEqual(
            text.map(({ series, value }) => [series, Object.is(value, -0) ? 0 : value]),
          )
      }),
    )
  })

  it('is read or refused, never thrown at', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('a', 'b', '{', '}', '"', '=', '\\', ',', '#', '\n', ' ', '1', '.', 'e', '-'),
        }),
        (text) => void faultOf(text),
      ),
    )
  })
})
