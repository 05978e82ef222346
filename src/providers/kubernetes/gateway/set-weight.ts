import type { Answer, Call } from '../../../engine/ports.ts'
import type { Json, Millis } from '../../../moves/goal.ts'
import { isOvertaken, isStampOf, stampAfter } from '../../stamp.ts'
import { type Revised, urgencyOf } from '../act.ts'
import { fieldManager } from '../annotations.ts'
import type { ClaimRecord } from '../claim-record.ts'
import type { ClaimKeeper } from '../claims.ts'
import type { Cluster } from '../client/connect.ts'
import { describeObject, placeOf } from '../client/resource.ts'
import { describeBackend } from './backend.ts'
import { changeRoute, sharesOf } from './change-route.ts'
import { type HttpRoute, httpRoutes } from './http-route.ts'
import type { Looked, OwnRoute, RouteLook } from './look-routes.ts'
import { recordsOn, type ServiceRecord, writtenRecords } from './route-record.ts'
import type { Turns } from './turns.ts'
import { revisionOf } from './weight-seen.ts'

type Options = {
  readonly cluster: Cluster
  readonly claims: ClaimKeeper
  readonly look: RouteLook
  /** One write at a time for each route, as each is made on the version before. */
  readonly turns: Turns
}

type Wanted = { readonly call: Call; readonly percent: number; readonly baseline: Json }

const tries = 4

/** Writes the weights of one service into all of its routes: one write each, on the version that was looked at. */
export const setWeight = async (
  options: Options,
  call: Call,
  service: string,
  percent: number,
  baseline: Json,
): Promise<Answer<Revised>> => {
  const { claims, look } = options
  if (!Number.isInteger(percent) || percent < 0 || percent > 100)
    return { kind: 'refused', because: `a weight is a whole number from 0 to 100, not ${percent}` }
  const admitted = await claims.admit(call.fence, call.signal)
  if (admitted.kind !== 'ok') return admitted
  const first = await look.one(service, call.signal)
  if (first.kind !== 'ok') return first
  // What the watch doesn't know yet looks like somebody else's change.
  const looked = mayAct(first.value, call).kind === 'conflict' ? await lookAfresh(options, first.value, call) : first
  if (looked.kind !== 'ok') return looked
  const wanted = { call, percent, baseline }
  if (looked.value.routes.every((own) => isDone(own, wanted)))
    return { kind: 'ok', value: { revision: revisionOf(looked.value.routes) } }
  const may = mayAct(looked.value, call)
  if (may.kind !== 'ok') return may
  const unready = unreadyGreen(looked.value, percent)
  if (unready !== null) return { kind: 'conflict', because: unready }
  for (const own of looked.value.routes) {
    const written = await options.turns(placeKey(own.route), () => writeRoute(options, own, admitted.value, wanted))
    if (written.kind !== 'ok') return written
  }
  const after = await look.one(service, call.signal)
  return after.kind === 'ok' ? { kind: 'ok', value: { revision: revisionOf(after.value.routes) } } : after
}

const placeKey = (route: HttpRoute): string => describeObject(httpRoutes, placeOf(route))

/** Whether nobody newer has acted, and nothing has changed since the caller read. */
const mayAct = ({ service, routes }: Looked, call: Call): Answer<null> => {
  for (const { record } of routes) {
    const late = record === null ? null : tooLate(record, call)
    if (late !== null) return { kind: 'refused', because: late }
  }
  const revision = revisionOf(routes)
  if (call.revision === undefined || call.revision === revision) return { kind: 'ok', value: null }
  const because = `the weights of ${service} are at revision ${revision}, not ${call.revision}: read them again`
  return { kind: 'conflict', because }
}

const tooLate = ({ stamp }: ServiceRecord, call: Call): string | null =>
  isOvertaken(stamp, call)
    ? `too late: the weights were already changed for ${stamp.intent}; this is ${call.intent}`
    : null

const lookAfresh = async ({ cluster, look }: Options, { service, routes }: Looked, call: Call) => {
  const { signal } = call
  for (const { route } of routes) {
    const place = placeOf(route)
    const read = await cluster.client.get(httpRoutes, place, { signal, urgency: urgencyOf(call) })
    if (read.kind !== 'ok') return read
    if (read.value !== null) watchOf(cluster, route).note(read.value)
  }
  return look.one(service, signal)
}

const watchOf = (cluster: Cluster, route: HttpRoute) =>
  cluster.watches.of(httpRoutes, { namespace: placeOf(route).namespace ?? '' })

const isDone = ({ route, within, record }: OwnRoute, { call, percent }: Wanted): boolean => {
  const change = changeRoute(route, percent, within, record)
  return change.kind === 'change' && change.holds && isStampOf(record?.stamp ?? null, call)
}

/** The share of a backend that nobody stands behind gets 503, so nothing is raised to it. */
const unreadyGreen = ({ service, backends, routes, readiness }: Looked, percent: number): string | null => {
  const shares = routes.flatMap(({ route, within, record }) => sharesOf(route, within, record))
  if (shares.every((share) => share >= percent)) return null
  const unready = backends.blue.map(backends.green).find((id) => readiness(id) === false)
  if (unready === undefined) return null
  return `${describeBackend(unready)} has no ready endpoint, so green's share of ${service} is not raised to ${percent} %`
}

const writeRoute = async (
  { cluster }: Options,
  own: OwnRoute,
  claim: ClaimRecord,
  wanted: Wanted,
): Promise<Answer<null>> => {
  const { call, percent } = wanted
  const place = placeOf(own.route)
  const looked = revisionOf([own])
  // Others write to it too: its gateway, and we for other services. The newest that is known is the likeliest to be right.
  const reader = await watchOf(cluster, own.route).ready(call.signal)
  let now = againOf(own, (reader.kind === 'ok' ? reader.value.get(place) : null) ?? own.route, claim)
  for (let count = 0; ; count++) {
    if (isDone(now, wanted)) return { kind: 'ok', value: null }
    const late = now.record === null ? null : tooLate(now.record, call)
    if (late !== null) return { kind: 'refused', because: late }
    if (revisionOf([now]) !== looked)
      return {
        kind: 'conflict',
        because: `${placeKey(own.route)} on ${cluster.name} was changed by somebody: read it again`,
      }
    const change = changeRoute(now.route, percent, now.within, now.record)
    if (change.kind === 'refused') return change
    const record = recordAfter(now, wanted, change, cluster.now())
    const records = { ...recordsOn(now.route, claim), [own.within.backends.service]: record }
    const { resourceVersion } = now.route.metadata ?? {}
    const body = {
      metadata: { resourceVersion, annotations: writtenRecords(records) },
      ...(change.holds ? {} : { spec: { rules: change.rules } }),
    }
    const patch = { kind: 'merge', body, manager: fieldManager } as const
    const written = await cluster.client.patch(httpRoutes, place, patch, {
      signal: call.signal,
      urgency: urgencyOf(call),
    })
    if (written.kind === 'ok') {
      watchOf(cluster, own.route).note(written.value)
      return { kind: 'ok', value: null }
    }
    if (written.kind !== 'conflict' || count >= tries) return written
    const read = await cluster.client.get(httpRoutes, place, { signal: call.signal, urgency: urgencyOf(call) })
    if (read.kind !== 'ok') return read
    if (read.value === null) return { kind: 'conflict', because: `${written.because}, and is gone` }
    watchOf(cluster, own.route).note(read.value)
    now = againOf(own, read.value, claim)
  }
}

const againOf = ({ within }: OwnRoute, route: HttpRoute, claim: ClaimRecord): OwnRoute => ({
  route,
  within,
  record: recordsOn(route, claim)[within.backends.service] ?? null,
})

const recordAfter = (
  { route, within, record }: OwnRoute,
  { call, percent, baseline }: Wanted,
  change: Extract<ReturnType<typeof changeRoute>, { kind: 'change' }>,
  at: Millis,
): ServiceRecord => {
  const stamp = stampAfter(record?.stamp ?? null, call, baseline)
  const { originals } = change
  // The weights are those of the write before, and so is how far it has come.
  if (change.holds && record !== null && record.green === percent) return { ...record, stamp, originals }
  const was = sharesOf(route, within, record).reduce((most, share) => Math.max(most, share), 0)
  return { stamp, green: percent, was, at, originals }
}
