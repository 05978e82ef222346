import { blueCluster, greenCluster, isList } from './environment-settings.ts'
import type { WrittenBlueKubernetes, WrittenGreenKubernetes } from './environments-schema.ts'
import type { Fault, FaultPath, PositionedYaml } from './positioned-yaml.ts'
import type { Rule } from './rule.ts'

const inGreen: FaultPath = ['green', 'kubernetes']

/** Both sides are of one kind, as what runs on one has to run on the other. */
const sameKind: Rule = (written, yaml) => {
  const [blue, green] = [blueCluster(written), greenCluster(written)]
  if ((blue === null) === (green === null) || !isWritten(yaml.data, blue === null ? 'blue' : 'green')) return []
  const expected =
    blue === null
      ? 'the path of an environment’s file, as blue is one'
      : '{ kubernetes: { context: NAME } }, as blue is in a cluster'
  return [yaml.fault(['green'], expected)]
}

/** A path that is in the file: one that stands for something misshapen says nothing of what was meant. */
const isWritten = (data: unknown, key: 'blue' | 'green'): boolean =>
  typeof data === 'object' && data !== null && typeof Reflect.get(data, key) === 'string'

const twoFiles: Rule = (written, yaml) =>
  typeof written.blue === 'string' && written.blue === written.green
    ? [yaml.fault(['green'], 'another environment than blue')]
    : []

type Both = { readonly blue: WrittenBlueKubernetes; readonly green: WrittenGreenKubernetes }

const ofClusters =
  (rule: (both: Both, yaml: PositionedYaml) => readonly Fault[]): Rule =>
  (written, yaml) => {
    const [blue, green] = [blueCluster(written), greenCluster(written)]
    return blue === null || green === null ? [] : rule({ blue, green }, yaml)
  }

const isOneCluster = ({ blue, green }: Both): boolean =>
  blue.context === green.context && (blue.kubeconfig ?? null) === (green.kubeconfig ?? null)

const namesOnGreen = ({ blue, green: { namespaces } }: Both): readonly (string | null)[] => {
  if (namespaces === undefined) return blue.namespaces ?? [null]
  return isList(namespaces) ? namespaces : (blue.namespaces ?? []).map((name) => namespaces[name] ?? name)
}

/** Contexts of different names may be of one cluster too: that shows only when they are connected to. */
const twoPlaces = ofClusters((both, yaml) => {
  if (!isOneCluster(both) || both.green.selector !== undefined) return []
  const onBlue: readonly (string | null)[] = both.blue.namespaces ?? [null]
  const shared = namesOnGreen(both).filter((name) => onBlue.includes(name))
  if (shared.length === 0) return []
  const what =
    shared[0] === null ? 'the same namespace of the same context' : `namespace ${shared[0]} of the same context`
  return [
    yaml.fault(inGreen, `another place than blue, which is ${what}`, {
      at: 'key',
      suggestion: 'name another context, other namespaces, or a selector that splits them',
    }),
  ]
})

const splitIsOfOnePlace = ofClusters((both, yaml) => {
  const { blue, green } = both
  if (green.selector === undefined)
    return green.suffix === undefined
      ? []
      : [yaml.fault([...inGreen, 'suffix'], 'a selector beside it', { at: 'key', suggestion: 'remove it' })]
  if (!isOneCluster(both))
    return [
      yaml.fault([...inGreen, 'selector'], 'no selector, as the two sides are in different clusters', {
        at: 'key',
        suggestion: 'remove it: a selector splits namespaces that both sides share',
      }),
    ]
  const onBlue: readonly (string | null)[] = blue.namespaces ?? [null]
  if (namesOnGreen(both).join(' ') === onBlue.join(' ')) return []
  return [
    yaml.fault([...inGreen, 'selector'], 'no selector, as the two sides have different namespaces', {
      at: 'key',
      suggestion: 'remove it, or give both sides the same namespaces',
    }),
  ]
})

/** Every namespace of blue has one of its own on green. */
const namespacesHaveCounterparts = ofClusters(({ blue, green: { namespaces } }, yaml) => {
  const path: FaultPath = [...inGreen, 'namespaces']
  const onBlue = blue.namespaces
  const twice = (onBlue ?? []).flatMap((name, index, all) =>
    all.indexOf(name) === index
      ? []
      : [yaml.fault(['blue', 'kubernetes', 'namespaces', index], 'each namespace once', { suggestion: 'remove it' })],
  )
  if (namespaces === undefined) return twice
  if (isList(namespaces)) return [...twice, ...listFits(onBlue, namespaces, path, yaml)]
  if (onBlue === undefined)
    return [...twice, yaml.fault(path, 'one namespace, or a map with the namespaces of blue that are named there')]
  const strange = Object.keys(namespaces)
    .filter((name) => !onBlue.includes(name))
    .map((name) => yaml.fault([...path, name], `one of blue’s namespaces: ${onBlue.join(', ')}`, { at: 'key' }))
  const taken = new Map<string, string>()
  const shared = onBlue.flatMap((name) => {
    const to = namespaces[name] ?? name
    const other = taken.get(to)
    taken.set(to, name)
    return other === undefined
      ? []
      : [yaml.fault(path, `a namespace of its own for each of blue’s; ${other} and ${name} both become ${to}`)]
  })
  return [...twice, ...strange, ...shared]
})

const listFits = (
  onBlue: readonly string[] | undefined,
  onGreen: readonly string[],
  path: FaultPath,
  yaml: PositionedYaml,
): readonly Fault[] => {
  const wanted = onBlue?.length ?? 1
  if (wanted === 1 && onGreen.length === 1) return []
  if (onBlue === undefined)
    return [yaml.fault(path, 'one namespace, as blue has one: that of its context', { suggestion: 'name blue’s too' })]
  const isSame = onGreen.length === wanted && onBlue.every((name) => onGreen.includes(name))
  if (isSame) return []
  const map = onBlue.map((name, index) => `${name}: ${onGreen[index] ?? name}`).join(', ')
  return [
    yaml.fault(path, `the namespaces of blue (${onBlue.join(', ')}), or a map where names differ`, {
      suggestion: `write { ${map} }`,
    }),
  ]
}

/** The embedded router knows the processes of local environments only, and HTTPRoutes are objects of a cluster. */
const routerFits: Rule = (written, yaml) => {
  if (blueCluster(written) === null)
    return typeof written.router === 'object'
      ? [
          yaml.fault(['router', 'gateway'], 'no gateway: blue is a local environment', {
            at: 'key',
            suggestion: 'name the file of a router',
          }),
        ]
      : []
  if (typeof written.router !== 'string') return []
  const expected = 'no file: that router divides traffic between local environments'
  return [yaml.fault(['router'], expected, { suggestion: 'remove it, or write { gateway: {} }' })]
}

/** A probe is a Job of a cluster. */
const probeFits: Rule = (written, yaml) =>
  written.probe === undefined || greenCluster(written) !== null
    ? []
    : [yaml.fault(['probe'], 'no probe: green is a local environment', { at: 'key', suggestion: 'remove it' })]

/** In namespaces that both sides share, both backends can't have one name. */
const greenHasBackends: Rule = (written, yaml) => {
  if (typeof written.router !== 'object' || greenCluster(written)?.selector === undefined) return []
  const { suffix, backend } = written.router.gateway
  const faults =
    suffix === ''
      ? [
          yaml.fault(['router', 'gateway', 'suffix'], 'a suffix: both sides share their namespaces', {
            suggestion: 'remove it',
          }),
        ]
      : []
  const isImport = backend === 'import'
  return isImport
    ? [
        ...faults,
        yaml.fault(['router', 'gateway', 'backend'], 'service: both sides are in one cluster', {
          suggestion: 'remove it',
        }),
      ]
    : faults
}

/** Findings of a platform are about objects of a cluster. */
const platformFits: Rule = (written, yaml) =>
  (['name', 'awsFacts'] as const).flatMap((key) => {
    if (written.platform?.[key] === undefined) return []
    if (greenCluster(written) === null)
      return [
        yaml.fault(['platform', key], 'no platform: green is a local environment', {
          at: 'key',
          suggestion: 'remove it',
        }),
      ]
    return key === 'awsFacts' && written.platform.name === undefined
      ? [yaml.fault(['platform', key], 'the platform’s name beside it', { at: 'key' })]
      : []
  })

export const environmentRules: readonly Rule[] = [
  sameKind,
  twoFiles,
  twoPlaces,
  splitIsOfOnePlace,
  namespacesHaveCounterparts,
  routerFits,
  greenHasBackends,
  probeFits,
  platformFits,
]
