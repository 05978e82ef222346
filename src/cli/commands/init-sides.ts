import { faultsError } from '../../config/format-fault.ts'
import { parseBySchema, parsePositionedYaml } from '../../config/positioned-yaml.ts'
import { type ReleaseInput, releaseSchema } from '../../config/release-schema.ts'
import { checkRules } from '../../config/rules.ts'
import { writeRelease } from '../../config/write-release.ts'
import { TitrateError } from '../../errors.ts'
import { refuseUnpaired } from '../cluster-sides.ts'

/** How `titrate init` is told of both sides: files of local environments, or contexts of clusters. */
export type SideFlags = {
  readonly blue: string | undefined
  readonly green: string | undefined
  readonly blueContext: string | undefined
  readonly greenContext: string | undefined
  readonly namespace: readonly string[] | undefined
  readonly greenNamespace: readonly string[] | undefined
  readonly selector: string | undefined
  readonly kubeconfig: string | undefined
}

/** Both sides as the file will name them: two files, or two contexts. */
export const sidesOf = (flags: SideFlags, from: (path: string) => string): Pick<ReleaseInput, 'blue' | 'green'> => {
  const { blue, green, blueContext, greenContext } = flags
  if (blueContext === undefined && greenContext === undefined) {
    const misplaced = (Object.keys(forClusters) as (keyof typeof forClusters)[]).find((name) => isGiven(flags[name])) // its own keys
    if (misplaced !== undefined)
      throw new TitrateError('USAGE', `${forClusters[misplaced]} is for --blue-context and --green-context.`)
    if (blue === undefined || green === undefined)
      throw new TitrateError(
        'USAGE',
        'Name both environments: --blue FILE and --green FILE, or --blue-context NAME and --green-context NAME.',
      )
    return { blue: from(blue), green: from(green) }
  }
  if (blue !== undefined || green !== undefined)
    throw new TitrateError(
      'USAGE',
      'Name either files (--blue, --green) or contexts (--blue-context, --green-context).',
    )
  if (blueContext === undefined || greenContext === undefined)
    throw new TitrateError('USAGE', '--blue-context and --green-context belong together: they may be the same.')
  refuseUnpaired(flags)
  return {
    blue: { kubernetes: clusterOf(blueContext, flags, from) },
    green: { kubernetes: greenOf(greenContext, flags, from) },
  }
}

const forClusters = {
  namespace: '--namespace',
  greenNamespace: '--green-namespace',
  selector: '--selector',
  kubeconfig: '--kubeconfig',
} as const

const isGiven = (given: string | readonly string[] | undefined): boolean => given !== undefined && given.length > 0

const clusterOf = (context: string, { kubeconfig, namespace = [] }: SideFlags, from: (path: string) => string) => ({
  context,
  ...(kubeconfig === undefined ? {} : { kubeconfig: from(kubeconfig) }),
  ...(namespace.length === 0 ? {} : { namespaces: [...namespace] }),
})

const greenOf = (context: string, flags: SideFlags, from: (path: string) => string) => {
  const { namespace = [], greenNamespace = [], selector } = flags
  const namespaces =
    namespace.length > 1 && greenNamespace.length > 0
      ? Object.fromEntries(namespace.map((name, index) => [name, greenNamespace[index] ?? name]))
      : [...greenNamespace]
  const { namespaces: _, ...cluster } = clusterOf(context, flags, from)
  return {
    ...cluster,
    ...(greenNamespace.length > 0 ? { namespaces } : namespace.length > 0 ? { namespaces: [...namespace] } : {}),
    ...(selector === undefined ? {} : { selector }),
  }
}

/** What the flags come to is a release file, so it keeps to the rules of one. */
export const refuseFaults = (input: ReleaseInput, file: string): void => {
  const yaml = parsePositionedYaml(file, writeRelease(input, { schema: null }))
  if (yaml.kind !== 'ok') throw faultsError(yaml.faults)
  const parsed = parseBySchema(yaml.value, releaseSchema)
  if (parsed.kind !== 'ok') throw faultsError(parsed.faults)
  const faults = checkRules(parsed.value, yaml.value)
  if (faults.length > 0) throw faultsError(faults)
}
