import { mkdirSync, readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Answer } from '../../engine/ports.ts'
import { TitrateError } from '../../errors.ts'
import { type Change, emptyRouterState, type RouterState, routerStateSchema } from './router-state.ts'

/** The router's memory on disk: what `change` has answered is still there after a kill -9 or a power cut. */
export type StateFile = {
  current(): RouterState
  /**
   * Keeps the state that `decide` gives, durably, before anyone sees it. One change at a time: `decide` sees the one
   * before. A write that fails is `unknown`, and changes nothing here.
   */
  change<T>(decide: (state: RouterState) => Change<T>): Promise<Answer<T>>
}

/** Reads it, or begins with an empty one. Throws STORE_UNAVAILABLE for a file that can't be understood: guessing weights is worse. */
export const openStateFile = (directory: string): StateFile => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, 'state.json')
  let state = readState(path)
  let last: Promise<unknown> = Promise.resolve()
  const changeNow = async <T>(decide: (state: RouterState) => Change<T>): Promise<Answer<T>> => {
    const { answer, state: next } = decide(state)
    if (next === state) return answer
    try {
      await writeDurably(path, `${JSON.stringify(next, null, 2)}\n`)
    } catch (error) {
      // It may be on disk all the same (the rename was made, its sync failed): nobody knows until it is read.
      return { kind: 'unknown', because: `the router could not write ${path}: ${String(error)}` }
    }
    state = next
    return answer
  }
  return {
    current: () => state,
    change: (decide) => {
      const mine = last.then(() => changeNow(decide))
      last = mine.catch(() => undefined)
      return mine
    },
  }
}

const readState = (path: string): RouterState => {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return emptyRouterState
    throw new TitrateError('STORE_UNAVAILABLE', `The router's state ${path} can't be read: ${String(error)}`, {
      cause: error,
    })
  }
  try {
    return routerStateSchema.parse(JSON.parse(text))
  } catch (error) {
    throw new TitrateError(
      'STORE_UNAVAILABLE',
      `The router's state ${path} can't be understood. Restore it from a copy, or remove it: then every weight is 0 and the router is free.`,
      { cause: error },
    )
  }
}

/**
 * Either the old text or the new one is there, whatever happens: written beside, synced, renamed, and the folder synced
 * (without that the rename itself may be lost).
 */
export const writeDurably = async (path: string, text: string): Promise<void> => {
  const beside = `${path}.new`
  const file = await open(beside, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, path)
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
