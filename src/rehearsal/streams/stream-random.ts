/**
 * Random numbers that can be asked for by name: the same seed, sample and arm give the same numbers, whoever asks and in
 * whatever order. So every rule set sees the same traffic, although each asks for it at weights of its own.
 */
export type StreamRandom = {
  /** Begins the numbers that belong to these names. */
  restart(seed: number, sample: number, arm: number): void
  /** In (0, 1): neither end, so that its logarithm is finite. */
  next(): number
}

/** Spreads every bit of a 32-bit number over all of them (the finaliser of MurmurHash3). */
const mix = (value: number): number => {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) | 0
}

/** sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, so that short streams by name don't run into each other. */
export const createStreamRandom = (): StreamRandom => {
  let [a, b, c, counter] = [0, 0, 0, 1]
  const step = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum
  }
  return {
    restart: (seed, sample, arm) => {
      a = mix(seed)
      b = mix(sample ^ 0x9e3779b9)
      c = mix(arm + 0x51ed270b)
      counter = 1
      // So many rounds until every bit of the names has reached every bit of the state.
      for (let i = 0; i < 12; i++) step()
    },
    next: () => ((step() >>> 0) + 0.5) / 4_294_967_296,
  }
}

/** A seed for one of many runs: neighbouring numbers give unrelated seeds. */
export const seedOf = (seed: number, ...names: readonly number[]): number =>
  names.reduce((sum, name) => mix(Math.imul(sum, 31) + name + 0x9e3779b9), mix(seed)) >>> 0
