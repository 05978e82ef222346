import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

const megabyte = 1024 * 1024
/** Large enough that what lives for a moment dies young; by itself it grows to 128 MB, and stays there. */
const youngBytes = 8 * megabyte
const chunk = 2_000
/** More than enough to make the young generation grow to what it should be, on any version. */
const mostChunks = 500

const youngSize = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? Number.POSITIVE_INFINITY

/** What survives makes the young generation grow: it is grown on purpose, and then kept as it is. */
const growYoung = (): void => {
  const survivors: object[] = []
  for (let chunks = 0; chunks < mostChunks && youngSize() < youngBytes; chunks += 1)
    for (let index = 0; index < chunk; index += 1) survivors.push({ index, chunks })
}

/**
 * Keeps the memory of a process that runs for hours near what it uses: to V8, memory is there to be taken, and an engine
 * that holds 40 MB would take 400. Both flags are read at each collection, so they can be set while the program runs.
 */
export const keepHeapSmall = (): void => {
  // The old generation is collected when it has grown by half, not when it has grown fourfold.
  setFlagsFromString('--heap-growing-percent=50')
  growYoung()
  setFlagsFromString('--semi-space-growth-factor=1')
}
