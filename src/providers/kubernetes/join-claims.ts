import type { Answer, ClaimSeen, Claims } from '../../engine/ports.ts'

/** The claims of several namespaces as one environment: it is taken when all of them are. */
export const joinClaims = (name: string, all: readonly Claims[]): Claims => {
  const [only] = all
  if (only !== undefined && all.length === 1) return only
  /** One after the other; the first that isn't ok ends it. */
  const each = async (act: (claims: Claims) => Promise<Answer<null>>): Promise<Answer<null>> => {
    for (const claims of all) {
      const answer = await act(claims)
      if (answer.kind !== 'ok') return answer
    }
    return { kind: 'ok', value: null }
  }
  /** Every one is tried, whatever becomes of the others; the worst answer is told. */
  const every = async (act: (claims: Claims) => Promise<Answer<null>>): Promise<Answer<null>> => {
    const answers = await Promise.all(all.map(act))
    return answers.find(({ kind }) => kind !== 'ok') ?? { kind: 'ok', value: null }
  }
  const readAll = async (signal: AbortSignal): Promise<Answer<readonly ClaimSeen[]>> => {
    const seen: ClaimSeen[] = []
    for (const answer of await Promise.all(all.map((claims) => claims.read(signal)))) {
      if (answer.kind !== 'ok') return answer
      seen.push(answer.value)
    }
    return { kind: 'ok', value: seen }
  }
  return {
    name,
    read: async (signal) => {
      const seen = await readAll(signal)
      return seen.kind === 'ok' ? { kind: 'ok', value: joined(seen.value) } : seen
    },
    claim: async (release, epoch, signal) => {
      const before = await readAll(signal)
      if (before.kind !== 'ok') return before
      const taken: Claims[] = []
      const answer = await each(async (claims) => {
        const one = await claims.claim(release, epoch, signal)
        if (one.kind === 'ok' && before.value[all.indexOf(claims)]?.release === null) taken.push(claims)
        return one
      })
      // Half of an environment is of no use, and would be in the way of whoever has the other half.
      if (answer.kind === 'refused') for (const claims of taken) await claims.free(release, epoch, signal)
      return answer
    },
    free: (release, epoch, signal) => every((claims) => claims.free(release, epoch, signal)),
    stop: (mark, epoch, signal) => every((claims) => claims.stop(mark, epoch, signal)),
    clearStop: (signal) => every((claims) => claims.clearStop(signal)),
  }
}

/** Whoever has one of them has the environment. */
const joined = (seen: readonly ClaimSeen[]): ClaimSeen => ({
  release: seen.find(({ release }) => release !== null)?.release ?? null,
  epoch: Math.max(...seen.map(({ epoch }) => epoch)),
  stop: seen.find(({ stop }) => stop !== null)?.stop ?? null,
  now: Math.max(...seen.map(({ now }) => now)),
})
