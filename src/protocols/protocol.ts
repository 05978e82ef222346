import type { Json, Millis } from '../moves/goal.ts'

/**
 * A protocol is a pure function that says what to do next, given the world as just read. It is driven by one
 * loop: read, next, act. Its progress lives in the world, so losing `memo` costs a barrier, never correctness.
 */
export type Next<Action, Memo> =
  | { readonly kind: 'act'; readonly action: Action; readonly memo: Memo }
  /** Nothing to do before something changes; look again at `until` at the latest. */
  | { readonly kind: 'wait'; readonly until: Millis; readonly because: string; readonly memo: Memo }
  | { readonly kind: 'read again'; readonly memo: Memo }
  | { readonly kind: 'done'; readonly result: Json }
  | { readonly kind: 'refused'; readonly because: string }

export type Protocol<World, Goal, Action, Memo> = (
  world: World,
  goal: Goal,
  memo: Memo,
  now: Millis,
) => Next<Action, Memo>
