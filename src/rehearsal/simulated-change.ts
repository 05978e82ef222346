/** Tells those who watch an environment of changes, as a hint to read again. */
export type Changes = {
  readonly watch: (changed: (service: string | null) => void, signal: AbortSignal) => void
  readonly tell: (service: string) => void
}

export const createChanges = (): Changes => {
  const watchers = new Set<(service: string | null) => void>()
  return {
    watch: (changed, signal) => {
      if (signal.aborted) return
      const hint = (service: string | null): void => changed(service)
      watchers.add(hint)
      signal.addEventListener('abort', () => watchers.delete(hint), { once: true })
      hint(null)
    },
    tell: (service) => {
      for (const hint of watchers) hint(service)
    },
  }
}
