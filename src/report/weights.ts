import type { Millis } from '../moves/goal.ts'
import { readEvidence, type StepEvidence } from './evidence.ts'
import { type Act, actsOf } from './intents.ts'
import { fields, numberAt, textAt } from './json-fields.ts'
import type { Material } from './material.ts'

/** Green's part from this moment on, percent. */
export type WeightChange = { readonly at: Millis; readonly green: number; readonly entry: number }

/** One sample as the judge saw it. */
export type EvidencePoint = {
  readonly at: Millis
  readonly E: number
  readonly proof: number | null
  readonly isBlind: boolean
}

export type Weights = {
  readonly service: string
  /** `traffic` of an exposed service, `replicas` of a worker. */
  readonly of: 'traffic' | 'replicas'
  readonly changes: readonly WeightChange[]
  /** Thinned to what can be drawn: of each stretch the sample with the most evidence against green. */
  readonly points: readonly EvidencePoint[]
  readonly samples: number
  readonly rollBackAt: number | null
  readonly proofNeeded: number | null
  readonly steps: readonly StepEvidence[]
  readonly from: Millis | null
  readonly until: Millis
}

const drawnPoints = 240
const judgeSubjects = 'judge/'

export const readWeights = (material: Material): readonly Weights[] => {
  const evidence = readEvidence(material)
  const sampled = readPoints(material)
  const [weights, workloads] = [actsOf(material, 'weights'), actsOf(material, 'workload')]
  return Object.values(material.plan?.moves ?? {})
    .filter(({ kind }) => kind === 'exposed' || kind === 'worker')
    .toSorted((a, b) => a.wave - b.wave)
    .flatMap(({ service, kind }) => {
      const changes = kind === 'exposed' ? trafficOf(weights, service) : replicasOf(workloads, service)
      const steps = evidence.get(service) ?? []
      const points = sampled.get(service) ?? []
      if (changes.length === 0 && steps.length === 0 && points.length === 0) return []
      const starts = [changes[0]?.at, points[0]?.at, steps[0]?.from].filter((at) => at !== undefined)
      const found: Weights = {
        service,
        of: kind === 'exposed' ? 'traffic' : 'replicas',
        changes,
        points: thin(points),
        samples: points.length,
        rollBackAt: steps.find((step) => step.rollBackAt !== null)?.rollBackAt ?? null,
        proofNeeded: steps.find((step) => step.proofNeeded !== null)?.proofNeeded ?? null,
        steps,
        from: starts.length === 0 ? null : Math.min(...starts),
        until: material.until,
      }
      return [found]
    })
}

const trafficOf = (acts: readonly Act[], service: string): readonly WeightChange[] =>
  acts.flatMap((act) =>
    act.service === service && act.goal.kind === 'weights' && act.outcome?.kind === 'done'
      ? [{ at: act.outcomeAt ?? act.intendedAt, green: act.goal.green, entry: act.entry }]
      : [],
  )

const replicasOf = (acts: readonly Act[], service: string): readonly WeightChange[] =>
  acts.flatMap((act) => {
    if (act.service !== service || act.goal.kind !== 'workload' || act.outcome?.kind !== 'done') return []
    const { blue, green } = act.goal
    const share = blue + green === 0 ? 0 : Math.round((100 * green) / (blue + green))
    return [{ at: act.outcomeAt ?? act.intendedAt, green: share, entry: act.entry }]
  })

const readPoints = ({ samples }: Material): ReadonlyMap<string, readonly EvidencePoint[]> => {
  const found = new Map<string, EvidencePoint[]>()
  for (const { subject, at, body } of samples) {
    if (!subject.startsWith(judgeSubjects) || textAt(body, 'kind') !== 'sample') continue
    const evidence = fields(body)['evidence']
    const E = numberAt(evidence, 'E')
    if (E === null) continue
    const service = subject.slice(judgeSubjects.length)
    const point = { at, E, proof: numberAt(evidence, 'proof'), isBlind: textAt(body, 'verdict') === 'blind' }
    const points = found.get(service)
    if (points === undefined) found.set(service, [point])
    else points.push(point)
  }
  return found
}

/** Of each group of neighbours the one that speaks most against green: what matters is never thinned away. */
const thin = (points: readonly EvidencePoint[]): readonly EvidencePoint[] => {
  const size = Math.ceil(points.length / drawnPoints)
  if (size <= 1) return points
  return Array.from({ length: Math.ceil(points.length / size) }, (_, index) =>
    points.slice(index * size, (index + 1) * size).reduce((most, point) => (point.E > most.E ? point : most)),
  )
}
