import { type FSWatcher, watch } from 'node:fs'

/** How late an append of another process is seen where files can't be watched. */
const pollMillis = 100

/**
 * Calls `look` soon after the file may have changed: the kernel's hint about the write-ahead log is quick, but it isn't
 * given on every file system, so there is a timer beside it. Neither keeps the process alive.
 */
export const watchFile = (file: string, look: () => void, signal: AbortSignal): void => {
  if (signal.aborted) return
  const timer = setInterval(look, pollMillis)
  timer.unref()
  let watcher: FSWatcher | undefined
  try {
    watcher = watch(`${file}-wal`, { persistent: false }, look)
    watcher.on('error', () => watcher?.close())
  } catch {
    // No inotify left, or no such file: the timer does it.
  }
  const end = (): void => {
    clearInterval(timer)
    watcher?.close()
  }
  signal.addEventListener('abort', end, { once: true })
}
