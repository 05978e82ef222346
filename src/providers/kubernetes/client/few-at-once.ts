/** Lets so many works go on at once, in the order in which they come. */
export type FewAtOnce = <T>(work: () => Promise<T>) => Promise<T>

export const fewAtOnce = (most: number): FewAtOnce => {
  const waiting: (() => void)[] = []
  let underWay = 0
  return async (work) => {
    if (underWay < most) underWay += 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      // Whoever comes next has this place.
      const next = waiting.shift()
      if (next === undefined) underWay -= 1
      else next()
    }
  }
}
