import type { Json, Millis } from '../moves/goal.ts'
import type { Protocol } from './protocol.ts'

/** What a port answers to an act; see `Answer` in the engine's ports. */
export type Answered =
  | { readonly kind: 'ok'; readonly value: unknown }
  | { readonly kind: 'conflict' | 'refused' | 'unknown'; readonly because: string }

/**
 * How one attempt at a goal ended.
 *
 * - `waiting`: nothing can be done before `until`; the attempt is over, so that its slot is free for others.
 *   Begin again then, with `memo` or without.
 * - `aborted`: the signal said stop; whatever was done stays, and the next attempt goes on from there.
 */
export type Attempt<Memo> =
  | { readonly kind: 'done'; readonly result: Json }
  | { readonly kind: 'refused' | 'unknown'; readonly because: string }
  | { readonly kind: 'waiting'; readonly until: Millis; readonly because: string; readonly memo: Memo }
  | { readonly kind: 'aborted' }

export type Drive<World, Goal, Action, Memo> = {
  readonly protocol: Protocol<World, Goal, Action, Memo>
  readonly goal: Goal
  readonly memo: Memo
  /** Never throws for what the world does: a side that doesn't answer is a fact in the world. */
  readonly read: (signal: AbortSignal) => Promise<World>
  /** Carries out one action on the revisions of the world it was decided on. */
  readonly act: (action: Action, world: World, signal: AbortSignal) => Promise<Answered>
  /** What an answer teaches beyond what the next read will show. */
  readonly remember?: (memo: Memo, action: Action, value: unknown, now: Millis) => Memo
  /** A refusal that the protocol can still do something about (hand back); null: the attempt ends refused. */
  readonly afterRefusal?: (memo: Memo, action: Action, because: string) => Memo | null
  readonly now: () => Millis
  /** Resolves at `until`, or as soon as the signal aborts. Never rejects. */
  readonly sleep: (until: Millis, signal: AbortSignal) => Promise<void>
  readonly signal: AbortSignal
  /** No act begins at or after this instant. */
  readonly actUntil: Millis
  /** A wait longer than this ends the attempt. */
  readonly patienceMs: Millis
}

/** Tries without progress before an attempt gives up: with the pauses below, about 10 s. */
const triesWithoutProgress = 12
/** Two writers that undo each other would otherwise go on for ever. */
const actsPerAttempt = 500
const firstPauseMs = 20
const longestPauseMs = 2_000

const pauseAfter = (failures: number): Millis =>
  failures <= 1 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 2))

/**
 * The one loop that carries out protocols: read, ask what is next, act; always a fresh read before each act, so
 * that an `unknown` or a `conflict` is never answered by guessing. Tries again at once, then with growing pauses;
 * an action that was answered `ok` and is asked for again counts as a failure too, so that no loop is endless.
 */
export const drive = async <World, Goal, Action, Memo>(
  options: Drive<World, Goal, Action, Memo>,
): Promise<Attempt<Memo>> => {
  const { protocol, goal, signal, now } = options
  let memo = options.memo
  let failures = 0
  let trouble = 'nothing came of it'
  let previous = ''
  let acts = 0

  for (;;) {
    if (signal.aborted) return { kind: 'aborted' }
    if (failures > triesWithoutProgress) {
      return { kind: 'unknown', because: `gave up after ${failures} tries: ${trouble}` }
    }
    if (failures > 1) await options.sleep(now() + pauseAfter(failures), signal)
    if (signal.aborted) return { kind: 'aborted' }

    const world = await options.read(signal)
    if (signal.aborted) return { kind: 'aborted' }
    const next = protocol(world, goal, memo, now())
    if (next.kind === 'done' || next.kind === 'refused') return next
    memo = next.memo

    if (next.kind === 'wait') {
      if (next.until - now() > options.patienceMs) {
        return { kind: 'waiting', until: next.until, because: next.because, memo }
      }
      failures = 0
      await options.sleep(next.until, signal)
      continue
    }
    if (next.kind === 'read again') {
      failures += 1
      trouble = 'the world kept changing while it was read'
      continue
    }

    acts += 1
    if (acts > actsPerAttempt) {
      return { kind: 'unknown', because: `gave up after ${actsPerAttempt} acts: somebody else keeps changing it` }
    }
    if (now() >= options.actUntil) {
      return { kind: 'unknown', because: 'the time to act on this intent has passed before it was finished' }
    }
    const answer = await options.act(next.action, world, signal)
    if (answer.kind === 'refused') {
      const after = options.afterRefusal?.(memo, next.action, answer.because) ?? null
      if (after === null) return { kind: 'refused', because: answer.because }
      memo = after
      failures += 1
      trouble = answer.because
      continue
    }
    if (answer.kind !== 'ok') {
      failures += 1
      trouble = answer.because
      continue
    }
    memo = options.remember?.(memo, next.action, answer.value, now()) ?? memo
    const description = JSON.stringify(next.action)
    failures = description === previous ? failures + 1 : 0
    previous = description
    trouble = `what was asked for does not show in the world: ${description}`
  }
}
