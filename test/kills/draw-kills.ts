import type { Lane, Millis } from '../../src/moves/goal.ts'

/**
 * When an engine is killed. `entry`: not before the journal has so many entries (after a `go back`: so many more).
 * - `entry`: then, and so many milliseconds; 0: as soon as the entry can be read, which is about when it is acted on.
 * - `act`: in the middle of the next act of a lane after that: a handoff, a shift, a weight.
 * - `start`: so long after its own start, while it reads the journal, claims its epoch, looks at the world.
 * - `taken over`: then another engine takes over, and in the middle of that one of the two is killed.
 */
export type Kill =
  | { readonly kind: 'entry'; readonly entry: number; readonly afterMs: Millis }
  | { readonly kind: 'act'; readonly entry: number; readonly lane: Lane; readonly afterMs: Millis }
  | { readonly kind: 'start'; readonly afterMs: Millis }
  | { readonly kind: 'taken over'; readonly entry: number; readonly afterMs: Millis; readonly who: 'first' | 'second' }

/** A person takes everything back: by a living engine, or by a command that is the engine itself. */
export type GoBack = { readonly kind: 'go back'; readonly entry: number; readonly by: 'engine' | 'command' }

export type Trouble = (Kill | GoBack) & {
  /** How long nobody runs the release afterwards. */
  readonly restMs: Millis
}

/** How kills are spread over one part of a release's life. */
type Span = {
  /** About as many entries as that part has, with some restarts. */
  readonly entries: number
  readonly longestDelayMs: Millis
}

const forward: Span = { entries: 110, longestDelayMs: 1_500 }
const untilBack: Span = { ...forward, entries: 55 }
/** Going back takes a second or two, and few entries. */
const back: Span = { entries: 16, longestDelayMs: 300 }

const longestActMs = 400
/** An engine takes about a second to come to its first turn. */
const longestStartMs = 1_800
const longestRestMs = 1_000
const lanes = ['schedule', 'schedule', 'workload', 'weights'] as const

type Random = () => number

const below = (random: Random, limit: number): number => Math.floor(random() * limit)
const pick = <T>(random: Random, of: readonly [T, ...T[]]): T => of[below(random, of.length)] ?? of[0]

const drawKill = (random: Random, entry: number, { longestDelayMs }: Span): Kill => {
  const kind = random()
  if (kind < 0.25) return { kind: 'entry', entry, afterMs: 0 }
  if (kind < 0.45) return { kind: 'entry', entry, afterMs: below(random, longestDelayMs) }
  if (kind < 0.75) return { kind: 'act', entry, lane: pick(random, lanes), afterMs: below(random, longestActMs) }
  if (kind < 0.88) return { kind: 'start', afterMs: below(random, longestStartMs) }
  const who = pick(random, ['first', 'second'] as const)
  return { kind: 'taken over', entry, afterMs: below(random, longestStartMs), who }
}

const drawMany = (random: Random, count: number, span: Span): readonly Trouble[] =>
  Array.from({ length: count }, () => below(random, span.entries))
    .toSorted((a, b) => a - b)
    .map((entry) => ({ ...drawKill(random, entry, span), restMs: below(random, longestRestMs) }))

/** The kills of one release, over its whole life. With `by`, it is taken back in the middle, and half of them come after that. */
export const drawTroubles = (random: Random, kills: number, by: GoBack['by'] | null): readonly Trouble[] => {
  if (by === null) return drawMany(random, kills, forward)
  const before = Math.floor(kills / 2)
  const entry = untilBack.entries + below(random, untilBack.entries / 2)
  return [
    ...drawMany(random, before, untilBack),
    { kind: 'go back', entry, by, restMs: 0 },
    ...drawMany(random, kills - before, back),
  ]
}
