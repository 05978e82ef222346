import { comparable } from '../clusters/comparable.ts'
import { refusalFindings } from '../clusters/refusal-findings.ts'
import type { ResolvedRelease } from '../config/release.ts'
import type { Estate, Finding } from '../inventory/estate.ts'
import { indexObjects } from '../kubernetes/index-objects.ts'
import type { Millis } from '../moves/goal.ts'
import type { ParityReport } from '../parity/check-parity.ts'
import type { Difference } from '../parity/difference.ts'
import { compareObjects, type ObjectsParity } from '../parity/kubernetes/compare-objects.ts'
import type { DryRun } from '../parity/kubernetes/compare-pair.ts'
import { type DryRunRequest, dryRunRequests } from '../parity/kubernetes/dry-run-requests.ts'
import { differenceTitle, type ObjectDifference, wholeObject } from '../parity/kubernetes/object-difference.ts'
import { environmentService, type ParityRules } from '../parity/rules.ts'
import type { PlatformFinding } from '../platform/rule.ts'
import { dryRunAll } from '../providers/kubernetes/dry-run.ts'
import { note } from './cluster-findings.ts'
import { resourcesOf } from './clusters.ts'
import { copiedObjects } from './copied-objects.ts'
import type { ClusterEstate } from './kubernetes-estate.ts'

type Options = {
  readonly release: Pick<ResolvedRelease, 'platform' | 'router'>
  readonly rules: ParityRules
  readonly now: Millis
  readonly signal: AbortSignal
}

/**
 * How the objects of two clusters differ, by green's own account where it gives one, in the form that a release's checks
 * have; and what of the copies that a release makes green's API server refuses.
 */
export const compareClusters = async (
  estate: Estate,
  read: ClusterEstate,
  { release, rules, now, signal }: Options,
): Promise<{ readonly parity: ParityReport; readonly refused: readonly PlatformFinding[] }> => {
  const { places, digest, pair } = read
  const objects = comparable(read.read.blue, read.read.green, places.namespace)
  const input = {
    blue: indexObjects(objects.blue),
    green: indexObjects(objects.green),
    ...{ places, digest, rules, now, split: pair.split, platform: release.platform.name },
  }
  const { requests, notAsked } = dryRunRequests(input)
  const answers = await askGreen(read, requests, signal)
  // A release makes what green doesn't have; what is there it leaves as it is, whatever green would say to blue's.
  const made = requests.filter(({ live }) => live === null)
  const dryRuns = answers === null ? null : new Map([...notAsked, ...answers])
  const compared = compareObjects({ ...input, dryRuns })
  const greenNames = new Map(estate.services.map(({ name, greenName }) => [name, greenName]))
  // In a namespace that both sides share nothing is copied, and who is missing is told by itself.
  const copied = pair.split === null ? copiedObjects(read.index.blue, estate.services) : new Set<string>()
  const routesStay = release.router?.kind === 'gateway'
  const services = compared.services.map((one) => {
    const stays = one.service !== environmentService && !greenNames.has(one.service)
    const all = [...one.required, ...one.declared, ...one.unexplained].map((each) =>
      asDifference(each, { stays, copied, routesStay }),
    )
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
    parity: {
      services,
      unexplained: unexplained.length,
      findings: [...compared.findings, ...unexplained.map(blocking), ...notDryRun(compared.notDryRun)],
    },
    refused: answers === null ? [] : refusalFindings(made, answers),
  }
}

/** What green's API server makes of blue's objects; null: it can't be asked at all. A namespace that isn't there is told elsewhere. */
const askGreen = async (
  { pair, read, places }: ClusterEstate,
  requests: readonly DryRunRequest[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, DryRun> | null> => {
  const { green } = pair.clusters
  const served = await green.client.served({ signal })
  if (served.kind !== 'ok') return null
  const open = requests.filter(({ blue: { namespace } }) => {
    const state = namespace === null ? 'there' : read.green.namespaces.get(places.namespace(namespace))
    return state !== 'missing' && state !== 'being deleted'
  })
  return dryRunAll(green, resourcesOf(served.value), open, signal)
}

/** Compared without green's own defaults and admission: what differs by these alone shows as a difference. */
const notDryRun = (objects: ObjectsParity['notDryRun']): readonly Finding[] => {
  const because = [...new Set(objects.map((one) => one.because))].join('; ')
  return objects.length === 0
    ? []
    : [note(`${objects.length} of the objects are compared without asking green's API server: ${because}`)]
}

/** What is missing on green, and is meant to. */
type Missing = {
  /** Its service is one that doesn't move. */
  readonly stays: boolean
  readonly copied: ReadonlySet<string>
  /** Users are divided by the routes of blue's cluster, and so these and their gateways are on blue only. */
  readonly routesStay: boolean
}

const asDifference = ({ object, ...one }: ObjectDifference, missing: Missing): Difference => {
  const isMissing = one.path === wholeObject && one.green === null
  const difference = { ...one, path: differenceTitle({ object, path: one.path }), patch: null }
  const meant = one.class === 'unexplained' && isMissing ? meantBecause(object, missing) : null
  return meant === null ? difference : { ...difference, ...meant, fix: null }
}

const meantBecause = (
  object: string,
  { stays, copied, routesStay }: Missing,
): Pick<Difference, 'class' | 'why'> | null => {
  if (stays) return { class: 'declared', why: 'it stays on blue, as it can’t be moved as it is' }
  if (routesStay && /^(?:HTTPRoute|Gateway) /.test(object))
    return { class: 'declared', why: 'it divides users between the sides from blue’s cluster' }
  if (!copied.has(object)) return null
  return { class: 'required', why: 'green doesn’t have it yet: it is copied when its service is provisioned' }
}

const blocking = ({ service, path, blue, green, why, fix }: Difference): Finding => ({
  severity: 'blocks',
  service: null,
  message: `${service} differs in ${path}: blue ${blue ?? 'has nothing'}, green ${green ?? 'has nothing'} (${why}). ${fix === null ? 'Bring green in line' : `To bring green in line: ${fix}`}; or declare it under parity in the release file.`,
  declare: null,
})
