/** What is wrong with green, and with green only. Parts are fractions of its requests. */
export type Fault =
  | { readonly kind: 'none' }
  /** From sample `from` on, so much of what it answers has failed. */
  | { readonly kind: 'errors'; readonly ratio: number; readonly from: number }
  /** Each request takes so many times as long. */
  | { readonly kind: 'slow'; readonly factor: number }
  /** So much of what is assigned to it is never answered. */
  | { readonly kind: 'lost'; readonly part: number }
  /** One of ten pods fails so much of its requests, one minute of every `everyMinutes`. */
  | { readonly kind: 'bad pod'; readonly ratio: number; readonly everyMinutes: number }

export const noFault: Fault = { kind: 'none' }

/** What the fault does to green in one sample. */
export type Damage = {
  /** At least so much of what green answers has failed. */
  readonly errorRatio: number
  readonly lost: number
  readonly slowdown: number
}

const noDamage: Damage = { errorRatio: 0, lost: 0, slowdown: 1 }
const SAMPLES_A_MINUTE = 12
const PODS = 10

export const damageOf = (fault: Fault, sample: number): Damage => {
  switch (fault.kind) {
    case 'none':
      return noDamage
    case 'errors':
      return sample < fault.from ? noDamage : { ...noDamage, errorRatio: fault.ratio }
    case 'slow':
      return { ...noDamage, slowdown: fault.factor }
    case 'lost':
      return { ...noDamage, lost: fault.part }
    case 'bad pod': {
      const isBad = Math.floor(sample / SAMPLES_A_MINUTE) % fault.everyMinutes === 0
      return isBad ? { ...noDamage, errorRatio: fault.ratio / PODS } : noDamage
    }
    default:
      return fault satisfies never
  }
}

export const faultWords = (fault: Fault): string => {
  switch (fault.kind) {
    case 'none':
      return 'nothing'
    case 'errors':
      return fault.from === 0
        ? `${percent(fault.ratio)} errors`
        : `${percent(fault.ratio)} errors from minute ${fault.from / SAMPLES_A_MINUTE} on`
    case 'slow':
      return `${fault.factor} times as slow`
    case 'lost':
      return `${percent(fault.part)} never answered`
    case 'bad pod':
      return `one of ten pods fails ${percent(fault.ratio)}, ${fault.everyMinutes === 1 ? 'always' : `one minute of ${fault.everyMinutes}`}`
    default:
      return fault satisfies never
  }
}

const percent = (part: number): string => `${Number((part * 100).toPrecision(3))} %`
