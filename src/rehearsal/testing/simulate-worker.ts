import { parentPort } from 'node:worker_threads'
import { addCoverage, type Coverage } from './coverage.ts'
import { playSeed } from './play-seed.ts'

/** What a worker is told to play, and what it answers. */
export type Batch = { readonly seeds: readonly number[] }
export type BatchResult = {
  readonly played: number
  readonly failed: readonly { readonly seed: number; readonly problem: string }[]
  readonly outcomes: Readonly<Record<string, number>>
  readonly coverage: Coverage
  readonly simulatedMs: number
  readonly entries: number
}

export const playBatch = async (seeds: readonly number[]): Promise<BatchResult> => {
  const failed: { seed: number; problem: string }[] = []
  const outcomes: Record<string, number> = {}
  const coverage: Coverage = {}
  let [simulatedMs, entries] = [0, 0]
  for (const seed of seeds) {
    const played = await playSeed(seed)
    const [problem] = played.problems
    if (problem !== undefined) failed.push({ seed, problem })
    outcomes[played.outcome] = (outcomes[played.outcome] ?? 0) + 1
    addCoverage(coverage, played.coverage)
    simulatedMs += played.simulatedMs
    entries += played.entries.length
  }
  return { played: seeds.length, failed, outcomes, coverage, simulatedMs, entries }
}

parentPort?.on('message', (batch: Batch) => {
  void playBatch(batch.seeds).then((result) => parentPort?.postMessage(result))
})
