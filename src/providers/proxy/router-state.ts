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

const weightSchema = z.strictObject({
  green: greenSchema,
  revision: z.int().min(0),
  stamp: z.strictObject({ fence: fenceSchema, intent: z.string(), baseline: jsonSchema }).nullable(),
})

export const routerStateSchema = z.strictObject({
  format: z.literal(1),
  release: z.string().nullable(),
  epoch: z.int().min(0),
  stop: z.strictObject({ mark: stopMarkSchema, epoch: z.int().min(0) }).nullable(),
  weights: z.record(z.string(), weightSchema),
  /** By release and move: what acts were accepted last. Kept after the release is gone, against calls that come late. */
  fences: z.record(z.string(), z.strictObject({ epoch: z.int(), version: z.int() })),
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
}

export const emptyRouterState: RouterState = {
  format: 1,
  release: null,
  epoch: 0,
  stop: null,
  weights: {},
  fences: {},
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
  const stamped = { green, revision: weight.revision + 1, stamp: { fence, intent, baseline } }
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

/**
 * Whose call is taken. After break-glass only the calls of its own epoch are: an engine's older ones come too late, and
 * a newer engine must first have the stop cleared by a person.
 */
const reasonAgainst = (state: RouterState, fence: Fence): string | null => {
  if (state.release !== fence.release) {
    const owner = state.release === null ? 'to no release: claim it first' : `to release ${state.release}`
    return `the router belongs ${owner}; the call came from release ${fence.release}`
  }
  if (fence.epoch < state.epoch) {
    return `epoch ${fence.epoch} is over: the router has seen epoch ${state.epoch}, another engine has taken over`
  }
  if (state.stop !== null && fence.epoch !== state.stop.epoch) return stopped(state.stop.mark)
  const newest = state.fences[fenceKey(fence)]
  if (newest !== undefined && compareFences(fence, { ...fence, ...newest }) < 0) {
    const seen = `epoch ${newest.epoch}, version ${newest.version}`
    return `version ${fence.version} of epoch ${fence.epoch} is older than what was done last (${seen})`
  }
  return null
}

const stopped = (mark: StopMark): string =>
  `stopped by ${mark.by} (${mark.because}): a person must clear the stop first (resume --clear-stop)`

export const claimFor = (state: RouterState, release: string, epoch: number): Change<null> => {
  const why = reasonAgainstOwner(state, release, epoch)
  if (why !== null) return refused(state, why)
  if (state.stop !== null && epoch !== state.stop.epoch) return refused(state, stopped(state.stop.mark))
  return done(state.release === release && state.epoch === epoch ? state : { ...state, release, epoch })
}

export const freeFrom = (state: RouterState, release: string, epoch: number): Change<null> => {
  if (state.release === null) return done(state)
  const why = reasonAgainstOwner(state, release, epoch)
  return why === null ? done({ ...state, release: null, epoch }) : refused(state, why)
}

const reasonAgainstOwner = (state: RouterState, release: string, epoch: number): string | null => {
  if (state.release !== null && state.release !== release) {
    return `the router belongs to release ${state.release}: finish or roll back that one first`
  }
  return epoch < state.epoch ? `epoch ${epoch} is over: the router has seen epoch ${state.epoch}` : null
}

/** Break-glass, in one durable write: from then on no engine of another epoch is listened to. */
export const stopAt = (state: RouterState, mark: StopMark, epoch: number): Change<null> =>
  epoch < state.epoch
    ? refused(state, `epoch ${epoch} is over: the router has seen epoch ${state.epoch}; take a higher one`)
    : done({ ...state, epoch, stop: { mark, epoch } })

export const clearStop = (state: RouterState): Change<null> =>
  done(state.stop === null ? state : { ...state, stop: null })

export const claimSeen = (state: RouterState, now: number): ClaimSeen => ({
  release: state.release,
  epoch: state.epoch,
  stop: state.stop?.mark ?? null,
  now,
})
