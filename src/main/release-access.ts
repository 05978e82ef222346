import { randomBytes } from 'node:crypto'
import type { Right } from '../access/right.ts'
import type { ClusterRights } from '../cli/deps.ts'
import type { ResolvedRelease } from '../config/release.ts'
import { TitrateError } from '../errors.ts'
import { leaveFixed } from '../inventory/leave-fixed.ts'
import { takeInventory } from '../inventory/take-inventory.ts'
import { systemClock } from './clock.ts'
import { lookAtSides } from './look-at-sides.ts'
import { type RightsOfSide, rightsOfSide } from './release-rights.ts'
import { clustersOf, connectWorld } from './world.ts'

/** What a release needs on each cluster; where both sides are on one, both together. Reads the clusters, as far as it may. */
export const accessOfRelease = async (release: ResolvedRelease): Promise<readonly ClusterRights[]> => {
  const { world, close } = await connectWorld(release)
  try {
    const pair = clustersOf(world)
    if (pair === null)
      throw new TitrateError(
        'USAGE',
        `The environments of "${release.name}" are no clusters: there is nothing to give rights on.`,
      )
    // Digests are of no use after this, so nobody keeps their key.
    const { seen, overrides } = await lookAtSides(release, world, randomBytes(32), systemClock.now())
    const estate = leaveFixed(takeInventory({ ...seen, overrides }))
    const [blue, green] = [rightsOfSide('blue', pair, estate, release), rightsOfSide('green', pair, estate, release)]
    if (pair.clusters.blue === pair.clusters.green)
      return [{ sides: ['blue', 'green'], cluster: pair.clusters.blue.name, rights: together(blue, green) }]
    return [
      { sides: ['blue'], cluster: pair.clusters.blue.name, rights: blue },
      { sides: ['green'], cluster: pair.clusters.green.name, rights: green },
    ]
  } finally {
    await close()
  }
}

const together = (one: RightsOfSide, other: RightsOfSide): RightsOfSide => {
  const all = new Map<string, readonly Right[]>(one)
  for (const [namespace, rights] of other) all.set(namespace, [...(all.get(namespace) ?? []), ...rights])
  return all
}
