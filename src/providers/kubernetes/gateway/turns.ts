/** Lets one at a time act on each thing, in the order in which they asked. */
export type Turns = <T>(thing: string, act: () => Promise<T>) => Promise<T>

export const createTurns = (): Turns => {
  const last = new Map<string, Promise<unknown>>()
  return async (thing, act) => {
    const before = last.get(thing) ?? Promise.resolve()
    const own = before.then(act, act)
    last.set(thing, own)
    try {
      return await own
    } finally {
      if (last.get(thing) === own) last.delete(thing)
    }
  }
}
