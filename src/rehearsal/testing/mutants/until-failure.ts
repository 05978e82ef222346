import { parentPort, workerData } from 'node:worker_threads'
import { playSeed } from '../play-seed.ts'

/** Which seeds are played, in a thread of its own; it ends with the first that fails. */
export type Seeds = { readonly first: number; readonly count: number }

/** What it tells: that the sources load, after every release that it is played, and what it came to. */
export type Told =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'played'; readonly releases: number }
  | { readonly kind: 'clean'; readonly releases: number }
  | { readonly kind: 'failed'; readonly releases: number; readonly seed: number; readonly problem: string }

const tell = (told: Told): void => parentPort?.postMessage(told)

const playUntilFailure = async ({ first, count }: Seeds): Promise<void> => {
  for (let played = 1; played <= count; played += 1) {
    const seed = first + played - 1
    const [problem] = (await playSeed(seed)).problems
    if (problem !== undefined) return tell({ kind: 'failed', releases: played, seed, problem })
    tell({ kind: 'played', releases: played })
  }
  tell({ kind: 'clean', releases: count })
}

if (parentPort !== null) {
  tell({ kind: 'loaded' })
  await playUntilFailure(workerData as Seeds) // Given by `play-folder.ts`.
}
