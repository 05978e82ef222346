import type { Split } from '../clusters/split-objects.ts'
import type { EnvironmentSetting } from '../config/environment-settings.ts'
import { TitrateError } from '../errors.ts'

/** Which namespaces of a cluster are looked at. `context`: the one that its context names, else `default`. */
export type NamespacesAsked =
  | { readonly kind: 'named'; readonly names: readonly string[] }
  | { readonly kind: 'all' }
  | { readonly kind: 'context' }

export type SideAsked = {
  readonly context: string
  readonly kubeconfig: string | null
  readonly namespaces: NamespacesAsked
}

/** Named namespaces of green are in the order of blue's. `split` not null: both sides are in the same namespaces. */
export type SidesAsked = {
  readonly blue: SideAsked
  /** null: one cluster is looked at, and compared with nothing. */
  readonly green: SideAsked | null
  readonly split: Split | null
}

export type SideFlags = {
  readonly context: string | undefined
  readonly blueContext: string | undefined
  readonly greenContext: string | undefined
  readonly selector: string | undefined
  readonly suffix: string | undefined
  readonly kubeconfig: string | undefined
  readonly namespace: readonly string[] | undefined
  readonly greenNamespace: readonly string[] | undefined
  readonly allNamespaces: boolean
}

const refuse = (message: string): never => {
  throw new TitrateError('USAGE', message)
}

/** What the flags ask for. Throws USAGE. */
export const sidesOf = (flags: SideFlags, absolute: (path: string) => string): SidesAsked => {
  refuseContradictions(flags)
  const { context, blueContext, greenContext, namespace, greenNamespace, allNamespaces } = flags
  const split = splitOf(flags)
  const kubeconfig = flags.kubeconfig === undefined ? null : absolute(flags.kubeconfig)
  const of = (one: string, names: readonly string[] | undefined): SideAsked => ({
    context: one,
    kubeconfig,
    namespaces: names !== undefined ? { kind: 'named', names } : { kind: allNamespaces ? 'all' : 'context' },
  })
  const first = blueContext ?? context ?? ''
  const second = greenContext ?? (split === null && greenNamespace === undefined ? undefined : first)
  const blue = of(first, namespace)
  if (second === undefined) return { blue, green: null, split: null }
  const others = greenNamespace ?? namespace
  const isSame =
    first === second && (namespace === undefined || namespace.some((name, index) => name === others?.[index]))
  if (isSame && split === null)
    refuse(
      `Blue and green would be the same namespaces of ${first}: give other ones with --green-namespace, or what is green there with --selector.`,
    )
  if (!isSame && split !== null)
    refuse('--selector is for namespaces that both sides share: name one context, and no --green-namespace.')
  return { blue, green: of(second, others), split }
}

type KubernetesSetting = Extract<EnvironmentSetting, { readonly kind: 'kubernetes' }>

/** The sides of a release between clusters. */
export const sidesOfRelease = (blue: KubernetesSetting, green: KubernetesSetting): SidesAsked => {
  const of = ({ context, kubeconfig, namespaces }: KubernetesSetting): SideAsked => ({
    context,
    kubeconfig,
    namespaces: namespaces === null ? { kind: 'context' } : { kind: 'named', names: namespaces },
  })
  return { blue: of(blue), green: of(green), split: green.split }
}

const refuseContradictions = (flags: SideFlags): void => {
  const { context, blueContext, greenContext, namespace, greenNamespace, allNamespaces } = flags
  if (context !== undefined && (blueContext !== undefined || greenContext !== undefined))
    refuse('Give either --context, or --blue-context and --green-context, which compares the two.')
  if ((blueContext === undefined) !== (greenContext === undefined))
    refuse(
      '--blue-context and --green-context belong together: give both (they may be the same), or --context for one.',
    )
  if (allNamespaces && (namespace !== undefined || greenNamespace !== undefined))
    refuse('Give either --namespace or --all-namespaces.')
  for (const name of [...(namespace ?? []), ...(greenNamespace ?? [])]) {
    if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
      refuse(`--namespace: found "${name}", expected the name of a namespace: small letters, digits and "-".`)
  }
  refuseUnpaired(flags)
}

/** Each namespace of blue has its own on green, by order. Throws USAGE. */
export const refuseUnpaired = ({
  namespace = [],
  greenNamespace = [],
}: Partial<Pick<SideFlags, 'namespace' | 'greenNamespace'>>): void => {
  if (greenNamespace.length > 0 && greenNamespace.length !== namespace.length)
    refuse(
      `--green-namespace names ${greenNamespace.length}, --namespace ${namespace.length}: expected one of green for each of blue, in the same order.`,
    )
}

const splitOf = ({ selector, suffix }: SideFlags): Split | null => {
  if (selector === undefined) {
    if (suffix !== undefined) refuse('--suffix belongs to --selector.')
    return null
  }
  const [, label, value] = /^([^=\s]+)=([^=\s]*)$/.exec(selector) ?? []
  if (label === undefined || value === undefined)
    return refuse(`--selector: found "${selector}", expected one label, as label=value.`)
  return { label, value, suffix: suffix ?? '-green' }
}
