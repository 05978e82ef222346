import { componentsOf } from '../inventory/components.ts'
import { byText } from '../inventory/ordering.ts'
import { type MoveKind, moveKinds, type Wave } from './plan.ts'
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
  readonly members: readonly Movable[]
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
  const groups = groupsOf(sorted)
  const waves: { readonly groups: readonly number[]; readonly phase: Wave['phase'] }[] = []
  const ranks = ranksOf(groups, dependentsCount(sorted))
  for (const phase of ['non-exposed', 'exposed'] as const) {
    waves.push(...fillWaves(groups, ranks, phase === 'exposed', maxPerWave).map((wave) => ({ groups: wave, phase })))
  }
  const members = waves.map(({ groups: indices }) => indices.flatMap((index) => groups[index]?.members ?? []))
  const waveOf = new Map(members.flatMap((all, index) => all.map(({ service }) => [service, index + 1] as const)))
  const firstExposed = waves.findIndex(({ phase }) => phase === 'exposed') + 1
  return {
    waves: waves.map(({ groups: indices, phase }, index) => {
      const names = (members[index] ?? []).map(({ service }) => service).sort(byText)
      const cycle = indices.length === 1 && names.length > 1
      return { number: index + 1, services: names, phase, why: waveWhy(names, phase, cycle, maxPerWave) }
    }),
    places: new Map(sorted.map((one) => [one.service, placeOf(one, waveOf, firstExposed)])),
    cycles: groups
      .filter((group) => group.members.length > 1)
      .map((group) => group.members.map(({ service }) => service).sort(byText))
      .sort((a, b) => byText(a[0] ?? '', b[0] ?? '')),
  }
}

const groupsOf = (sorted: readonly Movable[]): readonly Group[] => {
  const at = new Map(sorted.map(({ service }, index) => [service, index]))
  const isUsed = sorted.map(({ kind }) => kind === 'exposed')
  const edges = sorted.map(({ needs }, index) =>
    needs.flatMap((name) => at.get(name) ?? []).filter((target) => isUsed[index] || !isUsed[target]),
  )
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
    return { members: component.flatMap((node) => sorted[node] ?? []), exposed, before, after: [] }
  })
  groups.forEach(({ before }, index) => {
    for (const target of before) groups[target]?.after.push(index)
  })
  return groups
}

const dependentsCount = (sorted: readonly Movable[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const { needs } of sorted) for (const name of needs) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/** Among equals, what others need goes first: it opens the way. */
const kindOrder: Readonly<Record<MoveKind, number>> = { internal: 0, job: 1, worker: 2, exposed: 3 }

/** Each group's place in the order of risk, 0 the least risky. A cycle is as risky as its riskiest member. */
const ranksOf = (groups: readonly Group[], dependents: ReadonlyMap<string, number>): Int32Array => {
  const keys = groups.map(({ members }, index) => ({
    index,
    dependents: members.reduce((most, { service }) => Math.max(most, dependents.get(service) ?? 0), 0),
    replicas: members.reduce((sum, { replicas }) => sum + replicas, 0),
    kind: members.reduce<number>((least, { kind }) => Math.min(least, kindOrder[kind]), moveKinds.length),
    name: members.reduce<string | null>(
      (first, { service }) => (first === null || service < first ? service : first),
      null,
    ),
  }))
  keys.sort(
    (a, b) =>
      a.dependents - b.dependents || a.replicas - b.replicas || a.kind - b.kind || byText(a.name ?? '', b.name ?? ''),
  )
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

const placeOf = (one: Movable, waveOf: ReadonlyMap<string, number>, firstExposed: number): WavePlace => {
  const wave = waveOf.get(one.service) ?? 0
  const inRelease = one.needs.filter((name) => waveOf.has(name))
  const needs = inRelease.filter((name) => (waveOf.get(name) ?? 0) < wave)
  const reaches = inRelease.filter((name) => (waveOf.get(name) ?? 0) >= wave)
  const last = needs.reduce((most, name) => Math.max(most, waveOf.get(name) ?? 0), 0)
  const exposedPhase = firstExposed > 0 && wave >= firstExposed
  const earliest = Math.max(last + 1, exposedPhase ? firstExposed : 1)
  return { wave, needs, reaches, why: placeWhy({ wave, needs, reaches, last, earliest, exposedPhase, waveOf }) }
}

const placeWhy = (facts: {
  readonly wave: number
  readonly needs: readonly string[]
  readonly reaches: readonly string[]
  readonly last: number
  readonly earliest: number
  readonly exposedPhase: boolean
  readonly waveOf: ReadonlyMap<string, number>
}): readonly string[] => {
  const { wave, needs, reaches, last, earliest, exposedPhase, waveOf } = facts
  const reason =
    wave > earliest
      ? `it could move from wave ${earliest} on, but less risky ones filled the waves before`
      : last === wave - 1 && last > 0
        ? `it needs ${firstNames(needs.filter((name) => waveOf.get(name) === last))}, settled in wave ${last}`
        : exposedPhase
          ? 'it waits for everything that no user reaches'
          : 'it needs nothing that moves in this release'
  const mates = reaches.filter((name) => waveOf.get(name) === wave)
  const later = reaches.filter((name) => (waveOf.get(name) ?? 0) > wave)
  return [
    `It is in wave ${wave} because ${reason}.`,
    ...(mates.length > 0 ? [`It moves together with ${firstNames(mates)}: they need each other.`] : []),
    ...(later.length > 0
      ? [
          `It needs ${firstNames(later)}, whose users stay on blue until later: before it crosses, the copy on green is made ready without users, so that its calls are answered there.`,
        ]
      : []),
  ]
}

const firstNames = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
