import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Seeds, Told } from './until-failure.ts'

export type PlayedFolder =
  | Extract<Told, { readonly kind: 'clean' | 'failed' }>
  | { readonly kind: 'broken'; readonly because: string }

/** No release takes longer than this on the slowest machine: whatever does goes on for ever. */
const longestReleaseMs = 60_000

/** Plays releases by the sources of a folder until one fails. `broken`: the sources don't even load. */
export const playFolder = (folder: string, seeds: Seeds): Promise<PlayedFolder> => {
  const program = join(folder, 'src/rehearsal/testing/mutants/until-failure.ts')
  const worker = new Worker(pathToFileURL(program), { workerData: seeds })
  let isLoaded = false
  let played = 0
  const failed = (problem: string): PlayedFolder => ({
    kind: 'failed',
    releases: played + 1,
    seed: seeds.first + played,
    problem,
  })
  return new Promise((resolve) => {
    const end = (result: PlayedFolder): void => {
      clearTimeout(timer)
      void worker.terminate().then(() => resolve(result))
    }
    const timer = setTimeout(
      () => end(failed(`a release goes on for ever: it took longer than ${longestReleaseMs / 1_000} s`)),
      longestReleaseMs,
    )
    worker.on('message', (told: Told) => {
      timer.refresh()
      if (told.kind === 'loaded') isLoaded = true
      else if (told.kind === 'played') played = told.releases
      else end(told)
    })
    worker.on('error', (error) => {
      const because = error instanceof Error ? error.message : String(error)
      end(isLoaded ? failed(`threw: ${because}`) : { kind: 'broken', because })
    })
  })
}
