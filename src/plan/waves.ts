import { componentsOf } from '../inventory/components.ts'
import { byText } from '../inventory/ordering.ts'
import type { MoveKind, Wave } from './plan.ts'
import { createRankQueue } from './rank-queue.ts'

/** What the order of moves depends on. */
export type Movable = {
  readonly service: string
  readonly kind: MoveKind
  readonly replicas: number
  readonly needs: readonly string[]
}

export type WavePlace = {
  readonly wave: number
  /** Needs that settle in earlier waves. */
  readonly needs: readonly string[]
  /** Needs that can't: of the same cycle, or exposed and later. */
  readonly reaches: readonly string[]
  /** Why in this wave and not in an earlier one. */
  readonly why: readonly string[]
}

export type Waves = {
  readonly waves: readonly Wave[]
  readonly places: ReadonlyMap<string, WavePlace>
  /** Cycles, each ordered by name. */
  readonly cycles: readonly (readonly string[])[]
}

/** Services that move together: one, or all of a cycle of one phase. */
type Group = {
  /** Places in the order of names. */
  readonly members: readonly number[]
  readonly exposed: boolean
  /** Groups that must settle first, and those that wait for this one. */
  readonly before: readonly number[]
  readonly after: number[]
}

/**
 * Divides services into waves: what no user sees first, then what is exposed; within each, dependencies before
 * dependents, and among what could move now the least risky first (fewer dependents, then fewer replicas, then
 * internal services before jobs before workers, then by name). A cycle is a wave of its own, however large it is.
 *
 * A need of a non-exposed service for an exposed one does not order them: the exposed one keeps its users on blue
 * until all others have settled, and its copy on green (which has no users yet) answers meanwhile. So a circle through
 * both phases is cut there: what no user sees moves first, and of a cycle only what is of one phase moves together.
 */
export const planWaves = (services: readonly Movable[], maxPerWave: number): Waves => {
  const sorted = services.toSorted((a, b) => byText(a.service, b.service))
  const needs = needsOf(sorted)
  const groups = groupsOf(sorted, needs)
  const waves: { readonly groups: readonly number[]; readonly phase: Wave['phase'] }[] = []
  const ranks = ranksOf(groups, sorted, dependentsCount(needs))
  for (const phase of ['non-exposed', 'exposed'] as const) {
    waves.push(...fillWaves(groups, ranks, phase === 'exposed', maxPerWave).map((wave) => ({ groups: wave, phase })))
  }
  const members = waves.map(({ groups: indices }) => indices.flatMap((index) => groups[index]?.members ?? []))
  const waveAt = new Int32Array(sorted.length)
  members.forEach((all, index) => {
    for (const node of all) waveAt[node] = index + 1
  })
  const nameOf = (node: number): string => sorted[node]?.service ?? ''
  const firstExposed = waves.findIndex(({ phase }) => phase === 'exposed') + 1
  return {
    waves: waves.map(({ groups: indices, phase }, index) => {
      const names = (members[index] ?? []).map(nameOf).sort(byText)
      const cycle = indices.length === 1 && names.length > 1
      return { number: index + 1, services: names, phase, why: waveWhy(names, phase, cycle, maxPerWave) }
    }),
    places: new Map(
      sorted.map(({ service }, node) => [
        service,
        placeOf({ node, needs: needs[node] ?? [], waveAt, nameOf, firstExposed }),
      ]),
    ),
    cycles: groups
      .filter((group) => group.members.length > 1)
      .map((group) => group.members.map(nameOf).sort(byText))
      .sort((a, b) => byText(a[0] ?? '', b[0] ?? '')),
  }
}

/**
 * What each service needs of the others, as their places in the order of names. Looked up once: names cost most of
 * what a plan of ten thousand services costs.
 */
const needsOf = (sorted: readonly Movable[]): readonly (readonly number[])[] => {
  const at = new Map(sorted.map(({ service }, index) => [service, index]))
  return sorted.map(({ needs }) => {
    const places: number[] = []
    for (const name of needs) {
      const place = at.get(name)
      if (place !== undefined) places.push(place)
    }
    return places
  })
}

const groupsOf = (sorted: readonly Movable[], needs: readonly (readonly number[])[]): readonly Group[] => {
  const isUsed = sorted.map(({ kind }) => kind === 'exposed')
  const edges = needs.map((targets, index) => (isUsed[index] ? targets : targets.filter((target) => !isUsed[target])))
  const components = componentsOf(edges)
  const groupAt = new Int32Array(sorted.length)
  components.forEach((component, index) => {
    for (const node of component) groupAt[node] = index
  })
  const isExposed = components.map((component) => component.some((node) => isUsed[node]))
  const groups = components.map((component, index): Group => {
    const exposed = isExposed[index] === true
    // The same group may be in it twice; it is then counted twice in `after` as well.
    const targets = component.flatMap((node) => (edges[node] ?? []).map((target) => groupAt[target] ?? -1))
    const before = targets.filter((target) => target !== index && isExposed[target] === exposed)
    return { members: component, exposed, before, after: [] }
  })
  groups.forEach(({ before }, index) => {
    for (const target of before) groups[target]?.after.push(index)
  })
  return groups
}

const dependentsCount = (needs: readonly (readonly number[])[]): Int32Array => {
  const counts = new Int32Array(needs.length)
  for (const targets of needs) for (const target of targets) counts[target] = (counts[target] ?? 0) + 1
  return counts
}

/** Among equals, what others need goes first: it opens the way. */
const kindOrder: Readonly<Record<MoveKind, number>> = { internal: 0, job: 1, worker: 2, exposed: 3 }

/** Each group's place in the order of risk, 0 the least risky. A cycle is as risky as its riskiest member. */
const ranksOf = (groups: readonly Group[], sorted: readonly Movable[], dependents: Int32Array): Int32Array => {
  const keys = groups.map(({ members }, index) => {
    const key = { index, dependents: 0, replicas: 0, kind: Number.POSITIVE_INFINITY, first: sorted.length }
    for (const node of members) {
      const { kind = 'exposed', replicas = 0 } = sorted[node] ?? {}
      key.dependents = Math.max(key.dependents, dependents[node] ?? 0)
      key.replicas += replicas
      key.kind = Math.min(key.kind, kindOrder[kind])
      key.first = Math.min(key.first, node)
    }
    return key
  })
  // Places are in the order of names, so the first place is the first name.
  keys.sort((a, b) => a.dependents - b.dependents || a.replicas - b.replicas || a.kind - b.kind || a.first - b.first)
  const ranks = new Int32Array(groups.length)
  keys.forEach(({ index }, rank) => {
    ranks[index] = rank
  })
  return ranks
}

/** Waves of one phase, as indices of groups. What becomes possible by a wave can only come after it. */
const fillWaves = (
  groups: readonly Group[],
  ranks: Int32Array,
  exposed: boolean,
  maxPerWave: number,
): readonly (readonly number[])[] => {
  const waiting = groups.map(({ before }) => before.length)
  const possible = createRankQueue(ranks)
  groups.forEach((group, index) => {
    if (group.exposed === exposed && group.before.length === 0) possible.add(index)
  })
  const waves: number[][] = []
  for (let next = possible.first(); next !== null; next = possible.first()) {
    const wave: number[] = []
    let cycle = false
    for (let one: number | null = next; one !== null && wave.length < maxPerWave && !cycle; one = possible.first()) {
      cycle = (groups[one]?.members.length ?? 0) > 1
      if (cycle && wave.length > 0) break
      possible.takeFirst()
      wave.push(one)
    }
    for (const done of wave) {
      for (const dependent of groups[done]?.after ?? []) {
        const left = (waiting[dependent] ?? 0) - 1
        waiting[dependent] = left
        if (left === 0) possible.add(dependent)
      }
    }
    waves.push(wave)
  }
  return waves
}

const waveWhy = (names: readonly string[], phase: Wave['phase'], cycle: boolean, maxPerWave: number): string => {
  if (cycle) {
    const size = names.length > maxPerWave ? `, although that is more than maxPerWave (${maxPerWave})` : ''
    return `They call each other in a circle, so all ${names.length} move together${size}.`
  }
  return phase === 'exposed'
    ? 'Users reach them, so they move after all others; what they need has settled before.'
    : 'No user reaches them; what they need has settled before, and the least risky go first.'
}

type PlaceFacts = {
  /** The service's place in the order of names, and those of what it needs. */
  readonly node: number
  readonly needs: readonly number[]
  readonly waveAt: Int32Array
  readonly nameOf: (node: number) => string
  readonly firstExposed: number
}

const nobody: readonly string[] = []

const placeOf = (facts: PlaceFacts): WavePlace => {
  const { waveAt, nameOf, firstExposed } = facts
  const waveOf = (node: number): number => waveAt[node] ?? 0
  const wave = waveOf(facts.node)
  const settled: number[] = []
  const reached: number[] = []
  let last = 0
  for (const need of facts.needs) {
    if (waveOf(need) >= wave) reached.push(need)
    else {
      settled.push(need)
      last = Math.max(last, waveOf(need))
    }
  }
  const named = (nodes: readonly number[]) => firstNames(nodes.map(nameOf))
  const exposedPhase = firstExposed > 0 && wave >= firstExposed
  const earliest = Math.max(last + 1, exposedPhase ? firstExposed : 1)
  const reason =
    wave > earliest
      ? `it could move from wave ${earliest} on, but less risky ones filled the waves before`
      : last === wave - 1 && last > 0
        ? `it needs ${named(settled.filter((need) => waveOf(need) === last))}, settled in wave ${last}`
        : exposedPhase
          ? 'it waits for everything that no user reaches'
          : 'it needs nothing that moves in this release'
  const first = `It is in wave ${wave} because ${reason}.`
  const needs = settled.map(nameOf)
  if (reached.length === 0) return { wave, needs, reaches: nobody, why: [first] }
  const why = [first]
  const mates = reached.filter((need) => waveOf(need) === wave)
  const later = reached.filter((need) => waveOf(need) > wave)
  if (mates.length > 0) why.push(`It moves together with ${named(mates)}: they need each other.`)
  if (later.length > 0)
    why.push(
      `It needs ${named(later)}, whose users stay on blue until later: before it crosses, the copy on green is made ready without users, so that its calls are answered there.`,
    )
  return { wave, needs, reaches: reached.map(nameOf), why }
}

const firstNames = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
