import { gatewayDefaults } from './defaults.ts'
import type { WrittenBlueKubernetes, WrittenGreenKubernetes } from './environments-schema.ts'
import type { WrittenRelease } from './release-schema.ts'
import type { WrittenRouter } from './router-schema.ts'

/** One side of a release. Paths are absolute. */
export type EnvironmentSetting =
  | { readonly kind: 'local'; readonly file: string }
  | {
      readonly kind: 'kubernetes'
      readonly context: string
      /** null: the one that kubectl would take. */
      readonly kubeconfig: string | null
      /** On green in the order of blue's: what is in one goes to that of the same index. null: the one of the context. */
      readonly namespaces: readonly string[] | null
      /** What is green in namespaces that both sides share; the same on both sides. null: the sides share none. */
      readonly split: LabelSplit | null
    }

/** `suffix`: what names on green end with. */
export type LabelSplit = { readonly label: string; readonly value: string; readonly suffix: string }

/** What divides user traffic; `null` in a release that has no such thing. Each kind is connected in `src/main/router.ts`. */
export type RouterSetting = { readonly kind: 'local'; readonly file: string } | GatewaySetting

export type GatewaySetting = {
  readonly kind: 'gateway'
  /** Where HTTPRoutes are; null: in blue's namespaces. */
  readonly namespaces: readonly string[] | null
  readonly backend: 'service' | 'import'
  /** What green's backends end with; null: what fits how the two sides are told apart. */
  readonly suffix: string | null
  /** By blue's Service. */
  readonly names: Readonly<Record<string, string>>
  readonly test: { readonly header: string; readonly cookie: string | null }
}

export const routerOf = (router: WrittenRouter | undefined, at: (path: string) => string): RouterSetting | null => {
  if (router === undefined) return null
  if (typeof router === 'string') return { kind: 'local', file: at(router) }
  const { namespaces, backend, suffix, names, test } = router.gateway
  return {
    kind: 'gateway',
    namespaces: namespaces ?? null,
    backend: backend ?? gatewayDefaults.backend,
    suffix: suffix ?? null,
    names: names ?? {},
    test: { header: test?.header ?? gatewayDefaults.header, cookie: test?.cookie ?? null },
  }
}

/** What of one side is written below `kubernetes`; null: it is a local environment. */
export const blueCluster = ({ blue }: Pick<WrittenRelease, 'blue'>): WrittenBlueKubernetes | null =>
  typeof blue === 'string' ? null : blue.kubernetes
export const greenCluster = ({ green }: Pick<WrittenRelease, 'green'>): WrittenGreenKubernetes | null =>
  typeof green === 'string' ? null : green.kubernetes

/** Both sides as the file has them. It takes what passed the rules: namespaces that have no counterpart are faults there. */
export const environmentsOf = (
  written: Pick<WrittenRelease, 'blue' | 'green'>,
  at: (path: string) => string,
): { readonly blue: EnvironmentSetting; readonly green: EnvironmentSetting } => {
  const green = greenCluster(written)
  const split = splitOf(green)
  const onBlue = blueCluster(written)?.namespaces ?? null
  const settingOf = (
    side: string | { readonly kubernetes: WrittenBlueKubernetes | WrittenGreenKubernetes },
    namespaces: readonly string[] | null,
  ): EnvironmentSetting => {
    if (typeof side === 'string') return { kind: 'local', file: at(side) }
    const { context, kubeconfig } = side.kubernetes
    return {
      kind: 'kubernetes',
      context,
      kubeconfig: kubeconfig === undefined ? null : at(kubeconfig),
      namespaces,
      split,
    }
  }
  return {
    blue: settingOf(written.blue, onBlue),
    green: settingOf(written.green, green === null ? null : counterparts(onBlue, green)),
  }
}

const splitOf = (green: WrittenGreenKubernetes | null): LabelSplit | null => {
  if (green?.selector === undefined) return null
  const [label = '', value = ''] = green.selector.split('=')
  return { label, value, suffix: green.suffix ?? defaultSuffix }
}

export const defaultSuffix = '-green'

/** Green's namespaces in the order of blue's. null: the one of green's context. */
const counterparts = (
  onBlue: readonly string[] | null,
  { namespaces }: WrittenGreenKubernetes,
): readonly string[] | null => {
  if (namespaces === undefined) return onBlue
  if (!isList(namespaces)) return (onBlue ?? []).map((name) => namespaces[name] ?? name)
  if (onBlue === null || onBlue.length === 1) return namespaces
  return onBlue
}

export const isList = (namespaces: NonNullable<WrittenGreenKubernetes['namespaces']>): namespaces is string[] =>
  Array.isArray(namespaces)

/** For people: a file's path, or `CONTEXT/NAMESPACE`. */
export const describeEnvironment = (setting: EnvironmentSetting): string => {
  if (setting.kind === 'local') return setting.file
  const { context, namespaces, split } = setting
  const where = namespaces === null ? context : `${context}/${namespaces.join(',')}`
  return split === null ? where : `${where} (split by ${split.label}=${split.value})`
}
