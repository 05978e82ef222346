import { createHmac, randomBytes } from 'node:crypto'
import { faultsError } from '../../config/format-fault.ts'
import { readWaivers, type WaiversFile } from '../../config/read-waivers.ts'
import { overridesOf } from '../../config/release.ts'
import { TitrateError } from '../../errors.ts'
import type { EnvironmentSeen } from '../../inventory/estate.ts'
import { namedServices, readEnvironment } from '../../inventory/kubernetes/read-environment.ts'
import { type Overrides, overrideOf } from '../../inventory/overrides.ts'
import { takeInventory } from '../../inventory/take-inventory.ts'
import { indexObjects, type KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { objectKey } from '../../kubernetes/object.ts'
import { readObjects } from '../../kubernetes/read-objects.ts'
import { compareObjects } from '../../parity/kubernetes/compare-objects.ts'
import type { GreenPlaces } from '../../parity/kubernetes/expected-object.ts'
import { type AwsFacts, readAwsFacts } from '../../platform/aws-facts.ts'
import { checkPlatform } from '../../platform/check-platform.ts'
import type { Platform } from '../../platform/platforms.ts'
import { writeCheckPage } from '../../report/html/check-page.ts'
import { type ManifestsView, viewManifests } from '../../views/manifests-view.ts'
import type { Deps } from '../deps.ts'
import { type ExitCode, exitCode } from '../exit-code.ts'
import type { Output } from '../flags.ts'
import { print } from '../print.ts'
import { absolute, isThere, loadRelease } from '../release-file.ts'
import { renderManifests } from '../render-manifests.ts'
import { writeFixes } from '../write-fixes.ts'

export type ManifestFlags = {
  readonly manifests: string | undefined
  readonly blueManifests: string | undefined
  readonly greenManifests: string | undefined
  readonly platform: Platform | undefined
  readonly awsFacts: string | undefined
  readonly waivers: string | undefined
  readonly namespace: string | undefined
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
  const agreed = await readAgreed(deps, flags)
  // Digests of secrets are of no use after this, so nobody keeps their key.
  const key = randomBytes(32)
  const digest = (text: string): string => createHmac('sha256', key).update(text).digest('hex')
  const read = (path: string | undefined, name: string) =>
    path === undefined ? null : readSide(deps, path, name, flags.namespace, digest)
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
          places: placesOf(blue.index, green.index, agreed.overrides),
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
  await tell(deps, flags, green === null ? alone(view) : view)
  if (flags.fix !== undefined) await writeFixes(deps, flags.fix, parity?.fixes ?? [])
  return view.ok ? exitCode.done : exitCode.failed
}

/** Of one set of manifests nothing can be missing on the other side. */
const alone = (view: ManifestsView): ManifestsView => ({
  ...view,
  estate: { ...view.estate, services: view.estate.services.map((row) => ({ ...row, onGreen: true })) },
})

const tell = async (deps: Deps, { output }: Flags, view: ManifestsView): Promise<void> => {
  if (output === 'html') deps.io.out(writeCheckPage(view, deps.now(), deps.version))
  else await print(deps, output, view, renderManifests)
}

const refuseContradictions = (flags: Flags): void => {
  const { manifests, blueManifests, greenManifests, awsFacts, platform, fix } = flags
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

type Facts = { readonly facts: AwsFacts; readonly notes: readonly string[] }
const noFacts: Facts = { facts: readAwsFacts([]).facts, notes: [] }

const readFacts = async (deps: Deps, path: string): Promise<Facts> => {
  const { documents } = await deps.readManifests(absolute(deps, path), path, 'facts')
  const { facts, unknown } = readAwsFacts(documents)
  return { facts, notes: unknown.map((place) => `${place}: no answer of AWS that a rule uses; left out`) }
}

type Agreed = WaiversFile & { readonly overrides: Overrides; readonly notes: readonly string[] }

/** What people agreed on: in the file of --waivers, and in the release file, where there is one. */
const readAgreed = async (deps: Deps, { waivers, file }: Flags): Promise<Agreed> => {
  const given = waivers === undefined ? null : readWaivers(absolute(deps, waivers))
  if (given?.kind === 'faults') throw faultsError(given.faults)
  const own = (await isThere(deps, absolute(deps, file))) ? await loadRelease(deps, file) : null
  return {
    platform: [...(given?.value.platform ?? []), ...(own?.platform.waivers ?? [])],
    parity: {
      rewrites: [...(given?.value.parity.rewrites ?? []), ...(own?.parity.rewrites ?? [])],
      waivers: [...(given?.value.parity.waivers ?? []), ...(own?.parity.waivers ?? [])],
    },
    overrides: own === null ? {} : overridesOf(own),
    notes: own === null ? [] : [`${file}: its waivers, rewrites and services count here too`],
  }
}

/** Where objects of blue are on green: one namespace each may have another name, services may be mapped. */
const placesOf = (blue: KubernetesIndex, green: KubernetesIndex, overrides: Overrides): GreenPlaces => {
  const namespacesOf = ({ workloads }: KubernetesIndex): readonly string[] => [
    ...new Set(workloads.map(({ namespace }) => namespace)),
  ]
  const [[from, ...others], [to, ...more]] = [namespacesOf(blue), namespacesOf(green)]
  const single = others.length === 0 && more.length === 0 && from !== undefined && to !== undefined
  const { workloads, names } = namedServices(blue)
  const mapped = new Map(
    workloads.flatMap((workload) => {
      const name = overrideOf(overrides, names(workload)).greenName
      return name === undefined ? [] : [[objectKey(workload.object), name] as const]
    }),
  )
  return {
    namespace: (name) => (single && name === from ? to : name),
    name: (object) => mapped.get(objectKey(object)) ?? object.name,
  }
}
