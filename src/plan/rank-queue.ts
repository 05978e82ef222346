/** A queue that gives back the item of the lowest rank: a binary heap over item numbers. Ranks are unique. */
export type RankQueue = {
  add(item: number): void
  /** null: empty. */
  first(): number | null
  takeFirst(): void
}

export const createRankQueue = (ranks: Int32Array): RankQueue => {
  const heap: number[] = []
  const rankAt = (place: number): number => ranks[heap[place] ?? -1] ?? Number.POSITIVE_INFINITY
  const swap = (a: number, b: number): void => {
    // Both places are below heap.length: callers check.
    const held = heap[a] as number
    heap[a] = heap[b] as number
    heap[b] = held
  }
  return {
    add: (item) => {
      heap.push(item)
      for (let place = heap.length - 1; place > 0; ) {
        const parent = (place - 1) >> 1
        if (rankAt(parent) <= rankAt(place)) return
        swap(parent, place)
        place = parent
      }
    },
    first: () => heap[0] ?? null,
    takeFirst: () => {
      const last = heap.pop()
      if (last === undefined || heap.length === 0) return
      heap[0] = last
      for (let place = 0; ; ) {
        const left = 2 * place + 1
        const least = rankAt(left + 1) < rankAt(left) ? left + 1 : left
        if (least >= heap.length || rankAt(place) <= rankAt(least)) return
        swap(place, least)
        place = least
      }
    },
  }
}
