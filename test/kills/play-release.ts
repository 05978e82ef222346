import { setTimeout as pause } from 'node:timers/promises'
import { type Lane, laneOf, type Millis } from '../../src/moves/goal.ts'
import type { Ended, Line, Running } from '../follow-command.ts'
import type { Trouble } from './draw-kills.ts'
import type { Shop } from './shop.ts'

/** How one release went. */
export type Played = {
  /** Processes that were ended by kill -9 while they were, or were becoming, the engine. */
  readonly kills: number
  /** What the last engine ended with: a run, or a command that was the engine. */
  readonly end: Ended & { readonly by: 'run' | 'command' }
  /** What was done to it and when, one line each. */
  readonly story: readonly string[]
  /** Engines that ended by themselves although the release had not, with what they said. */
  readonly fellOver: readonly string[]
}

const run = ['run', '--yes', '-o', 'json'] as const
const goBack = ['rollback', '--yes', '--because', 'a test takes it back'] as const
/** Far longer than anything takes that still goes on. */
const stuckMs: Millis = 60_000
/** How long a drawn act is waited for: most lanes act seldom. */
const actLimitMs: Millis = 4_000
/** A command that is the engine tells people, not programs, what it writes: then time stands for entries. */
const entryMs: Millis = 25

/** Exit codes after which nothing is left to be done. */
const isOver = ({ code }: Ended): boolean => code === 0 || code === 4

/** Resolves when `found` is printed, when the process has ended, or after a while. */
const untilLine = async (one: Running, found: (line: Line) => boolean, limitMs = stuckMs): Promise<void> => {
  const limit = new AbortController()
  const late = pause(limitMs, undefined, { signal: limit.signal }).catch(() => undefined)
  await Promise.race([one.until(found).catch(() => undefined), late])
  limit.abort()
}

const isIntentOf =
  (lane: Lane, after: number) =>
  ({ event, position }: Line): boolean =>
    position > after && event.kind === 'intended' && laneOf(event.goal) === lane

/** Keeps a release running: one engine at a time (two while one takes over), until it has ended. */
const createKeeper = ({ estate }: Shop, tell: (what: string) => void) => {
  const fellOver: string[] = []
  let kills = 0
  let position = 0
  let base = 0
  let end: Played['end'] | null = null
  let engine: Running | null = null
  /** Those of its engines that are commands of a person. */
  const commands = new Set<Running>()

  const note = (one: Running): void => {
    position = Math.max(position, one.lines().at(-1)?.position ?? 0)
  }
  const ended = (one: Running, how: Ended): void => {
    note(one)
    if (engine === one) engine = null
    if (how.code === null) return
    if (isOver(how)) end = { ...how, by: commands.has(one) ? 'command' : 'run' }
    // One that was taken over from, or that a new one overtook at its start, is meant to end.
    else if (!/has taken the release|has taken over meanwhile|code: "?ENGINE_RUNNING/.test(how.err)) {
      fellOver.push(`exit code ${how.code}: ${how.err.slice(-1_000)}`)
      tell(`an engine ended by itself, ${fellOver.at(-1)}`)
    }
  }
  return {
    fellOver,
    kills: () => kills,
    end: () => end,
    /** The engine that runs now, or a new one; null: the release has ended. */
    running: (): Running | null => {
      if (end !== null) return null
      engine ??= estate.start(...run)
      return engine
    },
    becomes: (one: Running): void => {
      engine = one
    },
    becomesCommand: (one: Running): void => {
      commands.add(one)
      engine = one
    },
    reach: async (one: Running, entry: number): Promise<void> => {
      const wanted = base + entry
      await (commands.has(one) ? pause(entry * entryMs) : untilLine(one, (line) => line.position >= wanted))
      note(one)
    },
    intent: async (one: Running, lane: Lane): Promise<void> => {
      if (!commands.has(one)) await untilLine(one, isIntentOf(lane, position), actLimitMs)
    },
    /** Entries are counted from here on. */
    countAnew: (): void => {
      base = position
    },
    kill: async (one: Running, why: string): Promise<void> => {
      one.kill('SIGKILL')
      const how = await one.ended
      if (how.code === null) kills += 1
      ended(one, how)
      tell(`${how.code === null ? `kill ${kills}` : 'had ended'}: ${why}, at entry ${position}`)
    },
    wait: async (one: Running): Promise<void> => ended(one, await one.ended),
  }
}

type Keeper = ReturnType<typeof createKeeper>

/** Makes one trouble; `one` is the engine that runs now. */
const make = async ({ estate }: Shop, keeper: Keeper, trouble: Trouble, one: Running, tell: (what: string) => void) => {
  if (trouble.kind !== 'start') await keeper.reach(one, trouble.entry)
  switch (trouble.kind) {
    case 'start':
      await pause(trouble.afterMs)
      return keeper.kill(one, `${trouble.afterMs} ms after it was started`)
    case 'entry':
      if (trouble.afterMs > 0) await pause(trouble.afterMs)
      return keeper.kill(one, `${trouble.afterMs} ms after an entry`)
    case 'act':
      await keeper.intent(one, trouble.lane)
      await pause(trouble.afterMs)
      return keeper.kill(one, `${trouble.afterMs} ms after an intent of ${trouble.lane}`)
    case 'taken over': {
      const second = estate.start(...run, '--take-over')
      await pause(trouble.afterMs)
      const [killed, left] = trouble.who === 'first' ? [one, second] : [second, one]
      keeper.becomes(left)
      return keeper.kill(killed, `the ${trouble.who} of two, ${trouble.afterMs} ms into a take-over`)
    }
    case 'go back': {
      if (trouble.by === 'command') await keeper.kill(one, 'before a command becomes the engine')
      if (keeper.end() !== null) return
      const command = estate.start(...goBack)
      keeper.countAnew()
      if (trouble.by === 'command') keeper.becomesCommand(command)
      await command
        .untilSaid(trouble.by === 'command' ? 'this command is the engine' : 'accepted')
        .catch(() => undefined)
      return tell(`everything is taken back, by ${trouble.by === 'command' ? 'a command' : 'the engine'}`)
    }
    default:
      return trouble satisfies never
  }
}

/**
 * Runs a release to its end, killing its engine as `troubles` say, each time with a new one after it. Troubles that are
 * left when the release has ended are not made, and no more than `most` kills.
 */
export const playRelease = async (shop: Shop, troubles: readonly Trouble[], most: number): Promise<Played> => {
  const story: string[] = []
  const began = Date.now()
  const tell = (what: string): void => void story.push(`${((Date.now() - began) / 1_000).toFixed(1)} s  ${what}`)
  const keeper = createKeeper(shop, tell)
  for (const trouble of troubles) {
    if (keeper.kills() >= most && trouble.kind !== 'go back') continue
    const one = keeper.running()
    if (one === null) break
    await make(shop, keeper, trouble, one, tell)
    await pause(trouble.restMs)
  }
  for (let tries = 0; tries < 3; tries += 1) {
    const last = keeper.running()
    if (last !== null) await keeper.wait(last)
  }
  const end = keeper.end() ?? { code: null, out: '', err: 'it never ended', by: 'run' }
  tell(`ended with ${end.code}`)
  return { kills: keeper.kills(), end, story, fellOver: keeper.fellOver }
}
