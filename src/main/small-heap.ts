import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const megabyte = 1024 * 1024
/** Large enough that what lives for a moment dies young; by itself it grows to 128 MB, and stays there. */
const youngBytes = 8 * megabyte
const chunk = 2_000
/** More than enough to make the young generation grow to what it should be, on any version. */
const mostChunks = 500

const youngSize = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? Number.POSITIVE_INFINITY

/** What loading the program has left behind, and the room that it took: only a collection as for want of memory gives that back. */
const collectAll = (): void => {
  setFlagsFromString('--expose-gc')
  // A function of V8's own, which contexts have that are made from here on.
  const collect = runInNewContext('gc') as (how: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void
  setFlagsFromString('--no-expose-gc')
  collect({ type: 'major', flavor: 'last-resort' })
}

/** What survives makes the young generation grow: it is grown on purpose, and then kept as it is. */
const growYoung = (): void => {
  const survivors: object[] = []
  for (let chunks = 0; chunks < mostChunks && youngSize() < youngBytes; chunks += 1)
    for (let index = 0; index < chunk; index += 1) survivors.push({ index, chunks })
}

const collectAndKeep = (): void => {
  collectAll()
  setFlagsFromString('--semi-space-growth-factor=2')
  growYoung()
  setFlagsFromString('--semi-space-growth-factor=1')
}

const second = 1_000
const lookMs = 5 * second
/** A collection as for want of memory stops everything for a tenth of a second: so often at most, and only where memory has grown. */
const restMs = 20 * second
const grown = 1.05

/**
 * Keeps the memory of a process that runs for hours near what it uses: to V8, memory is there to be taken, and an engine
 * that holds 40 MB would take 400. Flags are read at each collection, so they can be set while the program runs. What a
 * busy moment took (the begin of a release, a thousand services woken at once) is given back when it is over.
 */
export const keepHeapSmall = (): void => {
  // The old generation is collected when it has grown by a third, not when it has grown fourfold.
  setFlagsFromString('--heap-growing-percent=30')
  collectAndKeep()
  let last = { resident: process.memoryUsage.rss(), at: performance.now() }
  setInterval(() => {
    const isRested = performance.now() - last.at >= restMs
    if (!isRested || process.memoryUsage.rss() < grown * last.resident) return
    collectAndKeep()
    last = { resident: process.memoryUsage.rss(), at: performance.now() }
  }, lookMs).unref()
}
