import type { Workload } from '../kubernetes/workload.ts'
import type { AwsFacts, Cluster, FargateProfile, Subnet } from './aws-facts.ts'

/** `*` stands for any text and `?` for any character, in namespaces and labels of a selector. */
const fits = (pattern: string, text: string): boolean => {
  if (!/[*?]/.test(pattern)) return pattern === text
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\*+/g, '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(text)
}

/** The profiles that take a pod; alphanumerically, as the first one wins. */
export const profilesFor = (
  { namespace, podLabels }: Workload,
  profiles: readonly FargateProfile[],
): readonly FargateProfile[] =>
  profiles
    .filter(
      ({ active, selectors }) =>
        active &&
        selectors.some(
          ({ namespace: wanted, labels }) =>
            fits(wanted, namespace) &&
            Object.entries(labels).every(
              ([key, value]) => Object.hasOwn(podLabels, key) && fits(value, podLabels[key] ?? ''),
            ),
        ),
    )
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))

export const profileLabel = 'eks.amazonaws.com/fargate-profile'

/** null: it can't be told, as route tables of the subnet's network aren't known. */
export const isPublicSubnet = (subnet: string, { routeTables, subnets }: AwsFacts): boolean | null => {
  if (routeTables === null) return null
  const own = routeTables.find((table) => table.subnets.includes(subnet))
  if (own !== undefined) return own.toInternet
  const vpc = subnets?.find(({ id }) => id === subnet)?.vpc
  const main = routeTables.filter((table) => table.main && (vpc === undefined || table.vpc === vpc))
  return main.length === 1 ? (main[0]?.toInternet ?? null) : null
}

/** The cluster that everything moves to: the one of the profiles, or the only one. null: it can't be told. */
export const greenCluster = ({ clusters, profiles }: AwsFacts): Cluster | null => {
  const names = new Set((profiles ?? []).map(({ cluster }) => cluster))
  const fitting = (clusters ?? []).filter(({ name }) => names.size === 0 || names.has(name))
  return fitting.length === 1 ? (fitting[0] ?? null) : null
}

/** The subnets in which pods get their addresses: those of the profiles, where these are known. */
export const podSubnets = ({ profiles, subnets }: AwsFacts): readonly Subnet[] => {
  const named = new Set((profiles ?? []).flatMap((profile) => profile.subnets))
  return (subnets ?? []).filter(({ id }) => named.size === 0 || named.has(id))
}
