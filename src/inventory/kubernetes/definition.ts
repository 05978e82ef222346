import { type Variable as ContainerVariable, contentOf, environmentOf } from '../../kubernetes/environment.ts'
import type { KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { at, isTrueAt, mapsAt, numberAt, textAt, textsAt } from '../../kubernetes/json.ts'
import type { Container, Workload } from '../../kubernetes/workload.ts'
import { concurrencyPolicies, type ScheduleDefinition, type ServiceDefinition, type Variable } from '../estate.ts'
import { byText } from '../ordering.ts'
import { mountedBy } from './calls.ts'

/** HMAC of a text with the key of the release: equal digests, equal texts. */
export type Digest = (text: string) => string

/** What its pods say of a service, without what is around it. */
type OwnDefinition = Omit<ServiceDefinition, 'name' | 'port' | 'takesFrom' | 'lease' | 'observed' | 'declaredKinds'>

export const definePods = (workload: Workload, index: KubernetesIndex, digest: Digest): OwnDefinition => {
  const { object, containers } = workload
  const [main] = containers
  const schedule = object.sort === 'CronJob' ? scheduleOf(workload) : null
  return {
    version: containers
      .filter(({ role }) => role !== 'init')
      .map(({ body }) => imageVersion(textAt(body, 'image') ?? ''))
      .join(' '),
    command: main === undefined ? [] : [...textsAt(main.body, 'command'), ...textsAt(main.body, 'args')],
    workingDirectory: main === undefined ? null : textAt(main.body, 'workingDir'),
    variables: variablesOf(workload, index, digest),
    files: filesOf(workload, index, digest),
    replicas: schedule === null ? workload.replicas : 0,
    schedule,
    strategy: textAt(object.body, 'spec', 'strategy', 'type') === 'Recreate' ? 'Recreate' : 'RollingUpdate',
    actsAtStart: containers.filter(migrates).map(({ name }) => `init container ${name}`),
  }
}

/** The image without its registry, which is another one on green; a digest says more than a tag. */
export const imageVersion = (image: string): string => {
  const [path = '', digest] = image.split('@')
  const [first = '', ...rest] = path.split('/')
  const name = rest.length > 0 && /[.:]|^localhost$/.test(first) ? rest.join('/') : path
  return digest === undefined ? name : `${name.replace(/:[^:/]*$/, '')}@${digest}`
}

/** Variables of all long-running containers; those of others than the first are written `container/NAME`. */
const variablesOf = (
  workload: Workload,
  index: KubernetesIndex,
  digest: Digest,
): Readonly<Record<string, Variable>> => {
  const all = workload.containers
    .filter(({ role }) => role !== 'init')
    .flatMap((container, place) =>
      [...environmentOf(workload, container, index).values()].map(
        (variable) =>
          [
            place === 0 ? variable.name : `${container.name}/${variable.name}`,
            shownVariable(variable, digest),
          ] as const,
      ),
    )
  return Object.fromEntries(all)
}

/** A variable as parity may see it: of a secret, its place and its digest. */
export const shownVariable = ({ kind, value, from }: ContainerVariable, digest: Digest): Variable => {
  switch (kind) {
    case 'plain':
      return { kind: 'plain', value }
    case 'secret':
      return { kind: 'secret', reference: from ?? 'a secret', digest: digest(value) }
    case 'field':
      return { kind: 'plain', value: `(${from})` }
    case 'unread':
      return { kind: 'plain', value: `(${from}, which isn't among the objects)` }
    default:
      return kind satisfies never
  }
}

const filesOf = (workload: Workload, index: KubernetesIndex, digest: Digest): ServiceDefinition['files'] =>
  mountedBy(workload, index)
    .flatMap((object) =>
      [...contentOf(object)].map(([key, text]) => ({
        path: `${object.kind} ${object.name}/${key}`,
        sha256: digest(text),
      })),
    )
    .toSorted((a, b) => byText(a.path, b.path))

const scheduleOf = ({ object: { body } }: Workload): ScheduleDefinition => {
  const policy = textAt(body, 'spec', 'concurrencyPolicy')
  const deadline = numberAt(body, 'spec', 'startingDeadlineSeconds')
  return {
    cron: textAt(body, 'spec', 'schedule') ?? '',
    zone: textAt(body, 'spec', 'timeZone') ?? 'UTC',
    concurrency: concurrencyPolicies.find((one) => one === policy) ?? 'Allow',
    deadlineMs: deadline === null ? null : deadline * 1_000,
    suspended: isTrueAt(body, 'spec', 'suspend'),
  }
}

const migration = /migrat|flyway|liquibase|alembic|db:|schema/i

const migrates = ({ role, name, body }: Container): boolean =>
  role === 'init' && [name, ...textsAt(body, 'command'), ...textsAt(body, 'args')].some((word) => migration.test(word))

/** How the first probe asks: the path, where it is HTTP. */
export const healthPathOf = ({ containers }: Workload): string | null => {
  for (const { body } of containers) {
    for (const probe of ['readinessProbe', 'livenessProbe', 'startupProbe']) {
      const path = textAt(body, probe, 'httpGet', 'path')
      if (path !== null) return path
    }
  }
  return null
}

export const metricsPathOf = ({ podAnnotations }: Workload): string | null =>
  podAnnotations['prometheus.io/scrape'] === 'true' ? (podAnnotations['prometheus.io/path'] ?? '/metrics') : null

/** Claims that only one node may mount at a time: their data stays where it is. */
export const ownData = ({ object, pod, namespace }: Workload, index: KubernetesIndex): readonly string[] => {
  const shared = (spec: Parameters<typeof at>[0]): boolean =>
    textsAt(spec, 'accessModes').some((mode) => /Many$/.test(mode))
  return [
    ...mapsAt(object.body, 'spec', 'volumeClaimTemplates')
      .filter(({ map }) => !shared(at(map, 'spec')))
      .map(({ map }) => textAt(map, 'metadata', 'name') ?? 'unnamed'),
    ...mapsAt(pod, 'volumes').flatMap(({ map }) => {
      const name = textAt(map, 'persistentVolumeClaim', 'claimName')
      const claim = name === null ? null : index.get('PersistentVolumeClaim', namespace, name)
      return name === null || (claim !== null && shared(at(claim.body, 'spec'))) ? [] : [name]
    }),
  ]
}
