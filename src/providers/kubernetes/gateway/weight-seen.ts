import { createHash } from 'node:crypto'
import type { Stamp, WeightSeen, WeightShift } from '../../../engine/ports.ts'
import { canonicalJson } from '../../../journal/canonical-json.ts'
import { compareFences } from '../../../moves/goal.ts'
import { acceptanceOf } from './acceptance.ts'
import type { BackendId } from './backend.ts'
import { rulesOf, sharesOf } from './change-route.ts'
import type { Looked, OwnRoute } from './look-routes.ts'

/** As if all that was written were in force. */
export const seenOf = (looked: Looked): WeightSeen => {
  const green = greenIn(looked)
  return {
    service: looked.service,
    green,
    effectiveGreen: green,
    ready: readyOf(looked),
    revision: revisionOf(looked.routes),
    stamp: oldestStamp(looked.routes),
  }
}

export const withShift = (seen: WeightSeen, looked: Looked, shift: WeightShift): WeightSeen => ({
  ...seen,
  effectiveGreen: shift.kind === 'pending' ? inForce(looked, seen.green) : seen.green,
  shift,
})

/** The share that is farthest from what was written last: a change by somebody else in one rule of many must show. */
const greenIn = ({ routes }: Looked): number => {
  const wanted = newest(routes)?.green ?? 0
  const shares = routes.flatMap(({ route, within, record }) => sharesOf(route, within, record))
  return shares.reduce((most, share) => (Math.abs(share - wanted) > Math.abs(most - wanted) ? share : most), wanted)
}

const newest = (routes: readonly OwnRoute[]) =>
  routes
    .flatMap(({ record }) => (record === null ? [] : [record]))
    .toSorted((a, b) => compareFences(b.stamp.fence, a.stamp.fence))[0]

/** Where a gateway has not taken over the newest weights, those before them hold. */
const inForce = ({ routes }: Looked, green: number): number =>
  routes
    .map(({ route, record }) => (record !== null && acceptanceOf(route).kind === 'pending' ? record.was : green))
    .reduce(
      (most, share) => (Math.abs(share - green) > Math.abs(most - green) ? share : most),
      newest(routes)?.was ?? green,
    )

/** Every backend of a side has somebody behind it. */
const readyOf = ({ backends, readiness }: Looked): WeightSeen['ready'] => {
  const all = (ids: readonly BackendId[]): boolean | null => {
    const said = ids.map(readiness)
    return said.includes(false) ? false : said.includes(null) ? null : true
  }
  return { blue: all(backends.blue), green: all(backends.blue.map(backends.green)) }
}

/** Only once every route bears a stamp has an act been made: the one that is behind counts. */
const oldestStamp = (routes: readonly OwnRoute[]): Stamp | null => {
  const stamps = routes.map(({ record }) => record?.stamp ?? null)
  if (stamps.includes(null)) return null
  return stamps.filter((each) => each !== null).toSorted((a, b) => compareFences(a.fence, b.fence))[0] ?? null
}

/** A version of what matters: which routes they are, the service's own rules in them, and what we noted of them. */
export const revisionOf = (routes: readonly OwnRoute[]): string => {
  const parts = routes
    .map(({ route, within, record }) => ({
      uid: route.metadata?.uid ?? '',
      rules: rulesOf(route, within, record).map(({ rule }) => rule.backendRefs ?? []),
      record,
    }))
    .toSorted((a, b) => (a.uid < b.uid ? -1 : 1))
  return createHash('sha256').update(canonicalJson(parts)).digest('hex').slice(0, 16)
}
