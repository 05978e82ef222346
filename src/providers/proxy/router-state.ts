import { z } from 'zod'
import type { Answer, ClaimSeen, Stamp, StopMark } from '../../engine/ports.ts'
import type { Fence, Json } from '../../moves/goal.ts'
import { compareFences } from '../../moves/goal.ts'

/**
 * What the router must not forget: the weights, whose it is, and the newest fence of each move. Here are the rules by
 * which it changes, as functions of data; `state-file.ts` keeps it.
 */
const fenceSchema = z.strictObject({
  release: z.string().min(1),
  epoch: z.int().min(0),
  move: z.string().min(1),
  version: z.int().min(0),
})
// Json is readonly where zod's isn't: a schema of that type for our own.
const jsonSchema: z.ZodType<Json> = z.json()
const stopMarkSchema = z.strictObject({ at: z.number(), by: z.string(), because: z.string() })
const greenSchema = z.number().min(0).max(100)

export const stampSchema = z.strictObject({ fence: fenceSchema, intent: z.string(), baseline: jsonSchema })
export const claimSeenSchema = z.object({
  release: z.string().nullable(),
  epoch: z.int(),
  stop: stopMarkSchema.nullable(),
  now: z.number(),
})

const weightSchema = z.strictObject({
  green: greenSchema,
  revision: z.int().min(0),
  stamp: stampSchema.nullable(),
})

export const routerStateSchema = z.strictObject({
  format: z.literal(1),
  release: z.string().nullable(),
  epoch: z.int().min(0),
  /** `epoch`: the last that is stopped. */
  stop: z.strictObject({ mark: stopMarkSchema, epoch: z.int().min(0) }).nullable(),
  weights: z.record(z.string(), weightSchema),
  /** By release and move: what acts were accepted last. Kept after the release is gone, against calls that come late. */
  fences: z.record(z.string(), z.strictObject({ epoch: z.int(), version: z.int() })),
  /** The epoch at which a release gave the router free. */
  freed: z.record(z.string(), z.int()),
})

/** Bodies of the acting calls. */
export const setWeightSchema = z.strictObject({
  green: greenSchema,
  fence: fenceSchema,
  intent: z.string().min(1),
  revision: z.string().optional(),
  baseline: jsonSchema,
})
export const handWeightSchema = z.strictObject({ green: greenSchema, revision: z.string().optional() })
export const claimSchema = z.strictObject({ release: z.string().min(1), epoch: z.int().min(0) })
export const stopSchema = z.strictObject({ mark: stopMarkSchema, epoch: z.int().min(0) })

type Weight = { readonly green: number; readonly revision: number; readonly stamp: Stamp | null }
export type RouterState = {
  readonly format: 1
  readonly release: string | null
  readonly epoch: number
  readonly stop: { readonly mark: StopMark; readonly epoch: number } | null
  readonly weights: Readonly<Record<string, Weight>>
  readonly fences: Readonly<Record<string, { readonly epoch: number; readonly version: number }>>
  readonly freed: Readonly<Record<string, number>>
}

export const emptyRouterState: RouterState = {
  format: 1,
  release: null,
  epoch: 0,
  stop: null,
  weights: {},
  fences: {},
  freed: {},
}

const untouched: Weight = { green: 0, revision: 0, stamp: null }
export const weightOf = (state: RouterState, service: string): Weight => state.weights[service] ?? untouched

/** What an act comes to: the answer, and the state after it (the same one: nothing to keep). */
export type Change<T> = { readonly answer: Answer<T>; readonly state: RouterState }

const refused = (state: RouterState, because: string): Change<never> => ({
  answer: { kind: 'refused', because },
  state,
})
const done = (state: RouterState): Change<null> => ({ answer: { kind: 'ok', value: null }, state })

export type WeightCall = {
  readonly fence: Fence
  readonly intent: string
  readonly revision?: string | undefined
  readonly green: number
  readonly baseline: Json
}

/** The same call again is `ok` without a write, also after it has changed the revision that it named. */
export const setWeight = (
  state: RouterState,
  service: string,
  call: WeightCall,
): Change<{ readonly revision: string }> => {
  const why = reasonAgainst(state, call.fence)
  if (why !== null) return refused(state, why)
  const weight = weightOf(state, service)
  const { fence, intent, green, baseline } = call
  if (weight.stamp?.intent === intent && sameFence(weight.stamp.fence, fence) && weight.green === green) {
    return { answer: { kind: 'ok', value: { revision: String(weight.revision) } }, state }
  }
  const conflict = conflictOf(service, weight, call.revision)
  if (conflict !== null) return { answer: conflict, state }
  // The first baseline stays: a later one would describe our own work.
  const first = weight.stamp?.baseline ?? baseline
  const stamped = { green, revision: weight.revision + 1, stamp: { fence, intent, baseline: first } }
  return withWeight(
    {
      ...state,
      epoch: Math.max(state.epoch, fence.epoch),
      fences: { ...state.fences, [fenceKey(fence)]: { epoch: fence.epoch, version: fence.version } },
    },
    service,
    stamped,
  )
}

/** An operator's own change: no fence, and the last stamp stays, so that it no longer matches what is there. */
export const setWeightByOperator = (
  state: RouterState,
  service: string,
  hand: { readonly green: number; readonly revision?: string | undefined },
): Change<{ readonly revision: string }> => {
  const weight = weightOf(state, service)
  const conflict = conflictOf(service, weight, hand.revision)
  if (conflict !== null) return { answer: conflict, state }
  return withWeight(state, service, { ...weight, green: hand.green, revision: weight.revision + 1 })
}

const withWeight = (state: RouterState, service: string, weight: Weight): Change<{ readonly revision: string }> => ({
  answer: { kind: 'ok', value: { revision: String(weight.revision) } },
  state: { ...state, weights: { ...state.weights, [service]: weight } },
})

const conflictOf = (
  service: string,
  weight: Weight,
  revision: string | undefined,
): Extract<Answer<never>, { kind: 'conflict' }> | null =>
  revision === undefined || revision === String(weight.revision)
    ? null
    : {
        kind: 'conflict',
        because: `the weight of ${service} has revision ${weight.revision}, the call expected ${revision}: read it again`,
      }

const sameFence = (a: Fence, b: Fence): boolean =>
  a.release === b.release && a.move === b.move && compareFences(a, b) === 0
const fenceKey = ({ release, move }: Fence): string => JSON.stringify([release, move])

/** Whose call is taken: the owner's (anybody's while the router is free), not an older one, none from before a stop. */
const reasonAgainst = (state: RouterState, fence: Fence): string | null => {
  const why = reasonAgainstOwner(state, fence.release, fence.epoch)
  if (why !== null) return why
  if (state.stop !== null && fence.epoch <= state.stop.epoch) {
    const { by, because, at } = state.stop.mark
    return `${by} stopped the router at ${new Date(at).toISOString()} (${because}); after it: titrate resume --clear-stop`
  }
  if (state.release === null && fence.epoch <= (state.freed[fence.release] ?? -1)) {
    return `release ${fence.release} has given the router free`
  }
  const newest = state.fences[fenceKey(fence)]
  if (newest !== undefined && compareFences(fence, { ...fence, ...newest }) < 0) {
    const seen = `epoch ${newest.epoch}, version ${newest.version}`
    return `too late: ${fence.move} was already acted on by ${seen}; this is epoch ${fence.epoch}, version ${fence.version}`
  }
  return null
}

const reasonAgainstOwner = (state: RouterState, release: string, epoch: number): string | null => {
  if (state.release !== null && state.release !== release) {
    return `the router belongs to release ${state.release}, not ${release}: finish or roll back that one first`
  }
  return epoch < state.epoch
    ? `epoch ${epoch} of release ${release} is older than ${state.epoch}, which the router has seen`
    : null
}

export const claimFor = (state: RouterState, release: string, epoch: number): Change<null> => {
  const why = reasonAgainstOwner(state, release, epoch)
  if (why !== null) return refused(state, why)
  return done(state.release === release && state.epoch === epoch ? state : { ...state, release, epoch })
}

/** The weights stay as they are; the stamps go, because they say whose the weights are. */
export const freeFrom = (state: RouterState, release: string, epoch: number): Change<null> => {
  if (state.release === null) return done(state)
  const why = reasonAgainstOwner(state, release, epoch)
  if (why !== null) return refused(state, why)
  const weights = Object.entries(state.weights).map(([service, weight]): [string, Weight] => [
    service,
    weight.stamp === null ? weight : { ...weight, stamp: null, revision: weight.revision + 1 },
  ])
  const freed = { ...state.freed, [release]: epoch }
  return done({ ...state, release: null, epoch, freed, weights: Object.fromEntries(weights) })
}

/**
 * Break-glass, never refused. Whoever stops with an epoch that is higher than all seen goes on with that epoch, and all
 * before it are stopped. With one that was seen already (an engine took over in between) that engine is stopped too,
 * and the next epoch acts. The same stop again changes nothing.
 */
export const stopAt = (state: RouterState, mark: StopMark, epoch: number): Change<null> => {
  const before = state.stop?.mark
  const again = before?.at === mark.at && before.by === mark.by && before.because === mark.because
  if (again && epoch === state.epoch) return done(state)
  const stoppedUpTo = epoch > state.epoch ? epoch - 1 : state.epoch
  return done({ ...state, epoch: Math.max(epoch, state.epoch), stop: { mark, epoch: stoppedUpTo } })
}

export const clearStop = (state: RouterState): Change<null> =>
  done(state.stop === null ? state : { ...state, stop: null })

export const claimSeen = (state: RouterState, now: number): ClaimSeen => ({
  release: state.release,
  epoch: state.epoch,
  stop: state.stop?.mark ?? null,
  now,
})
