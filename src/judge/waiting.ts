import { addBlocks, type Block, emptyBlock } from './sample.ts'

/** `partial`: x or n was not measured (and is 0 here); what was measured waits for the rest. */
export type Counted = { readonly x: number; readonly n: number; readonly partial?: true }

const isWhole = (counted: Counted | null): boolean => counted !== null && counted.partial === undefined

/**
 * Pairs the increments of both arms. Where one arm is missing, both wait: its next increment covers the gap, as that of
 * a counter does, so the longer block compares both arms over the same time.
 */
export const pairArms = (before: Readonly<Record<string, Block>>) => {
  const nothing = Object.keys(before).length === 0 ? before : null
  let waiting = before
  /** Mostly nothing waits: then nothing has to be looked up, which costs more than the block. */
  const isWaiting = (key: string): boolean => waiting !== nothing && waiting[key] !== undefined
  return {
    /** The block to judge, or `null` while it waits. `alone`: at 100 % only green is looked at. */
    take: (key: string, blue: Counted | null, green: Counted | null, alone: boolean): Block | null => {
      const ready = isWhole(green) && (alone || isWhole(blue))
      if (ready && !isWaiting(key)) return toBlock(alone ? null : blue, green)
      const sum = addBlocks(waiting[key] ?? emptyBlock, toBlock(blue, green))
      if (!ready) {
        waiting = { ...waiting, [key]: sum }
        return null
      }
      waiting = without(waiting, key)
      return alone ? { ...sum, xb: 0, nb: 0 } : sum
    },
    drop: (key: string): void => {
      if (isWaiting(key)) waiting = without(waiting, key)
    },
    rest: (): Readonly<Record<string, Block>> => waiting,
  }
}

const toBlock = (blue: Counted | null, green: Counted | null): Block => ({
  xg: green?.x ?? 0,
  ng: green?.n ?? 0,
  xb: blue?.x ?? 0,
  nb: blue?.n ?? 0,
})

const without = (waiting: Readonly<Record<string, Block>>, key: string): Readonly<Record<string, Block>> => {
  const { [key]: _, ...rest } = waiting
  return rest
}
