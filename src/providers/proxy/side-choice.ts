import { type Side, sides } from '../../moves/goal.ts'

/**
 * Which side a request goes to.
 *
 * Everyone has a bucket from 0 to 9999, kept in the sticky cookie, and is on green when it is below the share of green.
 * So a raised weight moves only the new share, a lowered one moves only the surplus back, weight 0 moves all, and
 * nothing must be remembered here. Whoever brings no bucket gets a random one: the share by weight.
 */
export const buckets = 10_000

export const sideOfBucket = (bucket: number, green: number): Side =>
  bucket < Math.round((green * buckets) / 100) ? 'green' : 'blue'

/**
 * What is in force: an unready green gets 0 while blue is ready. In every other case the weight that was set, so that
 * a blue that flaps never sends everyone to green.
 */
export const effectiveGreen = (set: number, ready: Readonly<Record<Side, boolean>>): number =>
  !ready.green && ready.blue ? 0 : set

export type ChoiceRules = {
  readonly sticky: { readonly cookie: string; readonly forMs: number } | null
  readonly test: { readonly header: string; readonly cookie: string }
}

export type Choice = {
  readonly side: Side
  /** Chosen by the test header or cookie: no user's request, so it counts apart. */
  readonly forced: boolean
  /** The Set-Cookie that keeps the user where they are; null: none is due. */
  readonly setCookie: string | null
}

/** `random` is in [0, 1). */
export const chooseSide = (
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  rules: ChoiceRules,
  green: number,
  now: number,
  random: () => number,
): Choice => {
  const cookies = typeof headers.cookie === 'string' ? headers.cookie : ''
  const forced = sideNamed(headers[rules.test.header]) ?? sideNamed(cookieValue(cookies, rules.test.cookie))
  if (forced !== null) return { side: forced, forced: true, setCookie: null }
  const { sticky } = rules
  const held = sticky === null ? null : parseSticky(cookieValue(cookies, sticky.cookie))
  const bucket = held?.bucket ?? Math.floor(random() * buckets)
  const side = sideOfBucket(bucket, green)
  if (sticky === null || (held !== null && isFresh(held.since, sticky.forMs, now))) {
    return { side, forced: false, setCookie: null }
  }
  return { side, forced: false, setCookie: stickyCookie(sticky, bucket, now) }
}

const sideNamed = (value: string | readonly string[] | null | undefined): Side | null =>
  sides.find((side) => side === value) ?? null

/** The value of a cookie in a Cookie header; null: it isn't there. */
export const cookieValue = (header: string, name: string): string | null => {
  if (!header.includes(name)) return null
  for (const part of header.split(';')) {
    const equals = part.indexOf('=')
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim()
  }
  return null
}

const minuteMs = 60_000

/** `<bucket>.<minute since 1970 in base 36>`: the minute tells when it is due to be given anew. */
const stickyCookie = (sticky: { readonly cookie: string; readonly forMs: number }, bucket: number, now: number) => {
  const value = `${bucket}.${Math.floor(now / minuteMs).toString(36)}`
  return `${sticky.cookie}=${value}; Path=/; Max-Age=${Math.ceil(sticky.forMs / 1000)}; HttpOnly; SameSite=Lax`
}

const parseSticky = (value: string | null): { readonly bucket: number; readonly since: number } | null => {
  const parts = value === null ? null : /^(\d{1,4})\.([0-9a-z]{1,8})$/.exec(value)
  return parts === null ? null : { bucket: Number(parts[1]), since: Number.parseInt(parts[2] ?? '', 36) * minuteMs }
}

/** Given anew in its second half, so that whoever comes back in time keeps their bucket. */
const isFresh = (since: number, forMs: number, now: number): boolean =>
  since <= now && now - since <= Math.max(forMs / 2, minuteMs)
