import type { MoveKind } from '../plan/plan.ts'

/** What is wrong with a green in a rehearsal, from its first request, item or run on. */
export type Fault =
  /** So much of what it is asked fails, beside what fails on blue. */
  | { readonly kind: 'errors'; readonly share: number }
  /** Its answers take so many times as long. */
  | { readonly kind: 'latency'; readonly factor: number }
  /** Each of its copies dies soon after it began to serve, again and again. */
  | { readonly kind: 'crash loop' }
  /** Each run of its schedule fails. */
  | { readonly kind: 'job failures' }
  /** Nothing of it is measured, on either side. */
  | { readonly kind: 'blind metrics' }
  /** Its copies take so many times as long to get ready. */
  | { readonly kind: 'slow start'; readonly factor: number }

type Kind = Fault['kind']

/** Names for people: those with a number may have another one. */
const forms: readonly { readonly form: RegExp; readonly of: (figure: number) => Fault }[] = [
  { form: /^errors-(\d+(?:\.\d+)?)$/, of: (percent) => ({ kind: 'errors', share: percent / 100 }) },
  { form: /^latency-(\d+(?:\.\d+)?)$/, of: (factor) => ({ kind: 'latency', factor }) },
  { form: /^crash-loop$/, of: () => ({ kind: 'crash loop' }) },
  { form: /^job-failures$/, of: () => ({ kind: 'job failures' }) },
  { form: /^blind-metrics$/, of: () => ({ kind: 'blind metrics' }) },
  { form: /^slow-start-(\d+(?:\.\d+)?)$/, of: (factor) => ({ kind: 'slow start', factor }) },
]

/** What is rehearsed where nobody names any. */
export const faultNames = [
  'errors-0.3',
  'errors-1',
  'errors-5',
  'errors-50',
  'errors-100',
  'latency-2',
  'crash-loop',
  'job-failures',
  'blind-metrics',
  'slow-start-10',
] as const

const isSensible = (fault: Fault): boolean => {
  if (fault.kind === 'errors') return fault.share > 0 && fault.share <= 1
  return fault.kind === 'latency' || fault.kind === 'slow start' ? fault.factor > 1 : true
}

/** null: there is no such fault. */
export const faultOf = (name: string): Fault | null => {
  for (const { form, of } of forms) {
    const found = form.exec(name)
    if (found === null) continue
    const fault = of(Number(found[1] ?? 0))
    return isSensible(fault) ? fault : null
  }
  return null
}

/** Of which kinds of moves a fault can be. */
export const kindsOf: Readonly<Record<Kind, readonly MoveKind[]>> = {
  errors: ['exposed', 'worker'],
  latency: ['exposed'],
  'crash loop': ['exposed', 'worker'],
  'job failures': ['job'],
  'blind metrics': ['exposed', 'worker'],
  'slow start': ['exposed', 'worker', 'internal'],
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(6))} %`

/** What it is like, for people. */
export const describeFault = (fault: Fault, kind: MoveKind): string => {
  switch (fault.kind) {
    case 'errors':
      return `${percent(fault.share)} of its ${kind === 'worker' ? 'items' : 'requests'} fail on green, beside those that fail on blue`
    case 'latency':
      return `its answers take ${fault.factor} times as long on green`
    case 'crash loop':
      return 'its copies on green die soon after they began to serve, again and again'
    case 'job failures':
      return 'each of its runs on green fails'
    case 'blind metrics':
      return 'nothing of it is measured any more as soon as it crosses'
    case 'slow start':
      return `its copies on green take ${fault.factor} times as long to get ready`
    default:
      return fault satisfies never
  }
}
