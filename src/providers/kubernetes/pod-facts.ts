import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1.js'
import type { Millis } from '../../moves/goal.ts'

/** What the pods of one workload come to. */
export type PodFacts = {
  /** Ready, and not on the way out. */
  readonly ready: number
  /** Alive, those on the way out included. */
  readonly running: number
  readonly restarts: number
  /** When the youngest ready one became ready; null: none is. */
  readonly youngestReadyAt: Millis | null
  /** Why the first that isn't ready isn't; null: all are, or it can't be told. */
  readonly problem: string | null
}

const conditionOf = (pod: Pod, type: string) => pod.status?.conditions?.find((each) => each.type === type)
const isOver = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'
const isLeaving = ({ metadata }: Pod): boolean => metadata?.deletionTimestamp !== undefined
const isReady = (pod: Pod): boolean => !isLeaving(pod) && conditionOf(pod, 'Ready')?.status === 'True'

/** The newest warning about an object, by its uid, of the reasons that count; null: there is none. */
export type ToldOf = (uid: string | undefined, counts: (reason: string) => boolean) => string | null

export const podFacts = (pods: readonly Pod[], toldOf: ToldOf = () => null): PodFacts => {
  const alive = pods.filter((pod) => !isOver(pod))
  const ready = alive.filter(isReady)
  const readyTimes = ready
    .map((pod) => Date.parse(conditionOf(pod, 'Ready')?.lastTransitionTime ?? ''))
    .filter((at) => !Number.isNaN(at))
  const restarts = alive.flatMap(statusesOf).map((each) => each.restartCount)
  const problems = alive.filter((pod) => !isReady(pod) && !isLeaving(pod)).map((pod) => problemOf(pod, toldOf))
  return {
    ready: ready.length,
    running: alive.length,
    restarts: restarts.reduce((sum, each) => sum + each, 0),
    youngestReadyAt: readyTimes.length === 0 ? null : Math.max(...readyTimes),
    problem: problems.find((each) => each !== null) ?? null,
  }
}

const statusesOf = ({ status }: Pod): readonly ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
]

/** Reasons that only say that it is on its way. */
const onTheWay = ['ContainerCreating', 'PodInitializing']

const problemOf = (pod: Pod, toldOf: ToldOf): string | null => {
  const name = pod.metadata?.name ?? 'a pod'
  const placed = conditionOf(pod, 'PodScheduled')
  if (placed?.status === 'False') {
    const why = placed.message ?? placed.reason ?? 'no reason given'
    return `pod ${name} finds no node: ${why}${isLeftByFargate(pod, why) ? noProfile : ''}`
  }
  const said = statusesOf(pod)
    .map(saidBy)
    .find((each) => each !== null)
  if (said !== undefined) return `pod ${name}: ${said}`
  if (pod.status?.phase === 'Running') {
    if (conditionOf(pod, 'Ready')?.status !== 'False') return null
    const told = toldOf(pod.metadata?.uid, (reason) => reason === 'Unhealthy')
    return `pod ${name} runs, and does not pass its readiness check${told === null ? '' : `: ${told}`}`
  }
  // Volumes that can't be mounted, and schedulers that write no condition; it may have found no node at first.
  const told = toldOf(pod.metadata?.uid, (reason) => reason !== 'FailedScheduling' || placed?.status !== 'True')
  return told === null ? null : `pod ${name}: ${told}`
}

/** Fargate takes a pod when it is made, by a profile that fits; what none fits is left to the scheduler of nodes. */
const isLeftByFargate = ({ metadata }: Pod, why: string): boolean =>
  metadata?.labels?.['eks.amazonaws.com/fargate-profile'] === undefined &&
  /compute-type: fargate|^no nodes available/.test(why)

const noProfile =
  ' (on EKS Fargate: no profile selects it by its namespace and labels; make one, then delete the pod, as profiles are looked at only when a pod is made)'

const saidBy = ({ name, state, lastState, restartCount }: ContainerStatus): string | null => {
  const { waiting, terminated } = state ?? {}
  const last = terminated ?? lastState?.terminated
  const ended =
    last === undefined
      ? ''
      : `, ended with code ${last.exitCode}${last.reason === undefined ? '' : ` (${last.reason})`}`
  if (waiting?.reason !== undefined && !onTheWay.includes(waiting.reason)) {
    const message = waiting.message === undefined ? '' : `: ${waiting.message.slice(0, 300)}`
    return `container ${name} waits (${waiting.reason}${message})${ended}${restartCount > 0 ? `, ${restartCount} restarts` : ''}`
  }
  if (terminated !== undefined && terminated.exitCode !== 0) return `container ${name}${ended.replace(',', '')}`
  return null
}
