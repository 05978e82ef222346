import type { Random } from './simulated-clock.ts'

/** A standard normal number (Box and Muller). */
const normal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** Above this mean the normal curve is near enough. */
const many = 20

/** A Poisson count. */
export const drawPoisson = (random: Random, mean: number): number => {
  if (mean <= 0) return 0
  if (mean > many) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)))
  const least = Math.exp(-mean)
  let count = 0
  for (let product = random(); product > least; product *= random()) count += 1
  return count
}

/** How many of `n` are so, each with the chance `p`. */
export const drawBinomial = (random: Random, n: number, p: number): number => {
  if (n <= 0 || p <= 0) return 0
  if (p >= 1) return n
  if (p > 0.5) return n - drawBinomial(random, n, 1 - p)
  const mean = n * p
  if (mean > many) {
    const count = Math.round(mean + Math.sqrt(mean * (1 - p)) * normal(random))
    return Math.min(n, Math.max(0, count))
  }
  // The gaps between those that are so are geometric.
  const log = Math.log1p(-p)
  let count = 0
  for (let at = Math.ceil(Math.log(1 - random()) / log); at <= n; at += Math.ceil(Math.log(1 - random()) / log)) {
    if (at <= 0) continue
    count += 1
  }
  return count
}
