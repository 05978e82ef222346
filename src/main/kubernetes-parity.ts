import type { Estate, Finding } from '../inventory/estate.ts'
import type { Millis } from '../moves/goal.ts'
import type { ParityReport } from '../parity/check-parity.ts'
import type { Difference } from '../parity/difference.ts'
import { compareObjects } from '../parity/kubernetes/compare-objects.ts'
import type { ObjectDifference } from '../parity/kubernetes/object-difference.ts'
import { environmentService } from '../parity/kubernetes/object-owners.ts'
import type { ParityRules } from '../parity/rules.ts'
import type { Platform } from '../platform/platforms.ts'
import type { ClusterEstate } from './kubernetes-estate.ts'

type Options = {
  readonly rules: ParityRules
  readonly platform: Platform | null
  readonly now: Millis
  /** Users are divided by the routes of blue's cluster, and so these are on blue only. */
  readonly routesStay: boolean
}

/** How the objects of two clusters differ, in the form that a release's checks have. */
export const compareClusters = (estate: Estate, read: ClusterEstate, options: Options): ParityReport => {
  const { index, places, digest } = read
  const compared = compareObjects({ ...options, ...index, places, digest, dryRuns: null })
  const greenNames = new Map(estate.services.map(({ name, greenName }) => [name, greenName]))
  const services = compared.services.map((one) => {
    const stays = one.service !== environmentService && !greenNames.has(one.service)
    const all = [...one.required, ...one.declared, ...one.unexplained].map((each) => asDifference(each, stays, options))
    return {
      service: one.service,
      greenName: greenNames.get(one.service) ?? one.service,
      required: all.filter((each) => each.class === 'required'),
      declared: all.filter((each) => each.class === 'declared'),
      unexplained: all.filter((each) => each.class === 'unexplained'),
    }
  })
  const unexplained = services.flatMap((one) => one.unexplained)
  return {
    services,
    unexplained: unexplained.length,
    findings: [...compared.findings, ...unexplained.map(blocking)],
  }
}

/** What is made on green when the service is provisioned, asleep. */
const copiedKinds = ['Deployment', 'StatefulSet', 'CronJob']

/** `stays`: its service is one that doesn't move. */
const asDifference = (
  { object, ...one }: ObjectDifference,
  stays: boolean,
  { routesStay }: Pick<Options, 'routesStay'>,
): Difference => {
  const isMissing = one.path === 'object' && one.green === null
  const difference = { ...one, path: one.path === 'object' ? object : `${object} ${one.path}`, patch: null }
  if (one.class !== 'unexplained' || !isMissing) return difference
  if (stays)
    return { ...difference, class: 'declared', why: 'it stays on blue, as it can’t be moved as it is', fix: null }
  if (routesStay && object.startsWith('HTTPRoute '))
    return {
      ...difference,
      class: 'declared',
      why: 'it divides users between the sides from blue’s cluster',
      fix: null,
    }
  if (!copiedKinds.some((kind) => object.startsWith(`${kind} `))) return difference
  const why = 'green doesn’t have it yet: it is copied, asleep, when the service is provisioned'
  return { ...difference, class: 'required', why, fix: null }
}

const blocking = ({ service, path, blue, green, why, fix }: Difference): Finding => ({
  severity: 'blocks',
  service: null,
  message: `${service} differs in ${path}: blue ${blue ?? 'has nothing'}, green ${green ?? 'has nothing'} (${why}). ${fix === null ? 'Bring green in line' : `To bring green in line: ${fix}`}; or declare it under parity in the release file.`,
  declare: null,
})
