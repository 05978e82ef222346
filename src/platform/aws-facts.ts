import {
  at,
  isMap,
  type JsonMap,
  listAt,
  mapAt,
  mapsAt,
  numberAt,
  textAt,
  textMapAt,
  textsAt,
} from '../kubernetes/json.ts'
import type { Json } from '../moves/goal.ts'

/** The answers of `aws … --output json` that rules use. A part that is null was not among the files. */
export type AwsFacts = {
  readonly clusters: readonly Cluster[] | null
  readonly profiles: readonly FargateProfile[] | null
  readonly subnets: readonly Subnet[] | null
  readonly routeTables: readonly RouteTable[] | null
  readonly securityGroups: readonly string[] | null
  readonly podIdentities: readonly PodIdentity[] | null
  readonly roles: readonly Role[] | null
  /** `L-3032A538` of Service Quotas: vCPUs of Fargate at once. */
  readonly fargateVcpus: number | null
  readonly databases: readonly Database[] | null
  /** `max_connections` of the database's parameter group; null: not among the files, or a formula. */
  readonly maxConnections: number | null
}

export type Cluster = {
  readonly name: string
  readonly issuer: string | null
  readonly securityGroup: string | null
  readonly zonalShift: boolean
}

export type FargateProfile = {
  readonly name: string
  readonly cluster: string
  readonly subnets: readonly string[]
  readonly selectors: readonly { readonly namespace: string; readonly labels: Readonly<Record<string, string>> }[]
  readonly active: boolean
}

export type Subnet = { readonly id: string; readonly vpc: string; readonly zone: string; readonly free: number | null }

export type RouteTable = {
  readonly vpc: string
  /** Its default route leads to an internet gateway. */
  readonly toInternet: boolean
  readonly main: boolean
  readonly subnets: readonly string[]
}

export type PodIdentity = { readonly namespace: string; readonly serviceAccount: string }
/** `issuers`: OIDC providers that its trust policy names; empty: none. */
export type Role = { readonly arn: string; readonly issuers: readonly string[] }
export type Database = { readonly id: string; readonly host: string }

type Facts = { -readonly [K in keyof AwsFacts]: AwsFacts[K] }

const nothing = (): Facts => ({
  clusters: null,
  profiles: null,
  subnets: null,
  routeTables: null,
  securityGroups: null,
  podIdentities: null,
  roles: null,
  fargateVcpus: null,
  databases: null,
  maxConnections: null,
})

/** The command that gives each part, for what could not be checked. */
export const awsCommands = {
  clusters: 'aws eks describe-cluster',
  profiles: 'aws eks describe-fargate-profile',
  subnets: 'aws ec2 describe-subnets',
  routeTables: 'aws ec2 describe-route-tables',
  podIdentities: 'aws eks list-pod-identity-associations',
  roles: 'aws iam get-role',
  fargateVcpus: 'aws service-quotas get-service-quota --service-code fargate --quota-code L-3032A538',
  databases: 'aws rds describe-db-instances',
  maxConnections: 'aws rds describe-db-parameters',
} as const

export type AwsFactsRead = { readonly facts: AwsFacts; readonly unknown: readonly string[] }

/** Answers are told apart by their keys, whatever their files are called. `unknown`: places of those that no rule uses. */
export const readAwsFacts = (
  documents: readonly { readonly value: Json; readonly place: string | null }[],
): AwsFactsRead => {
  const facts = nothing()
  const unknown: string[] = []
  for (const { value, place } of documents) {
    const answers = Array.isArray(value) ? (value as readonly Json[]) : [value] // an array of JSON holds JSON
    let used = false
    for (const answer of answers) if (isMap(answer)) used = addAnswer(facts, answer) || used
    if (!used) unknown.push(place ?? 'an answer')
  }
  return { facts, unknown }
}

const addAnswer = (facts: Facts, answer: JsonMap): boolean => {
  const known = Object.keys(readers).filter((key) => Object.hasOwn(answer, key))
  for (const key of known) readers[key]?.(facts, answer)
  return known.length > 0
}

const more = <T>(known: readonly T[] | null, added: readonly T[]): readonly T[] => [...(known ?? []), ...added]

const readers: Readonly<Record<string, (facts: Facts, answer: JsonMap) => void>> = {
  cluster: (facts, answer) => {
    facts.clusters = more(facts.clusters, [clusterOf(mapAt(answer, 'cluster'))])
  },
  fargateProfile: (facts, answer) => {
    facts.profiles = more(facts.profiles, [profileOf(mapAt(answer, 'fargateProfile'))])
  },
  // `list-fargate-profiles`: an empty list is a fact, names alone are not.
  fargateProfileNames: (facts, answer) => {
    if (listAt(answer, 'fargateProfileNames').length === 0) facts.profiles = more(facts.profiles, [])
  },
  Subnets: (facts, answer) => {
    facts.subnets = more(
      facts.subnets,
      mapsAt(answer, 'Subnets').map(({ map }) => subnetOf(map)),
    )
  },
  RouteTables: (facts, answer) => {
    facts.routeTables = more(
      facts.routeTables,
      mapsAt(answer, 'RouteTables').map(({ map }) => routeTableOf(map)),
    )
  },
  SecurityGroups: (facts, answer) => {
    const ids = mapsAt(answer, 'SecurityGroups').flatMap(({ map }) => textAt(map, 'GroupId') ?? [])
    facts.securityGroups = more(facts.securityGroups, ids)
  },
  associations: (facts, answer) => {
    const found = mapsAt(answer, 'associations').map(({ map }) => podIdentityOf(map))
    facts.podIdentities = more(facts.podIdentities, found)
  },
  association: (facts, answer) => {
    facts.podIdentities = more(facts.podIdentities, [podIdentityOf(mapAt(answer, 'association'))])
  },
  Role: (facts, answer) => {
    facts.roles = more(facts.roles, [roleOf(mapAt(answer, 'Role'))])
  },
  Roles: (facts, answer) => {
    facts.roles = more(
      facts.roles,
      mapsAt(answer, 'Roles').map(({ map }) => roleOf(map)),
    )
  },
  Quota: (facts, answer) => addQuota(facts, mapAt(answer, 'Quota')),
  Quotas: (facts, answer) => {
    for (const { map } of mapsAt(answer, 'Quotas')) addQuota(facts, map)
  },
  DBInstances: (facts, answer) => {
    const found = mapsAt(answer, 'DBInstances').flatMap(({ map }) =>
      databaseOf(map, 'DBInstanceIdentifier', textAt(map, 'Endpoint', 'Address')),
    )
    facts.databases = more(facts.databases, found)
  },
  DBClusters: (facts, answer) => {
    const found = mapsAt(answer, 'DBClusters').flatMap(({ map }) =>
      databaseOf(map, 'DBClusterIdentifier', textAt(map, 'Endpoint')),
    )
    facts.databases = more(facts.databases, found)
  },
  Parameters: (facts, answer) => {
    const found = mapsAt(answer, 'Parameters').find(({ map }) => map['ParameterName'] === 'max_connections')
    if (found !== undefined) facts.maxConnections = numberAt(found.map, 'ParameterValue')
  },
}

const clusterOf = (map: JsonMap): Cluster => ({
  name: textAt(map, 'name') ?? '',
  issuer: withoutScheme(textAt(map, 'identity', 'oidc', 'issuer')),
  securityGroup: textAt(map, 'resourcesVpcConfig', 'clusterSecurityGroupId'),
  zonalShift: at(map, 'zonalShiftConfig', 'enabled') === true,
})

const withoutScheme = (url: string | null): string | null => url?.replace(/^https:\/\//, '') ?? null

const profileOf = (map: JsonMap): FargateProfile => ({
  name: textAt(map, 'fargateProfileName') ?? '',
  cluster: textAt(map, 'clusterName') ?? '',
  subnets: textsAt(map, 'subnets'),
  selectors: mapsAt(map, 'selectors').map(({ map: selector }) => ({
    namespace: textAt(selector, 'namespace') ?? '',
    labels: textMapAt(selector, 'labels'),
  })),
  active: (textAt(map, 'status') ?? 'ACTIVE') === 'ACTIVE',
})

const subnetOf = (map: JsonMap): Subnet => ({
  id: textAt(map, 'SubnetId') ?? '',
  vpc: textAt(map, 'VpcId') ?? '',
  zone: textAt(map, 'AvailabilityZone') ?? '',
  free: numberAt(map, 'AvailableIpAddressCount'),
})

const routeTableOf = (map: JsonMap): RouteTable => {
  const associations = mapsAt(map, 'Associations').map((one) => one.map)
  return {
    vpc: textAt(map, 'VpcId') ?? '',
    toInternet: mapsAt(map, 'Routes').some(({ map: route }) => textAt(route, 'GatewayId')?.startsWith('igw-') === true),
    main: associations.some(({ Main: main }) => main === true),
    subnets: associations.flatMap((one) => textAt(one, 'SubnetId') ?? []),
  }
}

const podIdentityOf = (map: JsonMap): PodIdentity => ({
  namespace: textAt(map, 'namespace') ?? '',
  serviceAccount: textAt(map, 'serviceAccount') ?? '',
})

const roleOf = (map: JsonMap): Role => {
  const statements = mapsAt(map, 'AssumeRolePolicyDocument', 'Statement').map((one) => one.map)
  const providers = statements.flatMap((statement) => {
    const one = textAt(statement, 'Principal', 'Federated')
    return one === null ? textsAt(statement, 'Principal', 'Federated') : [one]
  })
  return {
    arn: textAt(map, 'Arn') ?? '',
    issuers: providers.flatMap((arn) => /:oidc-provider\/(.+)$/.exec(arn)?.[1] ?? []),
  }
}

const databaseOf = (map: JsonMap, id: string, host: string | null): readonly Database[] =>
  host === null ? [] : [{ id: textAt(map, id) ?? host, host: host.toLowerCase() }]

const addQuota = (facts: Facts, map: JsonMap): void => {
  const value = numberAt(map, 'Value')
  if (textAt(map, 'QuotaCode') === 'L-3032A538' && value !== null) facts.fargateVcpus = value
}
