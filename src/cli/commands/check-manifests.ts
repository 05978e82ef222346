import { createHmac, randomBytes } from 'node:crypto'
import { TitrateError } from '../../errors.ts'
import type { EnvironmentSeen } from '../../inventory/estate.ts'
import { readEnvironment } from '../../inventory/kubernetes/read-environment.ts'
import { takeInventory } from '../../inventory/take-inventory.ts'
import { indexObjects, type KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { readObjects } from '../../kubernetes/read-objects.ts'
import { compareObjects } from '../../parity/kubernetes/compare-objects.ts'
import { checkPlatform } from '../../platform/check-platform.ts'
import type { Platform } from '../../platform/platforms.ts'
import { ofOneSide, viewManifests } from '../../views/manifests-view.ts'
import type { Deps } from '../deps.ts'
import { type ExitCode, exitCode } from '../exit-code.ts'
import type { Output } from '../flags.ts'
import { placesOf } from '../green-places.ts'
import { noFacts, readAgreed, readFacts } from '../read-agreed.ts'
import { absolute } from '../release-file.ts'
import { tellFindings } from '../tell-findings.ts'
import { writeFixes } from '../write-fixes.ts'

export type ManifestFlags = {
  readonly manifests: string | undefined
  readonly blueManifests: string | undefined
  readonly greenManifests: string | undefined
  readonly platform: Platform | undefined
  readonly awsFacts: string | undefined
  readonly waivers: string | undefined
  readonly namespace: readonly string[] | undefined
}

type Flags = ManifestFlags & {
  readonly file: string
  readonly output: Output | 'html'
  readonly fix: string | undefined
}

type Side = {
  readonly index: KubernetesIndex
  readonly seen: EnvironmentSeen
  readonly files: number
  readonly notes: readonly string[]
}

/** Whether manifests would run on a platform, what is in them, and how two sets of them differ. Asks no cluster. */
export const checkManifests = async (deps: Deps, flags: Flags): Promise<ExitCode> => {
  refuseContradictions(flags)
  const [namespace] = flags.namespace ?? []
  const agreed = await readAgreed(deps, flags)
  // Digests of secrets are of no use after this, so nobody keeps their key.
  const key = randomBytes(32)
  const digest = (text: string): string => createHmac('sha256', key).update(text).digest('hex')
  const read = (path: string | undefined, name: string) =>
    path === undefined ? null : readSide(deps, path, name, namespace, digest)
  const blue = await (read(flags.manifests, 'manifests') ?? read(flags.blueManifests, 'blue'))
  if (blue === null) throw new TitrateError('USAGE', 'There are no manifests to check: name them with --manifests.')
  const green = await read(flags.greenManifests, 'green')
  const facts = flags.awsFacts === undefined ? noFacts : await readFacts(deps, flags.awsFacts)
  const now = deps.now()
  const parity =
    green === null
      ? null
      : compareObjects({
          blue: blue.index,
          green: green.index,
          places: placesOf(blue.index, onlyNamespaces(blue.index, green.index), agreed.overrides),
          dryRuns: null,
          rules: agreed.parity,
          digest,
          platform: flags.platform ?? null,
          now,
        })
  // What matters is what would run there: green's objects, where there are any.
  const { index } = green ?? blue
  const nobody: EnvironmentSeen = { name: 'green', provider: 'kubernetes', readAt: now, services: [] }
  const view = viewManifests({
    index,
    files: blue.files + (green?.files ?? 0),
    notes: [...agreed.notes, ...blue.notes, ...(green?.notes ?? []), ...facts.notes],
    estate: takeInventory({ blue: blue.seen, green: green?.seen ?? nobody, overrides: agreed.overrides }),
    platform:
      flags.platform === undefined
        ? null
        : checkPlatform({ platform: flags.platform, index, facts: facts.facts, waivers: agreed.platform, now }),
    parity,
  })
  await tellFindings(deps, flags.output, green === null ? ofOneSide(view) : view)
  if (flags.fix !== undefined) await writeFixes(deps, flags.fix, parity?.fixes ?? [])
  return view.ok ? exitCode.done : exitCode.failed
}

const refuseContradictions = (flags: Flags): void => {
  const { manifests, blueManifests, greenManifests, awsFacts, platform, fix, namespace } = flags
  const refuse = (message: string): never => {
    throw new TitrateError('USAGE', message)
  }
  if (manifests !== undefined && (blueManifests !== undefined || greenManifests !== undefined))
    refuse('Give either --manifests, or --blue-manifests and --green-manifests, which compares the two.')
  if ((blueManifests === undefined) !== (greenManifests === undefined))
    refuse('--blue-manifests and --green-manifests belong together: give both, or --manifests for one set.')
  if (blueManifests === '-' && greenManifests === '-')
    refuse('Only one of --blue-manifests and --green-manifests can be standard input.')
  if (fix !== undefined && greenManifests === undefined)
    refuse('--fix needs two sides: --blue-manifests and --green-manifests.')
  if ((namespace ?? []).length > 1) refuse('Of manifests, --namespace is one name: that of objects that name none.')
  if (awsFacts !== undefined && platform === undefined)
    refuse('--aws-facts is for the rules of a platform: add --platform eks-fargate.')
}

const readSide = async (
  deps: Deps,
  path: string,
  name: string,
  namespace: string | undefined,
  digest: (text: string) => string,
): Promise<Side> => {
  const { documents, files, notes } = await deps.readManifests(
    path === '-' ? path : absolute(deps, path),
    path,
    'manifests',
  )
  const { objects, notes: more } = readObjects(documents, namespace ?? 'default')
  if (objects.length === 0)
    throw new TitrateError(
      'USAGE',
      `There are no objects of Kubernetes in ${path === '-' ? 'standard input' : path}. ${more.slice(0, 3).join('. ')}`,
    )
  const index = indexObjects(objects)
  return {
    index,
    seen: readEnvironment(index, { name, readAt: deps.now(), digest }),
    files,
    notes: [...notes, ...more],
  }
}

/** Where each side has one namespace, they may have other names. */
const onlyNamespaces = (blue: KubernetesIndex, green: KubernetesIndex): ReadonlyMap<string, string> => {
  const namespacesOf = ({ workloads }: KubernetesIndex): readonly string[] => [
    ...new Set(workloads.map(({ namespace }) => namespace)),
  ]
  const [[from, ...others], [to, ...more]] = [namespacesOf(blue), namespacesOf(green)]
  const single = others.length === 0 && more.length === 0 && from !== undefined && to !== undefined
  return new Map(single ? [[from, to]] : [])
}
