import { createStreamRandom, type StreamRandom } from './stream-random.ts'

/** Seconds of one sample. */
export const SAMPLE_SECONDS = 5
/** Samples of one hour. */
export const HOUR = 720
const MINUTE = 12

/** How a service's traffic and failures vary although nothing is wrong with green. */
export const shapes = [
  'steady',
  'bursts',
  'day',
  'incident on both sides',
  'incident at 100 %',
  'cold start',
  'sticky users',
  'one large tenant',
  'flaky pods',
] as const
export type Shape = (typeof shapes)[number]

/** What each is, in words for the page. Base: 0.1 % of requests fail. */
export const shapeWords: Readonly<Record<Shape, string>> = {
  steady: 'Poisson arrivals at a constant rate; failures are independent',
  bursts:
    'one minute in seven, in spells of 20 s on average, has four times the traffic; failures come in clusters of 4 on average, each within one sample of one side',
  day: 'a day of 24 h that begins at a random hour: traffic varies 1:4, the error ratio 1:3, hours apart',
  'incident on both sides':
    'for 3 minutes, while both sides have traffic, 10 % of requests fail and take twice as long',
  'incident at 100 %': 'the same while green has all the traffic, so that there is no blue beside it',
  'cold start': 'replicas that are new after a raise of the weight are 4 times as slow, which fades with 45 s',
  'sticky users':
    'users stay on a side for 3 minutes on average after a change of the weights; one in ten asks for a route that fails 5 times as often and is twice as slow',
  'one large tenant': '5 % of the traffic is one tenant, who fails 10 times as often and crosses all at once',
  'flaky pods':
    'each side has 10 pods; every 2 hours on average one of them fails 20 % of its requests for 2 minutes on average, on either side',
}

/** A step of the ramp that a rule set has been through: from sample `from` on, green's weight in percent was `weight`. */
export type Exposure = readonly { readonly from: number; readonly weight: number }[]

/** One side over one sample, before chance. */
export type Condition = {
  /** Requests in the sample that are expected here. */
  readonly requests: number
  readonly errorRatio: number
  /** How much longer than usual requests take; and a part of them by a factor of their own. */
  readonly slowdown: number
  readonly slower: { readonly share: number; readonly slowdown: number } | null
}

export type Weather = {
  /** Mean number of failures that come together; 1: each by itself. */
  readonly clusterMean: number
  readonly arms: (sample: number, exposure: Exposure) => { readonly blue: Condition; readonly green: Condition }
  /** Blue's replicas in two halves while it has all the traffic; samples below 0 lie before the release. */
  readonly halves: (sample: number) => { readonly a: Condition; readonly b: Condition }
}

export type WeatherOptions = {
  readonly shape: Shape
  readonly seed: number
  readonly perSecond: number
  readonly errorRatio: number
  /** Samples before the release, and of it. */
  readonly before: number
  readonly length: number
}

/** What a shape varies; left out: nothing. */
type Variation = {
  readonly clusterMean?: number
  readonly rate?: (sample: number) => number
  readonly errors?: (sample: number, part: 'blue' | 'green' | 'a' | 'b') => number
  readonly slowdown?: (sample: number) => number
  /** Green's part of the traffic, where it is not its weight. */
  readonly share?: (sample: number, exposure: Exposure) => number
  /** By which factor the sides' errors differ because they have different users; and who of them is slower. */
  readonly users?: (share: number, exposure: Exposure) => Users
  readonly young?: (sample: number, exposure: Exposure) => Condition['slower']
}
type Users = {
  readonly blue: UsersOfSide
  readonly green: UsersOfSide
}
type UsersOfSide = { readonly errors: number; readonly slower: Condition['slower'] }

const sameUsers: Users = { blue: { errors: 1, slower: null }, green: { errors: 1, slower: null } }

export const createWeather = (options: WeatherOptions): Weather => {
  const random = createStreamRandom()
  random.restart(options.seed, 0, 1_000)
  const varies = variations[options.shape](options, random)
  const perSample = options.perSecond * SAMPLE_SECONDS
  const rateOf = (sample: number): number => perSample * (varies.rate?.(sample) ?? 1)
  const errorsOf = (sample: number, part: 'blue' | 'green' | 'a' | 'b'): number =>
    varies.errors?.(sample, part) ?? options.errorRatio
  const slowdownOf = (sample: number): number => varies.slowdown?.(sample) ?? 1
  return {
    clusterMean: varies.clusterMean ?? 1,
    arms: (sample, exposure) => {
      const share = varies.share?.(sample, exposure) ?? weightOf(exposure) / 100
      const users = varies.users?.(share, exposure) ?? sameUsers
      const rate = rateOf(sample)
      const slowdown = slowdownOf(sample)
      const side = (part: 'blue' | 'green', of: number, young: Condition['slower']): Condition => ({
        requests: rate * of,
        errorRatio: errorsOf(sample, part) * users[part].errors,
        slowdown,
        slower: young ?? users[part].slower,
      })
      return {
        blue: side('blue', 1 - share, null),
        green: side('green', share, varies.young?.(sample, exposure) ?? null),
      }
    },
    halves: (sample) => {
      const half = (part: 'a' | 'b'): Condition => ({
        requests: rateOf(sample) / 2,
        errorRatio: errorsOf(sample, part),
        slowdown: slowdownOf(sample),
        slower: varies.users?.(0, []).blue.slower ?? null,
      })
      return { a: half('a'), b: half('b') }
    },
  }
}

const weightOf = (exposure: Exposure): number => exposure.at(-1)?.weight ?? 0

const variations: Readonly<Record<Shape, (options: WeatherOptions, random: StreamRandom) => Variation>> = {
  steady: () => ({}),
  bursts: (options, random) => ({ clusterMean: 4, rate: spells(options, random) }),
  day: (options, random) => {
    const starts = random.next() * 24
    const wave = (sample: number, lag: number) => Math.sin(((starts + lag + sample / HOUR) / 24) * 2 * Math.PI)
    return {
      rate: (sample) => 1 + 0.6 * wave(sample, 0),
      errors: (sample) => options.errorRatio * (1 + 0.5 * wave(sample, 7)),
    }
  },
  'incident on both sides': (options, random) =>
    incident(options, 2 * MINUTE + Math.floor(random.next() * 20 * MINUTE)),
  'incident at 100 %': (options, random) => incident(options, 27 * MINUTE + Math.floor(random.next() * 28 * MINUTE)),
  'cold start': () => ({ young: youngReplicas }),
  'sticky users': ({ perSecond }, random) => ({ share: laggingShare, users: usersByRoute(perSecond, random) }),
  'one large tenant': (_, random) => tenantThatCrosses(random.next() * 100),
  'flaky pods': (options, random) => flakyPods(options, random),
}

/** Two states, calm and busy; how long each lasts is geometric. */
const spells = ({ before, length }: WeatherOptions, random: StreamRandom): ((sample: number) => number) => {
  const busy = new Uint8Array(before + length)
  let now = 0
  for (let i = 0; i < busy.length; i++) {
    now = random.next() < (now === 1 ? 1 / 4 : 1 / 24) ? 1 - now : now
    busy[i] = now
  }
  return (sample) => (busy[sample + before] === 1 ? 4 : 1)
}

const incident = ({ errorRatio }: WeatherOptions, from: number): Variation => {
  const lasts = (sample: number): boolean => sample >= from && sample < from + 3 * MINUTE
  return {
    errors: (sample) => (lasts(sample) ? 0.1 : errorRatio),
    slowdown: (sample) => (lasts(sample) ? 2 : 1),
  }
}

/** Green is scaled with its weight, so after a raise the part that is new is what the weight rose by. */
const youngReplicas = (sample: number, exposure: Exposure): Condition['slower'] => {
  const step = exposure.at(-1)
  if (step === undefined) return null
  const before = exposure.at(-2)?.weight ?? 0
  const age = (sample - step.from) * SAMPLE_SECONDS
  return { share: Math.max(0, 1 - before / step.weight), slowdown: 1 + 3 * Math.exp(-age / 45) }
}

const STICKY_SECONDS = 180

/** Users change sides when their sessions end, so traffic follows the weights late. */
const laggingShare = (sample: number, exposure: Exposure): number =>
  exposure.reduce((share, { from, weight }, i) => {
    const until = exposure[i + 1]?.from ?? sample
    const fades = Math.exp((-Math.max(0, until - from) * SAMPLE_SECONDS) / STICKY_SECONDS)
    return weight / 100 + (share - weight / 100) * fades
  }, 0)

/** One in ten of the users, each of whom asks once in 20 s: which of them are on green is chance, and stays so. */
const usersByRoute = (perSecond: number, random: StreamRandom): NonNullable<Variation['users']> => {
  const count = Math.min(100_000, Math.max(5, Math.round(perSecond * 20)))
  const upTo = new Float64Array(count + 1)
  for (let i = 0; i < count; i++) upTo[i + 1] = (upTo[i] ?? 0) + (random.next() < 0.1 ? 1 : 0)
  const all = upTo[count] ?? 0
  // Scaled so that all users together fail as often as the base says.
  const unit = 1 / (1 + (4 * all) / count)
  const side = (part: number): UsersOfSide => ({ errors: unit * (1 + 4 * part), slower: { share: part, slowdown: 2 } })
  return (share) => {
    const onGreen = Math.min(count, Math.round(share * count))
    const heavy = upTo[onGreen] ?? 0
    return {
      blue: side(onGreen === count ? 0 : (all - heavy) / (count - onGreen)),
      green: side(onGreen === 0 ? 0 : heavy / onGreen),
    }
  }
}

const TENANT = { share: 0.05, errors: 10 }

const tenantThatCrosses = (at: number): Variation => {
  const isOnGreen = (exposure: Exposure): boolean => weightOf(exposure) >= at
  const unit = 1 / (1 - TENANT.share + TENANT.share * TENANT.errors)
  const side = (others: number, tenant: number): UsersOfSide => ({
    errors: others + tenant === 0 ? 1 : (unit * (others + tenant * TENANT.errors)) / (others + tenant),
    slower: null,
  })
  return {
    share: (_, exposure) => (weightOf(exposure) / 100) * (1 - TENANT.share) + (isOnGreen(exposure) ? TENANT.share : 0),
    users: (_, exposure) => {
      const others = (weightOf(exposure) / 100) * (1 - TENANT.share)
      const onGreen = isOnGreen(exposure) ? TENANT.share : 0
      return { green: side(others, onGreen), blue: side(1 - TENANT.share - others, TENANT.share - onGreen) }
    },
  }
}

const FLAKY = { everyHours: 2, samples: 2 * MINUTE, fails: 0.2, pods: 10 }

/** Errors that follow each other for longer than a sample: a pod that is bad stays bad for minutes. */
const flakyPods = ({ before, length, errorRatio }: WeatherOptions, random: StreamRandom): Variation => {
  const badPods = (): { readonly a: Uint8Array; readonly b: Uint8Array } => {
    const halves = { a: new Uint8Array(before + length), b: new Uint8Array(before + length) }
    const gap = () => Math.round(-Math.log(random.next()) * FLAKY.everyHours * HOUR)
    for (let from = gap(); from < before + length; from += gap()) {
      const lasts = Math.max(1, Math.round(-Math.log(random.next()) * FLAKY.samples))
      halves[random.next() < 0.5 ? 'a' : 'b'].fill(1, from, from + lasts)
    }
    return halves
  }
  const [blue, green] = [badPods(), badPods()]
  const bad = ({ a, b }: ReturnType<typeof badPods>, i: number): number => (a[i] ?? 0) + (b[i] ?? 0)
  return {
    errors: (sample, part) => {
      const i = sample + before
      const pods = part === 'a' || part === 'b' ? 2 * (blue[part][i] ?? 0) : bad(part === 'blue' ? blue : green, i)
      return errorRatio + (pods * FLAKY.fails) / FLAKY.pods
    },
  }
}
