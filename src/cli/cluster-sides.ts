import type { Split } from '../clusters/split-objects.ts'
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
  readonly greenSelector: string | undefined
  readonly greenSuffix: string | undefined
  readonly kubeconfig: string | undefined
  readonly namespace: readonly string[] | undefined
  readonly allNamespaces: boolean
}

const refuse = (message: string): never => {
  throw new TitrateError('USAGE', message)
}

/** What the flags ask for. Throws USAGE. */
export const sidesOf = (flags: SideFlags, absolute: (path: string) => string): SidesAsked => {
  const { context, blueContext, greenContext, namespace, allNamespaces } = flags
  if (context !== undefined && (blueContext !== undefined || greenContext !== undefined))
    refuse('Give either --context, or --blue-context and --green-context, which compares the two.')
  if ((blueContext === undefined) !== (greenContext === undefined))
    refuse(
      '--blue-context and --green-context belong together: give both (they may be the same), or --context for one.',
    )
  if (allNamespaces && namespace !== undefined) refuse('Give either --namespace or --all-namespaces.')
  const split = splitOf(flags)
  const kubeconfig = flags.kubeconfig === undefined ? null : absolute(flags.kubeconfig)
  const pairs = namespace?.map(pairOf)
  const of = (one: string, names: readonly string[] | undefined): SideAsked => ({
    context: one,
    kubeconfig,
    namespaces: names !== undefined ? { kind: 'named', names } : { kind: allNamespaces ? 'all' : 'context' },
  })
  const first = blueContext ?? context ?? ''
  const second = greenContext ?? (split === null ? undefined : first)
  const blue = of(
    first,
    pairs?.map(([name]) => name),
  )
  if (second === undefined) {
    if (pairs?.some(([name, other]) => name !== other)) refuse('NAME=GREEN needs a green: add --green-context.')
    return { blue, green: null, split: null }
  }
  const isSame = first === second && (pairs === undefined || pairs.some(([name, other]) => name === other))
  if (isSame && split === null)
    refuse(
      `Blue and green would be the same namespaces of ${first}: give --namespace NAME=GREEN, or what is green there with --green-selector.`,
    )
  if (!isSame && split !== null)
    refuse('--green-selector is for namespaces that both sides share: name one context, and no NAME=GREEN.')
  return {
    blue,
    green: of(
      second,
      pairs?.map(([, other]) => other),
    ),
    split,
  }
}

const pairOf = (text: string): readonly [blue: string, green: string] => {
  const [, blue = '', green] = /^([a-z0-9-]+)(?:=([a-z0-9-]+))?$/.exec(text) ?? []
  if (blue === '') refuse(`--namespace: found "${text}", expected the name of a namespace, or NAME=GREEN.`)
  return [blue, green ?? blue]
}

const splitOf = ({ greenSelector, greenSuffix }: SideFlags): Split | null => {
  if (greenSelector === undefined) {
    if (greenSuffix !== undefined) refuse('--green-suffix belongs to --green-selector.')
    return null
  }
  const [, label, value] = /^([^=\s]+)=([^=\s]*)$/.exec(greenSelector) ?? []
  if (label === undefined || value === undefined)
    return refuse(`--green-selector: found "${greenSelector}", expected one label, as label=value.`)
  return { label, value, suffix: greenSuffix ?? '-green' }
}
