import { enoughReady } from '../moves/facts.ts'
import type { Fence, IntentId, Json, Side } from '../moves/goal.ts'
import type { ProvisionAction, ProvisionWorld } from '../protocols/provision.ts'
import { goesBack, type ShiftAction, type ShiftGoal, type ShiftWorld } from '../protocols/shift.ts'
import type { WeightsAction, WeightsGoal, WeightsWorld } from '../protocols/weights.ts'
import { type Asking, asked, limited } from './asked.ts'
import type { Answer, Schedules, Traffic, Workloads } from './ports.ts'

export type WorkloadPorts = { readonly blue: Workloads; readonly green: Workloads }

export type Acting = {
  readonly service: string
  readonly fence: Fence
  readonly intent: IntentId
  readonly baseline: Readonly<Record<Side, Json>>
  readonly urgent: boolean
}

const callOf = (acting: Acting, revision: string | null, signal: AbortSignal) => ({
  fence: acting.fence,
  intent: acting.intent,
  ...(revision === null ? {} : { revision }),
  urgent: acting.urgent,
  signal,
})

/** Both workloads. Going back, green is left in peace until blue carries everything: it may be what hangs. */
export const readShiftWorld = async (
  ports: WorkloadPorts,
  service: string,
  goal: ShiftGoal,
  asking: Asking,
): Promise<ShiftWorld> => {
  const readOf = (side: Side) => asked((limit) => ports[side].read(service, limit), asking)
  if (goal.exclusive || !goesBack(goal)) {
    const [blue, green] = await Promise.all([readOf('blue'), readOf('green')])
    return { blue, green }
  }
  const blue = await readOf('blue')
  // Numbered replicas come back one by one, as green gives them up.
  if (blue.kind === 'seen' && blue.value.ordinals === true) return { blue, green: await readOf('green') }
  const carries =
    blue.kind === 'seen' &&
    blue.value.desired >= goal.blue &&
    blue.value.ready >= Math.min(goal.blue, enoughReady(blue.value))
  return { blue, green: carries ? await readOf('green') : { kind: 'not asked' } }
}

export const actShift = (
  ports: WorkloadPorts,
  acting: Acting,
  action: ShiftAction,
  world: ShiftWorld,
  asking: Asking,
): Promise<Answer<unknown>> => {
  const seen = world[action.side]
  const revision = seen.kind === 'seen' ? seen.value.revision : null
  const { service, baseline } = acting
  return limited(
    (limit) =>
      ports[action.side].scale(callOf(acting, revision, limit), service, action.replicas, baseline[action.side]),
    asking,
  )
}

export type ProvisionPorts = { readonly workloads: Workloads; readonly schedules: Schedules | null }

export const readProvisionWorld = async (
  ports: ProvisionPorts,
  service: string,
  asking: Asking,
): Promise<ProvisionWorld & { readonly revision: string | null }> => {
  const { schedules } = ports
  const [green, schedule] = await Promise.all([
    asked((limit) => ports.workloads.read(service, limit), asking),
    schedules === null ? null : asked((limit) => schedules.read(service, limit), asking),
  ])
  return { green, schedule, revision: green.kind === 'seen' ? green.value.revision : null }
}

export const actProvision = (
  ports: ProvisionPorts,
  acting: Acting,
  action: ProvisionAction,
  world: { readonly revision: string | null },
  asking: Asking,
): Promise<Answer<unknown>> => {
  const { service, baseline } = acting
  return limited((limit) => {
    const call = callOf(acting, world.revision, limit)
    return action.kind === 'provision'
      ? ports.workloads.provision(call, service, baseline.green)
      : ports.workloads.scale(call, service, 0, baseline.green)
  }, asking)
}

/** The router's route; green's environment is asked only for a raise, and only where the router has no probes. */
export const readWeightsWorld = async (
  traffic: Traffic,
  green: Workloads,
  service: string,
  goal: WeightsGoal,
  asking: Asking,
): Promise<WeightsWorld> => {
  const router = await asked((limit) => traffic.read(service, limit), asking)
  const mustAsk = router.kind === 'seen' && router.value.ready.green === null && goal.green > 0
  if (!mustAsk) return { router, greenReady: null }
  const workload = await asked((limit) => green.read(service, limit), asking)
  return { router, greenReady: workload.kind === 'seen' ? workload.value.ready > 0 : null }
}

export const actWeights = (
  traffic: Traffic,
  acting: Acting,
  action: WeightsAction,
  world: WeightsWorld,
  asking: Asking,
): Promise<Answer<unknown>> => {
  const revision = world.router.kind === 'seen' ? world.router.value.revision : null
  return limited(
    (limit) => traffic.setWeight(callOf(acting, revision, limit), acting.service, action.green, acting.baseline.blue),
    asking,
  )
}
